//! Files that arrive piece by piece, over more than one request. Each lies in `incoming/` under a name of
//! its own; how much of it can be read says how much has arrived. Once whole it can be staged like a file that
//! came in one piece, as often as need be: the partial file stays until it is removed.
//!
//! In a store with keys a partial file is a head and pieces, each its length, a nonce, and its bytes encrypted
//! together with where they belong. A piece that a crash cut off counts as not arrived.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use keys::Keyring;
use ring::{
    aead::{Aad, LessSafeKey, Nonce},
    rand::{SecureRandom, SystemRandom},
};
use sha2::{Digest as _, Sha256};

use crate::{
    BlobError, BlobStore, Digest, Staged,
    folders::sync_folder,
    io_error,
    sealed::{self, CHUNK, HEAD, SealedError, TAG},
};

/// What stands before each piece: its length and a nonce.
const PIECE_HEAD: usize = 4 + 12;

/// A partial file that is being written by this request and by no other.
pub struct PartialWriter {
    file: File,
    path: PathBuf,
    length: u64,
    limit: u64,
    sealing: Option<Pieces>,
}

/// Encrypts pieces as they come.
struct Pieces {
    cipher: LessSafeKey,
    buffer: Vec<u8>,
    /// Plain bytes that are in the file.
    written: u64,
}

