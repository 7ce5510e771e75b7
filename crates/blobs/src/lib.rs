//! Stored bytes, addressed by their SHA-256. A blob is written once, never overwritten, and
//! verified whenever it is read.
//!
//! A file that comes in is *staged*: streamed to disk and hashed on the way. Once it has been looked
//! at it is *kept*, which makes it durable (fsync of the file and of its directory) before anything
//! is acknowledged, or it is dropped and leaves nothing. A crash between keeping a blob and
//! committing the row that names it leaves an unnamed blob, never a row without one.
//!
//! A store with keys encrypts everything it writes, also what is still on its way; the address stays the
//! SHA-256 of the plain bytes. Blobs from before are read as they are, until [`BlobStore::encrypt`].

mod arrival;
mod care;
mod error;
mod folders;
mod partial;
mod removal;
mod sealed;
mod staging;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use keys::Keyring;
use tempfile::NamedTempFile;

pub use arrival::Arrival;
pub use care::Rewrapped;
pub(crate) use error::io_error;
pub use error::{BlobError, Digest};
pub use partial::PartialWriter;
pub use staging::{Staged, Staging};

use folders::{Folders, folder_of};
use sealed::{Opener, SealedError};

/// What the name of an encrypted blob ends in.
const SEALED: &str = "sealed";

/// A folder of blobs: `ab/cd/abcd…` beside `incoming/` for what is still on its way.
#[derive(Debug, Clone)]
pub struct BlobStore {
    root: PathBuf,
    keys: Option<Keyring>,
    folders: Folders,
}

