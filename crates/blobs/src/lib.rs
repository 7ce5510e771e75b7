//! Stored bytes, addressed by their SHA-256. A blob is written once, never overwritten, and
//! verified whenever it is read.
//!
//! A file that comes in is *staged*: streamed to disk and hashed on the way. Once it has been looked
//! at it is *kept*, which makes it durable (fsync of the file and of its directory) before anything
//! is acknowledged, or it is dropped and leaves nothing. A crash between keeping a blob and
//! committing the row that names it leaves an unnamed blob, never a row without one.

mod partial;

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

pub use partial::PartialWriter;

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
    #[error("blob {0} is damaged: its bytes no longer have that SHA-256; restore it from a backup")]
    Damaged(Digest),
    /// The file grew past its limit while it came in.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Another request is writing to the file.
    #[error("another request is writing to this file: wait a moment and ask how much has arrived")]
    Busy,
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

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BlobError::DiskFull { path },
        _ => BlobError::Io { what, path, source },
    }
}

/// A folder of blobs: `ab/cd/abcd…` beside `incoming/` for what is still on its way.
#[derive(Debug, Clone)]
pub struct BlobStore {
    root: PathBuf,
}

impl BlobStore {
    /// Opens the store in a folder, which is made if need be. What an earlier run left half-way is
    /// removed: nobody was told that it had arrived.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let store = Self { root: root.into() };
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
        Ok(Staging {
            store: self.clone(),
            file,
            hasher: Sha256::new(),
            size: 0,
            limit,
        })
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

    /// The bytes of a blob, verified.
    ///
    /// # Errors
    /// When there is no such blob, it is damaged, or the disk fails.
    pub fn read(&self, digest: Digest) -> Result<Bytes, BlobError> {
        let path = self.path(digest);
        let bytes = std::fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BlobError::NotFound(digest),
            _ => io_error("cannot read", &path)(source),
        })?;
        if Digest::of(&bytes) != digest {
            return Err(BlobError::Damaged(digest));
        }
        Ok(Bytes::from(bytes))
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
        let mut found = Vec::new();
        for first in subfolders(&self.root)? {
            for second in subfolders(&first)? {
                for entry in entries(&second)? {
                    let (Some(digest), Ok(metadata)) = (
                        entry
                            .file_name()
                            .to_str()
                            .and_then(|name| name.parse::<Digest>().ok()),
                        entry.metadata(),
                    ) else {
                        continue;
                    };
                    found.push(Stored {
                        digest,
                        size: metadata.len(),
                        age: metadata
                            .modified()
                            .ok()
                            .and_then(|modified| modified.elapsed().ok())
                            .unwrap_or_default(),
                    });
                }
            }
        }
        found.sort_unstable_by_key(|stored| stored.digest);
        Ok(found)
    }

    /// Moves a blob that no row names out of the store, into a folder beside it. It stays there until
    /// somebody has looked at it.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn set_aside(&self, digest: Digest, folder: &Path) -> Result<(), BlobError> {
        std::fs::create_dir_all(folder).map_err(io_error("cannot make", folder))?;
        let (from, to) = (self.path(digest), folder.join(digest.to_string()));
        std::fs::rename(&from, &to).map_err(io_error("cannot set aside", &from))
    }

    /// Where a blob lies, there or not.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[0..2]).join(&name[2..4]).join(name)
    }
}

/// A blob in the store, as listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its address.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Since when it is there.
    pub age: std::time::Duration,
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

/// A file on its way in. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staging {
    store: BlobStore,
    file: NamedTempFile,
    hasher: Sha256,
    size: u64,
    limit: u64,
}

impl Staging {
    /// Takes the next part.
    ///
    /// # Errors
    /// When the file grows past its limit or the disk does not take it.
    pub fn write(&mut self, part: &[u8]) -> Result<(), BlobError> {
        self.size += part.len() as u64;
        if self.size > self.limit {
            return Err(BlobError::TooLarge { limit: self.limit });
        }
        self.hasher.update(part);
        let path = self.file.path().to_owned();
        self.file
            .write_all(part)
            .map_err(io_error("cannot write", &path))
    }

    /// The whole file is here.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<Staged, BlobError> {
        let path = self.file.path().to_owned();
        self.file.flush().map_err(io_error("cannot write", &path))?;
        Ok(Staged {
            store: self.store,
            file: self.file,
            digest: Digest(self.hasher.finalize().into()),
            size: self.size,
        })
    }
}

/// A file that is here but not yet kept. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    store: BlobStore,
    file: NamedTempFile,
    digest: Digest,
    size: u64,
}