impl std::fmt::Debug for PartialWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartialWriter")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
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
        let head = match &self.keys {
            Some(keys) => {
                let data_key = keys.new_data_key()?;
                sealed::head(keys, &data_key, &sealed::owner_of_partial(name))?.to_vec()
            }
            None => Vec::new(),
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(io_error("cannot make", &path))?;
        file.write_all(&head)
            .and_then(|()| file.sync_all())
            .map_err(io_error("cannot write", &path))?;
        sync_folder(&self.incoming())
    }

    /// How many bytes of a partial file have arrived for good; none when there is no such file.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn partial_length(&self, name: &str) -> Result<Option<u64>, BlobError> {
        let path = self.partial_path(name);
        match File::open(&path) {
            Ok(mut file) => {
                // What is told to the sender as here must survive a power cut.
                file.sync_all()
                    .map_err(io_error("cannot make durable", &path))?;
                Ok(Some(self.measure(name, &mut file, &path)?.plain))
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
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(io_error("cannot open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BlobError::Busy),
            Err(TryLockError::Error(error)) => return Err(io_error("cannot lock", &path)(error)),
        }
        let measured = self.measure(name, &mut file, &path)?;
        file.set_len(measured.stored)
            .map_err(io_error("cannot write", &path))?;
        Ok(PartialWriter {
            file,
            path,
            length: measured.plain,
            limit,
            sealing: measured.cipher.map(|cipher| Pieces {
                cipher,
                buffer: Vec::new(),
                written: measured.plain,
            }),
        })
    }

    /// Stages a partial file that is whole. The partial file stays.
    ///
    /// # Errors
    /// When the disk fails or the file was altered.
    pub fn stage_partial(&self, name: &str) -> Result<Staged, BlobError> {
        let path = self.partial_path(name);
        let mut file = File::open(&path).map_err(io_error("cannot open", &path))?;
        let measured = self.measure(name, &mut file, &path)?;
        let Some(cipher) = measured.cipher else {
            return if self.keys.is_some() {
                let mut staging = self.stage(u64::MAX)?;
                file.rewind().map_err(io_error("cannot read", &path))?;
                staging.copy(&mut file, &path)?;
                staging.finish()
            } else {
                self.stage_link(&path)
            };
        };
        file.seek(SeekFrom::Start(HEAD as u64))
            .map_err(io_error("cannot read", &path))?;
        let mut staging = self.stage(u64::MAX)?;
        let mut source = BufReader::with_capacity(1 << 17, file);
        let mut done = 0;
        while done < measured.plain {
            let piece =
                read_piece(&mut source, &cipher, done).map_err(|error| altered(&path, error))?;
            done += piece.len() as u64;
            staging.write(&piece)?;
        }
        staging.finish()
    }

    /// A second name for the same bytes: keeping it moves that name, and nothing is copied.
    fn stage_link(&self, path: &Path) -> Result<Staged, BlobError> {
        let mut file = tempfile::Builder::new()
            .make_in(self.incoming(), |link| {
                std::fs::hard_link(path, link)?;
                File::open(link)
            })
            .map_err(io_error("cannot stage", path))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut size = 0;
        loop {
            let read = file
                .as_file_mut()
                .read(&mut buffer)
                .map_err(io_error("cannot read", path))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            size += read as u64;
        }
        Ok(Staged {
            store: self.clone(),
            file,
            data_key: None,
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

    /// Walks over the pieces without reading them.
    fn measure(&self, name: &str, file: &mut File, path: &Path) -> Result<Measured, BlobError> {
        let error = || io_error("cannot read", path);
        let stored = file.metadata().map_err(error())?.len();
        let plain = Measured {
            plain: stored,
            stored,
            cipher: None,
        };
        let Some(keys) = &self.keys else {
            return Ok(plain);
        };
        let mut head = [0; HEAD];
        if stored < HEAD as u64 {
            return Ok(plain);
        }
        file.rewind().map_err(error())?;
        file.read_exact(&mut head).map_err(error())?;
        if !sealed::is_head(&head) {
            // Begun before there were keys.
            return Ok(plain);
        }
        let cipher = open(keys, &head, name).map_err(|error| altered(path, error))?;
        let mut measured = Measured {
            plain: 0,
            stored: HEAD as u64,
            cipher: Some(cipher),
        };
        let mut length = [0; 4];
        while measured.stored + PIECE_HEAD as u64 <= stored {
            file.seek(SeekFrom::Start(measured.stored))
                .map_err(error())?;
            file.read_exact(&mut length).map_err(error())?;
            let piece = u64::from(u32::from_be_bytes(length));
            let end = measured.stored + PIECE_HEAD as u64 + piece;
            if end > stored || piece < TAG as u64 {
                break;
            }
            measured.plain += piece - TAG as u64;
            measured.stored = end;
        }
        Ok(measured)
    }
}

/// How much of a partial file is whole.
struct Measured {
    plain: u64,
    stored: u64,
    cipher: Option<LessSafeKey>,
}

fn open(keys: &Keyring, head: &[u8; HEAD], name: &str) -> Result<LessSafeKey, SealedError> {
    let data_key = sealed::data_key(keys, head, &sealed::owner_of_partial(name))?;
    Ok(sealed::cipher(&data_key))
}

fn altered(path: &Path, error: SealedError) -> BlobError {
    match error {
        SealedError::Altered => BlobError::DamagedPartial {
            path: path.to_owned(),
        },
        SealedError::Key(error) => BlobError::Key(error),
        SealedError::Io(error) => io_error("cannot read", path)(error),
    }
}

fn read_piece(
    source: &mut impl Read,
    cipher: &LessSafeKey,
    offset: u64,
) -> Result<Vec<u8>, SealedError> {
    let mut head = [0; PIECE_HEAD];
    source.read_exact(&mut head)?;
    let (length, nonce) = head.split_at(4);
    let length = u32::from_be_bytes(length.try_into().map_err(|_| SealedError::Altered)?);
    if length as usize > CHUNK + TAG {
        return Err(SealedError::Altered);
    }
    let mut piece = vec![0; length as usize];
    source.read_exact(&mut piece)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealedError::Altered)?;
    let plain = cipher
        .open_in_place(nonce, Aad::from(offset.to_be_bytes()), &mut piece)
        .map_err(|_| SealedError::Altered)?
        .len();
    piece.truncate(plain);
    Ok(piece)
}

impl Pieces {
    fn write(&mut self, mut part: &[u8], file: &mut File) -> io::Result<()> {
        while !part.is_empty() {
            let (now, later) = part.split_at(part.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            part = later;
            if self.buffer.len() == CHUNK {
                self.flush(file)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, file: &mut File) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let plain = self.buffer.len() as u64;
        // At random, since a piece that a crash cut off may be written again with other bytes.
        let mut nonce = [0; 12];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| io::Error::other("the system gives no randomness"))?;
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.written.to_be_bytes()),
                &mut self.buffer,
            )
            .map_err(|_| io::Error::other("a piece cannot be encrypted"))?;
        let length = u32::try_from(self.buffer.len()).expect("a piece is small");
        let mut piece = Vec::with_capacity(PIECE_HEAD + self.buffer.len());
        piece.extend_from_slice(&length.to_be_bytes());
        piece.extend_from_slice(&nonce);
        piece.append(&mut self.buffer);
        file.write_all(&piece)?;
        self.written += plain;
        Ok(())
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
        match &mut self.sealing {
            Some(pieces) => pieces.write(part, &mut self.file),
            None => self.file.write_all(part),
        }
        .map_err(io_error("cannot write", &self.path))?;
        self.length += part.len() as u64;
        Ok(())
    }

    /// Makes what came durable and says how long the file is.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(mut self) -> Result<u64, BlobError> {
        self.flush()
            .and_then(|()| self.file.sync_all())
            .map_err(io_error("cannot make durable", &self.path))?;
        Ok(self.length)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sealing {
            Some(pieces) => pieces.flush(&mut self.file),
            None => Ok(()),
        }
    }
}

impl Drop for PartialWriter {
    /// What came before the connection was lost counts as arrived.
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            tracing::warn!(%error, "the last bytes of a partial file were lost; the sender will be asked for them");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keys;

    fn pieces_arrive(folder: &Path, store: &BlobStore) {
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
            std::fs::read_dir(folder.join("incoming")).unwrap().count(),
            0
        );
    }

    #[test]
    fn a_file_arrives_in_pieces_and_is_staged_twice() {
        let folder = tempfile::tempdir().unwrap();
        pieces_arrive(folder.path(), &BlobStore::open(folder.path()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open_encrypted(folder.path(), keys(folder.path())).unwrap();
        pieces_arrive(folder.path(), &store);
    }

    #[test]
    fn a_piece_that_was_cut_off_comes_again_and_an_altered_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open_encrypted(folder.path(), keys(folder.path())).unwrap();
        let path = store.partial_path("b");
        let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
        store.begin_partial("b").unwrap();
        let mut writer = store.append_partial("b", 200_000).unwrap();
        writer.write(&bytes[..100_000]).unwrap();
        // The connection is lost.
        drop(writer);
        assert_eq!(store.partial_length("b").unwrap(), Some(100_000));
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        assert_eq!(store.partial_length("b").unwrap(), Some(CHUNK as u64));
        let mut writer = store.append_partial("b", 200_000).unwrap();
        writer.write(&bytes[CHUNK..]).unwrap();
        writer.finish().unwrap();
        assert_eq!(store.stage_partial("b").unwrap().read().unwrap(), bytes);
        let mut stored = std::fs::read(&path).unwrap();
        stored[HEAD + PIECE_HEAD + 5] ^= 1;
        std::fs::write(&path, stored).unwrap();
        assert!(matches!(
            store.stage_partial("b"),
            Err(BlobError::DamagedPartial { .. })
        ));
    }
}
