//! Removing blobs that nothing names any more, in two steps: set aside first, so that one which comes in again in between
//! is put back.

use std::{io, path::PathBuf};

use crate::{BlobError, BlobStore, Digest, folders::sync_folder, io_error};

impl BlobStore {
    /// Where blobs wait for their removal: not listed, and not backed up.
    fn removed(&self) -> PathBuf {
        self.root.join("removed")
    }

    /// Both forms of a blob, each where it lies and where it waits.
    fn forms(&self, digest: Digest) -> [(PathBuf, PathBuf); 2] {
        [self.sealed_path(digest), self.plain_path(digest)].map(|path| {
            let aside = self.removed().join(path.file_name().unwrap_or_default());
            (path, aside)
        })
    }

    /// Sets a blob aside, in whatever form it is there. Says whether it was there.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn take_out(&self, digest: Digest) -> Result<bool, BlobError> {
        let folder = self.removed();
        std::fs::create_dir_all(&folder).map_err(io_error("cannot make", &folder))?;
        let mut was_there = false;
        for (path, aside) in self.forms(digest) {
            match std::fs::rename(&path, &aside) {
                Ok(()) => was_there = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error("cannot set aside", &path)(error)),
            }
        }
        sync_folder(&folder)?;
        Ok(was_there)
    }

    /// Puts a blob back that was set aside, unless it came in again.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn put_back(&self, digest: Digest) -> Result<(), BlobError> {
        for (path, aside) in self.forms(digest) {
            if !aside.is_file() {
                continue;
            }
            if self.contains(digest) {
                std::fs::remove_file(&aside).map_err(io_error("cannot remove", &aside))?;
                continue;
            }
            std::fs::rename(&aside, &path).map_err(io_error("cannot put back", &path))?;
            self.settle(&path)?;
        }
        Ok(())
    }

    /// Removes a blob that was set aside, for good.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_for_good(&self, digest: Digest) -> Result<(), BlobError> {
        for (_, aside) in self.forms(digest) {
            match std::fs::remove_file(&aside) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error("cannot remove", &aside)(error)),
            }
        }
        sync_folder(&self.removed())
    }
}
