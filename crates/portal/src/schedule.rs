//! The daily backup and its verification, made by the serving portal itself.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use backup::{BackupId, Keep, Key, Shipped, Source};
use chrono::{DateTime, Days, Local, NaiveTime, TimeZone, Utc};
use db::{Actor, Database, backups};
use domain::{
    BackupRunId,
    settings::{
        BACKUP_DESTINATION, BACKUP_KEEP, BACKUP_POINT_IN_TIME, BACKUP_SCHEDULE, BackupKeep,
        BackupSchedule,
    },
};
use tokio_util::sync::CancellationToken;

use crate::backups::{Notes, faults_in_brief};

/// How often it looks whether something is due.
const LOOK: Duration = Duration::from_secs(5);

/// A backup that is older than this is overdue: a day, and half of one for a retry or a reboot.
const OVERDUE: chrono::Duration = chrono::Duration::hours(36);

/// What the schedule needs to know.
pub(crate) struct Schedule {
    pub(crate) database: Database,
    pub(crate) source: Source,
    pub(crate) pg_bin: Option<PathBuf>,
    pub(crate) key_file: PathBuf,
    /// When this portal started: what was due before and never made is left to the next time, unless
    /// there have been backups.
    pub(crate) started_at: DateTime<Utc>,
}

impl Schedule {
    /// Looks and works until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        if self.source.is_private {
            let abandoned = async {
                let mut tx = self.database.begin(&Actor::worker()).await?;
                backups::abandon_running(&mut tx).await?;
                tx.commit().await
            };
            if let Err(error) = abandoned.await {
                tracing::warn!(%error, "backups that were cut off are still noted as running");
            }
        }
        let mut shipped = Shipped::default();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => {}
            }
            tokio::select! {
                // What is cut off here has no manifest, and is made again.
                () = stop.cancelled() => return,
                outcome = self.keep_log(&mut shipped) => if let Err(error) = outcome {
                    tracing::warn!(error = format!("{error:#}"), "the write-ahead log stays here for now");
                    let message = format!("It waits in the data folder, which fills. {error:#}");
                    let told = self
                        .tell("backup_log_waits", "The write-ahead log cannot be kept", &message)
                        .await;
                    if let Err(error) = told {
                        tracing::warn!(error = format!("{error:#}"), "tech could not be told");
                    }
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.look() => if let Err(error) = outcome {
                    tracing::error!(error = format!("{error:#}"), "the scheduled backup failed");
                },
            }
        }
    }

    /// Takes the write-ahead log to the destination, and has the next start keep it or not, as is set.
    async fn keep_log(&self, shipped: &mut Shipped) -> Result<()> {
        if !self.source.is_private {
            return Ok(());
        }
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let wanted: bool = db::settings::get(&mut tx, BACKUP_POINT_IN_TIME).await?;
        let destination: String = db::settings::get(&mut tx, BACKUP_DESTINATION).await?;
        drop(tx);
        let data_dir = &self.source.data_dir;
        let outgoing = pg_embed::outgoing_log(data_dir);
        if wanted != outgoing.is_dir() {
            pg_embed::archive_log(data_dir, wanted)?;
            tracing::warn!(
                kept = wanted,
                "whether the write-ahead log is kept was changed: restart the portal, then make a backup"
            );
            return Ok(());
        }
        if !wanted || std::fs::read_dir(&outgoing)?.next().is_none() {
            return Ok(());
        }
        let (key, _) = Key::load_or_make(&self.key_file)?;
        let store = backup::open(&self.address(&destination)?)?;
        let system = db::recovery::log_position(&self.source.database)
            .await?
            .system;
        let (source, mut taken) = (self.source.clone(), std::mem::take(shipped));
        let (outcome, taken) = tokio::task::spawn_blocking(move || {
            let outcome = backup::ship(
                &store,
                &key,
                (&source.data_dir, &source.blobs),
                &system,
                &mut taken,
            );
            (outcome, taken)
        })
        .await?;
        *shipped = taken;
        let count = outcome?;
        tracing::debug!(count, "pieces of the write-ahead log are kept");
        Ok(())
    }

    /// The destination as set, or the data folder's own.
    fn address(&self, destination: &str) -> Result<String> {
        if !destination.is_empty() {
            return Ok(destination.to_owned());
        }
        let own = self.source.data_dir.join("backups");
        own.to_str()
            .map(str::to_owned)
            .context("the data folder's name is not UTF-8")
    }

    /// Makes the backup if it is due. For tests as well as for [`Schedule::run`].
    async fn look(&self) -> Result<()> {
        let now = self.database.clock().now();
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let schedule: BackupSchedule = db::settings::get(&mut tx, BACKUP_SCHEDULE).await?;
        let destination: String = db::settings::get(&mut tx, BACKUP_DESTINATION).await?;
        let keep: BackupKeep = db::settings::get(&mut tx, BACKUP_KEEP).await?;
        let latest = backups::latest_finished(&mut tx).await?;
        drop(tx);
        let BackupSchedule::Daily(at) = schedule else {
            return Ok(());
        };
        let latest = latest.and_then(|run| run.finished_at);
        let slot = last_slot(now, at, &Local);
        let due = slot >= self.started_at || latest.is_some_and(|latest| latest < slot);
        if latest.is_some_and(|latest| now - latest > OVERDUE) {
            self.tell(
                "backup_overdue",
                "The backup is overdue",
                "The newest backup is older than a day and a half. Look at the log and at the settings of backups.",
            )
            .await?;
        }
        if !due || latest.is_some_and(|latest| latest >= slot) {
            return Ok(());
        }
        let outcome = self.back_up(slot, &destination, keep).await;
        if let Err(error) = &outcome {
            self.tell(
                "backup_failed",
                "The backup failed",
                &format!("It is tried again in an hour. {error:#}"),
            )
            .await?;
        }
        outcome
    }

    async fn tell(&self, kind: &str, title: &str, message: &str) -> Result<()> {
        let message: String = message.chars().take(1000).collect();
        let mut tx = self.database.begin(&Actor::worker()).await?;
        backups::tell_tech(&mut tx, kind, title, &message).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Backs up, verifies what was made, and lets old ones go: in this order, so that the last good
    /// backup never goes before the next one has proved itself.
    async fn back_up(
        &self,
        slot: DateTime<Utc>,
        destination: &str,
        keep: BackupKeep,
    ) -> Result<()> {
        let clock = self.database.clock().clone();
        let store = backup::open(&self.address(destination)?)?;
        let (key, made) = Key::load_or_make(&self.key_file)?;
        let key = Arc::new(key);
        if made {
            tracing::warn!(key = %self.key_file.display(), "a backup key was made; without it no backup can be read: keep a copy elsewhere");
            self.tell(
                "backup_key_made",
                "Keep a copy of the backup key",
                &format!(
                    "A key was made in {}. Without it no backup can be read: keep a copy where neither this machine nor the backups are.",
                    self.key_file.display()
                ),
            )
            .await?;
        }
        let now = clock.now();
        let id = BackupId::new(now, BackupRunId::new_at(now).0);
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let run = backups::begin_scheduled(&mut tx, slot, id.as_str(), &store.place()).await?;
        tx.commit().await?;
        let Some(run) = run else {
            return Ok(());
        };
        let notes = Notes {
            database: Some(self.database.clone()),
            actor: Actor::worker(),
        };
        let manifest = notes
            .create(
                Some(run),
                &self.source,
                store.clone(),
                key.clone(),
                id,
                clock.clone(),
            )
            .await?;
        tracing::info!(backup = %manifest.id, bytes = manifest.bytes_sent, "backed up");
        let verified = notes
            .verify(
                store.clone(),
                manifest.id.as_str(),
                key.clone(),
                &self.source.data_dir,
                self.pg_bin.clone(),
            )
            .await?;
        if !verified.faults.is_empty() {
            anyhow::bail!(
                "the backup {} cannot be relied on: {}",
                manifest.id,
                faults_in_brief(&verified)
            );
        }
        if !manifest.faults.is_empty() {
            anyhow::bail!(
                "the backup {} is complete, but the portal lacks images: {}",
                manifest.id,
                manifest.faults.join("; ")
            );
        }
        let keep = Keep {
            daily: keep.daily,
            weekly: keep.weekly,
            monthly: keep.monthly,
        };
        let now = clock.now();
        let pruned = tokio::task::spawn_blocking(move || {
            backup::prune(store.as_ref(), &key, keep, false, now)
        })
        .await??;
        tracing::info!(
            removed = pruned.removed.len(),
            kept = pruned.kept.len(),
            "old backups were let go"
        );
        Ok(())
    }
}

