//! Models that fail while they work, as the records of their inferences tell.

use chrono::{DateTime, Utc};
use domain::ModelId;

use crate::{ActorTx, DbError, error::During};

/// What the failures of a time come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// Films that the model failed on.
    pub films: i64,
    /// The reason given for the newest.
    pub last_reason: Option<String>,
}

/// Ends the alarm that this model fails, once it has not failed for an hour: a model that breaks on one
/// film in ten is told once, not ten times. Served by `idx_model_alarms_one_open`.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve(tx: &mut ActorTx, model_id: ModelId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE portal.model_alarms SET resolved_at = $2
         WHERE model_id = $1 AND kind = 'failure' AND resolved_at IS NULL
           AND last_seen_at < $2::timestamptz - interval '1 hour'",
        model_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("end an alarm")?;
    Ok(())
}

/// Films that any model failed on since then. Served by `idx_inference_records_model_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn since(tx: &mut ActorTx, from: DateTime<Utc>) -> Result<Failures, DbError> {
    sqlx::query_as!(
        Failures,
        r#"WITH failed AS (
               SELECT r.created_at, r.output ->> 'reason' AS reason
               FROM ai_models m JOIN portal.inference_records r
                 ON r.model_id = m.model_id AND r.created_at >= $1 AND r.output ->> 'code' = 'model_failed')
           SELECT count(*) AS "films!", (SELECT reason FROM failed ORDER BY created_at DESC LIMIT 1) AS last_reason
           FROM failed"#,
        from
    )
    .fetch_one(tx.connection())
    .await
    .during("count failures of models")
}
