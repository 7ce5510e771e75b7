//! Files that arrive piece by piece, over more than one request. Each lies in `incoming/` under a name of
//! its own; how long it is says how much has arrived. Once whole it can be staged like a file that came in
//! one piece, as often as need be: the partial file stays until it is removed.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::PathBuf,
};

use sha2::{Digest as _, Sha256};

use crate::{BlobError, BlobStore, Digest, Staged, io_error, sync_folder};

/// A partial file that is being written by this request and by no other.
#[derive(Debug)]
pub struct PartialWriter {
    file: File,
    path: PathBuf,
    length: u64,
    limit: u64,
}

impl BlobStore {
    fn partial_path(&self, name: &str) -> PathBuf {
        debug_assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "a partial file's name is an identifier"
        );
        self.incoming().join(format!("partial-{name}"))
    }

    /// Begins a partial file, durably. `name` is an identifier of letters, digits and hyphens.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn begin_partial(&self, name: &str) -> Result<(), BlobError> {
        let path = self.partial_path(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(io_error("cannot make", &path))?;
        sync_folder(&self.incoming())
    }

    /// How many bytes of a partial file have arrived for good; none when there is no such file.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn partial_length(&self, name: &str) -> Result<Option<u64>, BlobError> {
        let path = self.partial_path(name);
        match File::open(&path) {
            Ok(file) => {
                // What is told to the sender as here must survive a power cut.
                file.sync_all()
                    .map_err(io_error("cannot make durable", &path))?;
                let metadata = file.metadata().map_err(io_error("cannot look at", &path))?;
                Ok(Some(metadata.len()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("cannot open", &path)(error)),
        }
    }

    /// Opens a partial file for the next piece; it may become `limit` bytes long.
    ///
    /// # Errors
    /// [`BlobError::Busy`] while another request writes to it.
    pub fn append_partial(&self, name: &str, limit: u64) -> Result<PartialWriter, BlobError> {
        let path = self.partial_path(name);
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(io_error("cannot open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BlobError::Busy),
            Err(TryLockError::Error(error)) => return Err(io_error("cannot lock", &path)(error)),
        }
        let length = file
            .metadata()
            .map_err(io_error("cannot look at", &path))?
            .len();
        Ok(PartialWriter {
            file,
            path,
            length,
            limit,
        })
    }

    /// Stages a partial file that is whole. The partial file stays.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn stage_partial(&self, name: &str) -> Result<Staged, BlobError> {
        let path = self.partial_path(name);
        let incoming = self.incoming();
        // A second name for the same bytes: keeping it moves that name, and nothing is copied.
        let mut file = tempfile::Builder::new()
            .make_in(&incoming, |link| {
                std::fs::hard_link(&path, link)?;
                File::open(link)
            })
            .map_err(io_error("cannot stage", &path))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut size = 0;
        loop {
            let read = file
                .as_file_mut()
                .read(&mut buffer)
                .map_err(io_error("cannot read", &path))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            size += read as u64;
        }
        Ok(Staged {
            store: self.clone(),
            file,
            digest: Digest(hasher.finalize().into()),
            size,
        })
    }

    /// Removes a partial file, if it is there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_partial(&self, name: &str) -> Result<(), BlobError> {
        let path = self.partial_path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("cannot remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}

impl PartialWriter {
    /// Bytes that are there.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] when the file would grow past its limit; then nothing is written.
    pub fn write(&mut self, part: &[u8]) -> Result<(), BlobError> {
        if self.length + part.len() as u64 > self.limit {
            return Err(BlobError::TooLarge { limit: self.limit });
        }
        self.file
            .write_all(part)
            .map_err(io_error("cannot write", &self.path))?;
        self.length += part.len() as u64;
        Ok(())
    }

    /// Makes what came durable and says how long the file is.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(self) -> Result<u64, BlobError> {
        self.file
            .sync_all()
            .map_err(io_error("cannot make durable", &self.path))?;
        Ok(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_arrives_in_pieces_and_is_staged_twice() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        assert_eq!(store.partial_length("a-1").unwrap(), None);
        store.begin_partial("a-1").unwrap();
        for piece in [b"one ".as_slice(), b"two"] {
            let mut writer = store.append_partial("a-1", 7).unwrap();
            assert!(matches!(
                store.append_partial("a-1", 7),
                Err(BlobError::Busy)
            ));
            writer.write(piece).unwrap();
            writer.finish().unwrap();
        }
        assert_eq!(store.partial_length("a-1").unwrap(), Some(7));
        let mut writer = store.append_partial("a-1", 7).unwrap();
        assert!(matches!(
            writer.write(b"!"),
            Err(BlobError::TooLarge { limit: 7 })
        ));
        drop(writer);
        let first = store.stage_partial("a-1").unwrap().keep().unwrap();
        assert_eq!(store.read(first).unwrap(), b"one two".as_slice());
        // An answer that was lost: the same again.
        assert_eq!(store.stage_partial("a-1").unwrap().keep().unwrap(), first);
        store.remove_partial("a-1").unwrap();
        store.remove_partial("a-1").unwrap();
        assert_eq!(store.read(first).unwrap(), b"one two".as_slice());
        assert_eq!(
            std::fs::read_dir(folder.path().join("incoming"))
                .unwrap()
                .count(),
            0
        );
    }
}
