//! What can go wrong with backups, each with its remedy.

use std::{io, path::PathBuf};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The address of a destination cannot be used.
    #[error("'{address}' is no destination for backups: {reason}")]
    BadDestination {
        /// As given, without secrets.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The destination does not take what is written.
    #[error(
        "cannot write to {place}: {reason}; make room or give rights there, or name another destination with --to"
    )]
    NotWritable {
        /// Where.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// The destination does not give what is read.
    #[error("cannot read {place}: {reason}")]
    NotReadable {
        /// Where.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// Something that a backup names is not there.
    #[error(
        "{name} is missing at the destination: this backup cannot be trusted; use another one (backup list)"
    )]
    Missing {
        /// Which object.
        name: String,
    },
    /// Something at the destination is not what was stored.
    #[error("{name} is damaged: {reason}")]
    Damaged {
        /// Which object.
        name: String,
        /// How that shows.
        reason: String,
    },
    /// Another process works at the destination.
    #[error("another backup, verification or prune is working at {place}; wait for its end")]
    Busy {
        /// Where.
        place: String,
    },
    /// No backup has this id.
    #[error("there is no backup {id} at {place}; {there}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// Where.
        place: String,
        /// What is there instead.
        there: String,
    },
    /// There is no key.
    #[error(
        "the backup key {path} is missing: put the copy that you kept there, or name its place with --key-file (PORTAL_BACKUP_KEY_FILE)",
        path = path.display()
    )]
    NoKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file cannot be used.
    #[error("the backup key {path} cannot be used: {reason}", path = path.display())]
    BadKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key is that of another portal.
    #[error(
        "the backup was encrypted with key {wanted}, and {path} holds key {found}: name the right file with --key-file (PORTAL_BACKUP_KEY_FILE)",
        path = path.display()
    )]
    WrongKey {
        /// The fingerprint that the backup names.
        wanted: String,
        /// That of the key at hand.
        found: String,
        /// Where it came from.
        path: PathBuf,
    },
    /// The backup comes from a newer portal.
    #[error(
        "the backup {id} was made by a newer portal ({what}): install that version, then restore"
    )]
    TooNew {
        /// Which backup.
        id: String,
        /// In what it is newer.
        what: String,
    },
    /// A point in time that cannot be restored.
    #[error("{at} cannot be restored from the backup {id}: {reason}")]
    NotThen {
        /// Which moment.
        at: chrono::DateTime<chrono::Utc>,
        /// Which backup.
        id: String,
        /// Why.
        reason: String,
    },
    /// The place to restore into is in use.
    #[error(
        "{place} is not empty: name an empty one, or say --overwrite, which moves what is there aside"
    )]
    NotEmpty {
        /// Which folder or database.
        place: String,
    },
    /// What was restored differs from the backup.
    #[error("the restored portal differs from the backup: {}", faults.join("; "))]
    Differs {
        /// In what.
        faults: Vec<String>,
    },
    /// A restore was cut off.
    #[error("a restore into {path} was cut off: run the same restore again; it goes on from there", path = path.display())]
    RestoreUnfinished {
        /// The data folder.
        path: PathBuf,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: String,
        /// Its last lines, without those that quote rows.
        said: String,
    },
    /// A local file or folder failed.
    #[error("{what} {path}: {source}", path = path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// The private cluster failed.
    #[error(transparent)]
    Cluster(#[from] pg_embed::PgEmbedError),
    /// The blob folder failed.
    #[error(transparent)]
    Blobs(#[from] blobs::BlobError),
    /// The portal's own keys cannot be read or written.
    #[error(transparent)]
    Keys(#[from] keys::KeyError),
    /// A task of this program ended early.
    #[error("the work was cut off: {0}")]
    CutOff(String),
}

impl BackupError {
    /// Adds what was being done to which file.
    pub(crate) fn io(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

impl From<tokio::task::JoinError> for BackupError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::CutOff(error.to_string())
    }
}
