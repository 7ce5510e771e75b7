//! Signed results that are sent to archives (C-STORE as an SCU), by jobs: a structured report, the film with the heatmap
//! over it, and the report as PDF. An archive that is away gets them when it is back; one that takes only some of them gets
//! those.

use std::time::Duration;

use blobs::BlobStore;
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    dicom_peers::{self, Destination},
    dicom_routes::{SEND_RESULT, SendResult},
    jobs::Leased,
    results::tell_of_failure,
};
use decoding::{Decoders, Lane};
use dicom_dictionary_std::uids;
use domain::audit::{AuditAction, EntityType};
use futures::future::BoxFuture;
use imaging::Limits;
use jobs::{Handler, JobError};
use results::{Document, SignedResult, site_zone};
use serde_json::json;

use crate::{
    Calling,
    calling::{Call, NATIVE, Proposal},
    command::is_stored,
    forwarding::listed,
    retrieve::data_set_of,
};

/// Sends results.
#[derive(Debug, Clone)]
pub struct SendResultJob {
    database: Database,
    blobs: BlobStore,
    decoders: Decoders,
    ae_title: String,
    calling: Calling,
}

/// What became of a document.
struct Sent {
    class: String,
    status: Option<u16>,
}

impl SendResultJob {
    /// The job on this database and store, under this name.
    #[must_use]
    pub fn new(
        database: Database,
        blobs: BlobStore,
        decoders: Decoders,
        ae_title: &str,
        calling: Calling,
    ) -> Self {
        Self {
            database,
            blobs,
            decoders,
            ae_title: ae_title.to_owned(),
            calling,
        }
    }

    async fn send_result(&self, job: &Leased) -> Result<(), JobError> {
        let wanted: SendResult = serde_json::from_value(job.payload.clone())?;
        let title = &wanted.destination;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let result = SignedResult::load(&mut tx, wanted.report_id).await?;
        let to = dicom_peers::destination(&mut tx, title).await?;
        drop(tx);
        let Some(result) = result else {
            // It was removed meanwhile, as its term or its patient wanted: then it goes nowhere.
            return jobs::end(&self.database, job).await;
        };
        let to = listed(to, title)?;
        let sent = self.send(&to, &self.documents(result).await?).await?;
        let taken = sent.iter().filter(|one| one.status.is_some());
        if taken.count() == 0 {
            return Err(JobError(format!(
                "{title} takes neither structured reports nor secondary captures nor encapsulated PDFs"
            )));
        }
        let (taken, left_out): (Vec<Sent>, Vec<Sent>) =
            sent.into_iter().partition(|one| one.status.is_some());
        let classes =
            |of: &[Sent]| -> Vec<String> { of.iter().map(|one| one.class.clone()).collect() };
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        let act = Act::new(AuditAction::SendResult, EntityType::Report)
            .on(wanted.report_id)
            .new_values(
                json!({ "receiver": title, "form": "dicom", "sop_classes": classes(&taken),
                                "not_taken": classes(&left_out) }),
            );
        tx.audit(act).await?;
        Ok(tx.commit().await?)
    }

    /// The documents of a result; the film with the heatmap where there is one.
    async fn documents(&self, result: SignedResult) -> Result<Vec<Document>, JobError> {
        let (blobs, decoders) = (self.blobs.clone(), self.decoders.clone());
        let making = tokio::task::spawn_blocking(move || -> Result<Vec<Document>, JobError> {
            let mut documents = vec![results::structured_report(&result, site_zone)?];
            if let Some(mapped) = result.mapped() {
                let bytes = blobs.read(mapped.film.sha256.parse()?)?;
                let picture = decoders.show(Lane::Analysis, &bytes, 0, &Limits::default())?;
                let capture = results::secondary_capture(&result, &mapped, &picture, site_zone)?;
                documents.push(capture);
            }
            documents.push(results::encapsulated_pdf(&result, site_zone)?);
            Ok(documents)
        });
        making.await?
    }

    /// Sends what the archive takes.
    async fn send(&self, to: &Destination, documents: &[Document]) -> Result<Vec<Sent>, JobError> {
        let proposals: Vec<Proposal> = documents
            .iter()
            .flat_map(|document| {
                NATIVE.map(|syntax| (document.sop_class_uid.clone(), syntax.to_owned()))
            })
            .collect();
        let silence = Duration::from_secs(60);
        let mut call =
            Call::begin(&self.calling, &self.ae_title, to, &proposals, &[], silence).await?;
        let mut sent = Vec::with_capacity(documents.len());
        for document in documents {
            let status = store(&mut call, document).await?;
            if let Some(status) = status
                && !is_stored(status)
            {
                call.end().await;
                return Err(JobError(format!(
                    "{} answers with the status {status:04X} to an object of class {}",
                    to.ae_title, document.sop_class_uid
                )));
            }
            sent.push(Sent {
                class: document.sop_class_uid.clone(),
                status,
            });
        }
        call.end().await;
        Ok(sent)
    }
}

/// Sends a document; gives the status, or none where its class was not agreed on.
async fn store(call: &mut Call, document: &Document) -> Result<Option<u16>, JobError> {
    let class = &document.sop_class_uid;
    let Some((context, syntax)) = NATIVE
        .into_iter()
        .find_map(|syntax| Some((call.context(class, syntax)?, syntax)))
    else {
        return Ok(None);
    };
    let file = document.bytes.clone().into();
    let data = data_set_of(&file, uids::EXPLICIT_VR_LITTLE_ENDIAN, syntax).map_err(JobError)?;
    let status = call
        .store(context, class, &document.sop_instance_uid, None, &data)
        .await?;
    Ok(Some(status))
}

impl Handler for SendResultJob {
    fn kind(&self) -> &'static str {
        SEND_RESULT
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.send_result(job))
    }

    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        tracing::error!(job = %job.job_id, error, "a signed result was not sent to an archive");
        let wanted = serde_json::from_value::<SendResult>(job.payload.clone());
        let report_id = wanted.ok().map(|wanted| wanted.report_id);
        Box::pin(tell_of_failure(tx, report_id))
    }
}
