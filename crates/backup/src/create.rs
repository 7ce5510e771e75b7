//! Making a backup.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use blobs::{BlobStore, Digest};
use db::{
    DatabaseOptions,
    snapshot::{AppliedMigration, RoleName, Snapshot, TableFigures},
};
use domain::Clock;

use crate::{
    BackupError, BackupId, FileEntry, Files, Key, Manifest, Programs, StoredObject, catalogue,
    key_files,
    local::{Local, Outcome, local_blobs, local_models, send},
    manifest::{Base, Configuration, FORMAT},
    parallel,
    seal::{self, Sealing},
    store::{self, Store},
};

/// What is backed up.
#[derive(Debug, Clone)]
pub struct Source {
    /// The database, as a role that reads past row security.
    pub database: DatabaseOptions,
    /// Whether it is the portal's private cluster.
    pub is_private: bool,
    /// `pg_dump` of the server's version or newer.
    pub programs: Programs,
    /// The data folder, with `models` in it.
    pub data_dir: PathBuf,
    /// The stored images.
    pub blobs: BlobStore,
    /// Files of keys that a restored portal needs; those that are not there are left out.
    pub key_files: Vec<PathBuf>,
    /// The version of this program.
    pub portal_version: &'static str,
}

/// What the database said of itself, all in one snapshot.
struct DatabasePart {
    server_version: String,
    tables: Vec<TableFigures>,
    migrations: Vec<AppliedMigration>,
    roles: Vec<RoleName>,
    images: Vec<[u8; 32]>,
    archive: StoredObject,
}

/// Makes a backup: the database first, then the blobs, so that every blob which a row of the
/// snapshot names is among them; then the list of files, and last the manifest. When this returns
/// the backup is complete and durable.
///
/// # Errors
/// Each names its remedy; nothing that is listed as a backup is left behind.
pub async fn create(
    source: &Source,
    store: Arc<dyn Store>,
    key: Arc<Key>,
    id: BackupId,
    clock: Arc<dyn Clock>,
) -> Result<Manifest, BackupError> {
    let lock = {
        let store = store.clone();
        tokio::task::spawn_blocking(move || store.lock(true)).await??
    };
    let made = create_locked(source, &store, &key, &id, clock.as_ref()).await;
    if made.is_err() {
        // The cause is what matters; what stays is not listed, and prune removes it.
        let store = store.clone();
        tokio::task::spawn_blocking(move || {
            for object in ["manifest.json", ARCHIVE, BASE, FILES, KEYS] {
                if store.delete(&id.object(object)).is_err() {
                    break;
                }
            }
        })
        .await?;
    }
    drop(lock);
    made
}

const ARCHIVE: &str = "database.dump.zst.age";
const BASE: &str = "cluster.tar.zst.age";
const FILES: &str = "files.json.zst.age";
const KEYS: &str = "keys.json.zst.age";

async fn create_locked(
    source: &Source,
    store: &Arc<dyn Store>,
    key: &Arc<Key>,
    id: &BackupId,
    clock: &dyn Clock,
) -> Result<Manifest, BackupError> {
    let started_at = clock.now();
    let database = dump_database(source, store, key, id).await?;
    let sent = {
        let (source, store, key, id) = (source.clone(), store.clone(), key.clone(), id.clone());
        let images = database.images;
        tokio::task::spawn_blocking(move || send_files(&source, store.as_ref(), &key, &id, &images))
            .await??
    };
    let keys = {
        let (files, store, key, object) = (
            source.key_files.clone(),
            store.clone(),
            key.clone(),
            id.object(KEYS),
        );
        tokio::task::spawn_blocking(move || key_files::send(&files, store.as_ref(), &key, &object))
            .await??
    };
    let base = copy_cluster(source, store, key, id, clock).await?;
    let manifest = Manifest {
        format: FORMAT,
        id: id.clone(),
        started_at,
        finished_at: clock.now(),
        portal_version: source.portal_version.to_owned(),
        postgresql_version: database.server_version,
        migrations: database.migrations,
        tables: database.tables,
        roles: database.roles,
        blobs: sent.files.blobs.len() as u64,
        blob_bytes: sent.files.blobs.iter().map(|blob| blob.bytes).sum(),
        blobs_sent: sent.count,
        bytes_sent: sent.bytes
            + database.archive.bytes
            + sent.list.bytes
            + keys.bytes
            + base.as_ref().map_or(0, |base| base.object.bytes),
        base,
        archive: database.archive,
        files: sent.list,
        keys: Some(keys),
        key: key.fingerprint(),
        configuration: Configuration {
            settings: "table public.system_settings of the archive".to_owned(),
            data_dir: source.data_dir.display().to_string(),
            models: source.data_dir.join("models").display().to_string(),
            database_server: if source.is_private {
                "private"
            } else {
                "external"
            }
            .to_owned(),
        },
        faults: sent.faults,
    };
    let bytes = manifest.to_bytes(key);
    let (store, name) = (store.clone(), id.object("manifest.json"));
    tokio::task::spawn_blocking(move || store::write_small(store.as_ref(), &name, &bytes))
        .await??;
    Ok(manifest)
}

