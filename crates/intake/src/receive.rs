//! The way in: check, keep, and make reports of what came, in one transaction.

use std::time::Duration;

use blobs::BlobStore;
use db::{Actor, ActorTx, Database, DbError, audit::Act, images, reports};
use decoding::Decoders;
use domain::{
    ReportId, ReportStatus, UserId,
    audit::{AuditAction, AuditStatus, EntityType},
    patient::Gender,
};
use imaging::{DicomHeader, Limits};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::{
    file::{CheckedFile, Incoming},
    looking::{Keeping, Looked, Wanted},
    study::{store_study, studies},
    warning::UploadWarning,
};

/// What the sender says beside the files.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// Whose films they are; else the DICOM header decides.
    pub patient_id: Option<UserId>,
    /// What was examined.
    pub study_type: Option<String>,
    /// Years.
    pub patient_age: Option<i32>,
    /// Administrative sex.
    pub patient_gender: Option<Gender>,
    /// Symptoms.
    pub symptoms: Option<Value>,
    /// History.
    pub medical_history: Option<Value>,
    /// Only files of this study are taken.
    pub study_uid: Option<String>,
    /// Only DICOM objects are taken.
    pub dicom_only: bool,
    /// A film whose patient nobody knows is kept for an unknown patient of its own, whom staff identifies: for
    /// machines, which cannot be asked.
    pub unknown_patients: bool,
}

/// What became of the files, and what DICOM calls them.
#[derive(Debug, Default)]
pub struct Delivery {
    /// What became of them.
    pub receipt: Receipt,
    /// What they are, also those that were not taken, as far as their headers say.
    pub instances: Vec<Delivered>,
}

/// A file that was sent.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The name it was sent under.
    pub file: String,
    /// Its header; none for what is no DICOM object.
    pub header: Option<DicomHeader>,
    /// What the sender should know of this very file.
    pub warnings: Vec<UploadWarning>,
}

/// A report that the files became or already were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Accepted {
    /// The report.
    pub report_id: ReportId,
    /// Where it stands.
    pub status: ReportStatus,
    /// Whether every file of it was here already.
    pub duplicate: bool,
    /// The files that went into it, by the names they were sent under.
    pub files: Vec<String>,
    /// What the sender should know.
    pub warnings: Vec<UploadWarning>,
}

/// The stable words by which a file is refused.
pub const FILE_CODES: &[&str] = &[
    "duplicate_of_other_patient",
    "identity_conflict",
    "other_study",
    "patient_missing",
    "patient_not_matched",
    "patient_unknown",
    "storage_failed",
    "study_of_other_patient",
    "too_large",
    // What its bytes are not.
    "busy",
    "corrupt",
    "decoder_failed",
    "encode_failed",
    "frame_out_of_range",
    "missing_attribute",
    "no_pixel_data",
    "not_an_image",
    "timed_out",
    "too_many_pixels",
    "truncated",
    "unsupported_pixels",
    "unsupported_transfer_syntax",
];

fn file_code() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(FILE_CODES.iter().copied()))
        .description(Some("A stable word."))
        .into()
}

/// A file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rejected {
    /// The name it was sent under.
    pub file: String,
    /// A stable word.
    #[schema(schema_with = file_code)]
    pub code: String,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// What became of the files.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Receipt {
    /// The reports, one a study.
    pub reports: Vec<Accepted>,
    /// The files that were not taken.
    pub rejected: Vec<Rejected>,
}

/// Why nothing could be taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The server is going down.
    #[error("looking at a file was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// The way in.
#[derive(Debug, Clone)]
pub struct Intake {
    database: Database,
    blobs: BlobStore,
    pub(crate) decoders: Decoders,
}

/// How often a request is tried anew when another one stores the same file or study meanwhile.
const RACES: usize = 3;

/// For so long a transaction, which others may wait for, waits for the disk; then it is begun anew when that has done.
const PATIENCE: Duration = Duration::from_secs(1);

impl Intake {
    /// On this database and store; `decoders` open the files.
    #[must_use]
    pub fn new(database: Database, blobs: BlobStore, decoders: Decoders) -> Self {
        Self {
            database,
            blobs,
            decoders,
        }
    }

