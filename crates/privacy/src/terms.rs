//! What goes once its term is over: reports, accounts without reports, and the films of removed reports. Some at a time,
//! each in the trail, and never what a legal hold keeps.

use std::sync::Arc;

use blobs::{BlobError, BlobStore, Digest};
use chrono::{DateTime, Duration, Months, Utc};
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    removals::{self, FilmRemoval},
};
use domain::{
    audit::{AuditAction, EntityType},
    settings,
};
use jobs::Chore;
use serde_json::json;

/// Reports or accounts that go in one transaction.
const BATCH: i32 = 20;
/// How long a film is set aside before it is removed.
const ASIDE: Duration = Duration::hours(24);

/// Since when what is stored is beyond its term; the far past where it is kept for ever.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Reports that came in before.
    pub reports_before: DateTime<Utc>,
    /// Accounts without reports that were not used since.
    pub accounts_before: DateTime<Utc>,
}

impl Terms {
    /// As the settings say.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(tx: &mut ActorTx) -> Result<Self, DbError> {
        let years: u32 = db::settings::get(tx, settings::RETENTION_REPORTS_YEARS).await?;
        let months: u32 = db::settings::get(tx, settings::RETENTION_EMPTY_ACCOUNTS_MONTHS).await?;
        let now = tx.now();
        Ok(Self {
            reports_before: before(now, years * 12),
            accounts_before: before(now, months),
        })
    }
}

/// So many months before; none: so long ago that nothing is older.
fn before(now: DateTime<Utc>, months: u32) -> DateTime<Utc> {
    match months {
        0 => DateTime::UNIX_EPOCH,
        months => now
            .checked_sub_months(Months::new(months))
            .unwrap_or(DateTime::UNIX_EPOCH),
    }
}

/// Removes what is beyond its term. A chore for every hour; it works in the maintenance window.
#[must_use]
pub fn terms_chore() -> Chore {
    Arc::new(|database| Box::pin(remove(database)))
}

async fn remove(database: Database) -> Result<(), DbError> {
    if !jobs::retention::is_window_open(&database).await? {
        return Ok(());
    }
    remove_beyond(&database).await
}

/// Removes what is beyond its term, at any time of day.
///
/// # Errors
/// When the database does not answer; what was removed until then stays so.
pub async fn remove_beyond(database: &Database) -> Result<(), DbError> {
    loop {
        let mut tx = database.begin(&Actor::worker()).await?;
        let terms = Terms::read(&mut tx).await?;
        let reports = removals::remove_reports(&mut tx, terms.reports_before, BATCH).await?;
        for removed in &reports {
            let act = Act::new(AuditAction::RemoveReport, EntityType::Report)
                .on(removed.report_id)
                .new_values(json!({ "patient_id": removed.patient_id, "came_in_before": terms.reports_before }));
            tx.audit(act).await?;
        }
        let accounts = removals::retire_accounts(&mut tx, terms.accounts_before, BATCH).await?;
        for account in &accounts {
            let act = Act::new(AuditAction::RetireAccount, EntityType::Patient)
                .on(*account)
                .new_values(json!({ "not_used_since": terms.accounts_before }));
            tx.audit(act).await?;
        }
        if reports.is_empty() && accounts.is_empty() {
            return Ok(());
        }
        tx.commit().await?;
    }
}

/// Removes the films of removed reports: sets them aside, and a day later removes them for good. One that a row names by
/// then is put back. A chore for every two seconds, so that such a film is away for no longer.
#[must_use]
pub fn films_chore(blobs: BlobStore) -> Chore {
    Arc::new(move |database| {
        let blobs = blobs.clone();
        Box::pin(async move { films(&database, &blobs).await })
    })
}

async fn films(database: &Database, blobs: &BlobStore) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let aside_before = tx.now() - ASIDE;
    let films = removals::films(&mut tx, aside_before).await?;
    drop(tx);
    for film in films {
        if let Err(error) = one(database, blobs, &film).await? {
            tracing::warn!(%error, "a film of a removed report stays for now");
        }
    }
    Ok(())
}

async fn one(
    database: &Database,
    blobs: &BlobStore,
    film: &FilmRemoval,
) -> Result<Result<(), BlobError>, DbError> {
    let digest: Digest = match film.sha256.parse() {
        Ok(digest) => digest,
        Err(error) => return Ok(Err(error)),
    };
    let mut tx = database.begin(&Actor::worker()).await?;
    let outcome = if film.is_named {
        removals::forget_film(&mut tx, &film.sha256).await?;
        blobs.put_back(digest)
    } else if film.set_aside_at.is_none() {
        removals::note_set_aside(&mut tx, &film.sha256).await?;
        blobs.take_out(digest).map(|_| ())
    } else {
        removals::forget_film(&mut tx, &film.sha256).await?;
        let act = Act::new(AuditAction::RemoveFilm, EntityType::Report)
            .new_values(json!({ "sha256": film.sha256 }));
        tx.audit(act).await?;
        blobs.remove_for_good(digest)
    };
    if outcome.is_ok() {
        tx.commit().await?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_older_than_for_ever() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        assert_eq!(before(now, 0), DateTime::UNIX_EPOCH);
        assert_eq!(before(now, 12).format("%Y").to_string(), "2025");
    }
}
