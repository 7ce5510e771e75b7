//! C-STORE (PS3.4 annex B): a film on its way from a device into the blob store, and from there through intake.

use blobs::{BlobError, Staging};
use db::{Actor, DbError};
use imaging::{Limits, write::file_head};
use intake::{Delivery, Details, Incoming, IntakeError, WarningCode};

use crate::{Dimse, command::Command};

/// Stored.
const SUCCESS: u16 = 0x0000;
/// Refused: out of resources.
const OUT_OF_RESOURCES: u16 = 0xA700;
/// Stored; something about it is not right.
const DOES_NOT_MATCH: u16 = 0xB007;
/// Not stored; try again.
const PROCESSING_FAILURE: u16 = 0x0110;

/// What a device is told of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: u16,
    pub(crate) comment: Option<String>,
}

impl Verdict {
    fn failed(status: u16, comment: impl Into<String>) -> Self {
        Self {
            status,
            comment: Some(comment.into()),
        }
    }
}

/// A film that is being sent.
#[derive(Debug)]
pub(crate) struct Arriving {
    pub(crate) asked: Command,
    pub(crate) context: u8,
    /// What has come; or why no more of it is kept.
    staging: Result<Staging, Verdict>,
}

impl Arriving {
    /// Begins a file with the head that a data set on the network lacks (PS3.10 section 7.1).
    pub(crate) fn begin(
        service: &Dimse,
        asked: Command,
        context: u8,
        transfer_syntax: &str,
        limits: &Limits,
    ) -> Self {
        let staging = file_head(&asked.sop_class(), &asked.sop_instance(), transfer_syntax)
            .map_err(|error| Verdict::failed(0xC000, error.to_string()))
            .and_then(|head| {
                let mut staging = service
                    .blobs
                    .stage(limits.maximum_bytes)
                    .map_err(|error| unkept(&error))?;
                staging.write(&head).map_err(|error| unkept(&error))?;
                Ok(staging)
            });
        Self {
            asked,
            context,
            staging,
        }
    }

    /// Takes the next part. When it cannot be kept the rest is let pass, so that the device gets an answer.
    pub(crate) fn take(&mut self, part: &[u8]) {
        if let Ok(staging) = &mut self.staging
            && let Err(error) = staging.write(part)
        {
            self.staging = Err(unkept(&error));
        }
    }

    /// All of it is here: it is checked, kept and queued.
    pub(crate) async fn end(
        self,
        service: &Dimse,
        actor: &Actor,
        limits: Limits,
    ) -> (Command, u8, Verdict) {
        let name = self.asked.sop_instance();
        let verdict = match self.staging {
            Err(verdict) => verdict,
            Ok(staging) => match staging.finish() {
                Err(error) => unkept(&error),
                Ok(staged) => {
                    let details = Details {
                        dicom_only: true,
                        unknown_patients: true,
                        ..Details::default()
                    };
                    let files = vec![Incoming { file: name, staged }];
                    let delivered = service.intake.deliver(actor, files, &details, limits).await;
                    verdict(&delivered)
                }
            },
        };
        (self.asked, self.context, verdict)
    }
}

fn unkept(error: &BlobError) -> Verdict {
    match error {
        BlobError::TooLarge { limit } => {
            Verdict::failed(OUT_OF_RESOURCES, format!("larger than {limit} bytes"))
        }
        other => {
            tracing::error!(error = %other, "a film could not be kept");
            Verdict::failed(OUT_OF_RESOURCES, "it cannot be kept now")
        }
    }
}

fn verdict(delivered: &Result<Delivery, IntakeError>) -> Verdict {
    let delivery = match delivered {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::error!(%error, "a film could not be taken in");
            return match error {
                IntakeError::Db(DbError::Unreachable(_) | DbError::NoRoom(_)) => {
                    Verdict::failed(OUT_OF_RESOURCES, "the database is away or full")
                }
                _ => Verdict::failed(PROCESSING_FAILURE, "it cannot be stored now"),
            };
        }
    };
    if let Some(rejected) = delivery.receipt.rejected.first() {
        return Verdict::failed(intake::failure_reason(&rejected.code), &*rejected.code);
    }
    let of_file = delivery
        .instances
        .iter()
        .flat_map(|instance| &instance.warnings);
    let of_report = delivery
        .receipt
        .reports
        .iter()
        .flat_map(|report| &report.warnings);
    let doubtful = of_file.chain(of_report).find(|warning| {
        matches!(
            warning.code,
            WarningCode::DamagedHeader
                | WarningCode::EndsEarly
                | WarningCode::NoStudy
                | WarningCode::IdentityDisagreement
        )
    });
    Verdict {
        status: if doubtful.is_some() {
            DOES_NOT_MATCH
        } else {
            SUCCESS
        },
        comment: None,
    }
}
