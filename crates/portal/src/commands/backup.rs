//! `medical-portal backup create|list|verify|restore|prune`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, bail};
use backup::{BackupId, Destination, Found, Keep, Key, Manifest, Store, Target};
use chrono::{DateTime, Utc};
use db::{Actor, Database, DatabaseOptions};
use domain::{BackupRunId, Clock, SystemClock, backup::BackupKind};
use serde_json::json;

use super::table;
use crate::{
    backups::Notes,
    cli::{
        PlaceArgs,
        backup::{
            BackupCommand, CreateArgs, FromArgs, KeyArgs, ListArgs, PruneArgs, RestoreArgs,
            VerifyArgs,
        },
    },
    place::{self, Place},
    serve::VERSION,
};

/// Runs the command.
pub(super) async fn run(command: BackupCommand) -> Result<ExitCode> {
    match command {
        BackupCommand::Create(args) => create(&args).await,
        BackupCommand::List(args) => list(&args).await,
        BackupCommand::Verify(args) => verify(&args).await,
        BackupCommand::Restore(args) => restore(&args).await,
        BackupCommand::Prune(args) => prune(&args).await,
    }
}

impl KeyArgs {
    pub(crate) fn path(&self) -> Result<PathBuf> {
        self.key_file
            .clone()
            .or_else(backup::default_key_path)
            .context("no home folder: name the backup key with --key-file")
    }

    /// The key, which must be there: it reads backups that were made with it.
    fn load(&self) -> Result<Arc<Key>> {
        Ok(Arc::new(Key::load(&self.path()?)?))
    }

    /// The key; made at the first backup, which is said loudly.
    fn load_or_make(&self) -> Result<Arc<Key>> {
        let path = self.path()?;
        let (key, made) = Key::load_or_make(&path)?;
        if made {
            eprintln!(
                "\n*** A backup key was made: {}\n*** WITHOUT IT NO BACKUP CAN BE READ. Keep a copy of that file where neither this machine nor the backups are.\n",
                path.display()
            );
        }
        Ok(Arc::new(key))
    }
}

/// A destination that backups are read from: a folder must exist.
fn open(from: &FromArgs) -> Result<Arc<dyn Store>> {
    let store = backup::open(&from.from)?;
    if let Some(folder) = store.folder()
        && !folder.is_dir()
    {
        bail!(
            "there is no folder {}: name the one that `backup create --to` was given",
            folder.display()
        );
    }
    Ok(store)
}

/// Notes of the command line.
async fn notes(login: Option<&DatabaseOptions>) -> Notes {
    let database = match login {
        Some(login) => Database::connect(login, Arc::new(SystemClock)).await.ok(),
        None => None,
    };
    Notes {
        database,
        actor: Actor::command_line(),
    }
}

async fn create(args: &CreateArgs) -> Result<ExitCode> {
    let store = backup::open(&args.to)?;
    let data_dir = place::data_dir(&args.place, None)?;
    if args.place.database_url.is_none() && !pg_embed::is_cluster_there(&data_dir) {
        bail!(
            "there is no portal in {}: name its data folder with --data-dir, or its database with DATABASE_URL",
            data_dir.display()
        );
    }
    let key = args.key.load_or_make()?;
    let place = Place::open(&args.place, None).await?;
    let notes = notes(Some(&place.login)).await;
    let made = create_at(&place, &notes, store, key).await;
    notes.close().await;
    place.close().await?;
    let manifest = made?;
    print_made(&manifest, args)
}

async fn create_at(
    place: &Place,
    notes: &Notes,
    store: Arc<dyn Store>,
    key: Arc<Key>,
) -> Result<Manifest> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now = clock.now();
    let id = BackupId::new(now, BackupRunId::new_at(now).0);
    let source = place.backup_source(VERSION)?;
    let run = notes
        .begin(BackupKind::Backup, id.as_str(), &store.place())
        .await;
    Ok(notes.create(run, &source, store, key, id, clock).await?)
}

