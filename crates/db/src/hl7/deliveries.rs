//! Results on their way to the receivers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ReportId;

use crate::{
    ActorTx, DbError,
    error::During,
    jobs::{self, Work},
};

/// Attempts before a job is given up: with up to 17 minutes between two, some five days.
const ATTEMPTS: i32 = 400;

/// Queues the sending of a result, where there is a receiver; in the transaction of the signature.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn queue_result(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    let wanted = sqlx::query_scalar!(r#"SELECT portal.has_hl7_receivers() AS "wanted!""#)
        .fetch_one(tx.connection())
        .await
        .during("look whether results are sent on")?;
    if !wanted {
        return Ok(());
    }
    let work = Work::new(super::RESULT_JOB)
        .on(report_id)
        .attempts(ATTEMPTS);
    jobs::enqueue(tx, work).await
}

/// Which state of a result each receiver has taken.
///
/// # Errors
/// When the database does not answer.
pub async fn delivered(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<HashMap<String, DateTime<Utc>>, DbError> {
    let rows = sqlx::query!(
        "SELECT receiver, result_at FROM portal.hl7_deliveries WHERE report_id = $1",
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("look who has taken a result")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.receiver, row.result_at))
        .collect())
}

/// Notes that a receiver has taken a state of a result. One that was taken off the list meanwhile is none.
///
/// # Errors
/// When the database does not answer.
pub async fn note_delivery(
    tx: &mut ActorTx,
    report_id: ReportId,
    receiver: &str,
    result_at: DateTime<Utc>,
    control_id: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.hl7_deliveries (report_id, receiver, result_at, control_id, taken_at)
         SELECT $1, r.name, $3, $4, $5 FROM portal.hl7_receivers r WHERE r.name = $2
         ON CONFLICT (report_id, receiver) DO UPDATE
         SET result_at = excluded.result_at, control_id = excluded.control_id, taken_at = excluded.taken_at",
        report_id.0,
        receiver,
        result_at,
        control_id,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that a result was taken")?;
    Ok(())
}
