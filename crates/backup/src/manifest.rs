//! What a backup says of itself.

use chrono::{DateTime, Utc};
use db::snapshot::{AppliedMigration, RoleName, TableFigures};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{BackupError, Key};

/// The form of a backup; a higher number is refused.
pub(crate) const FORMAT: u32 = 1;

/// The name of a backup, such as `20261124T020000Z-3f9a2c`: sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId(String);

impl BackupId {
    /// The name of a backup that begins now; the end of `run` keeps two of one second apart.
    #[must_use]
    pub fn new(now: DateTime<Utc>, run: Uuid) -> Self {
        let run = run.simple().to_string();
        Self(format!(
            "{}-{}",
            now.format("%Y%m%dT%H%M%SZ"),
            &run[run.len() - 6..]
        ))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn object(&self, name: &str) -> String {
        format!("backups/{}/{name}", self.0)
    }
}

impl std::fmt::Display for BackupId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for BackupId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.0
    }
}

impl std::str::FromStr for BackupId {
    type Err = String;
    /// Takes only what [`BackupId::new`] makes, so that an id is never a path.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = |(index, byte): (usize, u8)| match index {
            0..=7 | 9..=14 => byte.is_ascii_digit(),
            8 => byte == b'T',
            15 => byte == b'Z',
            16 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        if text.len() == 23 && text.bytes().enumerate().all(form) {
            Ok(Self(text.to_owned()))
        } else {
            Err("an id looks like 20261124T020000Z-3f9a2c; `backup list` shows them".to_owned())
        }
    }
}

/// An object at the destination, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// Its name.
    pub name: String,
    /// Its size in bytes, compressed and encrypted.
    pub bytes: u64,
    /// SHA-256 of the stored bytes, in hexadecimal.
    pub sha256: String,
}

/// A file of the portal: a blob or a file of a model package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// SHA-256 of its bytes, in hexadecimal; names the object that holds it.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The size of the object that holds it.
    pub stored_bytes: u64,
    /// For a model file: its path below the folder of models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_path: Option<String>,
}

impl FileEntry {
    /// The object that holds it.
    pub(crate) fn object(&self) -> String {
        blob_object(&self.sha256)
    }
}

/// The object that holds the bytes of this digest.
pub(crate) fn blob_object(sha256: &str) -> String {
    format!("blobs/{}/{}/{sha256}.zst.age", &sha256[0..2], &sha256[2..4])
}

/// Every file of a backup. An object of its own, since it grows with the portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Stored images.
    pub blobs: Vec<FileEntry>,
    /// Files of model packages.
    pub models: Vec<FileEntry>,
}

/// What the portal was told from outside, by reference: values and secrets are not in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Where the settings are.
    pub settings: String,
    /// The data folder.
    pub data_dir: String,
    /// The folder of model packages; rows of `ai_models` name it.
    pub models: String,
    /// `private` or `external`.
    pub database_server: String,
}

/// A physical copy of the private cluster: with the write-ahead log since, any later moment can be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The copy, a tar archive.
    pub object: StoredObject,
    /// Tells the cluster from every other one; names the folder of its log.
    pub system: String,
    /// The first piece of the log that is needed.
    pub first_segment: String,
    /// From this moment on a point in time can be restored.
    pub usable_from: DateTime<Utc>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this backup.
    pub format: u32,
    /// Its name.
    pub id: BackupId,
    /// When it began: the database is as it was at about this moment.
    pub started_at: DateTime<Utc>,
    /// When it was complete.
    pub finished_at: DateTime<Utc>,
    /// The portal that made it.
    pub portal_version: String,
    /// The database server it was made from.
    pub postgresql_version: String,
    /// The migrations that had run.
    pub migrations: Vec<AppliedMigration>,
    /// Rows and digest of every table, in the same snapshot as the archive.
    pub tables: Vec<TableFigures>,
    /// Roles that the archive names.
    pub roles: Vec<RoleName>,
    /// The database.
    pub archive: StoredObject,
    /// The list of files.
    pub files: StoredObject,
    /// The portal's own keys; absent from backups of portals without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<StoredObject>,
    /// How many blobs.
    pub blobs: u64,
    /// Their size in bytes, plain.
    pub blob_bytes: u64,
    /// How many blobs this backup had to send; the others were there.
    pub blobs_sent: u64,
    /// Bytes this backup added to the destination.
    pub bytes_sent: u64,
    /// The physical copy, when the portal keeps the write-ahead log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// Fingerprint of the key that reads it.
    pub key: String,
    /// What the portal was told from outside.
    pub configuration: Configuration,
    /// What was wrong with the portal itself, such as a blob that a row names and that is not there.
    pub faults: Vec<String>,
}

