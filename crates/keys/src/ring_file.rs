//! The key file: one key a line, the newest last. New things are made with the newest; older keys stay
//! until nothing needs them any more.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use ring::{
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::{Zeroize, Zeroizing};

use crate::KeyError;

const HEAD: &str = "# Keys of the portal's stored images and secrets. Without this file they cannot be read:\n\
                    # backups hold it; keep it from everybody else. A line: identifier, when made, secret.\n";

/// Names a key without revealing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for KeyId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id)
            .map_err(|_| format!("'{text}' is no key's identifier; `keys list` shows them"))?;
        Ok(Self(id))
    }
}

/// A key as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Whether new things are made with it.
    pub is_current: bool,
}

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    made_at: DateTime<Utc>,
    secret: Zeroizing<[u8; 32]>,
}

/// The two uses of a key; each gets a key of its own from it (HKDF, SHA-256).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Envelopes,
    Secrets,
}

impl Key {
    pub(crate) fn derive(&self, purpose: Use) -> Zeroizing<[u8; 32]> {
        let info: &[u8] = match purpose {
            Use::Envelopes => b"medical-portal envelopes 1",
            Use::Secrets => b"medical-portal secrets 1",
        };
        let mut derived = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(self.secret.as_slice())
            .expand(&[info], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(derived.as_mut_slice()))
            .expect("32 bytes are not too many");
        derived
    }

    fn line(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(BASE64_STANDARD.encode(self.secret.as_slice()));
        let made = self.made_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Zeroizing::new(format!("{} {made} {}\n", self.id, *secret))
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let id = words.next()?.parse().ok()?;
        let made_at = DateTime::parse_from_rfc3339(words.next()?).ok()?.to_utc();
        let mut decoded = BASE64_STANDARD.decode(words.next()?).ok()?;
        let secret = <[u8; 32]>::try_from(decoded.as_slice()).ok();
        decoded.zeroize();
        if words.next().is_some() {
            return None;
        }
        Some(Self {
            id,
            made_at,
            secret: Zeroizing::new(secret?),
        })
    }
}

/// Fills with randomness from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// When and as which file the keys were read, so that a change by another process is noticed.
type Stamp = (i64, i64, u64);

struct Held {
    keys: Vec<Key>,
    stamp: Stamp,
}

/// The keys of the key file. Clones share what was read; a file that another process changed is read again.
#[derive(Clone)]
pub struct Keyring {
    path: Arc<PathBuf>,
    held: Arc<RwLock<Held>>,
}

