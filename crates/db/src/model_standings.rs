//! How a model does over time: its daily figures and the reference that drift is held against.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ModelId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// The figures of a model over the time before a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Standing {
    /// The day.
    pub day: NaiveDate,
    /// The figures.
    pub figures: Value,
    /// When they were counted.
    pub computed_at: DateTime<Utc>,
}

/// Stores the figures of a day in place of what was counted for it before.
///
/// # Errors
/// When the database does not answer.
pub async fn store(
    tx: &mut ActorTx,
    model_id: ModelId,
    day: NaiveDate,
    figures: &Value,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.model_standings (model_id, day, figures, computed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (model_id, day) DO UPDATE SET figures = excluded.figures, computed_at = excluded.computed_at",
        model_id.0,
        day,
        figures,
        now
    )
    .execute(tx.connection())
    .await
    .during("store a model's figures")?;
    Ok(())
}

/// The latest days of a model, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(
    tx: &mut ActorTx,
    model_id: ModelId,
    days: i64,
) -> Result<Vec<Standing>, DbError> {
    sqlx::query_as!(
        Standing,
        "SELECT day, figures, computed_at FROM portal.model_standings WHERE model_id = $1 ORDER BY day DESC LIMIT $2",
        model_id.0,
        days
    )
    .fetch_all(tx.connection())
    .await
    .during("read a model's standing")
}

/// Whether the figures of a day were counted for every model that scores.
///
/// # Errors
/// When the database does not answer.
pub async fn is_counted(tx: &mut ActorTx, day: NaiveDate) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.model_standings WHERE day = $1)
               OR EXISTS (SELECT FROM portal.jobs WHERE kind = 'govern_models' AND state IN ('queued', 'running')) AS "counted!""#,
        day
    )
    .fetch_one(tx.connection())
    .await
    .during("look for the day's figures")
}

/// How a quantity was spread over a model's first cases.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftReference {
    /// The quantity.
    pub quantity: String,
    /// Edges between bins, rising.
    pub edges: Vec<f64>,
    /// Cases in each bin: one more than edges.
    pub counts: Vec<i64>,
    /// First case.
    pub first_at: DateTime<Utc>,
    /// Last case.
    pub last_at: DateTime<Utc>,
}

/// The references of a model.
///
/// # Errors
/// When the database does not answer.
pub async fn references(
    tx: &mut ActorTx,
    model_id: ModelId,
) -> Result<Vec<DriftReference>, DbError> {
    sqlx::query_as!(
        DriftReference,
        "SELECT quantity, edges, counts, first_at, last_at FROM portal.drift_references WHERE model_id = $1
         ORDER BY quantity",
        model_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read what drift is held against")
}

/// Keeps a reference; one that is there stays.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_reference(
    tx: &mut ActorTx,
    model_id: ModelId,
    reference: &DriftReference,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.drift_references (model_id, quantity, edges, counts, first_at, last_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        model_id.0,
        reference.quantity,
        &reference.edges,
        &reference.counts,
        reference.first_at,
        reference.last_at,
        now
    )
    .execute(tx.connection())
    .await
    .during("keep what drift is held against")?;
    Ok(())
}
