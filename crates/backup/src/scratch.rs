//! A cluster to try a backup in, gone afterwards.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use db::DatabaseOptions;
use pg_embed::{Cluster, ClusterOptions};

use crate::{BackupError, Programs};

/// Begins the names of scratch folders; the process number follows.
const PREFIX: &str = "medical-portal-verify-";

/// The cluster. Dropped, it is stopped and removed.
#[derive(Debug)]
pub(crate) struct Scratch {
    cluster: Option<Cluster>,
    folder: PathBuf,
}

impl Scratch {
    /// Makes it in a folder under `parent`. Takes about two seconds; blocks.
    pub(crate) fn start(parent: &Path, binaries: Option<&Path>) -> Result<Self, BackupError> {
        sweep(parent);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir_in(parent)
            .map_err(BackupError::io("cannot make a scratch folder in", parent))?
            .keep();
        // Root's cluster runs as another account, which must pass.
        let mode = if nix::unistd::Uid::effective().is_root() {
            0o711
        } else {
            0o700
        };
        let mut scratch = Self {
            cluster: None,
            folder,
        };
        std::fs::set_permissions(&scratch.folder, std::fs::Permissions::from_mode(mode)).map_err(
            BackupError::io("cannot set the mode of", scratch.folder.as_path()),
        )?;
        let mut options = ClusterOptions::new(&scratch.folder);
        options.binaries = binaries.map(Path::to_owned);
        // Nothing here outlives this process.
        options.extra_settings = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("autovacuum", "off"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        scratch.cluster = Some(Cluster::start(&options)?);
        Ok(scratch)
    }

    fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("it runs until it is dropped")
    }

    pub(crate) fn options(&self, database: &str) -> DatabaseOptions {
        DatabaseOptions::new(self.cluster().url("postgres", database))
    }

    pub(crate) fn programs(&self) -> Programs {
        Programs(self.cluster().binaries().directory().to_owned())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.cluster.take());
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "a scratch folder stays");
        }
    }
}

/// Removes what processes that are gone left behind.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next())
            .and_then(|process| process.parse::<u32>().ok());
        let is_gone = |process: u32| {
            i32::try_from(process).is_ok_and(|process| {
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), None)
                    == Err(nix::errno::Errno::ESRCH)
            })
        };
        if process.is_some_and(is_gone) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
