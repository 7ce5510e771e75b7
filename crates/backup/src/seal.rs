//! Compressed and encrypted streams: plain bytes → zstd → age → destination, and back. Memory stays
//! bounded whatever the length.

use std::io::{self, BufReader, Read, Write};

use sha2::{Digest, Sha256};

use crate::{
    BackupError, Key, StoredObject,
    store::{Store, Upload},
};

/// Fast, and a third smaller on a database.
const LEVEL: i32 = 3;

/// Length and SHA-256 of plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
}

/// Counts and hashes what passes.
pub(crate) struct Measured<T> {
    inner: T,
    hasher: Sha256,
    bytes: u64,
}

impl<T> Measured<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    fn note(&mut self, part: &[u8]) {
        self.hasher.update(part);
        self.bytes += part.len() as u64;
    }

    pub(crate) fn finish(self) -> (T, Plain) {
        let plain = Plain {
            bytes: self.bytes,
            sha256: self.hasher.finalize().into(),
        };
        (self.inner, plain)
    }
}

impl<T: Read> Read for Measured<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.note(&buffer[..length]);
        Ok(length)
    }
}

impl<T: Write> Write for Measured<T> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(part)?;
        self.note(&part[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// An object that is being written, compressed and encrypted. Dropped, it leaves nothing.
pub(crate) struct Sealing<'a> {
    writer: zstd::Encoder<'a, age::stream::StreamWriter<Measured<Box<dyn Upload>>>>,
    name: String,
    place: String,
}

impl<'a> Sealing<'a> {
    pub(crate) fn begin(store: &dyn Store, name: &str, key: &Key) -> Result<Self, BackupError> {
        let place = format!("{}/{name}", store.place());
        let upload = Measured::new(store.write(name)?);
        let recipient = key.identity().to_public();
        let encryptor =
            age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
                .expect("there is one recipient");
        let begin =
            || -> io::Result<_> { zstd::Encoder::new(encryptor.wrap_output(upload)?, LEVEL) };
        let writer = begin().map_err(|error| not_writable(&place, &error))?;
        Ok(Self {
            writer,
            name: name.to_owned(),
            place,
        })
    }

    /// Takes everything that a source gives.
    pub(crate) fn copy(&mut self, source: &mut dyn Read) -> Result<Plain, BackupError> {
        let mut source = Measured::new(source);
        let mut buffer = vec![0; 256 << 10];
        loop {
            let length = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(BackupError::NotReadable {
                        place: format!("what goes into {}", self.name),
                        reason: error.to_string(),
                    });
                }
            };
            self.writer
                .write_all(&buffer[..length])
                .map_err(|error| not_writable(&self.place, &error))?;
        }
        Ok(source.finish().1)
    }

    /// Makes it durable under its name.
    pub(crate) fn finish(self) -> Result<StoredObject, BackupError> {
        let place = self.place;
        let upload = self
            .writer
            .finish()
            .and_then(age::stream::StreamWriter::finish)
            .map_err(|error| not_writable(&place, &error))?;
        let (upload, stored) = upload.finish();
        upload.finish()?;
        Ok(StoredObject {
            name: self.name,
            bytes: stored.bytes,
            sha256: hex::encode(stored.sha256),
        })
    }
}

fn not_writable(place: &str, error: &io::Error) -> BackupError {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    BackupError::NotWritable {
        place: place.to_owned(),
        reason,
    }
}

/// Writes an object from a source.
pub(crate) fn seal(
    store: &dyn Store,
    name: &str,
    key: &Key,
    source: &mut dyn Read,
) -> Result<(Plain, StoredObject), BackupError> {
    let mut sealing = Sealing::begin(store, name, key)?;
    let plain = sealing.copy(source)?;
    Ok((plain, sealing.finish()?))
}

/// The plain bytes of an object.
pub(crate) fn open(
    store: &dyn Store,
    name: &str,
    key: &Key,
) -> Result<Box<dyn Read + Send>, BackupError> {
    let reader = BufReader::with_capacity(128 << 10, store.read(name)?);
    let damaged = |reason: String| BackupError::Damaged {
        name: name.to_owned(),
        reason,
    };
    let decryptor =
        age::Decryptor::new_buffered(reader).map_err(|error| damaged(error.to_string()))?;
    let plain = decryptor
        .decrypt(std::iter::once(key.identity() as &dyn age::Identity))
        .map_err(|error| damaged(error.to_string()))?;
    let decoder = zstd::Decoder::new(plain).map_err(|error| damaged(error.to_string()))?;
    Ok(Box::new(decoder))
}

/// Copies an object's plain bytes to `into` and measures them. An error of the source is told as
/// damage of the object; one of `into` is passed on.
pub(crate) fn unseal(
    store: &dyn Store,
    name: &str,
    key: &Key,
    into: &mut dyn FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<Plain, BackupError> {
    let mut reader = Measured::new(open(store, name, key)?);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(reader.finish().1),
            Ok(length) => into(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(BackupError::Damaged {
                    name: name.to_owned(),
                    reason: error.to_string(),
                });
            }
        }
    }
}

/// Holds an object as it is stored against what the manifest says of it.
pub(crate) fn check_stored(store: &dyn Store, object: &StoredObject) -> Result<(), BackupError> {
    let mut reader = Measured::new(store.read(&object.name)?);
    io::copy(&mut reader, &mut io::sink()).map_err(|error| BackupError::NotReadable {
        place: object.name.clone(),
        reason: error.to_string(),
    })?;
    let (_, found) = reader.finish();
    if found.bytes != object.bytes {
        return Err(BackupError::Damaged {
            name: object.name.clone(),
            reason: format!("it has {} bytes instead of {}", found.bytes, object.bytes),
        });
    }
    if hex::encode(found.sha256) != object.sha256 {
        return Err(BackupError::Damaged {
            name: object.name.clone(),
            reason: "its bytes are no longer those that were stored (SHA-256)".to_owned(),
        });
    }
    Ok(())
}
