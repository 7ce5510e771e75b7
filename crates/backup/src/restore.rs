//! Making a portal out of a backup.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use blobs::{BlobStore, Digest};
use chrono::{DateTime, Utc};
use db::{
    Actor, Database, DatabaseOptions,
    audit::Act,
    snapshot::{Snapshot, TableFigures},
};
use domain::{
    Clock,
    audit::{AuditAction, EntityType},
};
use keys::Keyring;
use pg_embed::{Cluster, ClusterOptions};

use crate::{
    BackupError, FileEntry, Files, Key, Manifest, Programs, catalogue, folder, key_files,
    manifest::blob_object,
    parallel, postgres, seal,
    staging::{Beginning, Staging},
    store::Store,
    verify, wal,
};

/// Where the database goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// Into a private cluster in the data folder.
    Private {
        /// Folder of PostgreSQL's programs; `None` finds them.
        binaries: Option<PathBuf>,
        /// As it was at this moment after the backup; `None`: at the backup.
        at: Option<DateTime<Utc>>,
    },
    /// Into a database of a server that somebody else runs.
    External {
        /// The database, as a role that may make roles and databases.
        admin: DatabaseOptions,
        /// `pg_restore` and its kin.
        programs: Programs,
    },
}

/// Where the files go.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The data folder.
    pub data_dir: &'a Path,
    /// The file of the keys of stored images and secrets, where it is not `keys/storage.key` of the data
    /// folder. Keys that are in it stay there, as newer ones.
    pub storage_key_file: Option<&'a Path>,
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// Sessions that were ended.
    pub sessions_ended: u64,
    /// Where the files that were there have gone.
    pub files_aside: Option<PathBuf>,
    /// The name under which the database that was there is kept.
    pub database_aside: Option<String>,
    /// Whether an earlier run had done everything but the last step.
    pub was_complete: bool,
}

/// Restores a backup. Works aside and takes its place at the end; killed half-way, the same call
/// goes on.
///
/// # Errors
/// Each names its remedy; what was there before is untouched until the restored portal was compared
/// with the backup.
pub async fn restore(
    store: Arc<dyn Store>,
    id: &str,
    key: Arc<Key>,
    destination: Destination<'_>,
    target: &Target,
    overwrite: bool,
    clock: Arc<dyn Clock>,
) -> Result<Restored, BackupError> {
    let (lock, manifest, beginning) = {
        let (store, key, id) = (store.clone(), key.clone(), id.to_owned());
        let data_dir = destination.data_dir.to_owned();
        tokio::task::spawn_blocking(move || {
            let lock = store.lock(false)?;
            let manifest = catalogue::find(store.as_ref(), &id, &key)?;
            refuse_newer(&manifest)?;
            let beginning = Staging::begin(&data_dir, &manifest.id, overwrite, store.folder())?;
            Ok::<_, BackupError>((lock, manifest, beginning))
        })
        .await??
    };
    let mut restored = Restored {
        manifest,
        sessions_ended: 0,
        files_aside: None,
        database_aside: None,
        was_complete: false,
    };
    let Beginning::Staged(staging) = beginning else {
        restored.was_complete = true;
        return Ok(restored);
    };
    if let Target::External { admin, .. } = target
        && !overwrite
        && !staging.is_database_done()
        && !is_empty(admin).await?
    {
        return Err(BackupError::NotEmpty {
            place: "the database that DATABASE_URL names".to_owned(),
        });
    }
    let blobs = {
        let (store, key, folder) = (store.clone(), key.clone(), staging.folder());
        let manifest = restored.manifest.clone();
        let key_file = destination.storage_key_file.map(Path::to_owned);
        let now = clock.now();
        tokio::task::spawn_blocking(move || {
            let keys = key_files::fetch(
                store.as_ref(),
                &manifest,
                &key,
                &folder,
                key_file.as_deref(),
                now,
            )?;
            fetch_files(store.as_ref(), &manifest, &key, &folder, keys)
        })
        .await??
    };
    let context = Context {
        store: &store,
        key: &key,
        manifest: &restored.manifest,
        staging: &staging,
        blobs: &blobs,
        clock: &clock,
    };
    match target {
        Target::Private { binaries, at: None } => {
            restored.sessions_ended = context.private(binaries.clone()).await?;
        }
        Target::Private {
            binaries,
            at: Some(at),
        } => {
            restored.sessions_ended = context.private_at(binaries.clone(), *at).await?;
        }
        Target::External { .. } if staging.is_database_done() => {}
        Target::External { admin, programs } => {
            (restored.sessions_ended, restored.database_aside) =
                context.external(admin, programs).await?;
            staging.note_database_done()?;
        }
    }
    let now = clock.now();
    restored.files_aside = tokio::task::spawn_blocking(move || staging.publish(now)).await??;
    drop(lock);
    Ok(restored)
}

