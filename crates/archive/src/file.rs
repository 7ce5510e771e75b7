//! The file: `audit_logs_2020_01.jsonl.zst`.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use trail::{Archive, PublicKeys};

/// The first line's word, so that a file of something else is told apart.
const FORMAT: &str = "medical-portal audit archive 1";

/// What can go wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The disk answered with an error.
    #[error("{what} {path}: {source}", path = path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not an archive, or is cut off.
    #[error("{path} is not a whole archive: {reason}", path = path.display())]
    NotWhole {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A row is not what it was when it was archived.
    #[error("{path}: row {row} was altered, added, removed or moved", path = path.display())]
    Altered {
        /// Which file.
        path: PathBuf,
        /// The first row that does not fit, from 1.
        row: u64,
    },
    /// A file of that name is there and holds something else.
    #[error("{path} is there already and holds other rows: move it away, then archive again", path = path.display())]
    Taken {
        /// Which.
        path: PathBuf,
    },
    /// The signature is of no trusted key, or of something else.
    #[error("{path}: its signature is of no trusted key, or of another month", path = path.display())]
    BadSignature {
        /// Which file.
        path: PathBuf,
    },
    /// The signing key cannot be used.
    #[error(transparent)]
    Trail(#[from] trail::TrailError),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::DbError),
}

pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |source| ArchiveError::Io { what, path, source }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    partition: String,
}

/// One row with the chain's value after it.
#[derive(Debug, Serialize, Deserialize)]
struct Link {
    chain: String,
    row: serde_json::Value,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    rows: u64,
    chain: String,
    /// Absent in files from before there were signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<Archive>,
}

/// The chain's value after a row: SHA-256 of the value before and the row's text.
fn link(before: &[u8; 32], row: &serde_json::Value) -> [u8; 32] {
    Sha256::new()
        .chain_update(before)
        .chain_update(row.to_string())
        .finalize()
        .into()
}

/// An archive that proved itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The month's table, such as `audit_logs_2020_01`.
    pub partition: String,
    /// How many rows it holds.
    pub rows: u64,
    /// The chain's last value in hexadecimal: two archives with the same one hold the same rows.
    pub chain: String,
    /// Who signed it.
    pub signed: Signature,
}

/// Who signed an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// A trusted key.
    Trusted,
    /// Nobody: it is from before there were signatures, or somebody took it off.
    Absent,
}

/// Writes an archive beside its final place.
pub(crate) struct Writer {
    stream: zstd::Encoder<'static, NamedTempFile>,
    target: PathBuf,
    chain: [u8; 32],
    rows: u64,
}

impl Writer {
    pub(crate) fn new(folder: &Path, partition: &str) -> Result<Self, ArchiveError> {
        std::fs::create_dir_all(folder).map_err(io("cannot make", folder))?;
        let target = folder.join(format!("{partition}.jsonl.zst"));
        let file = NamedTempFile::new_in(folder).map_err(io("cannot write in", folder))?;
        let stream = zstd::Encoder::new(file, 9).map_err(io("cannot write", &target))?;
        let mut writer = Self {
            stream,
            target,
            chain: Sha256::digest(partition).into(),
            rows: 0,
        };
        writer.line(&Head {
            format: FORMAT.to_owned(),
            partition: partition.to_owned(),
        })?;
        Ok(writer)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), ArchiveError> {
        let mut text = serde_json::to_vec(line).expect("plain data is JSON");
        text.push(b'\n');
        self.stream
            .write_all(&text)
            .map_err(io("cannot write", &self.target))
    }

    pub(crate) fn row(&mut self, row: serde_json::Value) -> Result<(), ArchiveError> {
        self.chain = link(&self.chain, &row);
        self.rows += 1;
        let chain = hex::encode(self.chain);
        self.line(&Link { chain, row })
    }

    /// Makes it durable in its place and reads it back. The same rows archived before are fine.
    pub(crate) fn finish(
        mut self,
        sign: impl FnOnce(u64, &[u8; 32]) -> Archive,
        keys: &PublicKeys,
    ) -> Result<(PathBuf, Proved, Archive), ArchiveError> {
        let signed = sign(self.rows, &self.chain);
        let end = End {
            rows: self.rows,
            chain: hex::encode(self.chain),
            signed: Some(signed.clone()),
        };
        self.line(&end)?;
        let target = self.target;
        let file = self.stream.finish().map_err(io("cannot write", &target))?;
        file.as_file()
            .sync_all()
            .map_err(io("cannot make durable", &target))?;
        match file.persist_noclobber(&target) {
            Ok(_) => {}
            Err(_) if target.is_file() && verify(&target, keys)?.chain == end.chain => {}
            Err(_) if target.is_file() => return Err(ArchiveError::Taken { path: target }),
            Err(error) => return Err(io("cannot keep", &target)(error.error)),
        }
        let folder = target.parent().expect("the file lies in a folder");
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io("cannot make durable", folder))?;
        let proved = verify(&target, keys)?;
        Ok((target, proved, signed))
    }
}

/// Reads a whole archive, follows its chain, and holds its signature to these keys.
///
/// # Errors
/// When the file cannot be read, is cut off, or a row is not what it was; the first one is named.
pub fn verify(path: &Path, keys: &PublicKeys) -> Result<Proved, ArchiveError> {
    let not_whole = |reason: String| ArchiveError::NotWhole {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(io("cannot read", path))?;
    let stream = zstd::Decoder::new(file).map_err(io("cannot read", path))?;
    let mut lines = BufReader::new(stream).lines();
    let mut next = || -> Result<Option<String>, ArchiveError> {
        lines
            .next()
            .transpose()
            .map_err(|error| not_whole(error.to_string()))
    };
    let first = next()?.ok_or_else(|| not_whole("it is empty".to_owned()))?;
    let head: Head = serde_json::from_str(&first)
        .ok()
        .filter(|head: &Head| head.format == FORMAT)
        .ok_or_else(|| not_whole("it does not begin as one".to_owned()))?;
    let mut chain: [u8; 32] = Sha256::digest(&head.partition).into();
    let mut rows = 0;
    while let Some(line) = next()? {
        if let Ok(link_line) = serde_json::from_str::<Link>(&line) {
            rows += 1;
            chain = link(&chain, &link_line.row);
            if hex::encode(chain) != link_line.chain {
                return Err(ArchiveError::Altered {
                    path: path.to_owned(),
                    row: rows,
                });
            }
            continue;
        }
        let end: End = serde_json::from_str(&line).map_err(|_| ArchiveError::Altered {
            path: path.to_owned(),
            row: rows + 1,
        })?;
        if end.rows != rows || end.chain != hex::encode(chain) || next()?.is_some() {
            return Err(ArchiveError::Altered {
                path: path.to_owned(),
                row: rows,
            });
        }
        let signed = match &end.signed {
            None => Signature::Absent,
            Some(archive)
                if archive.is_of(&head.partition, rows, &chain) && archive.is_signed(keys) =>
            {
                Signature::Trusted
            }
            Some(_) => {
                return Err(ArchiveError::BadSignature {
                    path: path.to_owned(),
                });
            }
        };
        return Ok(Proved {
            partition: head.partition,
            rows,
            chain: end.chain,
            signed,
        });
    }
    Err(not_whole(format!("it ends after row {rows}")))
}
