//! What is kept for a time only. Cleared some rows at a time, each in a transaction of its own, so that
//! stopping half-way loses nothing and holds nobody up.

use chrono::{Duration, Local, Timelike};
use db::{Actor, Database, DbError};
use domain::settings::{self, MaintenanceWindow};

/// Rows cleared in one transaction.
const BATCH: i64 = 5000;

/// What was cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Sessions that were over for a month.
    pub sessions: u64,
    /// Events that every screen has seen.
    pub events: u64,
    /// Jobs that were done a week ago.
    pub jobs: u64,
    /// Notifications that were read long ago.
    pub notifications: u64,
}

/// Clears what is past its time.
///
/// # Errors
/// When the database does not answer; what was cleared until then stays so.
pub async fn clear(database: &Database) -> Result<Cleared, DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let days: u32 = db::settings::get(&mut tx, settings::RETENTION_NOTIFICATION_DAYS).await?;
    let session_days: u32 = db::settings::get(&mut tx, settings::RETENTION_SESSION_DAYS).await?;
    let sessions_before = tx.now() - Duration::days(session_days.into());
    let mut cleared = Cleared {
        sessions: db::sessions::delete_expired(&mut tx, sessions_before).await?,
        events: db::events::delete_old(&mut tx).await?,
        jobs: db::jobs::delete_done(&mut tx).await?,
        notifications: 0,
    };
    tx.commit().await?;
    loop {
        let mut tx = database.begin(&Actor::worker()).await?;
        let before = tx.now() - Duration::days(i64::from(days));
        let deleted = db::notifications::delete_read_before(&mut tx, before, BATCH).await?;
        tx.commit().await?;
        cleared.notifications += deleted;
        if deleted < BATCH.unsigned_abs() {
            return Ok(cleared);
        }
        tracing::info!(
            notifications = cleared.notifications,
            "clearing old notifications"
        );
    }
}

/// Whether the machine's time of day lies in the maintenance window.
///
/// # Errors
/// When the database does not answer.
pub async fn is_window_open(database: &Database) -> Result<bool, DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let window: MaintenanceWindow =
        db::settings::get(&mut tx, settings::MAINTENANCE_WINDOW).await?;
    let local = tx.now().with_timezone(&Local);
    let time = chrono::NaiveTime::from_hms_opt(local.hour(), local.minute(), 0);
    Ok(time.is_some_and(|time| window.contains(time)))
}
