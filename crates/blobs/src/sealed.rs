//! The form of an encrypted blob: a head with the envelope of its own data key, then its bytes in chunks of
//! 64 KiB, each encrypted and authenticated by itself (AES-256-GCM). A chunk's nonce is its number and whether
//! it is the last one, so chunks that were moved, removed or added are noticed as altered ones are.
//!
//! The head has room for two envelopes. A change of keys writes the one that is not in use, so that a power cut
//! half-way leaves the other; the chunks stay as they are.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

use keys::{DataKey, ENVELOPE_BYTES, KeyError, KeyId, Keyring};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::Digest;

/// Plain bytes in a chunk; the last one may have fewer, also none.
pub(crate) const CHUNK: usize = 1 << 16;
/// What authentication adds to a chunk.
pub(crate) const TAG: usize = 16;
const MAGIC: [u8; 12] = *b"mp-sealed 1\n";
/// The head: twelve bytes that say what it is, and two envelopes.
pub(crate) const HEAD: usize = MAGIC.len() + 2 * ENVELOPE_BYTES;

/// What an envelope belongs to.
pub(crate) fn owner_of_blob(digest: Digest) -> Vec<u8> {
    [b"medical-portal blob ".as_slice(), &digest.0].concat()
}

pub(crate) fn owner_of_partial(name: &str) -> Vec<u8> {
    [b"medical-portal partial ".as_slice(), name.as_bytes()].concat()
}

pub(crate) fn cipher(data_key: &DataKey) -> LessSafeKey {
    LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, data_key.as_slice()).expect("AES-256 takes 32 bytes"),
    )
}

/// The plain length of an encrypted file of this length.
pub(crate) fn plain_length(stored: u64) -> u64 {
    let chunks = stored.saturating_sub(HEAD as u64);
    let whole = (CHUNK + TAG) as u64;
    chunks.saturating_sub(chunks.div_ceil(whole) * TAG as u64)
}

/// A head with one envelope.
pub(crate) fn head(
    keys: &Keyring,
    data_key: &DataKey,
    owner: &[u8],
) -> Result<[u8; HEAD], KeyError> {
    let mut head = [0; HEAD];
    head[..MAGIC.len()].copy_from_slice(&MAGIC);
    head[MAGIC.len()..][..ENVELOPE_BYTES].copy_from_slice(&keys.wrap(data_key, owner)?);
    Ok(head)
}

pub(crate) fn is_head(head: &[u8]) -> bool {
    head.len() == HEAD && head.starts_with(&MAGIC)
}

fn slot(head: &[u8; HEAD], number: usize) -> [u8; ENVELOPE_BYTES] {
    let mut envelope = [0; ENVELOPE_BYTES];
    envelope.copy_from_slice(&head[MAGIC.len() + number * ENVELOPE_BYTES..][..ENVELOPE_BYTES]);
    envelope
}

/// Opens whichever envelope opens. The error is the more telling one of the two.
pub(crate) fn data_key(
    keys: &Keyring,
    head: &[u8; HEAD],
    owner: &[u8],
) -> Result<DataKey, KeyError> {
    let mut telling = KeyError::Envelope;
    for number in 0..2 {
        let envelope = slot(head, number);
        if envelope == [0; ENVELOPE_BYTES] {
            continue;
        }
        match keys.unwrap(&envelope, owner) {
            Ok(data_key) => return Ok(data_key),
            Err(error @ KeyError::UnknownKey { .. }) => telling = error,
            Err(_) => {}
        }
    }
    Err(telling)
}

/// Puts the data key into an envelope of the current key, in the place that is not in use, durably. Says
/// whether there was anything to do.
pub(crate) fn rewrap(keys: &Keyring, file: &mut File, owner: &[u8]) -> Result<bool, SealedError> {
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    if !is_head(&head) {
        return Err(SealedError::Altered);
    }
    let current = keys.current_id()?;
    let is_current = |number| {
        slot(&head, number)[..8] == current.0 && keys.unwrap(&slot(&head, number), owner).is_ok()
    };
    if is_current(0) || is_current(1) {
        return Ok(false);
    }
    let data_key = data_key(keys, &head, owner)?;
    let in_use = usize::from(keys.unwrap(&slot(&head, 0), owner).is_err());
    let target = MAGIC.len() + (1 - in_use) * ENVELOPE_BYTES;
    file.seek(SeekFrom::Start(target as u64))?;
    file.write_all(&keys.wrap(&data_key, owner)?)?;
    file.sync_all()?;
    Ok(true)
}

/// The newest key that an envelope opens with.
pub(crate) fn key_in_use(
    keys: &Keyring,
    file: &mut File,
    owner: &[u8],
) -> Result<KeyId, SealedError> {
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    if !is_head(&head) {
        return Err(SealedError::Altered);
    }
    data_key(keys, &head, owner)?;
    let usable: Vec<KeyId> = (0..2)
        .map(|number| slot(&head, number))
        .filter(|envelope| keys.unwrap(envelope, owner).is_ok())
        .map(|envelope| keys::wrapped_with(&envelope))
        .collect();
    let newest_first = keys.list()?.into_iter().rev().map(|key| key.id);
    newest_first
        .into_iter()
        .find(|id| usable.contains(id))
        .ok_or(SealedError::Altered)
}

