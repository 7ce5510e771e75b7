//! What is kept for a term and no longer: legal holds against it, erasures of one patient, and the films that go with
//! removed reports.

use chrono::{DateTime, Utc};
use domain::{ErasureId, ErasureOutcome, ErasureState, HoldId, ReportId, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A hold that keeps a patient's record whatever its term.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegalHold {
    /// Identifier.
    pub hold_id: HoldId,
    /// Whose record.
    pub patient_id: UserId,
    /// What the patient is called where names are nobody's business.
    pub pseudonym: String,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub set_by_name: Option<String>,
    /// When.
    pub set_at: DateTime<Utc>,
    /// Why it was lifted; null: it holds.
    pub lift_reason: Option<String>,
    /// Who lifted it.
    pub lifted_by_name: Option<String>,
    /// When.
    pub lifted_at: Option<DateTime<Utc>>,
}

/// All holds, those of privacy officers to see, newest first; or one. Served by `idx_legal_holds_set_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn holds(
    tx: &mut ActorTx,
    only: Option<HoldId>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<LegalHold>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        LegalHold,
        r#"SELECT hold_id AS "hold_id: HoldId", patient_id AS "patient_id: UserId",
                  portal.pseudonym(patient_id) AS "pseudonym!", reason, portal.staff_name(set_by) AS set_by_name, set_at,
                  lift_reason, portal.staff_name(lifted_by) AS lifted_by_name, lifted_at
           FROM portal.legal_holds
           WHERE ($1::uuid IS NULL OR hold_id = $1) AND ($2::timestamptz IS NULL OR (set_at, hold_id) < ($2, $3))
           ORDER BY set_at DESC, hold_id DESC LIMIT $4"#,
        only.map(Uuid::from),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list legal holds")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.set_at,
        id: row.hold_id.0,
    }))
}

/// Sets a hold in the acting officer's name.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn hold(tx: &mut ActorTx, patient_id: UserId, reason: &str) -> Result<HoldId, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let id = HoldId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.legal_holds (hold_id, patient_id, reason, set_by, set_at) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        patient_id.0,
        reason,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("set a legal hold")?;
    Ok(id)
}

/// Lifts a hold. Says whether it held.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn lift(tx: &mut ActorTx, hold_id: HoldId, reason: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let lifted = sqlx::query!(
        "UPDATE portal.legal_holds SET lift_reason = $2, lifted_by = $3, lifted_at = $4 WHERE hold_id = $1 AND lifted_at IS NULL",
        hold_id.0,
        reason,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("lift a legal hold")?;
    Ok(lifted.rows_affected() == 1)
}

/// What stands in the way of erasing a patient.
#[derive(Debug, Clone, Copy)]
pub struct Obstacles {
    /// A legal hold.
    pub is_held: bool,
    /// From when on the law lets the record go; none: at once.
    pub erasable_from: Option<DateTime<Utc>>,
}

/// Looks what stands in the way of erasing a patient.
///
/// # Errors
/// When the database does not answer.
pub async fn obstacles(tx: &mut ActorTx, patient_id: UserId) -> Result<Obstacles, DbError> {
    sqlx::query_as!(
        Obstacles,
        r#"SELECT portal.is_held($1) AS "is_held!", portal.erasable_from($1) AS erasable_from"#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look what keeps a record")
}

/// An erasure of one patient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Erasure {
    /// Identifier.
    pub erasure_id: ErasureId,
    /// Whose record.
    pub patient_id: UserId,
    /// What the patient is called where names are nobody's business.
    pub pseudonym: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub requested_by: UserId,
    /// That person's name.
    pub requested_by_name: Option<String>,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What became of it.
    pub state: ErasureState,
    /// Who confirmed it, or took it back.
    pub decided_by_name: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// How many reports were removed.
    pub reports: Option<i32>,
}

/// All erasures, for privacy officers, newest first; or one. Served by `idx_erasures_requested_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn erasures(
    tx: &mut ActorTx,
    only: Option<ErasureId>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Erasure>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        Erasure,
        r#"SELECT erasure_id AS "erasure_id: ErasureId", patient_id AS "patient_id: UserId",
                  portal.pseudonym(patient_id) AS "pseudonym!", reason, requested_by AS "requested_by: UserId",
                  portal.staff_name(requested_by) AS requested_by_name, requested_at, state AS "state: ErasureState",
                  portal.staff_name(decided_by) AS decided_by_name, decided_at, reports
           FROM portal.erasures
           WHERE ($1::uuid IS NULL OR erasure_id = $1) AND ($2::timestamptz IS NULL OR (requested_at, erasure_id) < ($2, $3))
           ORDER BY requested_at DESC, erasure_id DESC LIMIT $4"#,
        only.map(Uuid::from),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list erasures")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.requested_at,
        id: row.erasure_id.0,
    }))
}

/// The constraint that refuses a second open erasure of one patient.
pub const ONE_OPEN: &str = "idx_erasures_one_open";

/// Asks for an erasure in the acting officer's name.
///
/// # Errors
/// [`ONE_OPEN`] as a constraint where one is open.
pub async fn request_erasure(
    tx: &mut ActorTx,
    patient_id: UserId,
    reason: &str,
) -> Result<ErasureId, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let id = ErasureId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.erasures (erasure_id, patient_id, reason, requested_by, requested_at, state)
         VALUES ($1, $2, $3, $4, $5, 'open')",
        id.0,
        patient_id.0,
        reason,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("ask for an erasure")?;
    Ok(id)
}

/// Takes an erasure back. Says whether it was open.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn withdraw_erasure(tx: &mut ActorTx, erasure_id: ErasureId) -> Result<bool, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let withdrawn = sqlx::query!(
        "UPDATE portal.erasures SET state = 'withdrawn', decided_by = $2, decided_at = $3 WHERE erasure_id = $1 AND state = 'open'",
        erasure_id.0,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("take an erasure back")?;
    Ok(withdrawn.rows_affected() == 1)
}

/// Erases a patient, as the second officer says. The database looks at everything that stands in the way.
///
/// # Errors
/// When the database does not answer.
pub async fn erase(tx: &mut ActorTx, erasure_id: ErasureId) -> Result<ErasureOutcome, DbError> {
    sqlx::query_scalar!(
        r#"SELECT portal.erase_patient($1) AS "outcome!: ErasureOutcome""#,
        erasure_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("erase a patient")
}

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
           FROM (SELECT v.sha256, v.set_aside_at, EXISTS (SELECT FROM portal.image_blobs b WHERE b.sha256 = v.sha256) AS is_named
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