fn print_made(manifest: &Manifest, args: &CreateArgs) -> Result<ExitCode> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(&summary(manifest))?);
    } else {
        println!(
            "Backup {} is complete: {} tables with {} rows, {} images ({} new), {} sent. Restore it with:\n  medical-portal backup restore {} --from {} --data-dir NEW-FOLDER",
            manifest.id,
            manifest.tables.len(),
            rows(manifest),
            manifest.blobs,
            manifest.blobs_sent,
            size(manifest.bytes_sent),
            manifest.id,
            args.to
        );
    }
    for fault in &manifest.faults {
        eprintln!("warning: {fault}");
    }
    if manifest.faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "warning: the backup is complete, but the portal itself lacks what is named above; an older backup may hold it"
    );
    Ok(ExitCode::FAILURE)
}

fn rows(manifest: &Manifest) -> i64 {
    manifest.tables.iter().map(|table| table.rows).sum()
}

/// A manifest in brief.
fn summary(manifest: &Manifest) -> serde_json::Value {
    json!({
        "id": manifest.id,
        "state": "complete",
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
        "portal_version": manifest.portal_version,
        "postgresql_version": manifest.postgresql_version,
        "migration": manifest.newest_migration(),
        "tables": manifest.tables.len(),
        "rows": rows(manifest),
        "blobs": manifest.blobs,
        "blob_bytes": manifest.blob_bytes,
        "archive_bytes": manifest.archive.bytes,
        "bytes_sent": manifest.bytes_sent,
        "key": manifest.key,
        "faults": manifest.faults,
    })
}

async fn list(args: &ListArgs) -> Result<ExitCode> {
    let store = open(&args.from)?;
    let place = store.place();
    let found = tokio::task::spawn_blocking(move || backup::list(store.as_ref(), None)).await??;
    if args.json {
        let items: Vec<_> = found.iter().map(list_item).collect();
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({ "items": items }))?
        );
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = found.iter().map(list_row).collect();
    table::print(
        &[
            "id",
            "finished",
            "portal",
            "PostgreSQL",
            "rows",
            "images",
            "size",
            "state",
        ],
        &rows,
    );
    println!("{} backups at {place}", rows.len());
    Ok(ExitCode::SUCCESS)
}

fn list_item(found: &Found) -> serde_json::Value {
    match &found.manifest {
        Ok(manifest) => summary(manifest),
        Err(error) => {
            json!({ "id": found.id, "state": "unreadable", "reason": error.to_string() })
        }
    }
}

fn list_row(found: &Found) -> Vec<String> {
    match &found.manifest {
        Ok(manifest) => vec![
            found.id.to_string(),
            time(manifest.finished_at),
            manifest.portal_version.clone(),
            manifest.postgresql_version.clone(),
            rows(manifest).to_string(),
            manifest.blobs.to_string(),
            size(manifest.blob_bytes + manifest.archive.bytes),
            if manifest.faults.is_empty() {
                "complete".to_owned()
            } else {
                format!("complete, {} faults of the portal", manifest.faults.len())
            },
        ],
        Err(error) => {
            let mut row = vec![found.id.to_string()];
            row.resize(7, String::new());
            row.push(error.to_string());
            row
        }
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size for people has three digits"
)]
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

async fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    let store = open(&args.from)?;
    let key = args.key.load()?;
    let login = place::login_beside_running(&args.place)?;
    let notes = notes(login.as_ref()).await;
    let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let verified = notes
        .verify(store, &args.id, key, &scratch, args.place.pg_bin.clone())
        .await;
    notes.close().await;
    let verified = verified?;
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "id": verified.manifest.id,
                "tables": verified.tables,
                "rows": verified.rows,
                "files": verified.files,
                "bytes": verified.bytes,
                "faults": verified.faults,
            }))?
        );
    } else if verified.faults.is_empty() {
        println!(
            "Backup {} is sound: restored and compared {} tables with {} rows, read back {} files ({}).",
            verified.manifest.id,
            verified.tables,
            verified.rows,
            verified.files,
            size(verified.bytes)
        );
    }
    if verified.faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &verified.faults {
        eprintln!("fault: {fault}");
    }
    eprintln!(
        "Backup {} cannot be relied on: {} faults. Make a new one, and look after the disk or store.",
        verified.manifest.id,
        verified.faults.len()
    );
    Ok(ExitCode::FAILURE)
}

