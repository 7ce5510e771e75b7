//! Claims: who is reading which case right now. A claim runs out by itself.

use chrono::{DateTime, Utc};
use domain::{ReportId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A claim on a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Claim {
    /// The case.
    pub report_id: ReportId,
    /// Who reads it.
    pub doctor_id: UserId,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// Since when.
    pub claimed_at: DateTime<Utc>,
    /// Until when, without a sign of life.
    pub expires_at: DateTime<Utc>,
}

/// Claims a case for the acting doctor, or renews the claim. Says none when somebody else holds it.
///
/// # Errors
/// When the database does not answer.
pub async fn take(
    tx: &mut ActorTx,
    report_id: ReportId,
    minutes: i32,
) -> Result<Option<Claim>, DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(sqlx::types::Uuid::from);
    let taken = sqlx::query!(
        "INSERT INTO portal.report_claims AS c (report_id, doctor_id, claimed_at, expires_at)
         VALUES ($1, $2, $3, $3::timestamptz + make_interval(mins => $4))
         ON CONFLICT (report_id) DO UPDATE
         SET doctor_id = excluded.doctor_id, expires_at = excluded.expires_at,
             claimed_at = CASE WHEN c.doctor_id = excluded.doctor_id THEN c.claimed_at ELSE excluded.claimed_at END
         WHERE c.doctor_id = excluded.doctor_id OR c.expires_at <= $3",
        report_id.0,
        doctor,
        now,
        minutes
    )
    .execute(tx.connection())
    .await
    .during("claim a case")?;
    if taken.rows_affected() == 0 {
        Ok(None)
    } else {
        find(tx, report_id).await
    }
}

/// The claim that holds on a case, if any.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Claim>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Claim,
        r#"SELECT report_id AS "report_id: ReportId", doctor_id AS "doctor_id: UserId",
                  portal.staff_name(doctor_id) AS doctor_name, claimed_at, expires_at
           FROM portal.report_claims WHERE report_id = $1 AND expires_at > $2"#,
        report_id.0,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a claim")
}

/// Gives the acting doctor's claim back. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn give_back(tx: &mut ActorTx, report_id: ReportId) -> Result<bool, DbError> {
    let doctor = tx.actor().user_id().map(sqlx::types::Uuid::from);
    let deleted = sqlx::query!(
        "DELETE FROM portal.report_claims WHERE report_id = $1 AND doctor_id = $2",
        report_id.0,
        doctor
    )
    .execute(tx.connection())
    .await
    .during("give a claim back")?;
    Ok(deleted.rows_affected() == 1)
}

/// Deletes claims that ran out; says on which cases, so that open screens can be told.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut ActorTx) -> Result<Vec<ReportId>, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"DELETE FROM portal.report_claims WHERE expires_at <= $1 RETURNING report_id AS "report_id: ReportId""#,
        now
    )
    .fetch_all(tx.connection())
    .await
    .during("delete claims that ran out")
}
