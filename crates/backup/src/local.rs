//! The portal's own files on their way into a backup: stored images, decrypted, and files of model packages.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use blobs::{BlobError, BlobStore, Digest};

use crate::{
    BackupError, Key,
    manifest::blob_object,
    seal::{Measured, Sealing},
    store::Store,
};

/// A file to be backed up.
pub(crate) struct Local {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    source: Source,
}

enum Source {
    Blob(BlobStore, Digest),
    File(PathBuf),
}

pub(crate) enum Outcome {
    There(u64),
    Sent(u64),
    Damaged,
}

/// Remembers that what was read is not what was stored.
struct Watched {
    inner: Box<dyn Read + Send>,
    is_altered: bool,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = self.inner.read(buffer);
        self.is_altered |=
            matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::InvalidData);
        outcome
    }
}

/// Sends a file under the name of its digest. A damaged one is not sent: the destination may hold it
/// sound from before.
pub(crate) fn send(store: &dyn Store, key: &Key, file: &Local) -> Result<Outcome, BackupError> {
    let inner: Box<dyn Read + Send> = match &file.source {
        Source::Blob(blobs, digest) => match blobs.reader(*digest) {
            Err(BlobError::Damaged(_)) => return Ok(Outcome::Damaged),
            reader => reader?,
        },
        Source::File(path) => {
            Box::new(File::open(path).map_err(BackupError::io("cannot read", path.as_path()))?)
        }
    };
    let mut source = Watched {
        inner,
        is_altered: false,
    };
    let mut sealing = Sealing::begin(store, &blob_object(&file.sha256), key)?;
    let plain = match sealing.copy(&mut source) {
        Err(_) if source.is_altered => return Ok(Outcome::Damaged),
        plain => plain?,
    };
    if hex::encode(plain.sha256) != file.sha256 {
        return Ok(Outcome::Damaged);
    }
    Ok(Outcome::Sent(sealing.finish()?.bytes))
}

pub(crate) fn local_blobs(blobs: &BlobStore) -> Result<Vec<Local>, BackupError> {
    Ok(blobs
        .list()?
        .into_iter()
        .map(|stored| Local {
            sha256: stored.digest.to_string(),
            bytes: stored.size,
            source: Source::Blob(blobs.clone(), stored.digest),
        })
        .collect())
}

/// The files below the folder of models, each with its path there.
pub(crate) fn local_models(folder: &Path) -> Result<Vec<(String, Local)>, BackupError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let entries = match fs::read_dir(&current) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(BackupError::io("cannot list", current.as_path()))?,
        };
        for entry in entries {
            let entry = entry.map_err(BackupError::io("cannot list", current.as_path()))?;
            let path = entry.path();
            // A name with a dot is a package that is just being copied in.
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder)
                && let Some(name) = name.to_str()
            {
                let mut reader = Measured::new(
                    File::open(&path).map_err(BackupError::io("cannot read", path.as_path()))?,
                );
                io::copy(&mut reader, &mut io::sink())
                    .map_err(BackupError::io("cannot read", path.as_path()))?;
                let (_, plain) = reader.finish();
                files.push((
                    name.to_owned(),
                    Local {
                        sha256: hex::encode(plain.sha256),
                        bytes: plain.bytes,
                        source: Source::File(path.clone()),
                    },
                ));
            }
        }
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(files)
}
