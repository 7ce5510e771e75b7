//! A model package: a folder with `model.onnx`, `model.toml`, `golden.json` and `MODEL_CARD.md`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{Golden, GoldenError, Manifest, manifest::ManifestError};

/// Largest model file, in bytes.
pub const LARGEST_MODEL: u64 = 500_000_000;
/// Largest manifest or golden file, in bytes.
const LARGEST_TEXT: u64 = 4_000_000;

/// A package on disk, its texts read and checked. The model itself is not loaded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Its folder.
    pub directory: PathBuf,
    /// SHA-256 of `model.onnx`, hexadecimal.
    pub model_sha256: String,
    /// Its golden cases.
    pub golden: Golden,
}

/// A package that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file is missing or cannot be read.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is larger than allowed.
    #[error("{} has {found} bytes; at most {allowed} are allowed", .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The golden cases are wrong.
    #[error(transparent)]
    Golden(#[from] GoldenError),
    /// The model file is not the one that the package was opened with.
    #[error("{} has changed since the package was opened: its digest is {found}, not {expected}", .path.display())]
    Changed {
        /// The model file.
        path: PathBuf,
        /// Digest now.
        found: String,
        /// Digest then.
        expected: String,
    },
}

impl Package {
    /// Opens a package: reads its texts, checks them and takes the model's digest.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn open(directory: &Path) -> Result<Self, PackageError> {
        let manifest = Manifest::parse(&read_text(&directory.join("model.toml"))?)?;
        let golden = Golden::parse(
            &read_text(&directory.join("golden.json"))?,
            manifest.input.size,
        )?;
        let bytes = read_model(directory)?;
        Ok(Self {
            manifest,
            golden,
            directory: directory.to_owned(),
            model_sha256: hex::encode(Sha256::digest(bytes)),
        })
    }

    /// Path of the model file.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.directory.join("model.onnx")
    }

    /// The model card's text.
    ///
    /// # Errors
    /// [`PackageError`] when it is missing.
    pub fn card(&self) -> Result<String, PackageError> {
        read_text(&self.directory.join("MODEL_CARD.md"))
    }

    /// The bytes of the model file, checked against the digest.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn model_bytes(&self) -> Result<Vec<u8>, PackageError> {
        let bytes = read_model(&self.directory)?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found == self.model_sha256 {
            Ok(bytes)
        } else {
            Err(PackageError::Changed {
                path: self.model_path(),
                found,
                expected: self.model_sha256.clone(),
            })
        }
    }
}

/// Reads `model.onnx` within its limit.
pub(crate) fn read_model(directory: &Path) -> Result<Vec<u8>, PackageError> {
    read_limited(&directory.join("model.onnx"), LARGEST_MODEL)
}

/// Reads a text file of a package within its limit.
pub(crate) fn read_text(path: &Path) -> Result<String, PackageError> {
    let bytes = read_limited(path, LARGEST_TEXT)?;
    String::from_utf8(bytes).map_err(|error| PackageError::File {
        path: path.to_owned(),
        error: io::Error::new(io::ErrorKind::InvalidData, error),
    })
}

fn read_limited(path: &Path, allowed: u64) -> Result<Vec<u8>, PackageError> {
    let fault = |error| PackageError::File {
        path: path.to_owned(),
        error,
    };
    let about = fs::metadata(path).map_err(fault)?;
    if !about.is_file() {
        return Err(fault(io::Error::other("is not a file")));
    }
    if about.len() > allowed {
        return Err(PackageError::TooLarge {
            path: path.to_owned(),
            found: about.len(),
            allowed,
        });
    }
    fs::read(path).map_err(fault)
}
