//! Notifications: what the portal tells its users.

use chrono::{DateTime, Utc};
use domain::{NotificationId, ReportId, UserId, event::EventKind, review::NotificationPriority};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During, events};

/// A message to a user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Notification {
    /// Identifier.
    pub notification_id: NotificationId,
    /// To whom.
    pub user_id: UserId,
    /// What about, such as `result_released`.
    pub r#type: String,
    /// How urgently.
    pub priority: NotificationPriority,
    /// Headline.
    pub title: String,
    /// Text.
    pub message: String,
    /// Where to look.
    pub action_url: Option<String>,
    /// Whether it was read.
    pub is_read: bool,
    /// When.
    pub read_at: Option<DateTime<Utc>>,
    /// Which report it is about.
    pub related_report_id: Option<ReportId>,
    /// Whether it went out by e-mail.
    pub sent_via_email: bool,
    /// Whether it went out by text message.
    pub sent_via_sms: bool,
    /// Whether it was pushed to a browser.
    pub sent_via_push: bool,
    /// Further details.
    pub metadata: Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it no longer matters.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A message to be sent. Holds no clinical detail: it may travel by e-mail or show on a locked
/// telephone.
#[derive(Debug)]
pub struct Message<'a> {
    /// What about.
    pub kind: &'a str,
    /// How urgently.
    pub priority: NotificationPriority,
    /// Headline.
    pub title: &'a str,
    /// Text.
    pub message: &'a str,
    /// Where to look.
    pub action_url: Option<String>,
    /// Which report it is about.
    pub related_report_id: Option<ReportId>,
}

/// Sends a message to each of these users, and tells their open screens.
///
/// # Errors
/// When the database does not answer.
pub async fn send(tx: &mut ActorTx, to: &[UserId], message: &Message<'_>) -> Result<(), DbError> {
    let now = tx.now();
    for user in to {
        sqlx::query!(
            "INSERT INTO notifications (notification_id, user_id, type, priority, title, message, action_url,
                 related_report_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            NotificationId::new_at(now).0,
            user.0,
            message.kind,
            message.priority.as_str(),
            message.title,
            message.message,
            message.action_url,
            message.related_report_id.map(Uuid::from),
            now
        )
        .execute(tx.connection())
        .await
        .during("send a notification")?;
        events::tell_user(
            tx,
            *user,
            EventKind::NotificationCreated,
            message.related_report_id,
        )
        .await?;
    }
    Ok(())
}

/// The doctors whose accounts are in use.
///
/// # Errors
/// When the database does not answer.
pub async fn active_doctors(tx: &mut ActorTx) -> Result<Vec<UserId>, DbError> {
    sqlx::query_scalar!(r#"SELECT portal.active_doctors() AS "id!: UserId""#)
        .fetch_all(tx.connection())
        .await
        .during("list doctors")
}

/// The members of tech whose accounts are in use.
///
/// # Errors
/// When the database does not answer.
pub async fn active_tech(tx: &mut ActorTx) -> Result<Vec<UserId>, DbError> {
    sqlx::query_scalar!(r#"SELECT portal.active_tech() AS "id!: UserId""#)
        .fetch_all(tx.connection())
        .await
        .during("list tech")
}

/// The acting user's notifications, newest first. Served by `idx_notifications_user_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list_own(
    tx: &mut ActorTx,
    unread_only: bool,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Notification>, DbError> {
    let user = tx.actor().user_id().map(Uuid::from);
    let now = tx.now();
    let rows = sqlx::query_as!(
        Notification,
        r#"SELECT notification_id AS "notification_id: NotificationId", user_id AS "user_id: UserId", type AS "type",
                  priority AS "priority: NotificationPriority", title, message, action_url, is_read, read_at,
                  related_report_id AS "related_report_id: ReportId", sent_via_email, sent_via_sms, sent_via_push,
                  metadata, created_at, expires_at
           FROM notifications
           WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2) AND NOT (is_read AND $3)
             AND ($4::timestamptz IS NULL OR (created_at, notification_id) < ($4, $5))
           ORDER BY created_at DESC, notification_id DESC
           LIMIT $6"#,
        user,
        now,
        unread_only,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list notifications")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.notification_id.0,
    }))
}

/// How many of the acting user's notifications are unread.
///
/// # Errors
/// When the database does not answer.
pub async fn count_unread(tx: &mut ActorTx) -> Result<i64, DbError> {
    let user = tx.actor().user_id().map(Uuid::from);
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM notifications WHERE user_id = $1 AND NOT is_read"#,
        user
    )
    .fetch_one(tx.connection())
    .await
    .during("count notifications")
}

/// Marks one of the acting user's notifications as read. Says whether there is such a one.
///
/// # Errors
/// When the database does not answer.
pub async fn mark_read(
    tx: &mut ActorTx,
    notification_id: NotificationId,
) -> Result<Option<Notification>, DbError> {
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "UPDATE notifications SET is_read = true, read_at = coalesce(read_at, $2) WHERE notification_id = $1 AND user_id = $3",
        notification_id.0,
        now,
        user
    )
    .execute(tx.connection())
    .await
    .during("mark a notification as read")?;
    sqlx::query_as!(
        Notification,
        r#"SELECT notification_id AS "notification_id: NotificationId", user_id AS "user_id: UserId", type AS "type",
                  priority AS "priority: NotificationPriority", title, message, action_url, is_read, read_at,
                  related_report_id AS "related_report_id: ReportId", sent_via_email, sent_via_sms, sent_via_push,
                  metadata, created_at, expires_at
           FROM notifications WHERE notification_id = $1 AND user_id = $2"#,
        notification_id.0,
        user
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a notification")
}

/// Deletes at most `limit` notifications that were read before a moment. Says how many there were.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_read_before(
    tx: &mut ActorTx,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, DbError> {
    let deleted = sqlx::query!(
        "DELETE FROM notifications WHERE notification_id IN (
             SELECT notification_id FROM notifications WHERE is_read AND read_at < $1 LIMIT $2)",
        before,
        limit
    )
    .execute(tx.connection())
    .await
    .during("delete old notifications")?;
    Ok(deleted.rows_affected())
}
