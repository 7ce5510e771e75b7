//! Rows of the audit trail.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use super::Span;
use crate::{ActorTx, Cursor, DbError, audit_seals::TrailRow, error::During};

/// Which rows.
#[derive(Debug, Default)]
pub struct Filter {
    /// One of these identifiers.
    pub ids: Option<Vec<Uuid>>,
    /// Written then.
    pub date: Span<DateTime<Utc>>,
    /// Of one of these acts.
    pub actions: Option<Vec<String>>,
    /// By one of these accounts.
    pub users: Option<Vec<Uuid>>,
    /// On one of these things.
    pub things: Option<Vec<Uuid>>,
    /// That ended in one of these ways.
    pub statuses: Option<Vec<String>>,
    /// After this row.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: i64,
}

/// Reads the trail, newest first. Served by the partitions' primary keys and their `created_at`, `user_id` and `action`
/// indexes.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<TrailRow>, DbError> {
    tx.plan_with_values().await?;
    sqlx::query_as!(
        TrailRow,
        r#"SELECT log_id, created_at, user_id, user_role, action, entity_type, entity_id, ip_address::text, user_agent,
                  old_values::text, new_values::text, status, error_message
           FROM audit_logs
           WHERE ($1::uuid[] IS NULL OR log_id = ANY($1))
             AND ($2::timestamptz IS NULL OR created_at >= $2) AND ($3::timestamptz IS NULL OR created_at < $3)
             AND ($4::text[] IS NULL OR action = ANY($4))
             AND ($5::uuid[] IS NULL OR user_id = ANY($5))
             AND ($6::uuid[] IS NULL OR entity_id = ANY($6))
             AND ($7::text[] IS NULL OR status = ANY($7))
             AND ($8::timestamptz IS NULL OR (created_at, log_id) < ($8, $9))
           ORDER BY created_at DESC, log_id DESC LIMIT $10"#,
        filter.ids.as_deref(),
        filter.date.from,
        filter.date.until,
        filter.actions.as_deref(),
        filter.users.as_deref(),
        filter.things.as_deref(),
        filter.statuses.as_deref(),
        filter.after.map(|after| after.at),
        filter.after.map(|after| after.id),
        filter.limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read the trail over FHIR")
}
