//! Backups of a portal: its database, its images and its models, in a folder or an S3-compatible
//! store, compressed and encrypted.
//!
//! What lies at a destination:
//!
//! | name | what it is |
//! |---|---|
//! | `backups/ID/manifest.json` | what the backup holds; written last, so that without it there is no backup |
//! | `backups/ID/database.dump.zst.age` | `pg_dump`'s custom format, compressed, encrypted |
//! | `backups/ID/files.json.zst.age` | every blob and model file with size and SHA-256 |
//! | `blobs/ab/cd/SHA256.zst.age` | a blob; shared by all backups, sent once |
//! | `backups/ID/cluster.tar.zst.age` | `pg_basebackup`'s copy, where the write-ahead log is kept |
//! | `wal/SYSTEM/SEGMENT.zst.age` | the log of the cluster of that name, piece by piece |
//!
//! `age -d -i backup.key FILE | zstd -d` reads any of them without the portal.
//!
//! The calls of [`Store`] and everything that streams block; from async code use `spawn_blocking`.

mod catalogue;
mod create;
mod error;
mod folder;
mod key;
mod key_files;
mod local;
mod manifest;
mod parallel;
mod postgres;
mod prune;
mod restore;
mod s3;
mod s3_http;
mod scratch;
mod seal;
mod staging;
mod store;
mod verify;
mod wal;

pub use catalogue::{Found, find, list};
pub use create::{Source, create};
pub use error::BackupError;
pub use key::{Key, default_key_path};
pub use manifest::{BackupId, Base, FileEntry, Files, Manifest, StoredObject};
pub use postgres::Programs;
pub use prune::{Keep, Pruned, prune};
pub use restore::{Destination, Restored, Target, restore};
pub use staging::finish_interrupted;
pub use store::{Object, Store, Upload, open};
pub use verify::{Fault, Verification, verify};
pub use wal::{Shipped, ship};
