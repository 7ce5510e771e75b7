//! Storage commitment (PS3.4 annex J): a device asks whether its films are safe here, before it forgets them. What is promised
//! was read back whole and verified a moment ago. The report goes out on the association that asked; if the device has left
//! it, on one of the portal's own, again and again until it is taken.

use std::collections::BTreeMap;

use blobs::{BlobStore, Digest};
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    dicom::{self, Names, StoredInstance, values::is_uid},
    dicom_peers,
    jobs::{LATER, Leased, Work},
};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_ul::pdu::RequestorRoles;
use domain::audit::{AuditAction, EntityType};
use futures::future::BoxFuture;
use jobs::{Handler, JobError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Calling, Dimse,
    association::{Broken, Session},
    calling::{Call, NATIVE},
    command::Command,
    data::{Garbled, Making, Received},
    find::Refusal,
    negotiate::Context,
};

/// Request storage commitment.
const REQUEST: u16 = 1;
/// Most instances of one request.
const MOST: usize = 10_000;
/// The report waits for its device for about two weeks: at most 17 minutes between two attempts.
const ATTEMPTS: i32 = 1_200;

/// Statuses of N-ACTION (PS3.7 annex C).
const NO_SUCH_ACTION: u16 = 0x0123;
const NO_SUCH_OBJECT: u16 = 0x0112;
const INVALID_ARGUMENT: u16 = 0x0115;
const RESOURCE_LIMITATION: u16 = 0x0213;

/// Why an instance is not promised (PS3.3 section C.14.1.1).
const PROCESSING_FAILURE: u16 = 0x0110;
const CLASS_CONFLICT: u16 = 0x0119;

/// What is said of the instances that were asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Who asked.
    device: String,
    /// Under which number it asked.
    transaction: String,
    /// Class and instance of what is safe.
    safe: Vec<(String, String)>,
    /// Class, instance and reason of what is not.
    failed: Vec<(String, String, u16)>,
}

impl Report {
    /// Event type: all are safe, or some are not.
    const fn event(&self) -> u16 {
        if self.failed.is_empty() { 1 } else { 2 }
    }

    fn data_set(&self, transfer_syntax: &str) -> Result<Vec<u8>, Garbled> {
        let item = |class: &str, instance: &str| {
            let mut item = Making::default();
            item.values(tags::REFERENCED_SOP_CLASS_UID, VR::UI, class)
                .values(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, instance);
            item
        };
        let mut report = Making::default();
        report.values(tags::TRANSACTION_UID, VR::UI, &self.transaction);
        if !self.safe.is_empty() {
            let safe = self.safe.iter();
            let items = safe.map(|(class, instance)| item(class, instance));
            report.items(tags::REFERENCED_SOP_SEQUENCE, items.collect());
        }
        if !self.failed.is_empty() {
            let items = self.failed.iter().map(|(class, instance, reason)| {
                let mut item = item(class, instance);
                item.word(tags::FAILURE_REASON, *reason);
                item
            });
            report.items(tags::FAILED_SOP_SEQUENCE, items.collect());
        }
        report.written(transfer_syntax)
    }
}

/// Takes a request, and reports on the films that it names.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
) -> Result<(), Broken> {
    let bytes = session.data_set(context).await?;
    let (transaction, named) = match read(asked, &bytes, &context.transfer_syntax) {
        Ok(read) => read,
        Err(refusal) => {
            return session
                .end(context, asked, refusal.status, Some(&refusal.comment))
                .await;
        }
    };
    session.end(context, asked, 0, None).await?;
    let (safe, failed) = look(session, &named).await;
    let report = Report {
        device: session.peer.title.clone(),
        transaction,
        safe,
        failed,
    };
    let bytes = match report.data_set(&context.transfer_syntax) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "a report of storage commitment could not be written");
            return Ok(());
        }
    };
    let message = session.reported(report.clone());
    let class = uids::STORAGE_COMMITMENT_PUSH_MODEL;
    let instance = uids::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE;
    let request = Command::report(message, class, instance, report.event());
    Ok(session.line.say(context.id, &request, Some(&bytes)).await?)
}

