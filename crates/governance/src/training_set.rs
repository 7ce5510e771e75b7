//! Signed cases without identities, for training: 8-bit pictures in display orientation, a list, a note.
//!
//! What leaves: the pixels, the doctor's risk, what the AI said, age in completed years (90 and over as
//! 90), sex, view. What does not: names, numbers, dates, UIDs, device, institution; the file is made
//! anew from pixels, so no header of the original is in it. Patients are told apart by a code that is
//! made with a key nobody keeps: the same within one export, unrelated between two. Pictures whose
//! header says that text is burned in, or that come as photographs with several colours, stay behind.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use blobs::{BlobStore, Digest};
use chrono::{DateTime, Utc};
use db::{
    Actor, Database, DbError,
    audit::Act,
    case_scores::{self, LabelledImage},
};
use decoding::{Decoders, Lane};
use domain::{
    audit::{AuditAction, EntityType},
    consent::ConsentPolicy,
    settings,
};
use hmac::{Hmac, KeyInit, Mac};
use imaging::Limits;
use rand::{TryRng, rngs::SysRng};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Longest time that decoding one film may take.
/// Ages from here on are one age (as in 45 CFR 164.514(b)(2)(i)(C)).
const OLDEST_TOLD: i32 = 90;

/// Where the files of an export go.
pub trait Sink: Send {
    /// Writes one file.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Ends the export.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A folder that is new or empty.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Takes a folder, made when it is not there.
    ///
    /// # Errors
    /// When there is something in it, or it cannot be made.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(path.join("images"))?;
        if std::fs::read_dir(&path)?.count() > 1
            || std::fs::read_dir(path.join("images"))?.next().is_some()
        {
            return Err(io::Error::other("the folder is not empty: name a new one"));
        }
        Ok(Self(path))
    }
}

impl Sink for Folder {
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        std::fs::write(self.0.join(name), bytes)
    }
}

/// A tar file, written as it comes.
pub struct Tar<W: Write + Send>(tar::Builder<W>);

impl<W: Write + Send> std::fmt::Debug for Tar<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tar")
    }
}

impl<W: Write + Send> Tar<W> {
    /// Writes into this.
    pub fn new(out: W) -> Self {
        Self(tar::Builder::new(out))
    }
}

impl<W: Write + Send> Sink for Tar<W> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // No true time, owner or group: they would tell something.
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        self.0.append_data(&mut header, name, bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.finish()
    }
}

/// What an export held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Exported {
    /// Pictures written.
    pub images: u64,
    /// Patients they are of.
    pub patients: u64,
    /// Left behind: text is burned in, so the header says.
    pub burned_in: u64,
    /// Left behind: cannot be decoded, has several frames, or its file is gone.
    pub unreadable: u64,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing was signed in that time, or of nobody who consented.
    #[error(
        "no case was signed in that time of a patient who consented to training (setting privacy.consents): there is nothing to export"
    )]
    Nothing,
    /// No reason, or one that is too long.
    #[error("give a reason of 1 to 2000 characters: it goes into the audit trail")]
    Reason,
    /// A file could not be written.
    #[error("cannot write the export: {0}")]
    Io(#[from] io::Error),
    /// The list could not be written.
    #[error("cannot write the list: {0}")]
    List(#[from] csv::Error),
    /// There is no randomness for the key.
    #[error("the system gives no randomness for the key of the codes")]
    Randomness,
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An export that is noted in the audit trail and ready to be written.
pub struct Export {
    cases: Vec<LabelledImage>,
    blobs: BlobStore,
    decoders: Decoders,
    key: [u8; 32],
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export")
            .field("images", &self.cases.len())
            .finish_non_exhaustive()
    }
}

/// A row of the list.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    label: &'a str,
    risk: &'a str,
    ai_risk: &'a str,
    patient: &'a str,
    split: &'a str,
    age: Option<i32>,
    gender: &'a str,
    view: &'a str,
    sha256: &'a str,
}

