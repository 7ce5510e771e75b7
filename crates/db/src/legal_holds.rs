//! Legal holds: what keeps a patient's record whatever its term, and whoever wants it erased.

use chrono::{DateTime, Utc};
use domain::{HoldId, UserId};
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
pub async fn list(
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
pub async fn set(tx: &mut ActorTx, patient_id: UserId, reason: &str) -> Result<HoldId, DbError> {
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
