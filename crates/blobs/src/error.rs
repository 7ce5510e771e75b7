//! What bytes are called, and what can go wrong with them.

use std::{
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

/// The SHA-256 of some bytes, which is also their address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = BlobError;
    fn from_str(text: &str) -> Result<Self, BlobError> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest)
            .map_err(|_| BlobError::NoDigest(text.chars().take(80).collect()))?;
        Ok(Self(digest))
    }
}

/// What can go wrong with stored bytes.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has this digest.
    #[error("there is no blob {0}")]
    NotFound(Digest),
    /// The bytes on disk are not those that were stored.
    #[error(
        "blob {0} is damaged: its bytes are no longer those that were stored; restore it from a backup"
    )]
    Damaged(Digest),
    /// A file that arrives in pieces was altered on the disk.
    #[error("{path} is damaged: send the file again", path = path.display())]
    DamagedPartial {
        /// Which.
        path: PathBuf,
    },
    /// The blob is encrypted and this store was opened without keys.
    #[error("blob {0} is encrypted, and no key file was named")]
    NoKeys(Digest),
    /// A key is missing or cannot be used.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    /// The file grew past its limit while it came in.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Another request is writing to the file.
    #[error("another request is writing to this file: wait a moment and ask how much has arrived")]
    Busy,
    /// The server is going down.
    #[error("writing the file was interrupted, send it again: {0}")]
    Interrupted(#[source] tokio::task::JoinError),
    /// The text is no digest.
    #[error("'{0}' is not a SHA-256 in hexadecimal")]
    NoDigest(String),
    /// The disk is full.
    #[error("the disk of {path} is full: make room or move the data directory, then send again", path = path.display())]
    DiskFull {
        /// Where.
        path: PathBuf,
    },
    /// The disk answered with an error.
    #[error("{what} {path}: {source}", path = path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

pub(crate) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BlobError::DiskFull { path },
        _ => BlobError::Io { what, path, source },
    }
}
