//! What goes once its term is over: reports, accounts without reports, and the films of removed reports.

use chrono::{DateTime, Utc};
use domain::{ReportId, UserId};
use serde::Serialize;

use crate::{ActorTx, DbError, error::During};

/// A report that was removed.
#[derive(Debug, Clone, Copy)]
pub struct Removed {
    /// The report.
    pub report_id: ReportId,
    /// Whose it was.
    pub patient_id: UserId,
}

/// Removes up to `most` reports that came in before a moment and that nothing keeps.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_reports(
    tx: &mut ActorTx,
    before: DateTime<Utc>,
    most: i32,
) -> Result<Vec<Removed>, DbError> {
    sqlx::query_as!(
        Removed,
        r#"SELECT report_id AS "report_id!: ReportId", patient_id AS "patient_id!: UserId" FROM portal.remove_reports_beyond($1, $2)"#,
        before,
        most
    )
    .fetch_all(tx.connection())
    .await
    .during("remove reports beyond their term")
}

/// Pseudonymises up to `most` accounts of patients that have no reports and were not used since a moment.
///
/// # Errors
/// When the database does not answer.
pub async fn retire_accounts(
    tx: &mut ActorTx,
    before: DateTime<Utc>,
    most: i32,
) -> Result<Vec<UserId>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT portal.retire_accounts_beyond($1, $2) AS "id!: UserId""#,
        before,
        most
    )
    .fetch_all(tx.connection())
    .await
    .during("retire accounts beyond their term")
}

/// How much is beyond its term.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Beyond {
    /// Reports.
    pub reports: i64,
    /// Accounts of patients without reports.
    pub accounts: i64,
    /// Patients whose records are held.
    pub held: i64,
}

/// How much is beyond its term; a moment in the far past stands for "for ever".
///
/// # Errors
/// When the database does not answer.
pub async fn beyond(
    tx: &mut ActorTx,
    reports_before: DateTime<Utc>,
    accounts_before: DateTime<Utc>,
) -> Result<Beyond, DbError> {
    sqlx::query_as!(
        Beyond,
        r#"SELECT reports AS "reports!", accounts AS "accounts!", held AS "held!" FROM portal.count_beyond($1, $2)"#,
        reports_before,
        accounts_before
    )
    .fetch_one(tx.connection())
    .await
    .during("count what is beyond its term")
}

/// A film that no row names any more, or did not when it was noted.
#[derive(Debug, Clone)]
pub struct FilmRemoval {
    /// SHA-256 of the film, hexadecimal.
    pub sha256: String,
    /// Since when it is set aside.
    pub set_aside_at: Option<DateTime<Utc>>,
    /// Whether a row names it by now.
    pub is_named: bool,
}

/// Up to 200 films with which something is to be done: those not yet set aside, those that a row names again, those set
/// aside before a moment.
///
/// # Errors
/// When the database does not answer.
pub async fn films(
    tx: &mut ActorTx,
    set_aside_before: DateTime<Utc>,
) -> Result<Vec<FilmRemoval>, DbError> {
    sqlx::query_as!(
        FilmRemoval,
        r#"SELECT encode(f.sha256, 'hex') AS "sha256!", f.set_aside_at, f.is_named AS "is_named!"
           FROM (SELECT v.sha256, v.set_aside_at, EXISTS (SELECT FROM portal.named_blobs b WHERE b.sha256 = v.sha256) AS is_named
                 FROM portal.blob_removals v) f
           WHERE f.is_named OR f.set_aside_at IS NULL OR f.set_aside_at <= $1
           ORDER BY f.sha256 LIMIT 200"#,
        set_aside_before
    )
    .fetch_all(tx.connection())
    .await
    .during("list films to remove")
}

/// Notes that a film is set aside now.
///
/// # Errors
/// When the database does not answer.
pub async fn note_set_aside(tx: &mut ActorTx, sha256: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE portal.blob_removals SET set_aside_at = $2 WHERE sha256 = decode($1, 'hex')",
        sha256,
        now
    )
    .execute(tx.connection())
    .await
    .during("note a film that is set aside")?;
    Ok(())
}

/// Forgets a film that is removed, or named again.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_film(tx: &mut ActorTx, sha256: &str) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM portal.blob_removals WHERE sha256 = decode($1, 'hex')",
        sha256
    )
    .execute(tx.connection())
    .await
    .during("forget a removed film")?;
    Ok(())
}