impl std::fmt::Debug for Keyring {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyError::NoFile`], or [`KeyError::BadFile`] when it holds no key or others may read it.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Ok(Self {
            path: Arc::new(path.to_owned()),
            held: Arc::new(RwLock::new(read(path)?)),
        })
    }

    /// Reads the key file, or makes one with a first key where there is none.
    ///
    /// # Errors
    /// As [`Keyring::load`], and when the file cannot be written.
    pub fn load_or_make(path: &Path, now: DateTime<Utc>) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::NoFile { .. }) => {}
            loaded => return loaded,
        }
        write(path, &[new_key(now)?], true)?;
        Self::load(path)
    }

    /// Writes the text of a key file (from a backup) to `path`. Keys that are in a file there stay, as newer
    /// ones.
    ///
    /// # Errors
    /// [`KeyError::BadFile`] when the text is none of a key file, or the file cannot be written.
    pub fn take_on(path: &Path, text: &str) -> Result<(), KeyError> {
        let mut keys = parse(path, text)?;
        match read(path) {
            Ok(held) => {
                for key in held.keys {
                    keys.retain(|older| older.id != key.id);
                    keys.push(key);
                }
            }
            Err(KeyError::NoFile { .. }) => {}
            Err(error) => return Err(error),
        }
        write(path, &keys, false)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys, oldest first.
    ///
    /// # Errors
    /// When the file has changed and cannot be read.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeyError> {
        let keys = self.keys()?;
        let last = keys.len() - 1;
        Ok(keys
            .iter()
            .enumerate()
            .map(|(index, key)| KeyInfo {
                id: key.id,
                made_at: key.made_at,
                is_current: index == last,
            })
            .collect())
    }

    /// Adds a key, which is the current one from now on.
    ///
    /// # Errors
    /// When the file cannot be read or written; then nothing has changed.
    pub fn rotate(&self, now: DateTime<Utc>) -> Result<KeyId, KeyError> {
        let mut keys = self.keys()?;
        let key = new_key(now)?;
        let id = key.id;
        keys.push(key);
        write(&self.path, &keys, false)?;
        self.reload()?;
        Ok(id)
    }

    /// Takes a key out of the file for good. The current key stays.
    ///
    /// # Errors
    /// [`KeyError::UnknownKey`], [`KeyError::BadFile`] for the current one, or when the file cannot be
    /// written.
    pub fn forget(&self, id: KeyId) -> Result<(), KeyError> {
        let mut keys = self.keys()?;
        let position = keys.iter().position(|key| key.id == id);
        let Some(position) = position else {
            return Err(self.unknown(id));
        };
        if position + 1 == keys.len() {
            return Err(KeyError::BadFile {
                path: self.path.to_path_buf(),
                reason: format!("{id} is the current key: rotate first"),
            });
        }
        keys.remove(position);
        write(&self.path, &keys, false)?;
        self.reload()
    }

    pub(crate) fn unknown(&self, id: KeyId) -> KeyError {
        KeyError::UnknownKey {
            id,
            path: self.path.to_path_buf(),
        }
    }

    pub(crate) fn current(&self) -> Result<Key, KeyError> {
        Ok(self
            .keys()?
            .pop()
            .expect("a key file without keys is refused"))
    }

    pub(crate) fn find(&self, id: KeyId) -> Result<Key, KeyError> {
        self.keys()?
            .into_iter()
            .find(|key| key.id == id)
            .ok_or_else(|| self.unknown(id))
    }

    /// All keys, read again when the file is another one. A file that went missing while the portal runs
    /// does not take the keys from it.
    pub(crate) fn keys(&self) -> Result<Vec<Key>, KeyError> {
        let changed = fs::metadata(self.path.as_path()).is_ok_and(|metadata| {
            stamp(&metadata)
                != self
                    .held
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .stamp
        });
        if changed {
            self.reload()?;
        }
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Ok(held.keys.clone())
    }

    fn reload(&self) -> Result<(), KeyError> {
        let read = read(&self.path)?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

fn new_key(now: DateTime<Utc>) -> Result<Key, KeyError> {
    Ok(Key {
        id: KeyId(random()?),
        made_at: now,
        secret: Zeroizing::new(random()?),
    })
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    (metadata.mtime(), metadata.mtime_nsec(), metadata.ino())
}

fn read(path: &Path) -> Result<Held, KeyError> {
    let bad = |reason: String| KeyError::BadFile {
        path: path.to_owned(),
        reason,
    };
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::NoFile {
                path: path.to_owned(),
            });
        }
        metadata => metadata.map_err(|error| bad(error.to_string()))?,
    };
    if metadata.mode() & 0o077 != 0 {
        return Err(bad(
            "others may read it: say chmod 600, and think about who has read it".to_owned(),
        ));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| bad(error.to_string()))?);
    Ok(Held {
        keys: parse(path, &text)?,
        stamp: stamp(&metadata),
    })
}

fn parse(path: &Path, text: &str) -> Result<Vec<Key>, KeyError> {
    let bad = |reason: String| KeyError::BadFile {
        path: path.to_owned(),
        reason,
    };
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        keys.push(Key::parse(line).ok_or_else(|| bad(format!("line {} is no key", index + 1)))?);
    }
    if keys.is_empty() {
        return Err(bad("it holds no key".to_owned()));
    }
    Ok(keys)
}

fn write(path: &Path, keys: &[Key], is_first: bool) -> Result<(), KeyError> {
    let mut text = Zeroizing::new(HEAD.to_owned());
    for key in keys {
        text.push_str(&key.line());
    }
    write_file(path, text.as_bytes(), is_first)
}

/// Writes a file of the owner's alone, durably and in one piece.
///
/// # Errors
/// When the file system does not take it.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    write_file(path, bytes, false)
}

fn write_file(path: &Path, bytes: &[u8], is_first: bool) -> Result<(), KeyError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        if is_first {
            match file.persist_noclobber(path) {
                // Two first starts at once: the other one's key counts.
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
                kept => drop(kept?),
            }
        } else {
            file.persist(path)?;
        }
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| KeyError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone_and_is_shared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/storage.key");
        assert!(matches!(Keyring::load(&path), Err(KeyError::NoFile { .. })));
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let first = Keyring::load_or_make(&path, now).unwrap();
        let second = Keyring::load_or_make(&path, now).unwrap();
        assert_eq!(first.list().unwrap(), second.list().unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        let secret = text.lines().last().unwrap().split(' ').nth(2).unwrap();
        assert!(!format!("{first:?}").contains(secret));
        // What one process does, the other sees.
        let new = second.rotate(now).unwrap();
        assert_eq!(first.list().unwrap()[1].id, new);
        let old = first.list().unwrap()[0].id;
        assert!(matches!(first.forget(new), Err(KeyError::BadFile { .. })));
        first.forget(old).unwrap();
        assert_eq!(second.list().unwrap().len(), 1);
        assert!(matches!(second.find(old), Err(KeyError::UnknownKey { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Keyring::load(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
