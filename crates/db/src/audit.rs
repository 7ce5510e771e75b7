//! The audit trail: one row an act, in the act's own transaction.

use chrono::{DateTime, Utc};
use domain::{
    AuditLogId, UserId,
    audit::{AuditAction, AuditStatus, EntityType},
};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// An act to be noted. Values never hold secrets or image bytes.
#[derive(Debug, Clone)]
pub struct Act {
    action: AuditAction,
    entity_type: EntityType,
    entity_id: Option<Uuid>,
    old_values: Option<Value>,
    new_values: Option<Value>,
    status: AuditStatus,
    error_message: Option<String>,
}

impl Act {
    /// An act that succeeded.
    #[must_use]
    pub const fn new(action: AuditAction, entity_type: EntityType) -> Self {
        Self {
            action,
            entity_type,
            entity_id: None,
            old_values: None,
            new_values: None,
            status: AuditStatus::Success,
            error_message: None,
        }
    }

    /// On what.
    #[must_use]
    pub fn on(mut self, entity_id: impl Into<Uuid>) -> Self {
        self.entity_id = Some(entity_id.into());
        self
    }

    /// What was before.
    #[must_use]
    pub fn old(mut self, values: Value) -> Self {
        self.old_values = Some(values);
        self
    }

    /// What is now.
    #[must_use]
    pub fn new_values(mut self, values: Value) -> Self {
        self.new_values = Some(values);
        self
    }

    /// It did not work, or was not allowed, and why.
    #[must_use]
    pub fn ended(mut self, status: AuditStatus, message: impl Into<String>) -> Self {
        self.status = status;
        self.error_message = Some(message.into());
        self
    }
}

impl ActorTx {
    /// Notes an act of this transaction's actor.
    ///
    /// # Errors
    /// When the row cannot be written; then the act must not be committed either.
    pub async fn audit(&mut self, act: Act) -> Result<(), DbError> {
        let user = self.actor().user_id();
        self.audit_as(user, act).await
    }

    /// Notes an act on each of several things, in one go.
    ///
    /// # Errors
    /// As [`ActorTx::audit`].
    pub async fn audit_each(&mut self, act: &Act, things: &[Uuid]) -> Result<(), DbError> {
        let now = self.now();
        let user = self.actor().user_id();
        let origin = self.actor().origin.clone();
        let role = self.actor().audit_role();
        let ids: Vec<Uuid> = things.iter().map(|_| AuditLogId::new_at(now).0).collect();
        sqlx::query!(
            "INSERT INTO audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                     old_values, new_values, status, error_message, created_at)
             SELECT u.log_id, $3, $4, $5, $6, u.entity_id, $7::text::inet, $8, $9, $10, $11, $12, $13
             FROM unnest($1::uuid[], $2::uuid[]) u (log_id, entity_id)",
            &ids,
            things,
            user.map(Uuid::from),
            role,
            act.action.as_str(),
            act.entity_type.as_str(),
            origin.address.map(|address| address.to_string()),
            origin.user_agent,
            act.old_values,
            act.new_values,
            act.status.as_str(),
            act.error_message,
            now
        )
        .execute(self.connection())
        .await
        .during("write the audit rows")?;
        Ok(())
    }

    /// Notes an act of a user who is being signed in or out, and so is not yet the actor.
    ///
    /// # Errors
    /// As [`ActorTx::audit`].
    pub async fn audit_as(&mut self, user: Option<UserId>, act: Act) -> Result<(), DbError> {
        let now = self.now();
        let origin = self.actor().origin.clone();
        let role = self.actor().audit_role();
        sqlx::query!(
            "INSERT INTO audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                     old_values, new_values, status, error_message, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::inet, $8, $9, $10, $11, $12, $13)",
            AuditLogId::new_at(now).0,
            user.map(Uuid::from),
            role,
            act.action.as_str(),
            act.entity_type.as_str(),
            act.entity_id,
            origin.address.map(|address| address.to_string()),
            origin.user_agent,
            act.old_values,
            act.new_values,
            act.status.as_str(),
            act.error_message,
            now
        )
        .execute(self.connection())
        .await
        .during("write the audit row")?;
        Ok(())
    }
}

/// A row of the trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditLog {
    /// Identifier.
    pub log_id: AuditLogId,
    /// Who; absent for the machinery and for who is unknown.
    pub user_id: Option<UserId>,
    /// In which role.
    pub user_role: Option<String>,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub entity_type: String,
    /// To which one.
    pub entity_id: Option<Uuid>,
    /// From where.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// What was before.
    pub old_values: Option<Value>,
    /// What is now.
    pub new_values: Option<Value>,
    /// How it ended.
    pub status: String,
    /// Why it did not work.
    pub error_message: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Which rows are wanted.
#[derive(Debug, Default)]
pub struct AuditFilter<'a> {
    /// Of this user.
    pub user_id: Option<UserId>,
    /// Of this act.
    pub action: Option<&'a str>,
    /// On this kind of thing.
    pub entity_type: Option<&'a str>,
    /// On this thing.
    pub entity_id: Option<Uuid>,
    /// That ended so.
    pub status: Option<&'a str>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// Reads the trail, newest first. Served by the partitions' `created_at`, `user_id`, `action` and
/// `entity_type` indexes.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    filter: &AuditFilter<'_>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<AuditLog>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        AuditLog,
        r#"SELECT log_id AS "log_id: AuditLogId", user_id AS "user_id: UserId", user_role, action, entity_type,
                  entity_id, host(ip_address) AS ip_address, user_agent, old_values, new_values, status,
                  error_message, created_at
           FROM audit_logs
           WHERE ($1::uuid IS NULL OR user_id = $1)
             AND ($2::text IS NULL OR action = $2)
             AND ($3::text IS NULL OR entity_type = $3)
             AND ($4::uuid IS NULL OR entity_id = $4)
             AND ($5::text IS NULL OR status = $5)
             AND ($6::timestamptz IS NULL OR created_at >= $6)
             AND ($7::timestamptz IS NULL OR created_at < $7)
             AND ($8::timestamptz IS NULL OR (created_at, log_id) < ($8, $9))
           ORDER BY created_at DESC, log_id DESC
           LIMIT $10"#,
        filter.user_id.map(Uuid::from),
        filter.action,
        filter.entity_type,
        filter.entity_id,
        filter.status,
        filter.from,
        filter.until,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("read the audit trail")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.log_id.0,
    }))
}

/// Makes the partitions of this month and the next two.
///
/// # Errors
/// When the database does not answer.
pub async fn create_partitions_ahead(tx: &mut ActorTx) -> Result<(), DbError> {
    let today = tx.now().date_naive();
    sqlx::query!(
        r#"SELECT portal.create_audit_partition(($1::date + make_interval(months => m))::date) AS "made"
           FROM generate_series(0, 2) m"#,
        today
    )
    .fetch_all(tx.connection())
    .await
    .during("make the audit trail's next partitions")?;
    Ok(())
}
