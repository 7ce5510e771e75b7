//! Backups: made, verified, somewhere else, and readable, since the key is there.

use chrono::{DateTime, Duration, Utc};
use db::{Actor, Database, DbError, backups};
use domain::settings;

use crate::{Diagnosis, Subject, unanswered};

/// The nightly backup may run for two hours before somebody should look.
const DUE_HOURS: i64 = 26;
/// Two nights without one.
const OVERDUE_HOURS: i64 = 50;

pub(crate) async fn look(database: &Database, subject: &Subject, diagnosis: &mut Diagnosis) {
    if subject.is_demo() {
        return;
    }
    if let Err(error) = ask(database, subject, diagnosis).await {
        unanswered(diagnosis, "backups", &error);
    }
}

async fn ask(
    database: &Database,
    subject: &Subject,
    diagnosis: &mut Diagnosis,
) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let schedule: String = db::settings::get(&mut tx, settings::BACKUP_SCHEDULE).await?;
    let destination: String = db::settings::get(&mut tx, settings::BACKUP_DESTINATION).await?;
    if schedule == "off" {
        diagnosis.warn(
            "backup_schedule",
            "no backup is made by itself",
            "medical-portal settings set backup.schedule 02:00, unless something else backs the portal up.",
        );
    } else if destination.is_empty() {
        diagnosis.warn(
            "backup_schedule",
            format!("backups are made at {schedule} into the data folder: they do not survive the loss of its disk"),
            "medical-portal settings set backup.destination /mnt/elsewhere (or s3://BUCKET/PREFIX).",
        );
    } else {
        diagnosis.ok("backup_schedule", format!("at {schedule} to {destination}"));
    }
    let now = subject.clock.now();
    let finished = backups::latest_finished(&mut tx)
        .await?
        .and_then(|run| run.finished_at);
    age("backup_age", "a backup was made", finished, now, diagnosis);
    let verified = backups::latest_verified(&mut tx)
        .await?
        .and_then(|run| run.finished_at);
    age(
        "backup_verified",
        "a backup was restored and compared",
        verified,
        now,
        diagnosis,
    );
    if let Some(error) = backups::recent(&mut tx, 1)
        .await?
        .into_iter()
        .next()
        .and_then(|run| run.error)
    {
        diagnosis.fail(
            "backup_last_run",
            format!("the last run failed: {error}"),
            "See docs/OPERATIONS.md, \"A backup failed\".",
        );
    }
    if finished.is_some() {
        key(subject, diagnosis);
    }
    Ok(())
}

fn age(
    check: &'static str,
    what: &str,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    diagnosis: &mut Diagnosis,
) {
    const REMEDY: &str = "medical-portal backup create --to DESTINATION, then backup verify ID --from DESTINATION (docs/BACKUP.md).";
    let Some(at) = at else {
        return diagnosis.warn(check, format!("never yet {what}"), REMEDY);
    };
    let detail = format!("{what} {} hours ago", (now - at).num_hours());
    if now - at > Duration::hours(OVERDUE_HOURS) {
        diagnosis.fail(check, detail, REMEDY);
    } else if now - at > Duration::hours(DUE_HOURS) {
        diagnosis.warn(check, detail, REMEDY);
    } else {
        diagnosis.ok(check, detail);
    }
}

fn key(subject: &Subject, diagnosis: &mut Diagnosis) {
    let Some(path) = &subject.backup_key else {
        return;
    };
    match backup::Key::load(path) {
        Ok(key) => diagnosis.ok(
            "backup_key",
            format!("{} is there (fingerprint {}); is a copy elsewhere?", path.display(), key.fingerprint()),
        ),
        Err(error) => diagnosis.fail(
            "backup_key",
            error.to_string(),
            "Put your copy of the key back; without it no backup can be read (docs/OPERATIONS.md, \"A key is lost\").",
        ),
    }
}
