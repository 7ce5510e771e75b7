//! What a seal says, and how it is signed.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use db::audit_seals::{ArchiveRow, SealRow};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ENTRY_BYTES, PublicKeys, SigningKey,
    entry::{self, Entry},
    merkle::Hash,
};

fn micros(at: DateTime<Utc>) -> [u8; 8] {
    at.timestamp_micros().to_be_bytes()
}

/// A seal, as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Its number, from 1.
    pub number: i64,
    /// SHA-256 of the seal before, in hexadecimal; zeros for the first.
    #[serde(with = "hex_bytes")]
    pub previous: Vec<u8>,
    /// When the look at the trail began that it came of.
    pub sealed_at: DateTime<Utc>,
    /// What was written before this moment is sealed.
    pub settled_until: DateTime<Utc>,
    /// Its rows' entries, in base64.
    #[serde(with = "base64_bytes")]
    pub entries: Vec<u8>,
    /// The root of their tree, in hexadecimal.
    #[serde(with = "hex_bytes")]
    pub root: Vec<u8>,
    /// The key that signed it, in hexadecimal.
    #[serde(with = "hex_bytes")]
    pub key: Vec<u8>,
    /// The Ed25519 signature, in base64.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod base64_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::{BASE64_STANDARD, Engine};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        BASE64_STANDARD
            .decode(String::deserialize(from)?)
            .map_err(D::Error::custom)
    }
}

impl From<SealRow> for Seal {
    fn from(row: SealRow) -> Self {
        Self {
            number: row.number,
            previous: row.previous,
            sealed_at: row.sealed_at,
            settled_until: row.settled_until,
            entries: row.entries,
            root: row.root,
            key: row.key_id,
            signature: row.signature,
        }
    }
}

impl Seal {
    /// A seal over these entries, which stand in order and are at least one.
    pub(crate) fn new(
        key: &SigningKey,
        before: Option<&Self>,
        (sealed_at, settled_until): (DateTime<Utc>, DateTime<Utc>),
        entries: &[Entry],
    ) -> Self {
        let entries: Vec<u8> = entries.iter().flat_map(|entry| entry.to_bytes()).collect();
        let mut seal = Self {
            number: before.map_or(1, |before| before.number + 1),
            previous: before.map_or_else(|| vec![0; 32], |before| before.hash().to_vec()),
            sealed_at,
            settled_until,
            root: entry::root(&entries).to_vec(),
            entries,
            key: key.id().to_vec(),
            signature: Vec::new(),
        };
        seal.signature = key.sign(&seal.statement()).to_vec();
        seal
    }

    /// What is signed: words that say what it is, number, seal before, times in microseconds since 1970, number of
    /// rows, root, key; numbers as eight bytes, big endian.
    fn statement(&self) -> Vec<u8> {
        let rows = (self.entries.len() / ENTRY_BYTES) as u64;
        [
            b"medical-portal audit seal 1\n".as_slice(),
            &self.number.to_be_bytes(),
            &self.previous,
            &micros(self.sealed_at),
            &micros(self.settled_until),
            &rows.to_be_bytes(),
            &self.root,
            &self.key,
        ]
        .concat()
    }

    /// What the next seal names: SHA-256 of the statement and the signature.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Sha256::new()
            .chain_update(self.statement())
            .chain_update(&self.signature)
            .finalize()
            .into()
    }

    /// Its entries, when it is signed by one of these keys and they are what was signed; else what is wrong.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn prove(&self, keys: &PublicKeys) -> Result<Vec<Entry>, String> {
        let key = hex::encode(&self.key);
        if !keys.knows(&self.key) {
            return Err(format!(
                "it is signed by key {key}, which is not among the trusted ones"
            ));
        }
        if !keys.verify(&self.key, &self.statement(), &self.signature) {
            return Err(format!(
                "its signature by key {key} is not right: it was altered"
            ));
        }
        if entry::root(&self.entries)[..] != self.root[..] {
            return Err("its list of rows is not the one that was signed".to_owned());
        }
        let entries = entry::entries(&self.entries)
            .ok_or_else(|| "its list of rows cannot be read".to_owned())?;
        if entries.is_empty() || !entries.is_sorted_by(|one, next| one.place() < next.place()) {
            return Err("its list of rows is not in order".to_owned());
        }
        Ok(entries)
    }

    pub(crate) fn to_row(&self, next_transaction: Option<i64>, entries: &[Entry]) -> SealRow {
        let at = |entry: Option<&Entry>| entry.map_or(self.sealed_at, |entry| entry.created_at);
        SealRow {
            number: self.number,
            previous: self.previous.clone(),
            sealed_at: self.sealed_at,
            settled_until: self.settled_until,
            next_transaction,
            first_at: at(entries.first()),
            last_at: at(entries.last()),
            entries: self.entries.clone(),
            root: self.root.clone(),
            key_id: self.key.clone(),
            signature: self.signature.clone(),
        }
    }
}

/// A month that was moved into a file, signed: its rows are missing by right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Its table's name.
    pub partition: String,
    /// Its first moment.
    pub from_at: DateTime<Utc>,
    /// The moment after its last.
    pub until_at: DateTime<Utc>,
    /// How many rows it had.
    pub rows: i64,
    /// The last value of the file's chain, in hexadecimal.
    #[serde(with = "hex_bytes")]
    pub chain: Vec<u8>,
    /// The key that signed it, in hexadecimal.
    #[serde(with = "hex_bytes")]
    pub key: Vec<u8>,
    /// The Ed25519 signature, in base64.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

impl From<ArchiveRow> for Archive {
    fn from(row: ArchiveRow) -> Self {
        Self {
            partition: row.partition,
            from_at: row.from_at,
            until_at: row.until_at,
            rows: row.row_count,
            chain: row.chain,
            key: row.key_id,
            signature: row.signature,
        }
    }
}

impl Archive {
    /// Signs that a month was moved into a file whose chain ends so.
    #[must_use]
    pub fn sign(key: &SigningKey, mut unsigned: Self) -> Self {
        unsigned.key = key.id().to_vec();
        unsigned.signature = key.sign(&unsigned.statement()).to_vec();
        unsigned
    }

    fn statement(&self) -> Vec<u8> {
        [
            b"medical-portal audit archive 1\n".as_slice(),
            self.partition.as_bytes(),
            b"\n",
            &micros(self.from_at),
            &micros(self.until_at),
            &self.rows.to_be_bytes(),
            &self.chain,
            &self.key,
        ]
        .concat()
    }

    /// Whether it speaks of this month with these rows.
    #[must_use]
    pub fn is_of(&self, partition: &str, rows: u64, chain: &[u8; 32]) -> bool {
        self.partition == partition && u64::try_from(self.rows) == Ok(rows) && self.chain == chain
    }

    /// As a row of the database.
    #[must_use]
    pub fn into_row(self) -> ArchiveRow {
        ArchiveRow {
            partition: self.partition,
            from_at: self.from_at,
            until_at: self.until_at,
            row_count: self.rows,
            chain: self.chain,
            key_id: self.key,
            signature: self.signature,
        }
    }

    /// Whether one of these keys signed it.
    #[must_use]
    pub fn is_signed(&self, keys: &PublicKeys) -> bool {
        keys.verify(&self.key, &self.statement(), &self.signature)
    }

    pub(crate) fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from_at <= at && at < self.until_at
    }
}
