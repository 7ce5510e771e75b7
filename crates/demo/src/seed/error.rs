//! Why an example portal could not be filled.

use std::fmt;

use crate::{FilmFileError, FilmModelError};

/// Why the demo could not go on. What was done before stays; filling again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The portal is somebody's.
    #[error(
        "this portal has accounts that the demo did not make: run the demo on a data directory of its own"
    )]
    NotEmpty,
    /// The password is too easy.
    #[error("the password for the demo accounts is refused: {0}")]
    WeakPassword(#[from] domain::password::WeakPassword),
    /// The password could not be hashed.
    #[error("cannot hash the password of the demo accounts: {0}")]
    Password(String),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] db::DbError),
    /// The film model is damaged.
    #[error(transparent)]
    FilmModel(#[from] FilmModelError),
    /// A film could not become a file.
    #[error(transparent)]
    FilmFile(#[from] FilmFileError),
    /// A picture could not be encoded.
    #[error(transparent)]
    Imaging(#[from] imaging::ImagingError),
    /// Drawing was interrupted.
    #[error("drawing a film was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The portal said no.
    #[error("{method} {path} was refused with {status}: {detail}")]
    Refused {
        /// The method.
        method: &'static str,
        /// The path.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The problem's detail.
        detail: String,
    },
    /// The portal said something else than its document says.
    #[error("the answer of {path} is not as documented: {reason}")]
    UnexpectedAnswer {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A film was not taken in.
    #[error("the film {file} was not taken: {detail}")]
    NotTaken {
        /// Its name.
        file: String,
        /// Why.
        detail: String,
    },
    /// The analyses took too long.
    #[error(
        "{waiting} of {all} films were not analysed after {seconds} s: see that a worker runs and what the job list says, \
         then fill the demo again"
    )]
    StillWaiting {
        /// Films without an outcome.
        waiting: usize,
        /// Films sent.
        all: usize,
        /// How long was waited.
        seconds: u64,
    },
}

impl DemoError {
    pub(super) fn unexpected(path: &str, reason: impl fmt::Display) -> Self {
        Self::UnexpectedAnswer {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
