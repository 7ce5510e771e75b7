//! For those who work on a data directory whose server does not run: backups and restores.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::binaries::{self, Binaries};
use crate::directories::{ExistingCluster, Layout};
use crate::error::PgEmbedError;
use crate::locks::{self, LockFile};
use crate::recovery;

/// A data directory that no portal can use while this value lives.
#[derive(Debug)]
pub struct Reservation {
    _portal_lock: LockFile,
}

/// Keeps portals out of a data directory, which is made when absent.
///
/// # Errors
/// [`PgEmbedError::InUse`] when a portal uses it.
pub fn reserve(data_dir: &Path) -> Result<Reservation, PgEmbedError> {
    let layout = Layout::prepare(data_dir)?;
    let portal_lock = locks::take_portal_lock(&layout)?;
    Ok(Reservation {
        _portal_lock: portal_lock,
    })
}

/// Whether a data directory holds a complete cluster.
#[must_use]
pub fn is_cluster_there(data_dir: &Path) -> bool {
    data_dir.join("postgres").join("PG_VERSION").is_file()
}

/// The programs that fit the cluster of a data directory; the newest ones when it holds none.
///
/// # Errors
/// [`PgEmbedError::BinariesMissing`] and its kin, naming what to install.
pub fn binaries_of(data_dir: &Path, explicit: Option<&Path>) -> Result<Binaries, PgEmbedError> {
    if !is_cluster_there(data_dir) {
        return binaries::find(explicit);
    }
    let layout = Layout::of(data_dir)?;
    let home = layout.cluster();
    let existing = ExistingCluster::find(&layout)?;
    binaries::find_for(
        explicit,
        existing.map(|cluster| (home.as_path(), cluster.major)),
    )
}

/// Removes the cluster of a data directory, once no server that was ever started there is left.
///
/// # Errors
/// [`PgEmbedError::InUse`] when a portal uses it, [`PgEmbedError::EarlierServerRunning`] when a server does not end.
pub fn remove_cluster(data_dir: &Path) -> Result<(), PgEmbedError> {
    let layout = Layout::prepare(data_dir)?;
    let _portal_lock = locks::take_portal_lock(&layout)?;
    let server_lock = LockFile::open(&layout.server_lock())?;
    recovery::end_earlier_server(&layout, &server_lock)?;
    let home = layout.cluster();
    match fs::remove_dir_all(&home) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(PgEmbedError::io("remove", &home)(error))
        }
        _ => Ok(()),
    }
}

/// Has the cluster's next start lay finished pieces of its write-ahead log aside for the portal, or no longer.
///
/// # Errors
/// [`PgEmbedError::Io`] when the directory cannot be made or removed.
pub fn archive_log(data_dir: &Path, on: bool) -> Result<(), PgEmbedError> {
    let directory = outgoing_log(data_dir);
    match (on, directory.is_dir()) {
        (true, false) => fs::create_dir_all(&directory)
            .map_err(PgEmbedError::io("create the directory", &directory)),
        (false, true) => {
            fs::remove_dir_all(&directory).map_err(PgEmbedError::io("remove", &directory))
        }
        _ => Ok(()),
    }
}

/// Where finished pieces of the write-ahead log wait.
#[must_use]
pub fn outgoing_log(data_dir: &Path) -> PathBuf {
    data_dir.join("wal-outgoing")
}

/// Makes the cluster of a data directory that has none out of a physical copy, which `fill` writes.
///
/// # Errors
/// Those of `fill`, or [`PgEmbedError::Io`].
pub fn install_cluster<E: From<PgEmbedError>>(
    data_dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let layout = Layout::prepare(data_dir)?;
    let _portal_lock = locks::take_portal_lock(&layout)?;
    crate::initialise::sweep(&layout)?;
    let directory = layout.initialising();
    fs::create_dir_all(&directory).map_err(PgEmbedError::io("create the directory", &directory))?;
    fill(&directory)?;
    give_to_server(&directory)?;
    crate::directories::sync_file_system(&directory)?;
    fs::rename(&directory, layout.cluster())
        .map_err(PgEmbedError::io("give its name to", &layout.cluster()))?;
    Ok(crate::directories::sync(&layout.data_dir)?)
}

/// Hands a directory with all it holds to the account that a new cluster runs as, for it alone.
///
/// # Errors
/// [`PgEmbedError::Io`].
pub fn give_to_server(directory: &Path) -> Result<(), PgEmbedError> {
    let account = Account::resolve(None)?;
    crate::directories::ensure_private(directory, &account)?;
    if !account.is_switched {
        return Ok(());
    }
    let mut directories = vec![directory.to_owned()];
    while let Some(current) = directories.pop() {
        let error = || PgEmbedError::io("change the owner in", &current);
        for entry in fs::read_dir(&current).map_err(error())? {
            let path = entry.map_err(error())?.path();
            std::os::unix::fs::lchown(&path, Some(account.uid), Some(account.gid))
                .map_err(error())?;
            if path.is_dir() && !path.is_symlink() {
                directories.push(path);
            }
        }
    }
    Ok(())
}
