//! A row as it is sealed.
//!
//! What is hashed of a row is, after the words `medical-portal audit row 1` and a zero byte, each of these columns in
//! this order: `user_role`, `action`, `entity_type`, `entity_id`, `ip_address`, `user_agent`, `old_values`,
//! `new_values`, `status`, `error_message`; each as a zero byte where it is NULL, else a one, its length as four
//! bytes (big endian), and its text in UTF-8 as PostgreSQL 14 and later write the column with `::text`.
//!
//! The entry is 72 bytes: `log_id` (16), microseconds of `created_at` since 1970 (8, big endian), `user_id` (16, zeros
//! where it is NULL), the SHA-256 of the above (32). The user stands apart because deleting an account empties that
//! column. The entry, hashed as a leaf, is what the seal's tree is over.

use chrono::{DateTime, Utc};
use db::audit_seals::TrailRow;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::merkle::{self, Hash};

/// The length of an entry.
pub const ENTRY_BYTES: usize = 72;

/// A sealed row, by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which row.
    pub log_id: Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Who acted; nil for nobody.
    pub user_id: Uuid,
    /// SHA-256 of the other columns.
    pub digest: Hash,
}

impl Entry {
    /// The entry of a row.
    #[must_use]
    pub fn of(row: &TrailRow) -> Self {
        Self {
            log_id: row.log_id,
            created_at: row.created_at,
            user_id: row.user_id.unwrap_or(Uuid::nil()),
            digest: digest(row),
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..16].copy_from_slice(self.log_id.as_bytes());
        bytes[16..24].copy_from_slice(&self.created_at.timestamp_micros().to_be_bytes());
        bytes[24..40].copy_from_slice(self.user_id.as_bytes());
        bytes[40..].copy_from_slice(&self.digest);
        bytes
    }

    /// `None` when the time is none.
    fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Option<Self> {
        let part = |from: usize, length: usize| &bytes[from..from + length];
        let micros = i64::from_be_bytes(part(16, 8).try_into().ok()?);
        Some(Self {
            log_id: Uuid::from_slice(part(0, 16)).ok()?,
            created_at: DateTime::from_timestamp_micros(micros)?,
            user_id: Uuid::from_slice(part(24, 16)).ok()?,
            digest: part(40, 32).try_into().ok()?,
        })
    }

    /// Where it belongs among others.
    pub(crate) fn place(&self) -> (DateTime<Utc>, Uuid) {
        (self.created_at, self.log_id)
    }
}

/// The entries in stored bytes; `None` when they are none.
#[must_use]
pub fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    if !rest.is_empty() {
        return None;
    }
    chunks.iter().map(Entry::from_bytes).collect()
}

/// The root over stored entries.
#[must_use]
pub(crate) fn root(bytes: &[u8]) -> Hash {
    let leaves: Vec<Hash> = bytes.chunks(ENTRY_BYTES).map(merkle::leaf).collect();
    merkle::root(&leaves)
}

fn digest(row: &TrailRow) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"medical-portal audit row 1\0");
    let entity_id = row.entity_id.map(|id| id.to_string());
    for column in [
        row.user_role.as_deref(),
        Some(&row.action),
        Some(&row.entity_type),
        entity_id.as_deref(),
        row.ip_address.as_deref(),
        row.user_agent.as_deref(),
        row.old_values.as_deref(),
        row.new_values.as_deref(),
        Some(&row.status),
        row.error_message.as_deref(),
    ] {
        match column {
            None => hasher.update([0]),
            Some(text) => {
                let length = u32::try_from(text.len()).expect("PostgreSQL keeps at most 1 GB");
                hasher.update([1]);
                hasher.update(length.to_be_bytes());
                hasher.update(text);
            }
        }
    }
    hasher.finalize().into()
}

/// Only the identifiers in stored entries.
pub(crate) fn identifiers(bytes: &[u8]) -> impl Iterator<Item = Uuid> {
    bytes
        .as_chunks::<ENTRY_BYTES>()
        .0
        .iter()
        .filter_map(|chunk| Uuid::from_slice(&chunk[..16]).ok())
}