/// The manifest as stored: what guards it stands beside it.
#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    /// SHA-256 of the manifest's text.
    sha256: String,
    /// HMAC-SHA-256 of the manifest's text under the backup key.
    authentication: String,
    #[serde(borrow)]
    manifest: &'a RawValue,
}

/// Just enough to tell a newer form.
#[derive(Deserialize)]
struct Form {
    format: u32,
    key: String,
}

impl Manifest {
    /// The number of the newest migration that had run.
    #[must_use]
    pub fn newest_migration(&self) -> i64 {
        self.migrations
            .last()
            .map_or(0, |migration| migration.version)
    }

    pub(crate) fn to_bytes(&self, key: &Key) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        let manifest: &RawValue = serde_json::from_str(&text).expect("it was just written");
        let envelope = Envelope {
            sha256: hex::encode(Sha256::digest(manifest.get().as_bytes())),
            authentication: key.authenticate(manifest.get().as_bytes()),
            manifest,
        };
        serde_json::to_vec(&envelope).expect("an envelope is plain data")
    }

    /// Reads a manifest, and with a key checks that its holder wrote it.
    pub(crate) fn from_bytes(
        id: &BackupId,
        bytes: &[u8],
        key: Option<&Key>,
    ) -> Result<Self, BackupError> {
        let damaged = |reason: String| BackupError::Damaged {
            name: id.object("manifest.json"),
            reason,
        };
        let envelope: Envelope =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let text = envelope.manifest.get();
        if hex::encode(Sha256::digest(text.as_bytes())) != envelope.sha256 {
            return Err(damaged(
                "its bytes are no longer those that were stored (SHA-256)".to_owned(),
            ));
        }
        let form: Form = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if form.format > FORMAT {
            return Err(BackupError::TooNew {
                id: id.to_string(),
                what: format!("format {}, this one reads {FORMAT}", form.format),
            });
        }
        if let Some(key) = key {
            if form.key != key.fingerprint() {
                return Err(BackupError::WrongKey {
                    wanted: form.key,
                    found: key.fingerprint(),
                    path: key.path().to_owned(),
                });
            }
            if key.authenticate(text.as_bytes()) != envelope.authentication {
                return Err(damaged(
                    "it was not written by a holder of the backup key".to_owned(),
                ));
            }
        }
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if manifest.id != *id {
            return Err(damaged(format!("it is the manifest of {}", manifest.id)));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn an_id_sorts_by_time_and_is_never_a_path() {
        let at = |second| Utc.with_ymd_and_hms(2026, 11, 24, 2, 0, second).unwrap();
        let one = BackupId::new(at(0), Uuid::from_u128(0xff_ffff));
        let next = BackupId::new(at(1), Uuid::from_u128(0));
        assert_eq!(one.as_str(), "20261124T020000Z-ffffff");
        assert!(one < next);
        assert_eq!(one.as_str().parse::<BackupId>().unwrap(), one);
        for bad in [
            "",
            "../../etc",
            "20261124T020000Z-../../",
            "20261124T020000Z-ffffff/",
        ] {
            assert!(bad.parse::<BackupId>().is_err(), "{bad}");
        }
    }
}
