//! What is sent on by itself, and where to: films as they come in, results as they are signed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{ImageId, ReportId, RouteId, route::Cargo};
use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;

use crate::{
    ActorTx, DbError,
    error::During,
    jobs::{self, LATER, Work},
};

/// The kind of job that sends one film to one destination.
pub const FORWARD: &str = "dicom_forward";
/// The kind of job that sends one case's result to one destination.
pub const SEND_RESULT: &str = "dicom_send_result";
/// Attempts of such jobs: about two weeks, with at most 17 minutes between two of them.
const ATTEMPTS: i32 = 1_200;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Identifier.
    pub route_id: RouteId,
    /// AE title of the device that it leads to.
    pub destination: String,
    /// What goes by it.
    pub carries: Cargo,
    /// Only films of this modality, or results of cases with one.
    pub modality: Option<String>,
    /// Only films of this body part, or results of cases with one.
    pub body_part: Option<String>,
    /// Only films that this device sent, or results of them.
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

/// A result that a job is to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendResult {
    /// The case.
    pub report_id: ReportId,
    /// AE title of the device that it goes to.
    pub destination: String,
}

/// Makes a route; at the command line only. Says whether it is new.
///
/// # Errors
/// When the database does not answer, or one of the devices is not on the list.
pub async fn add(tx: &mut ActorTx, route: &Route) -> Result<bool, DbError> {
    let added = match route.carries {
        Cargo::Films => {
            sqlx::query!(
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
        }
        Cargo::Results => {
            sqlx::query!(
                "INSERT INTO portal.dicom_result_routes (route_id, destination, modality, body_part, sender, created_at)
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
        }
    };
    Ok(added.during("make a route")?.rows_affected() == 1)
}

/// Removes a route; at the command line only. Says where it led.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut ActorTx, route_id: RouteId) -> Result<Option<String>, DbError> {
    let removed = sqlx::query_scalar!(
        r#"WITH films AS (DELETE FROM portal.dicom_routes WHERE route_id = $1 RETURNING destination),
                results AS (DELETE FROM portal.dicom_result_routes WHERE route_id = $1 RETURNING destination)
           SELECT destination AS "destination!" FROM films UNION ALL SELECT destination FROM results"#,
        route_id.0
    );
    removed
        .fetch_optional(tx.connection())
        .await
        .during("remove a route")
}

/// Every route. There are as many as a hospital makes.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<Route>, DbError> {
    sqlx::query_as!(
        Route,
        r#"SELECT route_id AS "route_id!: RouteId", destination AS "destination!", 'films' AS "carries!: Cargo", modality, body_part,
                  sender, created_at AS "created_at!"
           FROM portal.dicom_routes
           UNION ALL
           SELECT route_id, destination, 'results', modality, body_part, sender, created_at
           FROM portal.dicom_result_routes
           ORDER BY 2, 1"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the routes")
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
        queue(tx, FORWARD, &forward).await?;
    }
    Ok(())
}

/// Queues a case's result for wherever it goes, in the transaction that it is signed or changed in.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn queue_result(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    let destinations = sqlx::query_scalar!(
        r#"SELECT destination AS "destination!" FROM portal.dicom_result_routes_of($1)"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("look where results go")?;
    for destination in destinations {
        let result = SendResult {
            report_id,
            destination,
        };
        queue(tx, SEND_RESULT, &result).await?;
    }
    Ok(())
}

async fn queue(tx: &mut ActorTx, kind: &'static str, what: &impl Serialize) -> Result<(), DbError> {
    let work = Work::new(kind).priority(LATER).attempts(ATTEMPTS);
    jobs::enqueue(tx, work.details_of(what)).await
}

/// How many films and results wait for each destination, or were given up on. Served by `idx_jobs_state`.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &mut ActorTx) -> Result<BTreeMap<(String, Cargo), i64>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT payload->>'destination' AS "destination!", kind, count(*) AS "jobs!" FROM portal.jobs
           WHERE kind IN ($1, $2) AND state IN ('queued', 'running', 'dead') GROUP BY 1, 2"#,
        FORWARD,
        SEND_RESULT
    )
    .fetch_all(tx.connection())
    .await
    .during("count what waits to be sent on")?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let carried = match row.kind.as_str() {
                FORWARD => Cargo::Films,
                _ => Cargo::Results,
            };
            ((row.destination, carried), row.jobs)
        })
        .collect())
}
