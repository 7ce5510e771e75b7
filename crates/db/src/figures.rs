//! Counts for monitoring that belong to no aggregate. Never more than an index walk each: they are
//! asked for every few seconds.

use chrono::{DateTime, Utc};

use crate::{ActorTx, DbError, error::During};

/// What monitoring wants to know at once.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Notifications that nobody has read yet.
    pub unread_notifications: i64,
    /// Since when the oldest of them waits.
    pub oldest_unread: Option<DateTime<Utc>>,
    /// When the last backup ended well.
    pub last_backup: Option<DateTime<Utc>>,
    /// When a backup was last restored and compared.
    pub last_verification: Option<DateTime<Utc>>,
    /// Whether the newest backup or verification failed.
    pub last_run_failed: bool,
    /// Seconds the slowest standby is behind; absent without one, or without pg_read_all_stats.
    pub replication_lag_seconds: Option<f64>,
    /// Size of the database in bytes.
    pub database_bytes: i64,
}

/// What monitoring wants to know. Served by `idx_notifications_is_read` and `idx_backups_*`.
///
/// # Errors
/// When the database does not answer.
pub async fn read(tx: &mut ActorTx) -> Result<Figures, DbError> {
    sqlx::query_as!(
        Figures,
        r#"SELECT (SELECT count(*) FROM notifications WHERE NOT is_read) AS "unread_notifications!",
                  (SELECT min(created_at) FROM notifications WHERE NOT is_read) AS oldest_unread,
                  (SELECT max(finished_at) FROM portal.backups WHERE kind = 'backup' AND outcome = 'succeeded') AS last_backup,
                  (SELECT max(finished_at) FROM portal.backups WHERE kind = 'verification' AND outcome = 'succeeded') AS last_verification,
                  coalesce((SELECT outcome = 'failed' FROM portal.backups WHERE outcome <> 'running'
                            ORDER BY started_at DESC, id DESC LIMIT 1), false) AS "last_run_failed!",
                  (SELECT max(extract(epoch FROM replay_lag))::float8 FROM pg_stat_replication) AS replication_lag_seconds,
                  pg_database_size(current_database()) AS "database_bytes!""#
    )
    .fetch_one(tx.connection())
    .await
    .during("count for the figures")
}
