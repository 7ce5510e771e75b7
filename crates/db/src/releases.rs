//! Releases: when a signed result reaches its patient.

use chrono::{DateTime, Utc};
use domain::{ReportId, ReviewId, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A planned or done release.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Release {
    /// The report.
    pub report_id: ReportId,
    /// The review that it follows.
    pub review_id: ReviewId,
    /// When it is due.
    pub release_at: DateTime<Utc>,
    /// When it happened.
    pub released_at: Option<DateTime<Utc>>,
    /// By whom; null: by the portal when the time had come.
    pub released_by: Option<UserId>,
    /// Why it waits.
    pub reason: String,
}

/// Plans the release of a signed report, or does it when the time is now. A report that is
/// released stays released.
///
/// # Errors
/// When the database does not answer.
pub async fn plan(
    tx: &mut ActorTx,
    report_id: ReportId,
    patient_id: UserId,
    review_id: ReviewId,
    release_at: DateTime<Utc>,
    reason: &str,
) -> Result<Release, DbError> {
    let now = tx.now();
    let due = release_at <= now;
    let by = if due { tx.actor().user_id() } else { None };
    sqlx::query!(
        "INSERT INTO portal.report_releases AS x (report_id, patient_id, review_id, release_at, released_at, released_by, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (report_id) DO UPDATE SET review_id = excluded.review_id",
        report_id.0,
        patient_id.0,
        review_id.0,
        release_at,
        due.then_some(now),
        by.map(Uuid::from),
        reason
    )
    .execute(tx.connection())
    .await
    .during("plan a release")?;
    Ok(Release {
        report_id,
        review_id,
        release_at,
        released_at: due.then_some(now),
        released_by: by,
        reason: reason.to_owned(),
    })
}

/// The release of a report that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Release>, DbError> {
    sqlx::query_as!(
        Release,
        r#"SELECT report_id AS "report_id: ReportId", review_id AS "review_id: ReviewId", release_at, released_at,
                  released_by AS "released_by: UserId", reason
           FROM portal.report_releases WHERE report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a release")
}

/// Releases a planned report now. Says whether it was waiting.
///
/// # Errors
/// When the database does not answer.
pub async fn release_now(tx: &mut ActorTx, report_id: ReportId) -> Result<bool, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let released = sqlx::query!(
        "UPDATE portal.report_releases SET released_at = $2, released_by = $3 WHERE report_id = $1 AND released_at IS NULL",
        report_id.0,
        now,
        by
    )
    .execute(tx.connection())
    .await
    .during("release a report")?;
    Ok(released.rows_affected() == 1)
}

/// Releases what is due; says what and whose. Served by `idx_report_releases_due`.
///
/// # Errors
/// When the database does not answer.
pub async fn release_due(tx: &mut ActorTx) -> Result<Vec<(ReportId, UserId)>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        r#"UPDATE portal.report_releases SET released_at = $1
           WHERE report_id IN (SELECT report_id FROM portal.report_releases
                               WHERE released_at IS NULL AND release_at <= $1
                               ORDER BY release_at LIMIT 100 FOR UPDATE SKIP LOCKED)
           RETURNING report_id AS "report_id: ReportId", patient_id AS "patient_id: UserId""#,
        now
    )
    .fetch_all(tx.connection())
    .await
    .during("release what is due")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.report_id, row.patient_id))
        .collect())
}
