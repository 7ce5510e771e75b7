//! Requests to put a model to work: one person asks, another one decides.

use chrono::{DateTime, Utc};
use domain::{ModelId, PromotionDecision, PromotionId, UserId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A request to put a model to work.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Promotion {
    /// Identifier.
    pub promotion_id: PromotionId,
    /// The model that is to work.
    pub model_id: ModelId,
    /// The one that worked when it was asked for.
    pub replaces_model_id: Option<ModelId>,
    /// Why.
    pub reason: String,
    /// The side-by-side figures that were at hand then.
    pub comparison: Value,
    /// Who asked, if a person with an account.
    pub requested_by: Option<UserId>,
    /// That person's name.
    pub requested_by_name: Option<String>,
    /// As what: a role or `command_line`.
    pub requested_as: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What was decided; none while it is open.
    pub decision: Option<PromotionDecision>,
    /// Why.
    pub decision_reason: Option<String>,
    /// By whom, if a person with an account.
    pub decided_by: Option<UserId>,
    /// That person's name.
    pub decided_by_name: Option<String>,
    /// As what.
    pub decided_as: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
}

/// The constraint that refuses a second open request.
pub const ONE_OPEN: &str = "idx_promotions_one_open";
/// The constraint that refuses an approval by whoever asked.
pub const TWO_PERSONS: &str = "promotions_two_persons";

/// Asks, as the acting person.
///
/// # Errors
/// [`ONE_OPEN`] as a constraint when another request is open.
pub async fn request(
    tx: &mut ActorTx,
    model_id: ModelId,
    replaces: Option<ModelId>,
    reason: &str,
    comparison: &Value,
) -> Result<PromotionId, DbError> {
    let (now, user, role) = (tx.now(), tx.actor().user_id(), tx.actor().audit_role());
    let promotion_id = PromotionId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.promotions (promotion_id, model_id, replaces_model_id, reason, comparison, requested_by,
             requested_as, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        promotion_id.0,
        model_id.0,
        replaces.map(Uuid::from),
        reason,
        comparison,
        user.map(Uuid::from),
        role,
        now
    )
    .execute(tx.connection())
    .await
    .during("ask for a promotion")?;
    Ok(promotion_id)
}

/// Decides an open request, as the acting person. Says whether it was open.
///
/// # Errors
/// [`TWO_PERSONS`] as a constraint when the acting person approves the own request.
pub async fn decide(
    tx: &mut ActorTx,
    promotion_id: PromotionId,
    decision: PromotionDecision,
    reason: &str,
) -> Result<bool, DbError> {
    let (now, user, role) = (tx.now(), tx.actor().user_id(), tx.actor().audit_role());
    let decided = sqlx::query!(
        "UPDATE portal.promotions
         SET decision = $2, decision_reason = $3, decided_by = $4, decided_as = $5, decided_at = $6
         WHERE promotion_id = $1 AND decision IS NULL",
        promotion_id.0,
        decision.as_str(),
        reason,
        user.map(Uuid::from),
        role,
        now
    )
    .execute(tx.connection())
    .await
    .during("decide on a promotion")?;
    Ok(decided.rows_affected() == 1)
}

/// Puts the model of a promotion that this transaction approved to work.
///
/// # Errors
/// When it was not approved in this transaction, or the database does not answer.
pub async fn carry_out(tx: &mut ActorTx, promotion_id: PromotionId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "SELECT portal.carry_out_promotion($1, $2)",
        promotion_id.0,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("put the promoted model to work")?;
    Ok(())
}

macro_rules! promotion_query {
    ($condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Promotion,
            r#"SELECT promotion_id AS "promotion_id: PromotionId", model_id AS "model_id: ModelId",
                      replaces_model_id AS "replaces_model_id: ModelId", reason, comparison,
                      requested_by AS "requested_by: UserId", portal.staff_name(requested_by) AS requested_by_name,
                      requested_as, requested_at, decision AS "decision: PromotionDecision", decision_reason,
                      decided_by AS "decided_by: UserId", portal.staff_name(decided_by) AS decided_by_name,
                      decided_as, decided_at
               FROM portal.promotions "# + $condition
            $(, $argument)*
        )
    };
}

/// One request.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    promotion_id: PromotionId,
) -> Result<Option<Promotion>, DbError> {
    promotion_query!("WHERE promotion_id = $1", promotion_id.0)
        .fetch_optional(tx.connection())
        .await
        .during("read a promotion")
}

/// The open request, if there is one. Served by `idx_promotions_one_open`.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &mut ActorTx) -> Result<Option<Promotion>, DbError> {
    promotion_query!("WHERE decision IS NULL")
        .fetch_optional(tx.connection())
        .await
        .during("read the open promotion")
}

/// All requests, newest first. Served by `idx_promotions_requested_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Promotion>, DbError> {
    let rows = promotion_query!(
        "WHERE $1::timestamptz IS NULL OR (requested_at, promotion_id) < ($1, $2)
         ORDER BY requested_at DESC, promotion_id DESC LIMIT $3",
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list promotions")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.requested_at,
        id: row.promotion_id.0,
    }))
}