/// The transaction's number, and the instances that are asked about.
fn read(
    asked: &Command,
    bytes: &[u8],
    transfer_syntax: &str,
) -> Result<(String, Vec<(String, String)>), Refusal> {
    if asked.sop_instance() != uids::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE {
        return Err(Refusal::new(NO_SUCH_OBJECT, "another instance is asked"));
    }
    if asked.action() != Some(REQUEST) {
        return Err(Refusal::new(NO_SUCH_ACTION, "another action is asked for"));
    }
    let invalid = |what: &str| Refusal::new(INVALID_ARGUMENT, what);
    let received =
        Received::read(bytes, transfer_syntax).map_err(|error| invalid(&error.to_string()))?;
    let transaction = received.text(tags::TRANSACTION_UID);
    if !is_uid(&transaction) {
        return Err(invalid("Transaction UID (0008,1195) is none"));
    }
    let sequence = received.find(tags::REFERENCED_SOP_SEQUENCE);
    let items = sequence.map(|sequence| sequence.items).unwrap_or_default();
    let named: Vec<(String, String)> = items
        .iter()
        .map(|item| {
            (
                item.text(tags::REFERENCED_SOP_CLASS_UID),
                item.text(tags::REFERENCED_SOP_INSTANCE_UID),
            )
        })
        .collect();
    if named.is_empty()
        || !named
            .iter()
            .all(|(class, instance)| is_uid(class) && is_uid(instance))
    {
        return Err(invalid(
            "Referenced SOP Sequence (0008,1199) names no instances",
        ));
    }
    if named.len() > MOST {
        let comment = format!("more than {MOST} instances at once");
        return Err(Refusal::new(RESOURCE_LIMITATION, comment));
    }
    Ok((transaction, named))
}

type Verdicts = (Vec<(String, String)>, Vec<(String, String, u16)>);

/// Looks after each instance, as far as the device sees it. What cannot be looked up is not promised.
async fn look(session: &Session<'_>, named: &[(String, String)]) -> Verdicts {
    let nothing = |error: &dyn std::fmt::Display| -> Verdicts {
        tracing::error!(%error, "films could not be looked after for storage commitment");
        let failed = |(class, instance): &(String, String)| {
            (class.clone(), instance.clone(), PROCESSING_FAILURE)
        };
        (Vec::new(), named.iter().map(failed).collect())
    };
    let there = match there(session, named).await {
        Ok(there) => there,
        Err(error) => return nothing(&error),
    };
    let (blobs, all) = (session.service.blobs.clone(), named.to_vec());
    let checked = tokio::task::spawn_blocking(move || {
        let (mut safe, mut failed) = (Vec::new(), Vec::new());
        for (class, instance) in all {
            let verdict = match there.get(&instance) {
                None => Err(NO_SUCH_OBJECT),
                Some(stored) if stored.sop_class_uid.as_deref() != Some(&*class) => {
                    Err(CLASS_CONFLICT)
                }
                Some(stored) => is_readable(&blobs, stored),
            };
            match verdict {
                Ok(()) => safe.push((class, instance)),
                Err(reason) => failed.push((class, instance, reason)),
            }
        }
        (safe, failed)
    });
    checked.await.unwrap_or_else(|error| nothing(&error))
}