async fn restore(args: &RestoreArgs) -> Result<ExitCode> {
    let store = open(&args.from)?;
    let key = args.key.load()?;
    let data_dir = place::data_dir(&args.place, None)?;
    let target = restore_target(&args.place, args.at)?;
    let restored = backup::restore(
        store,
        &args.id,
        key,
        Destination {
            data_dir: &data_dir,
            storage_key_file: args.place.storage_key_file.as_deref(),
        },
        &target,
        args.overwrite,
        Arc::new(SystemClock),
    )
    .await?;
    let manifest = &restored.manifest;
    match args.at {
        None => println!(
            "Restored {} into {}: {} tables with {} rows equal to the backup, {} images. The portal is as it was on {}.",
            manifest.id,
            data_dir.display(),
            manifest.tables.len(),
            rows(manifest),
            manifest.blobs,
            time(manifest.started_at)
        ),
        Some(at) => println!(
            "Restored {} and the log since then into {}. The portal is as it was on {at}.",
            manifest.id,
            data_dir.display()
        ),
    }
    if restored.was_complete {
        println!("An earlier run had done everything but the last step, which is done now.");
    } else {
        println!(
            "{} sessions were ended: everybody signs in again.",
            restored.sessions_ended
        );
    }
    if let Some(aside) = &restored.files_aside {
        println!("What was there is in {}.", aside.display());
    }
    if let Some(aside) = &restored.database_aside {
        println!("The database that was there is now called {aside}.");
    }
    Ok(ExitCode::SUCCESS)
}

fn restore_target(place: &PlaceArgs, at: Option<DateTime<Utc>>) -> Result<Target> {
    let Some(url) = &place.database_url else {
        return Ok(Target::Private {
            binaries: place.pg_bin.clone(),
            at,
        });
    };
    if at.is_some() {
        bail!(
            "--at is for the private cluster; for a server of your own, pgBackRest restores a point in time (docs/BACKUP.md)"
        );
    }
    let admin = place.database_admin_url.as_ref().unwrap_or(url);
    let binaries = pg_embed::binaries::find(place.pg_bin.as_deref())?;
    Ok(Target::External {
        admin: DatabaseOptions::new(admin),
        programs: backup::Programs(binaries.directory().to_owned()),
    })
}

async fn prune(args: &PruneArgs) -> Result<ExitCode> {
    let keep = Keep {
        daily: args.keep_daily,
        weekly: args.keep_weekly,
        monthly: args.keep_monthly,
    };
    if keep.daily + keep.weekly + keep.monthly == 0 {
        bail!("say what is to stay: --keep-daily N, --keep-weekly N, --keep-monthly N");
    }
    let store = open(&args.from)?;
    let key = args.key.load()?;
    let (dry_run, now) = (args.dry_run, SystemClock.now());
    let pruned = tokio::task::spawn_blocking(move || {
        backup::prune(store.as_ref(), &key, keep, dry_run, now)
    })
    .await??;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&pruned)?);
        return Ok(ExitCode::SUCCESS);
    }
    let verb = if dry_run { "Would remove" } else { "Removed" };
    for id in &pruned.removed {
        println!("{verb} {id}");
    }
    println!(
        "{verb} {} backups, {} leftovers of cut-off ones, {} images that none names any more ({}); {} backups stay.",
        pruned.removed.len(),
        pruned.unfinished.len(),
        pruned.blobs,
        size(pruned.bytes),
        pruned.kept.len()
    );
    if let Some(reason) = &pruned.blobs_left {
        eprintln!(
            "warning: images were left alone, since a backup that stays cannot be read: {reason}"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