fn refuse_newer(manifest: &Manifest) -> Result<(), BackupError> {
    let (theirs, ours) = (manifest.newest_migration(), db::migrations::newest());
    if theirs > ours {
        return Err(BackupError::TooNew {
            id: manifest.id.to_string(),
            what: format!("migration {theirs}, this one knows {ours}"),
        });
    }
    Ok(())
}

/// A database that is not there yet is empty.
async fn is_empty(admin: &DatabaseOptions) -> Result<bool, BackupError> {
    match db::recovery::is_empty(admin).await {
        Err(error) if error.is_missing_database() => Ok(true),
        answer => Ok(answer?),
    }
}

struct Context<'a> {
    store: &'a Arc<dyn Store>,
    key: &'a Arc<Key>,
    manifest: &'a Manifest,
    staging: &'a Staging,
    blobs: &'a BlobStore,
    clock: &'a Arc<dyn Clock>,
}

impl Context<'_> {
    /// Into a new private cluster. What an earlier run made of one is dropped: half a database is
    /// none.
    async fn private(&self, binaries: Option<PathBuf>) -> Result<u64, BackupError> {
        let folder = self.staging.folder();
        let cluster = tokio::task::spawn_blocking(move || {
            pg_embed::remove_cluster(&folder)?;
            let mut options = ClusterOptions::new(&folder);
            options.binaries = binaries;
            Cluster::start(&options)
        })
        .await??;
        let options =
            |user: &str, database: &str| DatabaseOptions::new(cluster.url(user, database));
        let loaded = async {
            db::recovery::create_anew(&options("postgres", "postgres"), "portal").await?;
            self.fill(
                &options("postgres", "portal"),
                &options("portal_login", "portal"),
                Programs(cluster.binaries().directory().to_owned()),
            )
            .await
        }
        .await;
        let stopped = tokio::task::spawn_blocking(move || cluster.stop()).await?;
        let ended = loaded?;
        stopped?;
        Ok(ended)
    }

    /// Into a new private cluster as it was at a moment: the copy, and the log since then.
    async fn private_at(
        &self,
        binaries: Option<PathBuf>,
        at: DateTime<Utc>,
    ) -> Result<u64, BackupError> {
        let not_then = |reason: &str| BackupError::NotThen {
            at,
            id: self.manifest.id.to_string(),
            reason: reason.to_owned(),
        };
        let base = self.manifest.base.clone().ok_or_else(|| {
            not_then("it holds no copy of the cluster (setting backup.point_in_time)")
        })?;
        if at < base.usable_from {
            return Err(not_then(&format!(
                "its copy of the cluster was complete at {}: name a later moment, or an older backup",
                base.usable_from
            )));
        }
        let folder = self.staging.folder();
        let (store, key) = (self.store.clone(), self.key.clone());
        let cluster = tokio::task::spawn_blocking(move || {
            pg_embed::remove_cluster(&folder)?;
            let log = folder.join("wal-incoming");
            wal::fetch(store.as_ref(), &key, &base, &log)?;
            pg_embed::give_to_server(&log)?;
            pg_embed::install_cluster(&folder, |postgres| {
                wal::unpack(store.as_ref(), &key, &base, postgres)?;
                let signal = postgres.join("recovery.signal");
                std::fs::write(&signal, "")
                    .map_err(BackupError::io("cannot write", signal.as_path()))
            })?;
            let mut options = ClusterOptions::new(&folder);
            options.binaries = binaries;
            // A day's log takes its time.
            options.start_timeout = std::time::Duration::from_secs(6 * 3600);
            let log = log
                .to_string_lossy()
                .replace('\'', "'\\''")
                .replace('%', "%%");
            options.extra_settings = [
                ("restore_command", format!("cp '{log}'/\"%f\" \"%p\"")),
                ("recovery_target_time", at.to_rfc3339()),
                ("recovery_target_action", "promote".to_owned()),
                // Accepts connections only when it is there.
                ("hot_standby", "off".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
            Ok::<_, BackupError>(Cluster::start(&options)?)
        })
        .await?
        .map_err(|error| match error {
            BackupError::Cluster(error)
                if error
                    .to_string()
                    .contains("recovery ended before configured recovery target") =>
            {
                not_then(
                    "the write-ahead log at the destination ends before it: name an earlier moment",
                )
            }
            error => error,
        })?;
        let options = |user: &str| DatabaseOptions::new(cluster.url(user, "portal"));
        let (owner, login) = (options("postgres"), options("portal_login"));
        let settled = async {
            let mut snapshot = Snapshot::open(&owner).await?;
            let images = snapshot.image_digests().await?;
            snapshot.close().await?;
            let (store, key, blobs) = (self.store.clone(), self.key.clone(), self.blobs.clone());
            tokio::task::spawn_blocking(move || {
                fetch_images(store.as_ref(), &key, &images, &blobs)
            })
            .await??;
            self.settle(&owner, &login).await
        }
        .await;
        let stopped = tokio::task::spawn_blocking(move || cluster.stop()).await?;
        let ended = settled?;
        stopped?;
        Ok(ended)
    }

    /// Into a database beside the one that is named, which it then replaces in one transaction.
    async fn external(
        &self,
        admin: &DatabaseOptions,
        programs: &Programs,
    ) -> Result<(u64, Option<String>), BackupError> {
        let name = admin.database_name()?;
        let maintenance = admin.with_database("postgres")?;
        let beside = db::recovery::derived_name(&name, "_restoring");
        let options = admin.with_database(&beside)?;
        db::recovery::create_anew(&maintenance, &beside).await?;
        let ended = self.fill(&options, &options, programs.clone()).await?;
        let at = self.clock.now().format("%Y%m%dT%H%M%SZ");
        let aside = db::recovery::derived_name(&name, &format!("_before_{at}"));
        let aside = db::recovery::put_in_place(&maintenance, &beside, &name, &aside).await?;
        Ok((ended, aside))
    }

    /// Loads the archive into an empty database, compares it with the manifest, and settles it.
    async fn fill(
        &self,
        owner: &DatabaseOptions,
        login: &DatabaseOptions,
        programs: Programs,
    ) -> Result<u64, BackupError> {
        load(self.store, self.manifest, self.key, owner, programs).await?;
        let found = figures(owner).await?;
        let faults = verify::differences(&self.manifest.tables, &found);
        if !faults.is_empty() {
            return Err(BackupError::Differs {
                faults: faults.iter().map(ToString::to_string).collect(),
            });
        }
        self.settle(owner, login).await
    }

    /// Brings a restored database up to date, ends its sessions, and notes the restore.
    async fn settle(
        &self,
        owner: &DatabaseOptions,
        login: &DatabaseOptions,
    ) -> Result<u64, BackupError> {
        db::migrations::migrate(owner).await?;
        let models = self.staging.models_in_place();
        let before = &self.manifest.configuration.models;
        let ended = db::recovery::settle(owner, before, &models.to_string_lossy()).await?;
        let database = Database::connect(login, self.clock.clone()).await?;
        let mut tx = database.begin(&Actor::command_line()).await?;
        tx.audit(
            Act::new(AuditAction::RestoreBackup, EntityType::Backup).new_values(
                serde_json::json!({ "backup": self.manifest.id, "sessions_ended": ended }),
            ),
        )
        .await?;
        tx.commit().await?;
        database.close().await;
        Ok(ended)
    }
}

async fn figures(options: &DatabaseOptions) -> Result<Vec<TableFigures>, BackupError> {
    let mut snapshot = Snapshot::open(options).await?;
    let found = snapshot.tables().await?;
    snapshot.close().await?;
    Ok(found)
}

/// Makes the roles and loads the archive into an empty database.
pub(crate) async fn load(
    store: &Arc<dyn Store>,
    manifest: &Manifest,
    key: &Arc<Key>,
    options: &DatabaseOptions,
    programs: Programs,
) -> Result<(), BackupError> {
    db::recovery::create_roles(options, &manifest.roles).await?;
    let (store, key, url) = (store.clone(), key.clone(), options.url.clone());
    let archive = manifest.archive.clone();
    tokio::task::spawn_blocking(move || {
        seal::check_stored(store.as_ref(), &archive)?;
        programs.restore(&url, |input| {
            seal::unseal(store.as_ref(), &archive.name, &key, &mut |part| {
                input
                    .write_all(part)
                    .map_err(|error| postgres::input_closed(&error))
            })
            .map(|_| ())
        })
    })
    .await?
}

/// Fetches every blob and model file that is not there from an earlier run; blobs are encrypted with these
/// keys.
fn fetch_files(
    store: &dyn Store,
    manifest: &Manifest,
    key: &Key,
    folder: &Path,
    keys: Keyring,
) -> Result<BlobStore, BackupError> {
    let files: Files = catalogue::files(store, manifest, key)?;
    let blobs_folder = folder.join("blobs");
    // What a killed restore was just taking in: nobody else works in this folder.
    match std::fs::remove_dir_all(blobs_folder.join("incoming")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(BackupError::io("cannot clear", blobs_folder.as_path())(
                error,
            ));
        }
        _ => {}
    }
    let blobs = BlobStore::open_encrypted(&blobs_folder, keys)?;
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&blobs_folder, private)
        .map_err(BackupError::io("cannot set the mode of", &blobs_folder))?;
    parallel::map(files.blobs.iter().collect(), |file: &FileEntry| {
        fetch_blob(store, key, file.sha256.parse()?, &blobs)
    })?;
    let models = folder.join("models");
    folder::make_durable(&models).map_err(BackupError::io("cannot make", models.as_path()))?;
    parallel::map(files.models.iter().collect(), |file: &FileEntry| {
        fetch_model(store, key, file, &models)
    })?;
    Ok(blobs)
}

