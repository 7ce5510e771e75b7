//! For those who work on a data directory whose server does not run: backups and restores.

use std::fs;
use std::io;
use std::path::Path;

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