async fn dump_database(
    source: &Source,
    store: &Arc<dyn Store>,
    key: &Arc<Key>,
    id: &BackupId,
) -> Result<DatabasePart, BackupError> {
    let mut snapshot = Snapshot::open(&source.database).await?;
    let dump = {
        let (programs, url, name) = (
            source.programs.clone(),
            source.database.url.clone(),
            snapshot.name().to_owned(),
        );
        let (store, key, object) = (store.clone(), key.clone(), id.object(ARCHIVE));
        tokio::task::spawn_blocking(move || {
            // Finished only after pg_dump has ended well: half a dump never gets its name.
            let mut sealing = Sealing::begin(store.as_ref(), &object, &key)?;
            programs.dump(&url, &name, |archive| sealing.copy(archive))?;
            sealing.finish()
        })
    };
    let figures = async {
        Ok::<_, BackupError>((
            snapshot.tables().await?,
            snapshot.migrations().await?,
            snapshot.roles().await?,
            snapshot.image_digests().await?,
        ))
    };
    // Both to their end: pg_dump must not outlive the snapshot it reads.
    let (archive, figures) = tokio::join!(dump, figures);
    let archive = archive??;
    let (tables, migrations, roles, images) = figures?;
    let server_version = snapshot.server_version().to_owned();
    snapshot.close().await?;
    Ok(DatabasePart {
        server_version,
        tables,
        migrations,
        roles,
        images,
        archive,
    })
}

/// Copies the private cluster, where the portal keeps its write-ahead log.
async fn copy_cluster(
    source: &Source,
    store: &Arc<dyn Store>,
    key: &Arc<Key>,
    id: &BackupId,
    clock: &dyn Clock,
) -> Result<Option<Base>, BackupError> {
    if !source.is_private || !pg_embed::outgoing_log(&source.data_dir).is_dir() {
        return Ok(None);
    }
    let position = db::recovery::log_position(&source.database).await?;
    if !position.is_kept {
        tracing::warn!(
            "the write-ahead log is kept from the portal's next start on; this backup restores its own moment only"
        );
        return Ok(None);
    }
    let (programs, url) = (source.programs.clone(), source.database.url.clone());
    let (store, key, object) = (store.clone(), key.clone(), id.object(BASE));
    let object = tokio::task::spawn_blocking(move || {
        let mut sealing = Sealing::begin(store.as_ref(), &object, &key)?;
        programs.base_backup(&url, |archive| sealing.copy(archive))?;
        sealing.finish()
    })
    .await??;
    Ok(Some(Base {
        object,
        system: position.system,
        first_segment: position.segment,
        usable_from: clock.now(),
    }))
}

/// What became of the files.
struct Sent {
    files: Files,
    list: StoredObject,
    count: u64,
    bytes: u64,
    faults: Vec<String>,
}

