//! Runs of backups and verifications, as this portal has noted them.

use chrono::{DateTime, Utc};
use domain::{
    BackupRunId,
    audit::{AuditAction, AuditStatus, EntityType},
    backup::{BackupKind, BackupOutcome},
    review::NotificationPriority,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    ActorTx, DbError,
    audit::Act,
    error::During,
    notifications::{self, Message},
};

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupRun {
    /// Identifier.
    pub id: BackupRunId,
    /// Backup or verification.
    pub kind: BackupKind,
    /// The backup's name at its destination.
    pub backup: String,
    /// The destination, without secrets.
    pub destination: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended. One that was killed stays `running`.
    pub outcome: BackupOutcome,
    /// Bytes sent to the destination, or read from it.
    pub bytes: Option<i64>,
    /// Blobs in the backup.
    pub blobs: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub enum RunEnd<'a> {
    /// As wanted.
    Succeeded {
        /// Bytes sent to the destination, or read from it.
        bytes: u64,
        /// Blobs in the backup.
        blobs: u64,
    },
    /// Not as wanted.
    Failed {
        /// Why, without secrets.
        error: &'a str,
    },
}

/// Notes that a run begins.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(
    tx: &mut ActorTx,
    kind: BackupKind,
    backup: &str,
    destination: &str,
) -> Result<BackupRunId, DbError> {
    let now = tx.now();
    let id = BackupRunId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.backups (id, kind, backup, destination, started_at) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        kind.as_str(),
        backup,
        destination,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that a backup begins")?;
    Ok(id)
}

/// The error of a run that ended with its portal; it is made again at once.
const STOPPED: &str = "the portal was stopped meanwhile";

/// Notes that the backup of a day begins, unless one of several portals has made it, is making it, or
/// has failed at it within the last hour. One asks after the other.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_scheduled(
    tx: &mut ActorTx,
    due_since: DateTime<Utc>,
    backup: &str,
    destination: &str,
) -> Result<Option<BackupRunId>, DbError> {
    let now = tx.now();
    sqlx::query!("SELECT pg_advisory_xact_lock(7286511)")
        .fetch_one(tx.connection())
        .await
        .during("wait for the other portals")?;
    let taken = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM portal.backups
               WHERE kind = 'backup' AND started_at >= $1
                 AND (outcome = 'succeeded'
                      OR outcome = 'running' AND started_at > $2
                      OR outcome = 'failed' AND finished_at > $3 AND error <> $4)) AS "taken!""#,
        due_since,
        now - chrono::Duration::hours(6),
        now - chrono::Duration::hours(1),
        STOPPED
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether the backup is made")?;
    if taken {
        return Ok(None);
    }
    begin(tx, BackupKind::Backup, backup, destination)
        .await
        .map(Some)
}

/// Notes that runs which were under way ended with their portal. For a portal that has its private
/// cluster to itself: nobody else can be at work.
///
/// # Errors
/// When the database does not answer.
pub async fn abandon_running(tx: &mut ActorTx) -> Result<u64, DbError> {
    let now = tx.now();
    let abandoned = sqlx::query!(
        "UPDATE portal.backups SET outcome = 'failed', finished_at = $1, error = $2 WHERE outcome = 'running'",
        now,
        STOPPED
    )
    .execute(tx.connection())
    .await
    .during("note that backups were cut off")?;
    Ok(abandoned.rows_affected())
}

/// Tells tech about backups, once in twelve hours a kind of message. Says whether it was told now.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_tech(
    tx: &mut ActorTx,
    kind: &str,
    title: &str,
    message: &str,
) -> Result<bool, DbError> {
    let since = tx.now() - chrono::Duration::hours(12);
    let told = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM notifications WHERE type = $1 AND created_at > $2) AS "told!""#,
        kind,
        since
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether tech was told")?;
    if told {
        return Ok(false);
    }
    let tech = notifications::active_tech(tx).await?;
    let message = Message {
        kind,
        priority: NotificationPriority::Urgent,
        title,
        message,
        action_url: None,
        related_report_id: None,
    };
    notifications::send(tx, &tech, &message).await?;
    Ok(true)
}

/// Notes how a run ended, in the audit trail as well.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(
    tx: &mut ActorTx,
    id: BackupRunId,
    end: &RunEnd<'_>,
) -> Result<BackupRun, DbError> {
    let now = tx.now();
    let (outcome, bytes, blobs, error) = match end {
        RunEnd::Succeeded { bytes, blobs } => (
            BackupOutcome::Succeeded,
            i64::try_from(*bytes).ok(),
            i64::try_from(*blobs).ok(),
            None,
        ),
        RunEnd::Failed { error } => (BackupOutcome::Failed, None, None, Some(*error)),
    };
    let run = sqlx::query_as!(
        BackupRun,
        r#"UPDATE portal.backups SET finished_at = $2, outcome = $3, bytes = $4, blobs = $5, error = $6
           WHERE id = $1
           RETURNING id AS "id: BackupRunId", kind AS "kind: BackupKind", backup, destination, started_at,
                     finished_at, outcome AS "outcome: BackupOutcome", bytes, blobs, error"#,
        id.0,
        now,
        outcome.as_str(),
        bytes,
        blobs,
        error
    )
    .fetch_one(tx.connection())
    .await
    .during("note how a backup ended")?;
    let action = match run.kind {
        BackupKind::Backup => AuditAction::CreateBackup,
        BackupKind::Verification => AuditAction::VerifyBackup,
    };
    let mut act = Act::new(action, EntityType::Backup)
        .on(id)
        .new_values(json!({
            "backup": run.backup, "destination": run.destination, "bytes": bytes, "blobs": blobs,
        }));
    if let Some(error) = error {
        act = act.ended(AuditStatus::Failure, error);
    }
    tx.audit(act).await?;
    Ok(run)
}

/// The newest backup that succeeded. Served by `idx_backups_succeeded`.
///
/// # Errors
/// When the database does not answer.
pub async fn latest_finished(tx: &mut ActorTx) -> Result<Option<BackupRun>, DbError> {
    latest_succeeded(tx, BackupKind::Backup).await
}

/// The newest verification that succeeded. Served by `idx_backups_succeeded`.
///
/// # Errors
/// When the database does not answer.
pub async fn latest_verified(tx: &mut ActorTx) -> Result<Option<BackupRun>, DbError> {
    latest_succeeded(tx, BackupKind::Verification).await
}

async fn latest_succeeded(
    tx: &mut ActorTx,
    kind: BackupKind,
) -> Result<Option<BackupRun>, DbError> {
    sqlx::query_as!(
        BackupRun,
        r#"SELECT id AS "id: BackupRunId", kind AS "kind: BackupKind", backup, destination, started_at,
                  finished_at, outcome AS "outcome: BackupOutcome", bytes, blobs, error
           FROM portal.backups WHERE kind = $1 AND outcome = 'succeeded'
           ORDER BY finished_at DESC LIMIT 1"#,
        kind.as_str()
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for the newest backup")
}

/// The newest runs of either kind, newest first. Served by `idx_backups_started_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(tx: &mut ActorTx, limit: i64) -> Result<Vec<BackupRun>, DbError> {
    sqlx::query_as!(
        BackupRun,
        r#"SELECT id AS "id: BackupRunId", kind AS "kind: BackupKind", backup, destination, started_at,
                  finished_at, outcome AS "outcome: BackupOutcome", bytes, blobs, error
           FROM portal.backups ORDER BY started_at DESC, id DESC LIMIT $1"#,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("list the newest backups")
}
