//! Where backups are kept: a real seam, since a folder and an S3-compatible store differ in
//! everything but these few calls.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use crate::{BackupError, folder::Folder, s3::S3};

/// Something stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name, with `/` between its parts.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
}

/// An object on its way in. It is there, whole and durable, once [`Upload::finish`] has returned; dropped
/// before, it leaves nothing under its name.
pub trait Upload: Write + Send {
    /// Makes it durable under its name.
    ///
    /// # Errors
    /// When the destination does not take it.
    fn finish(self: Box<Self>) -> Result<(), BackupError>;
}

/// Keeps others away from a destination while it lives.
#[derive(Debug, Default)]
pub struct Lock {
    pub(crate) _file: Option<File>,
}

/// A destination. All calls block.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Where it is, for people; holds no secret.
    fn place(&self) -> String;

    /// Begins to write an object.
    ///
    /// # Errors
    /// [`BackupError::NotWritable`].
    fn write(&self, name: &str) -> Result<Box<dyn Upload>, BackupError>;

    /// Opens an object.
    ///
    /// # Errors
    /// [`BackupError::Missing`], [`BackupError::NotReadable`].
    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, BackupError>;

    /// The objects whose names begin with `prefix` and a `/`, in the order of their names.
    ///
    /// # Errors
    /// [`BackupError::NotReadable`].
    fn list(&self, prefix: &str) -> Result<Vec<Object>, BackupError>;

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`BackupError::NotWritable`].
    fn delete(&self, name: &str) -> Result<(), BackupError>;

    /// The folder that the destination is, if it is one on this machine.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// Whether [`Store::lock`] really keeps others away. Where it does not, only what is older than a
    /// day counts as left behind.
    fn has_locks(&self) -> bool;

    /// Removes what killed processes left half-written. The exclusive lock is held.
    ///
    /// # Errors
    /// [`BackupError::NotWritable`].
    fn sweep(&self) -> Result<(), BackupError> {
        Ok(())
    }

    /// Keeps those who write away (`exclusive`), or those who delete, where the destination can.
    ///
    /// # Errors
    /// [`BackupError::Busy`].
    fn lock(&self, exclusive: bool) -> Result<Lock, BackupError>;
}

/// Opens a destination: a folder, or `s3://BUCKET/PREFIX` with credentials and endpoint from the
/// environment. Must be called from within the asynchronous runtime.
///
/// # Errors
/// [`BackupError::BadDestination`] when the address is neither, or credentials are missing.
pub fn open(address: &str) -> Result<Arc<dyn Store>, BackupError> {
    if address.starts_with("s3://") {
        return Ok(Arc::new(S3::open(address)?));
    }
    let bad = |reason: String| BackupError::BadDestination {
        // What stands before an @ may be a password.
        address: address.rsplit('@').next().unwrap_or_default().to_owned(),
        reason,
    };
    if address.trim().is_empty() {
        return Err(bad("it is empty".to_owned()));
    }
    if address.contains("://") && !address.starts_with("file://") {
        return Err(bad(
            "a destination is a folder, or s3://BUCKET/PREFIX with the store's address in AWS_ENDPOINT_URL".to_owned(),
        ));
    }
    let path = address.strip_prefix("file://").unwrap_or(address);
    let path = std::path::absolute(path).map_err(|error| bad(error.to_string()))?;
    Ok(Arc::new(Folder::new(path)))
}

/// Reads a small object whole.
pub(crate) fn read_small(store: &dyn Store, name: &str) -> Result<Vec<u8>, BackupError> {
    /// A manifest has some kilobytes.
    const MOST: u64 = 64 << 20;
    let mut bytes = Vec::new();
    store
        .read(name)?
        .take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|error| BackupError::NotReadable {
            place: format!("{}/{name}", store.place()),
            reason: error.to_string(),
        })?;
    Ok(bytes)
}

/// Writes a small object whole.
pub(crate) fn write_small(store: &dyn Store, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let mut upload = store.write(name)?;
    upload
        .write_all(bytes)
        .map_err(|error| BackupError::NotWritable {
            place: format!("{}/{name}", store.place()),
            reason: error.to_string(),
        })?;
    upload.finish()
}
