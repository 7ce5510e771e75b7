//! The audit trail's regular work: seals while the portal runs, old months into files.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use db::Database;
use domain::settings;
use jobs::Chore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trail::{
    SigningKeys,
    syslog::{Collector, DeliveryError},
};

use crate::{cli::collector::CollectorArgs, commands, place::Place};

/// How often what is new is sealed.
const SEAL: Duration = Duration::from_secs(60);
/// How often what is sealed is handed to the collector.
const DELIVER: Duration = Duration::from_secs(15);
/// How long a collector may be away before tech is told.
const AWAY: chrono::Duration = chrono::Duration::minutes(15);

/// Where the signing keys are.
pub(crate) fn signing_keys(place: &Place) -> SigningKeys {
    SigningKeys::in_folder(place.data_dir().join("keys"))
}

/// Where the newest seal is noted.
pub(crate) fn newest_seal_note(place: &Place) -> PathBuf {
    place.data_dir().join("audit-newest-seal")
}

/// Seals what is new every minute, and once more at the end. Requests wait for none of it.
pub(crate) fn seal_regularly(
    place: &Place,
    database: &Database,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let (keys, note) = (signing_keys(place), newest_seal_note(place));
    let (database, stop) = (database.clone(), stop.clone());
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(SEAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let outcome = async {
                let sealed = trail::seal(&database, &keys).await?;
                sealed.newest.map_or(Ok(()), |newest| newest.write(&note))
            };
            if let Err(error) = outcome.await {
                tracing::error!(%error, "the audit trail could not be sealed; it will be tried again");
            }
        }
    })
}

/// Where audit messages go, if anywhere.
pub(crate) fn collector(args: &CollectorArgs) -> Result<Option<Collector>> {
    let Some(address) = &args.audit_collector else {
        return Ok(None);
    };
    let identity = args
        .audit_collector_certificate
        .as_deref()
        .zip(args.audit_collector_key.as_deref());
    let host = nix::unistd::gethostname()?;
    let collector = Collector::new(
        address,
        args.audit_collector_authorities.as_deref(),
        identity,
        &host.to_string_lossy(),
    )?;
    Ok(Some(collector))
}

/// Hands what is sealed to the collector. What it does not take waits, and tech is told when it waits long.
pub(crate) fn deliver_regularly(
    collector: Collector,
    database: &Database,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let (database, stop) = (database.clone(), stop.clone());
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(DELIVER);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                delivered = collector.deliver(&database) => if let Err(error) = delivered {
                    let error = not_delivered(&database, &error).await.err();
                    if let Some(error) = error {
                        tracing::warn!(%error, "tech could not be told that audit messages wait");
                    }
                },
            }
        }
    })
}

async fn not_delivered(database: &Database, error: &DeliveryError) -> Result<(), db::DbError> {
    tracing::warn!(%error, "audit messages wait until the collector takes them");
    let DeliveryError::NotTaken(not_taken) = error else {
        return Ok(());
    };
    let mut tx = database.begin(&db::Actor::worker()).await?;
    if tx.now() - not_taken.since > AWAY {
        let message = format!("Nothing is lost: they wait in the audit trail. {not_taken}");
        db::backups::tell_tech(
            &mut tx,
            "audit_messages_wait",
            "The collector of audit messages does not answer",
            &message,
        )
        .await?;
    }
    tx.commit().await
}

/// Moves old months of the audit trail into files, where the setting wants it and the window is open.
pub(crate) fn archive_chore(place: &Place) -> Chore {
    let (owner, keys) = (place.owner.clone(), signing_keys(place));
    let folder = place.data_dir().join(commands::audit::FOLDER);
    Arc::new(move |database| {
        let (owner, folder, keys) = (owner.clone(), folder.clone(), keys.clone());
        Box::pin(async move {
            let mut tx = database.begin(&db::Actor::worker()).await?;
            let months: u32 = db::settings::get(&mut tx, settings::RETENTION_AUDIT_MONTHS).await?;
            drop(tx);
            if months == 0 || !jobs::retention::is_window_open(&database).await? {
                return Ok(());
            }
            let outcome = async {
                for month in archive::due(&owner, months).await? {
                    archive::archive(&owner, &month, &folder, &keys).await?;
                }
                Ok::<_, archive::ArchiveError>(())
            };
            if let Err(error) = outcome.await {
                tracing::warn!(%error, "a month of the audit trail could not be archived; it stays in the database");
            }
            Ok(())
        })
    })
}