impl Staged {
    /// Its SHA-256.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its bytes, to be looked at.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self) -> Result<Bytes, BlobError> {
        let path = self.file.path();
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0));
        std::fs::File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(io_error("cannot read", path))?;
        Ok(Bytes::from(bytes))
    }

    /// Keeps it for good: when this returns, it survives a power cut.
    ///
    /// # Errors
    /// When the disk does not take it; then it is not kept.
    pub fn keep(self) -> Result<Digest, BlobError> {
        let target = self.store.path(self.digest);
        if target.is_file() {
            return Ok(self.digest);
        }
        let folder = target
            .parent()
            .expect("a blob's path has two folders above it");
        make_durable_folder(&self.store.root, folder)?;
        let incoming = self.file.path().to_owned();
        self.file
            .as_file()
            .sync_all()
            .map_err(io_error("cannot make durable", &incoming))?;
        let permissions: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o440);
        self.file
            .as_file()
            .set_permissions(permissions)
            .map_err(io_error("cannot protect", &incoming))?;
        self.file
            .persist(&target)
            .map_err(|error| io_error("cannot keep", &target)(error.error))?;
        sync_folder(folder)?;
        Ok(self.digest)
    }
}

fn make_durable_folder(root: &Path, folder: &Path) -> Result<(), BlobError> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(io_error("cannot make", folder))?;
    let mut above = folder.parent();
    while let Some(parent) = above {
        sync_folder(parent)?;
        if parent == root {
            break;
        }
        above = parent.parent();
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error("cannot make durable", folder))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn store() -> (tempfile::TempDir, BlobStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path().join("blobs")).unwrap();
        (folder, store)
    }

    fn incoming_files(store: &BlobStore) -> usize {
        std::fs::read_dir(store.incoming()).unwrap().count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn what_is_kept_comes_back_however_it_was_cut(bytes: Vec<u8>, cut in 1usize..100) {
            let (_folder, store) = store();
            let mut staging = store.stage(u64::MAX).unwrap();
            for part in bytes.chunks(cut) {
                staging.write(part).unwrap();
            }
            let staged = staging.finish().unwrap();
            prop_assert_eq!(&staged.read().unwrap()[..], &bytes[..]);
            let digest = staged.keep().unwrap();
            prop_assert_eq!(digest, Digest::of(&bytes));
            prop_assert_eq!(&store.read(digest).unwrap()[..], &bytes[..]);
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        }
    }

    #[test]
    fn damage_is_noticed_on_read() {
        let (_folder, store) = store();
        let digest = store.put(b"a film").unwrap();
        let path = store.path(digest);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"a fiim").unwrap();
        assert!(matches!(store.read(digest), Err(BlobError::Damaged(found)) if found == digest));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(store.read(digest), Err(BlobError::NotFound(_))));
    }

    #[test]
    fn what_is_dropped_or_too_large_leaves_nothing() {
        let (_folder, store) = store();
        let mut staging = store.stage(4).unwrap();
        staging.write(b"1234").unwrap();
        assert!(matches!(
            staging.write(b"5"),
            Err(BlobError::TooLarge { limit: 4 })
        ));
        drop(staging);
        let mut staging = store.stage(4).unwrap();
        staging.write(b"1234").unwrap();
        drop(staging.finish().unwrap());
        assert_eq!(incoming_files(&store), 0);
    }

    #[test]
    fn blobs_are_listed_and_set_aside() {
        let (folder, store) = store();
        let digests = [b"a", b"b", b"c"].map(|bytes| store.put(bytes).unwrap());
        std::fs::write(folder.path().join("blobs/notes.txt"), "no blob").unwrap();
        let listed: Vec<_> = store
            .list()
            .unwrap()
            .iter()
            .map(|stored| stored.digest)
            .collect();
        let mut sorted = digests.to_vec();
        sorted.sort();
        assert_eq!(listed, sorted);
        let aside = folder.path().join("unnamed");
        store.set_aside(digests[1], &aside).unwrap();
        assert_eq!(store.list().unwrap().len(), 2);
        assert_eq!(
            std::fs::read(aside.join(digests[1].to_string())).unwrap(),
            b"b"
        );
    }

    #[test]
    fn the_same_bytes_are_kept_once() {
        let (_folder, store) = store();
        let digest = store.put(b"twice").unwrap();
        assert_eq!(store.put(b"twice").unwrap(), digest);
        let listed = store.list().unwrap();
        assert_eq!(
            (listed[0].digest, listed[0].size, listed.len()),
            (digest, 5, 1)
        );
        assert_eq!(incoming_files(&store), 0);
    }
}
