//! Looking after encrypted blobs: those from before keys, and a change of keys.

use std::{
    fs::{File, OpenOptions, Permissions},
    io,
    os::unix::fs::PermissionsExt,
};

use keys::KeyId;

use crate::{BlobError, BlobStore, Digest, io_error, sealed, sealed_error};

/// What a change of keys came to for one blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrapped {
    /// Its envelope is of the current key now.
    Now,
    /// It was already.
    Already,
    /// It is not encrypted.
    Plain,
}

impl BlobStore {
    /// Encrypts a blob that was stored before there were keys. Says whether it did. Stopped half-way, the
    /// blob is there in both forms, and the encrypted one counts; run again, it goes on.
    ///
    /// # Errors
    /// When there is no such blob, it is damaged, or the disk fails.
    pub fn encrypt(&self, digest: Digest) -> Result<bool, BlobError> {
        let plain = self.plain_path(digest);
        if self.keys.is_none() || !plain.is_file() {
            return Ok(false);
        }
        let sealed = self.sealed_path(digest);
        if !sealed.is_file() {
            let mut staging = self.stage(u64::MAX)?;
            let mut source = File::open(&plain).map_err(io_error("cannot read", &plain))?;
            staging.copy(&mut source, &plain)?;
            let staged = staging.finish()?;
            if staged.digest() != digest {
                return Err(BlobError::Damaged(digest));
            }
            staged.keep_anew()?;
        }
        // Only what reads back is a reason to remove the other form.
        self.read(digest)?;
        match std::fs::remove_file(&plain) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("cannot remove", &plain)(error))
            }
            _ => Ok(true),
        }
    }

    /// The key that a blob's envelope opens with; `None` for one that is not encrypted.
    ///
    /// # Errors
    /// When there is no such blob, or no envelope opens.
    pub fn key_of(&self, digest: Digest) -> Result<Option<KeyId>, BlobError> {
        let (path, _) = self.locate(digest)?;
        let Some(keys) = self.keys.as_ref().filter(|_| path.extension().is_some()) else {
            return Ok(None);
        };
        File::open(&path)
            .map_err(io_error("cannot read", &path))
            .and_then(|mut file| {
                sealed::key_in_use(keys, &mut file, &sealed::owner_of_blob(digest))
                    .map_err(|error| sealed_error(digest, &path, error))
            })
            .map(Some)
    }

    /// Puts a blob's data key into an envelope of the current key. Its bytes stay as they are.
    ///
    /// # Errors
    /// When there is no such blob, none of its envelopes opens, or the disk fails; then the envelope that
    /// was in use still is.
    pub fn rewrap(&self, digest: Digest) -> Result<Rewrapped, BlobError> {
        let (path, _) = self.locate(digest)?;
        let Some(keys) = self.keys.as_ref().filter(|_| path.extension().is_some()) else {
            return Ok(Rewrapped::Plain);
        };
        let error = || io_error("cannot write", &path);
        let mode = |mode| std::fs::set_permissions(&path, Permissions::from_mode(mode));
        mode(0o640).map_err(error())?;
        let outcome = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(error())
            .and_then(|mut file| {
                sealed::rewrap(keys, &mut file, &sealed::owner_of_blob(digest))
                    .map_err(|error| sealed_error(digest, &path, error))
            });
        mode(0o440).map_err(error())?;
        Ok(if outcome? {
            Rewrapped::Now
        } else {
            Rewrapped::Already
        })
    }
}
