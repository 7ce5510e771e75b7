//! What each model is there for, and the record of who changed that and why.

use chrono::{DateTime, Utc};
use domain::{ModelChangeId, ModelEvent, ModelId, ModelStage, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A change of what a model is there for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelChange {
    /// Identifier.
    pub change_id: ModelChangeId,
    /// The model.
    pub model_id: ModelId,
    /// What happened.
    pub event: ModelEvent,
    /// What it was there for.
    pub from_stage: ModelStage,
    /// What it is there for since.
    pub to_stage: ModelStage,
    /// For a model that was put to work: the one it took over from.
    pub replaced_model_id: Option<ModelId>,
    /// Why.
    pub reason: String,
    /// Who, if a person with an account.
    pub changed_by: Option<UserId>,
    /// That person's name.
    pub changed_by_name: Option<String>,
    /// As what: a role, `command_line` or `worker`.
    pub changed_as: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Lets one transaction at a time change what models are there for.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut ActorTx) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(7286512)")
        .fetch_one(tx.connection())
        .await
        .during("wait for another change of the models")?;
    Ok(())
}

/// Sets a model's stage. Does not touch `ai_models.is_active`.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &mut ActorTx, model_id: ModelId, stage: ModelStage) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.model_stages (model_id, stage, since) VALUES ($1, $2, $3)
         ON CONFLICT (model_id) DO UPDATE SET stage = excluded.stage, since = excluded.since",
        model_id.0,
        stage.as_str(),
        now
    )
    .execute(tx.connection())
    .await
    .during("set a model's stage")?;
    Ok(())
}

/// A change to be noted.
#[derive(Debug)]
pub struct NewChange<'a> {
    /// The model.
    pub model_id: ModelId,
    /// What happened.
    pub event: ModelEvent,
    /// Before.
    pub from: ModelStage,
    /// After.
    pub to: ModelStage,
    /// The model it took over from.
    pub replaced: Option<ModelId>,
    /// Why.
    pub reason: &'a str,
}

/// Notes a change as the acting person's.
///
/// # Errors
/// When the database does not answer.
pub async fn note(tx: &mut ActorTx, change: &NewChange<'_>) -> Result<(), DbError> {
    let (now, user, role) = (tx.now(), tx.actor().user_id(), tx.actor().audit_role());
    sqlx::query!(
        "INSERT INTO portal.model_changes (change_id, model_id, event, from_stage, to_stage, replaced_model_id, reason,
             changed_by, changed_as, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ModelChangeId::new_at(now).0,
        change.model_id.0,
        change.event.as_str(),
        change.from.as_str(),
        change.to.as_str(),
        change.replaced.map(Uuid::from),
        change.reason,
        user.map(Uuid::from),
        role,
        now
    )
    .execute(tx.connection())
    .await
    .during("note a change of a model")?;
    Ok(())
}

/// The changes of a model, or of all, newest first. Served by `idx_model_changes_model_id` or
/// `idx_model_changes_created_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn changes(
    tx: &mut ActorTx,
    model_id: Option<ModelId>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<ModelChange>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        ModelChange,
        r#"SELECT change_id AS "change_id: ModelChangeId", model_id AS "model_id: ModelId", event AS "event: ModelEvent",
                  from_stage AS "from_stage: ModelStage", to_stage AS "to_stage: ModelStage",
                  replaced_model_id AS "replaced_model_id: ModelId", reason, changed_by AS "changed_by: UserId",
                  portal.staff_name(changed_by) AS changed_by_name, changed_as, created_at
           FROM portal.model_changes
           WHERE ($1::uuid IS NULL OR model_id = $1)
             AND ($2::timestamptz IS NULL OR (created_at, change_id) < ($2, $3))
           ORDER BY created_at DESC, change_id DESC
           LIMIT $4"#,
        model_id.map(Uuid::from),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list changes of models")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.change_id.0,
    }))
}

/// The model that was at work before the one that is, and is still there to go back to.
///
/// # Errors
/// When the database does not answer.
pub async fn predecessor(tx: &mut ActorTx, active: ModelId) -> Result<Option<ModelId>, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT replaced_model_id AS "model_id: ModelId" FROM portal.model_changes
           WHERE model_id = $1 AND to_stage = 'active' AND replaced_model_id IS NOT NULL
             AND replaced_model_id NOT IN (SELECT s.model_id FROM portal.model_stages s WHERE s.stage = 'retired')
           ORDER BY created_at DESC, change_id DESC LIMIT 1"#,
        active.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("find the model before")?;
    Ok(found.flatten())
}
