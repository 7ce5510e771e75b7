//! Everything about one patient in one ZIP file: `index.html` to read, `data.json` for programs, the films as stored.
//! Written as it is sent: a page of rows and a piece of a film are in memory, and nothing lies on disk.

mod data;
mod labels;
mod page;

use std::io::{self, Read, Write};

use blobs::{BlobError, BlobStore, Digest};
use chrono::{DateTime, Utc};
use db::{
    Actor, Database, DbError,
    personal_data::{self, Eyes},
};
use domain::{ImageFormat, Language, Section, UserId};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Rows that are read at once.
const ROWS: i32 = 200;
/// Bytes of a film that are read at once.
const PIECE: usize = 64 << 10;
/// A film of so many bytes needs the long form of a ZIP entry.
const LARGE: i64 = 3 << 30;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Whoever takes it went away.
    #[error("cannot write the export: {0}")]
    Io(#[from] io::Error),
    /// The ZIP file could not be made.
    #[error("cannot make the ZIP file: {0}")]
    Zip(#[from] ZipError),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A film is not what was stored.
    #[error("a film is damaged: {0}")]
    Film(#[from] BlobError),
    /// A row does not say what it should.
    #[error("{0} is stored in a form that cannot be read")]
    Row(&'static str),
}

/// What an export held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Films.
    pub films: u64,
    /// Films whose file is not there any more; named in the ZIP.
    pub missing: u64,
}

/// Whose record is taken away, and by whom.
#[derive(Debug, Clone)]
pub struct RecordExport {
    /// The database.
    pub database: Database,
    /// The films.
    pub blobs: BlobStore,
    /// Who asks.
    pub actor: Actor,
    /// Whose record.
    pub patient_id: UserId,
    /// With whose eyes it is read.
    pub eyes: Eyes,
    /// In which language `index.html` is.
    pub language: Language,
    /// When.
    pub made_at: DateTime<Utc>,
}

impl RecordExport {
    /// Writes the ZIP file. Blocks; `runtime` is where the database is asked.
    ///
    /// # Errors
    /// When the database or a film cannot be read, or whoever takes the file went away. What was written is no ZIP file
    /// then, since its directory comes last.
    pub fn write(&self, runtime: &Handle, out: impl Write) -> Result<Exported, ExportError> {
        let mut zip = ZipWriter::new_stream(out);
        let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file("index.html", packed)?;
        page::write(self, runtime, &mut zip)?;
        zip.start_file("data.json", packed)?;
        data::write(self, runtime, &mut zip)?;
        let mut exported = Exported::default();
        self.each(runtime, Section::Images, |item| {
            if self.film(&mut zip, item)? {
                exported.films += 1;
            } else {
                exported.missing += 1;
            }
            Ok(())
        })?;
        zip.finish()?.flush()?;
        Ok(exported)
    }

    /// Calls for each thing of a section, oldest first.
    fn each(
        &self,
        runtime: &Handle,
        section: Section,
        mut with: impl FnMut(&Value) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut after = None;
        loop {
            let rows = runtime.block_on(async {
                let mut tx = self.database.begin(&self.actor).await?;
                personal_data::page(&mut tx, self.patient_id, section, self.eyes, after, ROWS).await
            })?;
            for row in &rows {
                let mut item = row.item.clone();
                if section == Section::Images {
                    item["file"] = Value::String(file_of(&item)?);
                }
                with(&item)?;
            }
            match rows.last() {
                Some(last) if rows.len() >= ROWS.unsigned_abs() as usize => {
                    after = Some((last.at, last.id));
                }
                _ => return Ok(()),
            }
        }
    }

    /// One film as it is stored. Says whether its file was there; where it was not, a note stands in its place.
    fn film<W: Write + io::Seek>(
        &self,
        zip: &mut ZipWriter<W>,
        item: &Value,
    ) -> Result<bool, ExportError> {
        let name = file_of(item)?;
        let digest: Option<Digest> = item["sha256"].as_str().and_then(|hex| hex.parse().ok());
        let reader = digest.map(|digest| (digest, self.blobs.reader(digest)));
        let (digest, mut reader) = match reader {
            Some((digest, Ok(reader))) => (digest, reader),
            Some((_, Err(error))) if !matches!(error, BlobError::NotFound(_)) => {
                return Err(error.into());
            }
            _ => {
                tracing::error!(
                    film = name,
                    "a film is not in the store: it is missing in an export"
                );
                zip.start_file(format!("{name}.missing.txt"), SimpleFileOptions::default())?;
                zip.write_all(b"This film is not in the store any more. Ask the hospital.\n")?;
                return Ok(false);
            }
        };
        let is_large = item["file_size"].as_i64().is_none_or(|size| size >= LARGE);
        // Films are packed already, or nearly so.
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(is_large);
        zip.start_file(name, stored)?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = reader.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
            zip.write_all(&piece[..read])?;
        }
        if Digest(hash.finalize().into()) != digest {
            return Err(BlobError::Damaged(digest).into());
        }
        Ok(true)
    }
}

/// What a film is called in the ZIP file.
fn file_of(item: &Value) -> Result<String, ExportError> {
    let text = |name| item[name].as_str().ok_or(ExportError::Row("an image"));
    let format: ImageFormat = text("image_format")?
        .parse()
        .map_err(|_| ExportError::Row("the format of an image"))?;
    Ok(format!(
        "films/{}/{}.{}",
        text("report_id")?,
        text("image_id")?,
        format.extension()
    ))
}

/// What is said beside every record: the portal decides nothing.
const fn disclaimer(language: Language) -> &'static str {
    match language {
        Language::En => {
            "What the program says is decision support, never a diagnosis. What counts is what the doctor signed."
        }
        Language::De => {
            "Was das Programm sagt, unterstützt Entscheidungen und ist nie eine Diagnose. Es gilt, was die Ärztin oder der Arzt unterschrieben hat."
        }
    }
}
