//! Which films are sent on as they come in, and where to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{ImageId, ReportId, RouteId};
use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;

use crate::{
    ActorTx, DbError,
    error::During,
    jobs::{self, LATER, Work},
};

/// The kind of job that sends one film to one destination.
pub const FORWARD: &str = "dicom_forward";
/// Attempts of such a job: about two weeks, with at most 17 minutes between two of them.
const ATTEMPTS: i32 = 1_200;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Identifier.
    pub route_id: RouteId,
    /// AE title of the device that films go to.
    pub destination: String,
    /// Only films of this modality.
    pub modality: Option<String>,
    /// Only films of this body part.
    pub body_part: Option<String>,
    /// Only films that this device sent.
    pub sender: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a job is to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The film's report.
    pub report_id: ReportId,
    /// The film.
    pub image_id: ImageId,
    /// AE title of the device that it goes to.
    pub destination: String,
}

/// Makes a route; at the command line only. Says whether it is new.
///
/// # Errors
/// When the database does not answer, or one of the devices is not on the list.
pub async fn add(tx: &mut ActorTx, route: &Route) -> Result<bool, DbError> {
    let added = sqlx::query!(
        "INSERT INTO portal.dicom_routes (route_id, destination, modality, body_part, sender, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        route.route_id.0,
        route.destination,
        route.modality,
        route.body_part,
        route.sender,
        route.created_at
    )
    .execute(tx.connection())
    .await
    .during("make a route for films")?;
    Ok(added.rows_affected() == 1)
}

/// Removes a route; at the command line only. Says where it led.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut ActorTx, route_id: RouteId) -> Result<Option<String>, DbError> {
    sqlx::query_scalar!(
        "DELETE FROM portal.dicom_routes WHERE route_id = $1 RETURNING destination",
        route_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("remove a route for films")
}

/// Every route. There are as many as a hospital makes.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<Route>, DbError> {
    sqlx::query_as!(
        Route,
        r#"SELECT route_id AS "route_id: RouteId", destination, modality, body_part, sender, created_at
           FROM portal.dicom_routes ORDER BY destination, route_id"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the routes for films")
}

/// Queues films that have just come in for wherever they go as well, in the transaction that they come in with.
///
/// # Errors
/// When the database does not answer.
pub async fn forward(
    tx: &mut ActorTx,
    report_id: ReportId,
    images: &[ImageId],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = images.iter().map(|image| image.0).collect();
    let routes = sqlx::query!(
        r#"SELECT image_id AS "image_id!: ImageId", destination AS "destination!" FROM portal.dicom_routes_of($1)"#,
        &ids
    )
    .fetch_all(tx.connection())
    .await
    .during("look where films go")?;
    for route in routes {
        let forward = Forward {
            report_id,
            image_id: route.image_id,
            destination: route.destination,
        };
        let details =
            serde_json::to_value(&forward).expect("identifiers and a text are always JSON");
        let work = Work::new(FORWARD)
            .priority(LATER)
            .attempts(ATTEMPTS)
            .details(details);
        jobs::enqueue(tx, work).await?;
    }
    Ok(())
}

/// How many films wait for each destination, or were given up on. Served by `idx_jobs_state`.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &mut ActorTx) -> Result<BTreeMap<String, i64>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT payload->>'destination' AS "destination!", count(*) AS "films!" FROM portal.jobs
           WHERE kind = $1 AND state IN ('queued', 'running', 'dead') GROUP BY 1"#,
        FORWARD
    )
    .fetch_all(tx.connection())
    .await
    .during("count films that wait to be sent on")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.destination, row.films))
        .collect())
}