/// Fetches the images that a database names and that are not there yet.
fn fetch_images(
    store: &dyn Store,
    key: &Key,
    images: &[[u8; 32]],
    blobs: &BlobStore,
) -> Result<(), BackupError> {
    parallel::map(images.to_vec(), |image| {
        fetch_blob(store, key, Digest(image), blobs)
    })?;
    Ok(())
}

fn fetch_blob(
    store: &dyn Store,
    key: &Key,
    digest: Digest,
    blobs: &BlobStore,
) -> Result<(), BackupError> {
    if blobs.read(digest).is_ok() {
        return Ok(());
    }
    let object = blob_object(&digest.to_string());
    let mut staging = blobs.stage(u64::MAX)?;
    seal::unseal(store, &object, key, &mut |part| Ok(staging.write(part)?))?;
    let staged = staging.finish()?;
    if staged.digest() != digest {
        return Err(damaged(object));
    }
    staged.keep()?;
    Ok(())
}

fn damaged(name: String) -> BackupError {
    BackupError::Damaged {
        name,
        reason: "its bytes no longer have that SHA-256".to_owned(),
    }
}

fn fetch_model(
    store: &dyn Store,
    key: &Key,
    file: &FileEntry,
    models: &Path,
) -> Result<(), BackupError> {
    let relative = Path::new(file.model_path.as_deref().unwrap_or_default());
    // The list is authenticated; a path out of the folder would still be a fault of its writer.
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(BackupError::Damaged {
            name: file.object(),
            reason: format!("'{}' is no path of a model file", relative.display()),
        });
    }
    let path = models.join(relative);
    let parent = path.parent().unwrap_or(models);
    let error = || BackupError::io("cannot write", path.as_path());
    folder::make_durable(parent).map_err(error())?;
    let mut target = tempfile::NamedTempFile::new_in(parent).map_err(error())?;
    let plain = seal::unseal(store, &file.object(), key, &mut |part| {
        target.write_all(part).map_err(error())
    })?;
    if hex::encode(plain.sha256) != file.sha256 {
        return Err(damaged(file.object()));
    }
    target.as_file().sync_all().map_err(error())?;
    target
        .persist(&path)
        .map_err(|failed| error()(failed.error))?;
    Ok(())
}