impl BlobStore {
    /// Opens the store in a folder, which is made if need be. What an earlier run left half-way is
    /// removed: nobody was told that it had arrived.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        Self::open_with(root.into(), None)
    }

    /// As [`BlobStore::open`]; what is written is encrypted with these keys.
    ///
    /// # Errors
    /// As [`BlobStore::open`].
    pub fn open_encrypted(root: impl Into<PathBuf>, keys: Keyring) -> Result<Self, BlobError> {
        Self::open_with(root.into(), Some(keys))
    }

    fn open_with(root: PathBuf, keys: Option<Keyring>) -> Result<Self, BlobError> {
        let store = Self {
            root,
            keys,
            folders: Folders::default(),
        };
        let incoming = store.incoming();
        std::fs::create_dir_all(&incoming).map_err(io_error("cannot make", &incoming))?;
        store.clear_stale_incoming()?;
        Ok(store)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// Removes staged files older than a day; another process may be staging younger ones.
    fn clear_stale_incoming(&self) -> Result<(), BlobError> {
        let incoming = self.incoming();
        let day = std::time::Duration::from_secs(86_400);
        for entry in std::fs::read_dir(&incoming)
            .map_err(io_error("cannot list", &incoming))?
            .flatten()
        {
            let stale = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > day));
            if stale {
                std::fs::remove_file(entry.path())
                    .map_err(io_error("cannot remove", &entry.path()))?;
            }
        }
        Ok(())
    }

    /// Begins to take a file of at most `limit` bytes in.
    ///
    /// # Errors
    /// When no file can be made.
    pub fn stage(&self, limit: u64) -> Result<Staging, BlobError> {
        let incoming = self.incoming();
        let file =
            NamedTempFile::new_in(&incoming).map_err(io_error("cannot write in", &incoming))?;
        Staging::begin(self.clone(), file, limit)
    }

    /// Stores bytes that are at hand, durably.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let mut staging = self.stage(u64::MAX)?;
        staging.write(bytes)?;
        staging.finish()?.keep()
    }

    /// The bytes of a blob, verified: those of an encrypted one by their authentication, whose key is bound to the
    /// address; those of another one by the address itself.
    ///
    /// # Errors
    /// When there is no such blob, it is damaged, its key is not there, or the disk fails.
    pub fn read(&self, digest: Digest) -> Result<Bytes, BlobError> {
        let (path, _) = self.locate(digest)?;
        let stored = std::fs::read(&path).map_err(io_error("cannot read", &path))?;
        if path.extension().is_some() {
            let keys = self.keys.as_ref().ok_or(BlobError::NoKeys(digest))?;
            return sealed::open(stored, keys, &sealed::owner_of_blob(digest))
                .map(Bytes::from)
                .map_err(|error| sealed_error(digest, &path, error));
        }
        if Digest::of(&stored) != digest {
            return Err(BlobError::Damaged(digest));
        }
        Ok(Bytes::from(stored))
    }

    /// The first bytes of a blob, verified: at least `least` of them unless it has fewer. Of an encrypted one only the
    /// chunks that hold them are read, so damage behind them is not noticed; of another one all of it is, because only
    /// the whole can be compared with its address.
    ///
    /// # Errors
    /// As [`BlobStore::read`].
    pub fn read_start(&self, digest: Digest, least: usize) -> Result<Start, BlobError> {
        let (path, length) = self.locate(digest)?;
        let Some(mut opener) = self.opener(digest, &path)? else {
            let bytes = self.read(digest)?;
            let length = bytes.len() as u64;
            return Ok(Start { bytes, length });
        };
        let mut bytes = Vec::with_capacity(least.min(sealed::CHUNK));
        while bytes.len() < least {
            let chunk = opener
                .chunk()
                .map_err(|error| sealed_error(digest, &path, error))?;
            if chunk.is_empty() {
                break;
            }
            bytes.extend_from_slice(chunk);
        }
        let bytes = Bytes::from(bytes);
        Ok(Start { bytes, length })
    }

    /// The plain bytes of a blob as a stream. An encrypted one is verified on the way; of another one the
    /// reader must compare the digest.
    ///
    /// # Errors
    /// When there is no such blob, its envelope does not open, or the disk fails.
    pub fn reader(&self, digest: Digest) -> Result<Box<dyn Read + Send>, BlobError> {
        let (path, _) = self.locate(digest)?;
        Ok(match self.opener(digest, &path)? {
            Some(opener) => Box::new(opener),
            None => Box::new(File::open(&path).map_err(io_error("cannot read", &path))?),
        })
    }

    /// Where the file of a blob is, and the length of its plain bytes.
    fn locate(&self, digest: Digest) -> Result<(PathBuf, u64), BlobError> {
        for (path, is_sealed) in [
            (self.sealed_path(digest), true),
            (self.plain_path(digest), false),
        ] {
            match std::fs::metadata(&path) {
                Ok(metadata) if is_sealed => {
                    return Ok((path, sealed::plain_length(metadata.len())));
                }
                Ok(metadata) => return Ok((path, metadata.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error("cannot read", &path)(error)),
            }
        }
        Err(BlobError::NotFound(digest))
    }

    /// For an encrypted blob: what decrypts it.
    fn opener(&self, digest: Digest, path: &Path) -> Result<Option<Opener<File>>, BlobError> {
        if path.extension().is_none() {
            return Ok(None);
        }
        let keys = self.keys.as_ref().ok_or(BlobError::NoKeys(digest))?;
        let file = File::open(path).map_err(io_error("cannot read", path))?;
        Opener::new(file, keys, &sealed::owner_of_blob(digest))
            .map(Some)
            .map_err(|error| sealed_error(digest, path, error))
    }

    /// Whether there is a blob of this digest.
    #[must_use]
    pub fn contains(&self, digest: Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Asks the disk for a sign of life: writes and removes a small file.
    ///
    /// # Errors
    /// When it does not take it.
    pub fn probe(&self) -> Result<(), BlobError> {
        let incoming = self.incoming();
        let mut file =
            NamedTempFile::new_in(&incoming).map_err(io_error("cannot write in", &incoming))?;
        file.write_all(b"probe")
            .map_err(io_error("cannot write in", &incoming))
    }

    /// Every blob with its size in bytes and its age, in the order of their digests. Files that are no
    /// blobs are passed over.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, BlobError> {
        let mut found = BTreeMap::new();
        for first in subfolders(&self.root)? {
            for second in subfolders(&first)? {
                for entry in entries(&second)? {
                    let name = entry.file_name();
                    let Some(stored) = name.to_str().and_then(|name| stored(name, &entry)) else {
                        continue;
                    };
                    let known = found.entry(stored.digest).or_insert(stored);
                    if stored.is_encrypted {
                        *known = stored;
                    }
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Whether any blob is encrypted.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn holds_encrypted(&self) -> Result<bool, BlobError> {
        for first in subfolders(&self.root)? {
            for second in subfolders(&first)? {
                let is_sealed = |entry: &std::fs::DirEntry| {
                    entry.path().extension().is_some_and(|end| end == SEALED)
                };
                if entries(&second)?.iter().any(is_sealed) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Moves a blob that no row names out of the store, into a folder beside it. It stays there until
    /// somebody has looked at it.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn set_aside(&self, digest: Digest, folder: &Path) -> Result<(), BlobError> {
        std::fs::create_dir_all(folder).map_err(io_error("cannot make", folder))?;
        let from = self.path(digest);
        let to = folder.join(from.file_name().unwrap_or_default());
        std::fs::rename(&from, &to).map_err(io_error("cannot set aside", &from))
    }

    /// Where a blob lies, or would lie if it came now.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        match self.locate(digest) {
            Ok((path, _)) => path,
            Err(_) if self.keys.is_some() => self.sealed_path(digest),
            Err(_) => self.plain_path(digest),
        }
    }

    /// Waits until a blob's name survives a power cut.
    fn settle(&self, path: &Path) -> Result<(), BlobError> {
        self.folders.settle(folder_of(path))
    }

    fn plain_path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[0..2]).join(&name[2..4]).join(name)
    }

    fn sealed_path(&self, digest: Digest) -> PathBuf {
        self.plain_path(digest).with_extension(SEALED)
    }
}

fn sealed_error(digest: Digest, path: &Path, error: SealedError) -> BlobError {
    match error {
        SealedError::Altered => BlobError::Damaged(digest),
        SealedError::Key(error) => BlobError::Key(error),
        SealedError::Io(error) => io_error("cannot read", path)(error),
    }
}

fn stored(name: &str, entry: &std::fs::DirEntry) -> Option<Stored> {
    let (digest, is_encrypted) = match name.split_once('.') {
        Some((digest, SEALED)) => (digest, true),
        Some(_) => return None,
        None => (name, false),
    };
    let metadata = entry.metadata().ok()?;
    let size = metadata.len();
    Some(Stored {
        digest: digest.parse().ok()?,
        size: if is_encrypted {
            sealed::plain_length(size)
        } else {
            size
        },
        age: metadata
            .modified()
            .ok()
            .and_then(|modified| modified.elapsed().ok())
            .unwrap_or_default(),
        is_encrypted,
    })
}

/// How a blob begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its first bytes.
    pub bytes: Bytes,
    /// How many it has by the length of its file, which nothing but reading all of it proves.
    pub length: u64,
}

/// A blob in the store, as listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its address.
    pub digest: Digest,
    /// The length of its plain bytes.
    pub size: u64,
    /// Since when it is there.
    pub age: std::time::Duration,
    /// Whether it is encrypted.
    pub is_encrypted: bool,
}

fn entries(folder: &Path) -> Result<Vec<std::fs::DirEntry>, BlobError> {
    std::fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(io_error("cannot list", folder))
}

/// The folders `00` to `ff` in one.
fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, BlobError> {
    let is_pair = |entry: &std::fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|name| {
            name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    Ok(entries(folder)?
        .into_iter()
        .filter(is_pair)
        .map(|entry| entry.path())
        .collect())
}

#[cfg(test)]
mod tests;