fn send_files(
    source: &Source,
    store: &dyn Store,
    key: &Key,
    id: &BackupId,
    images: &[[u8; 32]],
) -> Result<Sent, BackupError> {
    let blobs = local_blobs(&source.blobs)?;
    let models = local_models(&source.data_dir.join("models"))?;
    let mut faults = Vec::new();
    let there: HashSet<&str> = blobs.iter().map(|blob| blob.sha256.as_str()).collect();
    for image in images {
        let digest = Digest(*image).to_string();
        if !there.contains(digest.as_str()) {
            faults.push(format!("blob {digest} is named by a row and is not there"));
        }
    }
    let known = Known::read(store, key)?;
    let mut once = HashSet::new();
    let work: Vec<&Local> = blobs
        .iter()
        .chain(models.iter().map(|(_, file)| file))
        .filter(|file| once.insert(file.sha256.as_str()))
        .collect();
    let outcomes = parallel::map(work, |file| {
        let outcome = match known.stored_size(&file.sha256, file.bytes) {
            Some(stored) => Outcome::There(stored),
            None => send(store, key, file)?,
        };
        Ok((file.sha256.clone(), outcome))
    })?;
    let (mut count, mut bytes) = (0, 0);
    let mut stored = HashMap::new();
    for (sha256, outcome) in outcomes {
        match outcome {
            Outcome::There(size) => drop(stored.insert(sha256, size)),
            Outcome::Sent(size) => {
                count += 1;
                bytes += size;
                stored.insert(sha256, size);
            }
            Outcome::Damaged => faults.push(format!(
                "blob {sha256} of the portal is damaged: its bytes no longer have that SHA-256"
            )),
        }
    }
    let entry = |file: &Local, model_path| {
        Some(FileEntry {
            stored_bytes: *stored.get(&file.sha256)?,
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            model_path,
        })
    };
    let files = Files {
        blobs: blobs.iter().filter_map(|blob| entry(blob, None)).collect(),
        models: models
            .iter()
            .filter_map(|(path, file)| entry(file, Some(path.clone())))
            .collect(),
    };
    check_presence(store, &files)?;
    let text = serde_json::to_vec(&files).expect("a list of files is plain data");
    let (_, list) = seal::seal(store, &id.object(FILES), key, &mut text.as_slice())?;
    Ok(Sent {
        files,
        list,
        count,
        bytes,
        faults,
    })
}

/// What the destination holds, and what the newest backup said of it.
struct Known {
    present: HashMap<String, u64>,
    listed: HashMap<String, FileEntry>,
}

impl Known {
    fn read(store: &dyn Store, key: &Key) -> Result<Self, BackupError> {
        let present = sizes(store)?;
        let mut listed = HashMap::new();
        let newest = catalogue::list(store, Some(key))?
            .into_iter()
            .rev()
            .find_map(|found| found.manifest.ok());
        if let Some(newest) = newest {
            match catalogue::files(store, &newest, key) {
                Ok(files) => listed.extend(
                    files
                        .blobs
                        .into_iter()
                        .chain(files.models)
                        .map(|file| (file.sha256.clone(), file)),
                ),
                Err(error) => {
                    tracing::warn!(%error, "the newest backup's list cannot be read; every blob is sent again");
                }
            }
        }
        Ok(Self { present, listed })
    }

    /// The stored size of a file that is there as the newest backup has left it.
    fn stored_size(&self, sha256: &str, bytes: u64) -> Option<u64> {
        let listed = self.listed.get(sha256)?;
        let present = *self.present.get(&listed.object())?;
        (listed.bytes == bytes && listed.stored_bytes == present).then_some(present)
    }
}

fn sizes(store: &dyn Store) -> Result<HashMap<String, u64>, BackupError> {
    Ok(store
        .list("blobs")?
        .into_iter()
        .map(|object| (object.name, object.size))
        .collect())
}

/// Everything the list names is there in its full size, at the very end: a store without locks may
/// have lost something meanwhile.
fn check_presence(store: &dyn Store, files: &Files) -> Result<(), BackupError> {
    let present = sizes(store)?;
    for file in files.blobs.iter().chain(&files.models) {
        if present.get(&file.object()) != Some(&file.stored_bytes) {
            return Err(BackupError::Missing {
                name: file.object(),
            });
        }
    }
    Ok(())
}