/// The last moment at or before `now` at which the day's clock showed `at`. A time that a day skips,
/// when clocks go forward, counts as the first one after it.
fn last_slot<Zone: TimeZone>(now: DateTime<Utc>, at: NaiveTime, zone: &Zone) -> DateTime<Utc> {
    let today = now.with_timezone(zone).date_naive();
    let on = |day: chrono::NaiveDate| {
        (0..=120).find_map(|minutes| {
            let moment = day.and_time(at) + chrono::Duration::minutes(minutes);
            zone.from_local_datetime(&moment)
                .earliest()
                .map(|moment| moment.to_utc())
        })
    };
    on(today)
        .filter(|slot| *slot <= now)
        .or_else(|| on(today.checked_sub_days(Days::new(1))?))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    #[test]
    fn the_last_slot_goes_by_the_days_own_clock() {
        let zone = FixedOffset::east_opt(2 * 3600).unwrap();
        let at = NaiveTime::from_hms_opt(2, 0, 0).unwrap();
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (now, slot) in [
            ("2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"),
            ("2026-11-23T23:59:59Z", "2026-11-23T00:00:00Z"),
            ("2026-11-24T22:30:00Z", "2026-11-24T00:00:00Z"),
        ] {
            assert_eq!(last_slot(utc(now), at, &zone), utc(slot), "{now}");
        }
    }
}
