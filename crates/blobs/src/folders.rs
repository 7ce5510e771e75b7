//! The folders that blobs stand in, made when the first blob of each comes.

use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{BlobError, io_error};

/// Makes folders, and knows which of them may not survive a power cut yet: whoever puts a blob into one that somebody
/// else is just making waits for the disk as well.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folders {
    young: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Folders {
    /// Makes a folder where it is missing, and those above it. They are durable after [`Folders::settle`].
    pub(crate) fn make(&self, folder: &Path) -> Result<(), BlobError> {
        let mut young = self.young();
        let missing = folder.ancestors().take_while(|folder| !folder.is_dir());
        let missing: Vec<&Path> = missing.collect();
        if !missing.is_empty() {
            std::fs::create_dir_all(folder).map_err(io_error("cannot make", folder))?;
            young.extend(missing.into_iter().map(Path::to_owned));
        }
        Ok(())
    }

    /// When this returns, the folder and the names in it survive a power cut.
    pub(crate) fn settle(&self, folder: &Path) -> Result<(), BlobError> {
        sync_folder(folder)?;
        let mut settled = Vec::new();
        for below in folder.ancestors() {
            let Some(above) = below.parent().filter(|_| self.young().contains(below)) else {
                break;
            };
            sync_folder(above)?;
            settled.push(below);
        }
        // Only now: whoever finds one of them no longer young relies on all above it.
        let mut young = self.young();
        for folder in settled {
            young.remove(folder);
        }
        Ok(())
    }

    fn young(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.young.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error("cannot make durable", folder))
}

/// The folder of a blob's path.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .expect("a blob's path has two folders above it")
}