/// Reads the cases signed within a time and notes the export as the acting person's.
///
/// # Errors
/// When nothing was signed, the reason is missing, or the database does not answer.
pub async fn prepare(
    database: &Database,
    actor: &Actor,
    blobs: &BlobStore,
    decoders: &Decoders,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<Export, ExportError> {
    let reason = reason.trim();
    if !(1..=2000).contains(&reason.chars().count()) {
        return Err(ExportError::Reason);
    }
    // Clinical rows are not tech's to read; what comes out has no identities.
    let mut tx = database.begin(&Actor::worker()).await?;
    let policy: ConsentPolicy = db::settings::get(&mut tx, settings::PRIVACY_CONSENTS).await?;
    let needs_consent = policy.training_needs_consent;
    let cases = case_scores::labelled(&mut tx, from, until, needs_consent).await?;
    drop(tx);
    if cases.is_empty() {
        return Err(ExportError::Nothing);
    }
    let mut tx = database.begin(actor).await?;
    let act = Act::new(AuditAction::ExportTrainingSet, EntityType::Model).new_values(
        json!({ "from": from, "until": until, "images": cases.len(), "reason": reason }),
    );
    tx.audit(act).await?;
    tx.commit().await?;
    let mut key = [0; 32];
    SysRng
        .try_fill_bytes(&mut key)
        .map_err(|_| ExportError::Randomness)?;
    Ok(Export {
        cases,
        blobs: blobs.clone(),
        decoders: decoders.clone(),
        key,
    })
}

impl Export {
    /// Writes the pictures, the list and the note. Blocks; one picture is in memory at a time.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<Exported, ExportError> {
        let mut exported = Exported::default();
        let mut patients = std::collections::BTreeSet::new();
        // The head by hand: a list without rows has one too.
        let mut list = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        list.write_record([
            "file", "label", "risk", "ai_risk", "patient", "split", "age", "gender", "view",
            "sha256",
        ])?;
        for (index, case) in self.cases.iter().enumerate() {
            let png = match self.picture(case) {
                Ok(png) => png,
                Err(Left::BurnedIn) => {
                    exported.burned_in += 1;
                    continue;
                }
                Err(Left::Unreadable) => {
                    exported.unreadable += 1;
                    continue;
                }
            };
            let code = self.code(case.patient_id.0.as_bytes());
            // Numbered in an order that the key makes, so that it tells no time.
            let name = format!(
                "images/{}.png",
                self.code(format!("image {index}").as_bytes())
            );
            sink.put(&name, &png)?;
            let digest = hex::encode(Sha256::digest(&png));
            list.serialize(Row {
                file: &name,
                label: if case.doctor_risk == domain::RiskCategory::Low {
                    "NORMAL"
                } else {
                    "ABNORMAL"
                },
                risk: case.doctor_risk.as_str(),
                ai_risk: case
                    .shown_risk
                    .map_or("not_assessed", domain::RiskCategory::as_str),
                patient: &code,
                split: split(&code),
                age: case.patient_age.map(|age| age.clamp(0, OLDEST_TOLD)),
                gender: case.patient_gender.as_deref().unwrap_or("unknown"),
                view: case
                    .view_position
                    .as_deref()
                    .filter(|view| is_view(view))
                    .unwrap_or(""),
                sha256: &digest,
            })?;
            patients.insert(code);
            exported.images += 1;
        }
        exported.patients = patients.len() as u64;
        let list = list
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?;
        sink.put("manifest.csv", &sorted(&list))?;
        sink.put("README.md", note(&exported).as_bytes())?;
        sink.finish()?;
        Ok(exported)
    }

    /// A keyed code, the same for the same bytes within this export.
    fn code(&self, of: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length is taken");
        mac.update(of);
        hex::encode(&mac.finalize().into_bytes()[..8])
    }

    fn picture(&self, case: &LabelledImage) -> Result<Vec<u8>, Left> {
        let digest: Digest = case.sha256.parse().map_err(|_| Left::Unreadable)?;
        let bytes = self.blobs.read(digest).map_err(|_| Left::Unreadable)?;
        let limits = Limits::default();
        let inspection = self
            .decoders
            .inspect(Lane::Analysis, &bytes, &limits)
            .map_err(|_| Left::Unreadable)?
            .inspection;
        let header = inspection.dicom.as_ref();
        if header.and_then(|header| header.burned_in_annotation) == Some(true) {
            return Err(Left::BurnedIn);
        }
        if inspection.frames > 1 {
            return Err(Left::Unreadable);
        }
        self.decoders
            .show(Lane::Analysis, &bytes, 0, &limits)
            .and_then(|picture| picture.to_grey().encode_png())
            .map_err(|_| Left::Unreadable)
    }
}

enum Left {
    BurnedIn,
    Unreadable,
}

/// The part a patient belongs to: of ten, eight for training, one for validation, one for the test.
fn split(code: &str) -> &'static str {
    match u64::from_str_radix(&code[..8], 16).unwrap_or(0) % 10 {
        0 => "test",
        1 => "validation",
        _ => "train",
    }
}

/// A view position as DICOM spells it: free text could name somebody.
fn is_view(view: &str) -> bool {
    ["AP", "PA", "LL", "RL", "LLD", "RLD", "LLO", "RLO"].contains(&view)
}

/// The list ordered by file name, which is a code: signing order would tell time.
fn sorted(list: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(list);
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() > 1 {
        lines[1..].sort_unstable();
    }
    (lines.join("\n") + "\n").into_bytes()
}

fn note(exported: &Exported) -> String {
    format!(
        "# Training set\n\n\
         {} pictures of {} patients, signed by doctors. `manifest.csv` lists them: file, label (NORMAL: risk low; ABNORMAL: medium or high), risk as signed, \
         what the AI had said, a patient code, the part (train, validation, test; by patient), age in years ({OLDEST_TOLD} stands for {OLDEST_TOLD} and over), sex, view, SHA-256.\n\n\
         The pictures were made anew from pixels: no header of the originals is in them. Left behind: {} with burned-in text by their header, {} that cannot be decoded.\n\n\
         Text in the pixels that no header mentions may still be there: look through the pictures before they leave the hospital. \
         Labels are one reader's risk, not a pathology.\n\n\
         `models/train/README.md` in the sources says how the recipe there trains on such a folder; `medical-portal model evaluate --manifest manifest.csv --images .` measures one on it.\n",
        exported.images, exported.patients, exported.burned_in, exported.unreadable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_head_and_loses_its_order() {
        let list = sorted(b"file,label\nimages/b.png,NORMAL\nimages/a.png,ABNORMAL\n");
        assert_eq!(
            list,
            b"file,label\nimages/a.png,ABNORMAL\nimages/b.png,NORMAL\n"
        );
    }

    #[test]
    fn about_eight_of_ten_patients_train() {
        let count = |part: &str| {
            (0..1000u64)
                .filter(|index| split(&hex::encode(Sha256::digest(index.to_le_bytes()))) == part)
                .count()
        };
        assert!((750..850).contains(&count("train")), "{}", count("train"));
        assert!(count("test") > 60 && count("validation") > 60);
    }

    #[test]
    fn free_text_in_the_view_stays_behind() {
        assert!(is_view("PA") && !is_view("PA Smith") && !is_view(""));
    }
}
