//! The newest seal, noted outside of the database, so that a trail whose end was cut off is told from a whole one.

use std::{fs, io, path::Path};

use crate::{Seal, TrailError, merkle::Hash};

/// A seal by its number and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// Its number.
    pub number: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Newest {
    /// This seal.
    #[must_use]
    pub fn of(seal: &Seal) -> Self {
        Self {
            number: seal.number,
            hash: seal.hash(),
        }
    }

    /// Reads the note; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Option<Self>, TrailError> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|source| TrailError::Io {
                what: format!("cannot read {}", path.display()),
                source,
            })?,
        };
        let bad = || TrailError::BadKey {
            path: path.to_owned(),
            reason: "it is no note of a seal".to_owned(),
        };
        let (number, hash) = text.trim().split_once(' ').ok_or_else(bad)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).map_err(|_| bad())?;
        Ok(Some(Self {
            number: number.parse().map_err(|_| bad())?,
            hash: bytes,
        }))
    }

    /// Writes the note.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(self, path: &Path) -> Result<(), TrailError> {
        let text = format!("{} {}\n", self.number, hex::encode(self.hash));
        Ok(keys::write_private(path, text.as_bytes())?)
    }
}
