use std::path::PathBuf;

use crate::KeyId;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file is not there.
    #[error(
        "the key file {path} is missing: put your copy there, or restore a backup, which holds it; without it stored images and secrets cannot be read",
        path = path.display()
    )]
    NoFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file cannot be used.
    #[error("the key file {path} cannot be used: {reason}", path = path.display())]
    BadFile {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file system answered with an error.
    #[error("cannot write the key file {path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What is to be read was made with a key that is not in the file.
    #[error("key {id} is not in {path}: bring back the key file that was in use when this was written", path = path.display())]
    UnknownKey {
        /// The key that is needed.
        id: KeyId,
        /// The file that does not hold it.
        path: PathBuf,
    },
    /// The envelope was altered, or belongs to something else.
    #[error("the envelope of the data key was altered or belongs to something else")]
    Envelope,
    /// A sealed secret was altered, belongs to something else, or was made with another key.
    #[error(
        "the secret '{purpose}' cannot be read: it was altered, belongs to something else, or was made with a key that is not in the key file"
    )]
    Secret {
        /// What the secret is for.
        purpose: String,
    },
    /// The system has no randomness to give.
    #[error("the system gives no randomness")]
    NoRandomness,
}
