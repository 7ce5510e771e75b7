//! The folders that blobs stand in, made when the first blob of each comes.

use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{BlobError, io_error};

/// Makes folders, and knows which of them may not survive a power cut yet: whoever puts a blob into one that somebody
/// else is just making waits for the disk as well.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folders {
    young: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Folders {
    /// Makes a folder where it is missing. It is durable after [`Folders::settle`].
    pub(crate) fn make(&self, folder: &Path) -> Result<(), BlobError> {
        let mut young = self.young.lock().unwrap_or_else(PoisonError::into_inner);
        if !folder.is_dir() {
            std::fs::create_dir_all(folder).map_err(io_error("cannot make", folder))?;
            young.insert(folder.to_owned());
        }
        Ok(())
    }

    /// When this returns, the folder and the names in it survive a power cut.
    pub(crate) fn settle(&self, root: &Path, folder: &Path) -> Result<(), BlobError> {
        sync_folder(folder)?;
        let young = || self.young.lock().unwrap_or_else(PoisonError::into_inner);
        if !young().contains(folder) {
            return Ok(());
        }
        for above in folder.ancestors().skip(1) {
            sync_folder(above)?;
            if above == root {
                break;
            }
        }
        young().remove(folder);
        Ok(())
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
