//! The folder that a restore works in, and how it takes its place. All of it lies in the data folder
//! itself, so that renames stay on one file system even where that is a mount point.
//!
//! 1. `restoring/` is filled. Killed here, the next run goes on; what the data folder held is
//!    untouched.
//! 2. What was there moves into `before-restore-TIME/`, the cluster first: from then on no portal
//!    starts here.
//! 3. `restoring/` becomes `restored/`, by one rename: the restore is complete.
//! 4. What is in `restored/` moves up. Killed here, the next start of a portal ends it.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use pg_embed::Reservation;

use crate::{BackupError, BackupId, folder};

const RESTORING: &str = "restoring";
const RESTORED: &str = "restored";
const ASIDE: &str = "before-restore-";
/// Names the backup in `restoring/`.
const MARKER: &str = "backup-id";
/// Says that the external database has been put in place already.
const DATABASE_DONE: &str = "database-in-place";
/// What moves up, the cluster last: until it is there, no portal starts.
const PARTS: [&str; 4] = ["keys", "blobs", "models", "postgres"];

/// The folder, with portals kept out of the data folder.
#[derive(Debug)]
pub(crate) struct Staging {
    data_dir: PathBuf,
    /// The entry of the data folder that holds the backups themselves, if one does.
    keep: Option<PathBuf>,
    _reservation: Reservation,
}

/// How a staging begins.
pub(crate) enum Beginning {
    /// There is work to do.
    Staged(Staging),
    /// An earlier run had it complete; it has been put in place.
    AlreadyComplete,
}

impl Staging {
    /// Reserves the data folder, which must be empty but for an unfinished restore, unless `overwrite`.
    pub(crate) fn begin(
        data_dir: &Path,
        id: &BackupId,
        overwrite: bool,
        destination: Option<&Path>,
    ) -> Result<Beginning, BackupError> {
        let reservation = pg_embed::reserve(data_dir)?;
        let data_dir = data_dir
            .canonicalize()
            .map_err(BackupError::io("cannot open", data_dir))?;
        if data_dir.join(RESTORED).exists() {
            let complete = fs::read_to_string(data_dir.join(RESTORED).join(MARKER));
            move_up(&data_dir)?;
            if complete.is_ok_and(|complete| complete.trim() == id.as_str()) {
                return Ok(Beginning::AlreadyComplete);
            }
        }
        let keep = destination
            .and_then(|destination| destination.canonicalize().ok())
            .and_then(|destination| {
                let below = destination.strip_prefix(&data_dir).ok()?;
                below.components().next().map(|part| data_dir.join(part))
            });
        let staging = Self {
            data_dir,
            keep,
            _reservation: reservation,
        };
        if !overwrite && !staging.entries()?.is_empty() {
            return Err(BackupError::NotEmpty {
                place: staging.data_dir.display().to_string(),
            });
        }
        staging.prepare(id)?;
        Ok(Beginning::Staged(staging))
    }

