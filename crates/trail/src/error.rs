use std::path::PathBuf;

/// What can go wrong with seals, their keys and exports.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// A key file cannot be written.
    #[error(transparent)]
    Keys(#[from] keys::KeyError),
    /// The signing key is not there though there was one.
    #[error(
        "the key of the audit trail's seals {path} is missing: restore it from a backup, or make a new one with `medical-portal audit rotate-key`; what is sealed stays provable with the public keys",
        path = path.display()
    )]
    NoKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A key file cannot be used.
    #[error("{path} cannot be used: {reason}", path = path.display())]
    BadKey {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Where audit messages should go makes no sense.
    #[error("the collector of audit messages {address}: {reason}")]
    Collector {
        /// As it was given.
        address: String,
        /// Why.
        reason: String,
    },
    /// An export cannot be read.
    #[error("{path}: line {line} is none of an export: {reason}", path = path.display())]
    NotAnExport {
        /// Which.
        path: PathBuf,
        /// Where, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
