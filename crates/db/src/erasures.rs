//! Erasures of one patient: asked for by one privacy officer, confirmed by another.

use chrono::{DateTime, Utc};
use domain::{ErasureId, ErasureOutcome, ErasureState, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

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
pub async fn list(
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
pub async fn request(
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
pub async fn withdraw(tx: &mut ActorTx, erasure_id: ErasureId) -> Result<bool, DbError> {
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