async fn there(
    session: &Session<'_>,
    named: &[(String, String)],
) -> Result<BTreeMap<String, StoredInstance>, DbError> {
    let mut tx = session.service.database.begin(&session.peer.actor).await?;
    let instances = named.iter().map(|(_, instance)| instance.clone()).collect();
    let names = Names {
        instances: Some(instances),
        ..Names::default()
    };
    let limit = i64::try_from(2 * MOST).unwrap_or(i64::MAX);
    let found = dicom::named(&mut tx, &names, limit).await?;
    let act = Act::new(AuditAction::ListReports, EntityType::Report)
        .new_values(json!({ "form": "dimse storage commitment", "found": found.len() }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(found
        .into_iter()
        .map(|stored| (stored.sop_instance_uid.clone(), stored))
        .collect())
}

/// Reads the whole file; what was altered or lost is found by that.
fn is_readable(blobs: &BlobStore, stored: &StoredInstance) -> Result<(), u16> {
    let digest: Digest = stored.sha256.parse().map_err(|_| PROCESSING_FAILURE)?;
    match blobs.read(digest) {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(%error, image = %stored.image_id, "a film is not safe");
            Err(PROCESSING_FAILURE)
        }
    }
}

/// Keeps a report for a device that has left without taking it, if it is known where the device listens.
pub(crate) async fn keep(service: &Dimse, actor: &Actor, report: &Report) -> Result<(), DbError> {
    let mut tx = service.database.begin(actor).await?;
    if dicom_peers::destination(&mut tx, &report.device)
        .await?
        .is_none()
    {
        tracing::warn!(
            device = report.device,
            "a device left before it was told whether its films are safe, and nobody said where it listens"
        );
        return Ok(());
    }
    let details = serde_json::to_value(report).expect("a report of texts is always JSON");
    let work = Work::new(CommitmentJob::KIND)
        .priority(LATER)
        .attempts(ATTEMPTS)
        .details(details);
    db::jobs::enqueue(&mut tx, work).await?;
    tx.commit().await
}

/// Brings reports to devices that have left.
#[derive(Debug, Clone)]
pub struct CommitmentJob {
    database: Database,
    ae_title: String,
    calling: Calling,
}

impl CommitmentJob {
    const KIND: &str = "dicom_commitment";

    /// The job on this database, under this name.
    #[must_use]
    pub fn new(database: Database, ae_title: &str, calling: Calling) -> Self {
        Self {
            database,
            ae_title: ae_title.to_owned(),
            calling,
        }
    }

    async fn deliver(&self, job: &Leased) -> Result<(), JobError> {
        let report: Report = serde_json::from_value(job.payload.clone())?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let to = dicom_peers::destination(&mut tx, &report.device).await?;
        drop(tx);
        let to =
            to.ok_or_else(|| JobError(format!("{} is not on the list any more", report.device)))?;
        let class = uids::STORAGE_COMMITMENT_PUSH_MODEL;
        let proposals = NATIVE.map(|syntax| (class.to_owned(), syntax.to_owned()));
        // The portal is the provider, although it asks for the association.
        let roles = RequestorRoles {
            scu: false,
            scp: true,
        };
        let silence = crate::Bounds::default().silence;
        let mut call = Call::begin(
            &self.calling,
            &self.ae_title,
            &to,
            &proposals,
            &[(class, roles)],
            silence,
        )
        .await?;
        let agreed = call.syntaxes(class).next().map(str::to_owned);
        let context = agreed.and_then(|syntax| Some((call.context(class, &syntax)?, syntax)));
        let Some((context, syntax)) = context else {
            call.end().await;
            return Err(JobError(format!(
                "{} takes no reports of storage commitment",
                to.ae_title
            )));
        };
        let instance = uids::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE;
        let request = Command::report(call.message(), class, instance, report.event());
        let bytes = report.data_set(&syntax)?;
        let status = call.ask(context, &request, Some(&bytes)).await?.status();
        call.end().await;
        if status != Some(0) {
            return Err(JobError(format!(
                "{} answers with the status {:04X}",
                to.ae_title,
                status.unwrap_or_default()
            )));
        }
        jobs::end(&self.database, job).await
    }
}

impl Handler for CommitmentJob {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.deliver(job))
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        _job: &'a Leased,
        _error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        // The job list shows it; the device keeps its films, since nobody promised it anything.
        Box::pin(async { Ok(()) })
    }
}