/// Decrypts a whole file where it is.
pub(crate) fn open(
    mut file: Vec<u8>,
    keys: &Keyring,
    owner: &[u8],
) -> Result<Vec<u8>, SealedError> {
    let head: [u8; HEAD] = *file.first_chunk().ok_or(SealedError::Altered)?;
    if !is_head(&head) {
        return Err(SealedError::Altered);
    }
    let cipher = cipher(&data_key(keys, &head, owner)?);
    let (mut from, mut to) = (HEAD, 0);
    for number in 0.. {
        let end = file.len().min(from + CHUNK + TAG);
        let is_last = end == file.len();
        let length = cipher
            .open_in_place(nonce(number, is_last), Aad::empty(), &mut file[from..end])
            .map_err(|_| SealedError::Altered)?
            .len();
        file.copy_within(from..from + length, to);
        (from, to) = (end, to + length);
        if is_last {
            break;
        }
    }
    file.truncate(to);
    Ok(file)
}

/// What can be wrong with an encrypted file.
#[derive(Debug)]
pub(crate) enum SealedError {
    Altered,
    Key(KeyError),
    Io(io::Error),
}

impl From<io::Error> for SealedError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Altered,
            _ => Self::Io(error),
        }
    }
}

impl From<KeyError> for SealedError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Envelope => Self::Altered,
            error => Self::Key(error),
        }
    }
}

fn nonce(number: u32, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    // Every file has a key of its own, and every chunk of it a number of its own.
    Nonce::assume_unique_for_key(nonce)
}

/// Encrypts what is written to it, chunk by chunk.
pub(crate) struct Sealer {
    cipher: LessSafeKey,
    buffer: Vec<u8>,
    number: u32,
}

impl std::fmt::Debug for Sealer {
    /// Without key and bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl Sealer {
    pub(crate) fn new(data_key: &DataKey) -> Self {
        Self {
            cipher: cipher(data_key),
            buffer: Vec::with_capacity(CHUNK + TAG),
            number: 0,
        }
    }

    pub(crate) fn write(&mut self, mut part: &[u8], into: &mut impl Write) -> io::Result<()> {
        while !part.is_empty() {
            // A full chunk waits until it is known that another byte follows: the last one says so.
            if self.buffer.len() == CHUNK {
                self.chunk(false, into)?;
            }
            let (now, later) = part.split_at(part.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            part = later;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, into: &mut impl Write) -> io::Result<()> {
        self.chunk(true, into)
    }

    fn chunk(&mut self, is_last: bool, into: &mut impl Write) -> io::Result<()> {
        self.cipher
            .seal_in_place_append_tag(nonce(self.number, is_last), Aad::empty(), &mut self.buffer)
            .map_err(|_| io::Error::other("a chunk cannot be encrypted"))?;
        self.number = self
            .number
            .checked_add(1)
            .ok_or_else(|| io::Error::other("the file has too many chunks"))?;
        into.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Decrypts a file chunk by chunk.
pub(crate) struct Opener<R> {
    source: R,
    cipher: LessSafeKey,
    buffer: Vec<u8>,
    /// The first byte of the next chunk.
    ahead: Option<u8>,
    /// How much of `buffer` has been given.
    given: usize,
    number: u32,
    is_done: bool,
}

impl<R: Read> Opener<R> {
    /// Reads the head and opens its envelope.
    pub(crate) fn new(mut source: R, keys: &Keyring, owner: &[u8]) -> Result<Self, SealedError> {
        let mut head = [0; HEAD];
        source.read_exact(&mut head)?;
        if !is_head(&head) {
            return Err(SealedError::Altered);
        }
        Ok(Self::after_head(source, &data_key(keys, &head, owner)?))
    }

    /// For a source whose head has been read.
    pub(crate) fn after_head(source: R, data_key: &DataKey) -> Self {
        Self {
            source,
            cipher: cipher(data_key),
            buffer: Vec::with_capacity(CHUNK + TAG + 1),
            ahead: None,
            given: 0,
            number: 0,
            is_done: false,
        }
    }

    /// The next chunk; empty at the end.
    pub(crate) fn chunk(&mut self) -> Result<&[u8], SealedError> {
        self.buffer.clear();
        self.given = 0;
        if self.is_done {
            return Ok(&[]);
        }
        // One byte more than the chunk, so that the last one is known as such.
        self.buffer.extend(self.ahead.take());
        let wanted = CHUNK + TAG + 1 - self.buffer.len();
        self.source
            .by_ref()
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        if self.buffer.len() > CHUNK + TAG {
            self.ahead = self.buffer.pop();
        }
        self.is_done = self.ahead.is_none();
        let length = self
            .cipher
            .open_in_place(
                nonce(self.number, self.is_done),
                Aad::empty(),
                &mut self.buffer,
            )
            .map_err(|_| SealedError::Altered)?
            .len();
        self.buffer.truncate(length);
        self.number = self.number.checked_add(1).ok_or(SealedError::Altered)?;
        Ok(&self.buffer)
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.buffer.len() {
            if self.is_done {
                return Ok(0);
            }
            self.chunk().map_err(|error| match error {
                SealedError::Io(error) => error,
                SealedError::Altered => {
                    io::Error::new(io::ErrorKind::InvalidData, "the bytes were altered")
                }
                SealedError::Key(error) => io::Error::other(error),
            })?;
        }
        let length = into.len().min(self.buffer.len() - self.given);
        into[..length].copy_from_slice(&self.buffer[self.given..][..length]);
        self.given += length;
        Ok(length)
    }
}