    /// The store that files are staged in.
    #[must_use]
    pub const fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Takes files in for the acting radiologist. When this returns, everything in the receipt's
    /// `reports` is durable and queued for analysis.
    ///
    /// # Errors
    /// When the database does not answer; then nothing was taken.
    pub async fn accept(
        &self,
        actor: &Actor,
        files: Vec<Incoming>,
        details: &Details,
        limits: Limits,
    ) -> Result<Receipt, IntakeError> {
        Ok(self.deliver(actor, files, details, limits).await?.receipt)
    }

    /// As [`Intake::accept`], and says what DICOM calls each file.
    ///
    /// # Errors
    /// As [`Intake::accept`].
    pub async fn deliver(
        &self,
        actor: &Actor,
        files: Vec<Incoming>,
        details: &Details,
        limits: Limits,
    ) -> Result<Delivery, IntakeError> {
        let decoders = self.decoders.clone();
        let wanted = Wanted::by(details);
        let looked =
            tokio::task::spawn_blocking(move || Looked::at(files, &wanted, &decoders, &limits));
        let mut looked = looked.await?;
        // The disk works while the database does. Nothing is committed before the films are on it.
        let mut keeping = Keeping::begin(std::mem::take(&mut looked.staged));
        let mut races = 0;
        let receipt = loop {
            match self.store(actor, &looked, details, &mut keeping).await {
                Ok(receipt) => break receipt,
                Err(NotStored::Disk) => looked.lose(keeping.lost().await?),
                Err(NotStored::Failed(IntakeError::Db(error)))
                    if races < RACES && is_race(&error) =>
                {
                    races += 1;
                }
                Err(NotStored::Failed(error)) => return Err(error),
            }
        };
        let instances = looked.instances;
        Ok(Delivery { receipt, instances })
    }

    async fn store(
        &self,
        actor: &Actor,
        looked: &Looked,
        details: &Details,
        keeping: &mut Keeping,
    ) -> Result<Receipt, NotStored> {
        let mut tx = self.database.begin(actor).await?;
        let mut receipt = Receipt {
            reports: Vec::new(),
            rejected: looked.rejected.clone(),
        };
        let fresh = set_known_aside(&mut tx, &looked.checked, details, &mut receipt).await?;
        for study in studies(fresh) {
            store_study(&mut tx, &study, details, &mut receipt).await?;
        }
        for refusal in &receipt.rejected {
            let act = Act::new(AuditAction::UploadReport, EntityType::Report).ended(
                AuditStatus::Failure,
                format!("{}: {}", refusal.code, refusal.detail),
            );
            tx.audit(act).await?;
        }
        if !keeping.is_done(PATIENCE).await? {
            return Err(NotStored::Disk);
        }
        tx.commit().await?;
        Ok(receipt)
    }
}

/// Why an attempt stored nothing.
enum NotStored {
    /// The disk is slow, or did not take every image: what it took is stored once it has done.
    Disk,
    /// It failed, or another request was faster.
    Failed(IntakeError),
}

impl<E: Into<IntakeError>> From<E> for NotStored {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn is_race(error: &DbError) -> bool {
    error.is_constraint(images::FILE_EXISTS) || error.is_constraint(reports::STUDY_EXISTS)
}

/// Answers for files that are here already and returns the others, each once.
async fn set_known_aside<'a>(
    tx: &mut ActorTx,
    checked: &'a [CheckedFile],
    details: &Details,
    receipt: &mut Receipt,
) -> Result<Vec<&'a CheckedFile>, DbError> {
    let mut fresh: Vec<&CheckedFile> = Vec::new();
    for file in checked {
        if fresh.iter().any(|other| other.digest == file.digest) {
            continue;
        }
        let Some(known) = images::find_by_digest(tx, &file.digest.0).await? else {
            fresh.push(file);
            continue;
        };
        if details
            .patient_id
            .is_some_and(|named| named != known.patient_id)
        {
            receipt.rejected.push(Rejected {
                file: file.file.clone(),
                code: "duplicate_of_other_patient".to_owned(),
                detail:
                    "this very file was stored before for another patient: check whose film it is"
                        .to_owned(),
            });
            continue;
        }
        match receipt
            .reports
            .iter_mut()
            .find(|report| report.report_id == known.report_id)
        {
            Some(report) => report.files.push(file.file.clone()),
            None => receipt.reports.push(Accepted {
                report_id: known.report_id,
                status: known.status,
                duplicate: true,
                files: vec![file.file.clone()],
                warnings: Vec::new(),
            }),
        }
    }
    Ok(fresh)
}