    /// Makes `restoring/`, or takes on that of an earlier run of the same backup.
    fn prepare(&self, id: &BackupId) -> Result<(), BackupError> {
        let folder = self.folder();
        let marker = folder.join(MARKER);
        if fs::read_to_string(&marker).is_ok_and(|marked| marked.trim() == id.as_str()) {
            tracing::info!(backup = %id, "an earlier restore was cut off; going on with it");
        } else if folder.exists() {
            pg_embed::remove_cluster(&folder)?;
            fs::remove_dir_all(&folder).map_err(BackupError::io("cannot remove", &folder))?;
        }
        let make = || -> io::Result<()> {
            folder::make_durable(&folder)?;
            // Root's cluster runs as another account, which must pass.
            let mode = if nix::unistd::Uid::effective().is_root() {
                0o711
            } else {
                0o700
            };
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode))?;
            write_durable(&marker, id.as_str())
        };
        make().map_err(BackupError::io("cannot write in", &folder))
    }

    /// Where the restore works.
    pub(crate) fn folder(&self) -> PathBuf {
        self.data_dir.join(RESTORING)
    }

    /// The folder of models once the restore is in place.
    pub(crate) fn models_in_place(&self) -> PathBuf {
        self.data_dir.join("models")
    }

    pub(crate) fn is_database_done(&self) -> bool {
        self.folder().join(DATABASE_DONE).exists()
    }

    pub(crate) fn note_database_done(&self) -> Result<(), BackupError> {
        let path = self.folder().join(DATABASE_DONE);
        write_durable(&path, "").map_err(BackupError::io("cannot write", path.as_path()))
    }

    /// What the data folder holds besides this restore, the cluster first.
    fn entries(&self) -> Result<Vec<PathBuf>, BackupError> {
        let error = || BackupError::io("cannot list", self.data_dir.as_path());
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.data_dir).map_err(error())? {
            let entry = entry.map_err(error())?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let ours = [
                RESTORING,
                RESTORED,
                "portal.lock",
                "postgres.lock",
                "lost+found",
            ]
            .contains(&name.as_ref())
                || name.starts_with(ASIDE)
                || self.keep.as_ref() == Some(&entry.path());
            if !ours {
                entries.push(entry.path());
            }
        }
        entries.sort_by_key(|path| !path.ends_with("postgres"));
        Ok(entries)
    }

    /// A folder of that name, or with the first number that makes it one that is not there.
    fn free_folder(&self, name: &str) -> PathBuf {
        let mut folder = self.data_dir.join(name);
        let mut number = 1;
        while folder.exists() {
            number += 1;
            folder = self.data_dir.join(format!("{name}_{number}"));
        }
        folder
    }

    /// Puts the restored portal in its place. Gives where what was there has gone.
    pub(crate) fn publish(self, now: DateTime<Utc>) -> Result<Option<PathBuf>, BackupError> {
        let entries = self.entries()?;
        let mut aside = None;
        if !entries.is_empty() {
            let folder = self.free_folder(&format!("{ASIDE}{}", now.format("%Y%m%dT%H%M%SZ")));
            folder::make_durable(&folder)
                .map_err(BackupError::io("cannot make", folder.as_path()))?;
            for entry in entries {
                let target = folder.join(entry.file_name().unwrap_or_default());
                fs::rename(&entry, &target)
                    .map_err(BackupError::io("cannot move aside", entry.as_path()))?;
                sync(&self.data_dir)?;
            }
            sync(&folder)?;
            aside = Some(folder);
        }
        sync_everything(&self.folder())?;
        fs::rename(self.folder(), self.data_dir.join(RESTORED))
            .map_err(BackupError::io("cannot rename", self.folder()))?;
        sync(&self.data_dir)?;
        move_up(&self.data_dir)?;
        Ok(aside)
    }
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    folder::sync(folder).map_err(BackupError::io("cannot make durable", folder))
}

/// Everything below is on the disk before the restore counts as complete.
fn sync_everything(folder: &Path) -> Result<(), BackupError> {
    let file = fs::File::open(folder).map_err(BackupError::io("cannot open", folder))?;
    #[cfg(target_os = "linux")]
    nix::unistd::syncfs(&file)
        .map_err(|error| BackupError::io("cannot make durable", folder)(error.into()))?;
    file.sync_all()
        .map_err(BackupError::io("cannot make durable", folder))
}

fn write_durable(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    folder::sync(path.parent().unwrap_or(Path::new("/")))
}

/// The last step; may be run again until `restored/` is gone.
fn move_up(data_dir: &Path) -> Result<(), BackupError> {
    let restored = data_dir.join(RESTORED);
    for part in PARTS {
        let (from, to) = (restored.join(part), data_dir.join(part));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved.map_err(BackupError::io("cannot put in place", to.as_path()))?,
        }
        sync(data_dir)?;
    }
    fs::remove_dir_all(&restored).map_err(BackupError::io("cannot remove", restored.as_path()))?;
    sync(data_dir)
}

/// Before a portal starts on a data folder: ends a restore that was complete and not yet in place.
///
/// # Errors
/// [`BackupError::RestoreUnfinished`] when one was cut off before that and the portal's own database
/// is no longer, or not yet, there.
pub fn finish_interrupted(data_dir: &Path, is_private: bool) -> Result<(), BackupError> {
    if data_dir.join(RESTORED).exists() {
        let _reservation = pg_embed::reserve(data_dir)?;
        if data_dir.join(RESTORED).exists() {
            tracing::warn!("a restore was cut off in its last step; it is ended now");
            move_up(data_dir)?;
        }
    }
    let cluster_expected = is_private && !pg_embed::is_cluster_there(data_dir);
    if data_dir.join(RESTORING).exists() && cluster_expected {
        return Err(BackupError::RestoreUnfinished {
            path: data_dir.to_owned(),
        });
    }
    Ok(())
}
