//! What patients want changed in their medical history, and what was decided.

use chrono::{DateTime, Utc};
use domain::{HistoryProposalId, ProposalState, UserId, event::EventKind};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During, events};

/// Changes that a patient proposes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryProposal {
    /// Identifier.
    pub proposal_id: HistoryProposalId,
    /// The patient.
    pub patient_id: UserId,
    /// The parts that should change, each as it should read: `conditions`, `allergies`, `medications`,
    /// `family_history`, `lifestyle`, `previous_procedures`.
    pub content: Value,
    /// The patient's words with it.
    pub note: Option<String>,
    /// When the record that the patient saw was last changed; null: none was recorded.
    pub based_on: Option<DateTime<Utc>>,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// What became of it.
    pub state: ProposalState,
    /// The decider's words to the patient.
    pub answer: Option<String>,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// That person's name.
    pub decided_by_name: Option<String>,
    /// When it was decided or withdrawn.
    pub decided_at: Option<DateTime<Utc>>,
}

/// Proposes, in place of an open proposal of the acting patient.
///
/// # Errors
/// When the database does not answer.
pub async fn propose(
    tx: &mut ActorTx,
    content: &Value,
    note: Option<&str>,
    based_on: Option<DateTime<Utc>>,
) -> Result<HistoryProposalId, DbError> {
    withdraw(tx).await?;
    let now = tx.now();
    let patient = tx.actor().user_id().map(Uuid::from);
    let id = HistoryProposalId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.history_proposals (proposal_id, patient_id, content, note, based_on, proposed_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, 'open')",
        id.0,
        patient,
        content,
        note,
        based_on,
        now
    )
    .execute(tx.connection())
    .await
    .during("propose changes of a medical history")?;
    Ok(id)
}

/// Takes the acting patient's open proposal back. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn withdraw(tx: &mut ActorTx) -> Result<bool, DbError> {
    let now = tx.now();
    let patient = tx.actor().user_id().map(Uuid::from);
    let changed = sqlx::query!(
        "UPDATE portal.history_proposals SET state = 'withdrawn', decided_at = $2 WHERE patient_id = $1 AND state = 'open'",
        patient,
        now
    )
    .execute(tx.connection())
    .await
    .during("withdraw a proposal")?;
    Ok(changed.rows_affected() == 1)
}

/// Writes down what became of an open proposal that the actor may decide on. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn decide(
    tx: &mut ActorTx,
    proposal_id: HistoryProposalId,
    state: ProposalState,
    answer: Option<&str>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let changed = sqlx::query!(
        "UPDATE portal.history_proposals SET state = $2, answer = $3, decided_by = $4, decided_at = $5
         WHERE proposal_id = $1 AND state = 'open'",
        proposal_id.0,
        state.as_str(),
        answer,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("decide on a proposal")?;
    Ok(changed.rows_affected() == 1)
}

/// The newest proposals of a patient that the actor may see: an open one first. Served by
/// `idx_history_proposals_patient_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn of_patient(
    tx: &mut ActorTx,
    patient_id: UserId,
    limit: i64,
) -> Result<Vec<HistoryProposal>, DbError> {
    sqlx::query_as!(
        HistoryProposal,
        r#"SELECT proposal_id AS "proposal_id: HistoryProposalId", patient_id AS "patient_id: UserId", content, note,
                  based_on, proposed_at, state AS "state: ProposalState", answer, decided_by AS "decided_by: UserId",
                  portal.staff_name(decided_by) AS decided_by_name, decided_at
           FROM portal.history_proposals WHERE patient_id = $1
           ORDER BY proposed_at DESC, proposal_id DESC LIMIT $2"#,
        patient_id.0,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read proposals")
}

/// Tells whoever looks after the acting patient's history that a proposal waits, and their open screens.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_keepers(tx: &mut ActorTx) -> Result<(), DbError> {
    let keepers =
        sqlx::query_scalar!(r#"SELECT portal.tell_keepers_of_own_history() AS "id!: UserId""#)
            .fetch_all(tx.connection())
            .await
            .during("tell who looks after a history")?;
    for keeper in keepers {
        events::tell_user(tx, keeper, EventKind::NotificationCreated, None).await?;
    }
    Ok(())
}
