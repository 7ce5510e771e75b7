//! C-STORE (PS3.4 annex B): a film on its way from a device into the blob store, and from there through intake.

use blobs::{Arrival, BlobError};
use bytes::Bytes;
use db::DbError;
use domain::Role;
use imaging::write::file_head;
use intake::{Delivery, Details, Incoming, IntakeError, WarningCode};

use crate::{
    Dimse,
    association::{Broken, Peer, Session, unasked},
    command::{Command, is_stored},
    line::Heard,
    negotiate::{Context, Service},
    priors::{Kept, arriving},
};

/// Stored.
const SUCCESS: u16 = 0x0000;
/// Refused: out of resources.
const OUT_OF_RESOURCES: u16 = 0xA700;
/// Stored; something about it is not right.
const DOES_NOT_MATCH: u16 = 0xB007;
/// Refused: not authorized (PS3.7 annex C).
const NOT_AUTHORIZED: u16 = 0x0124;
/// Error: cannot understand.
const CANNOT_UNDERSTAND: u16 = 0xC000;
/// Not stored; try again.
const PROCESSING_FAILURE: u16 = 0x0110;

/// What a device is told of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: u16,
    comment: Option<String>,
}

impl Verdict {
    const fn stored() -> Self {
        Self {
            status: SUCCESS,
            comment: None,
        }
    }

    fn failed(status: u16, comment: impl Into<String>) -> Self {
        Self {
            status,
            comment: Some(comment.into()),
        }
    }
}

/// Takes a film and says what became of it.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    agreed: &Context,
    asked: Command,
) -> Result<(), Broken> {
    let mut arriving = Arriving::begin(session, &asked, agreed).await;
    loop {
        match session.line.hear().await? {
            Heard::Part {
                context,
                bytes,
                is_last,
            } if context == agreed.id => {
                arriving.take(bytes).await;
                if is_last {
                    break;
                }
            }
            Heard::Part { .. } => {
                return Err(Broken::protocol("data of another context than its command"));
            }
            Heard::Command { .. } => return Err(Broken::protocol("a command within a data set")),
            other => return Err(unasked(&other)),
        }
    }
    let peer = &session.peer;
    let verdict = arriving
        .end(session.service, peer, &asked.sop_instance())
        .await;
    let outcome = if is_stored(verdict.status) {
        "taken"
    } else {
        "rejected"
    };
    metrics::counter!("portal_uploaded_files_total", "outcome" => outcome).increment(1);
    session
        .end(agreed, &asked, verdict.status, verdict.comment.as_deref())
        .await
}

/// A film that is being sent.
#[derive(Debug)]
struct Arriving {
    /// What has come; or why nothing of it is kept.
    arrival: Result<Arrival, Verdict>,
}

impl Arriving {
    /// Begins a file with the head that a data set on the network lacks (PS3.10 section 7.1).
    async fn begin(session: &Session<'_>, asked: &Command, agreed: &Context) -> Self {
        if session.peer.role != Role::Radiologist || agreed.service != Service::Storage {
            let verdict = Verdict::failed(NOT_AUTHORIZED, "this device may not store");
            return Self {
                arrival: Err(verdict),
            };
        }
        let head = file_head(
            &asked.sop_class(),
            &asked.sop_instance(),
            &agreed.transfer_syntax,
        );
        let arrival = match head {
            Ok(head) => {
                let limit = session.peer.limits.maximum_bytes;
                let mut arrival = session.service.blobs.receive(limit);
                arrival.take(head.into()).await;
                Ok(arrival)
            }
            Err(error) => Err(Verdict::failed(CANNOT_UNDERSTAND, error.to_string())),
        };
        Self { arrival }
    }

    /// Takes the next part. When it cannot be kept the rest is let pass, so that the device gets an answer.
    async fn take(&mut self, part: Bytes) {
        if let Ok(arrival) = &mut self.arrival {
            arrival.take(part).await;
        }
    }

    /// All of it is here: it is checked, kept and queued.
    async fn end(self, service: &Dimse, peer: &Peer, name: &str) -> Verdict {
        let arrival = match self.arrival {
            Ok(arrival) => arrival,
            Err(verdict) => return verdict,
        };
        let mut staged = match arrival.finish().await {
            Ok(staged) => staged,
            Err(error) => return unkept(&error),
        };
        if peer.is_archive {
            let taken = arriving::take(service, &peer.title, staged, peer.limits).await;
            staged = match taken {
                Ok(Ok(Kept::Here)) => return Verdict::stored(),
                Ok(Ok(Kept::Foreign | Kept::Refused)) => {
                    return Verdict::failed(CANNOT_UNDERSTAND, "it is no image");
                }
                Ok(Err(staged)) => staged,
                Err(error) => return verdict(&Err(error)),
            };
        }
        let details = Details {
            dicom_only: true,
            unknown_patients: true,
            ..Details::default()
        };
        let files = vec![Incoming {
            file: name.to_owned(),
            staged,
        }];
        let delivered = service
            .intake
            .deliver(&peer.actor, files, &details, peer.limits);
        verdict(&delivered.await)
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
