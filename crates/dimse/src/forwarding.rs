//! Films that are sent on as they come in (C-STORE as an SCU), by jobs: a destination that is away gets them when it is back.

use std::time::Duration;

use blobs::BlobStore;
use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    dicom,
    dicom_peers::{self, Destination},
    dicom_routes::{FORWARD, Forward},
    jobs::Leased,
};
use domain::audit::{AuditAction, EntityType};
use futures::future::BoxFuture;
use jobs::{Handler, JobError};
use serde_json::json;

use crate::{Calling, calling::Call, command::is_stored, moving::proposals, retrieve::Film};

/// Sends films on.
#[derive(Debug, Clone)]
pub struct ForwardJob {
    database: Database,
    blobs: BlobStore,
    ae_title: String,
    calling: Calling,
}

impl ForwardJob {
    /// The job on this database and store, under this name.
    #[must_use]
    pub fn new(database: Database, blobs: BlobStore, ae_title: &str, calling: Calling) -> Self {
        Self {
            database,
            blobs,
            ae_title: ae_title.to_owned(),
            calling,
        }
    }

    async fn forward(&self, job: &Leased) -> Result<(), JobError> {
        let forward: Forward = serde_json::from_value(job.payload.clone())?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let stored = dicom::of_image(&mut tx, forward.image_id).await?;
        let to = dicom_peers::destination(&mut tx, &forward.destination).await?;
        drop(tx);
        let Some(stored) = stored else {
            // It was removed meanwhile, as its term or its patient wanted: then it goes nowhere.
            return jobs::end(&self.database, job).await;
        };
        let title = &forward.destination;
        let to = listed(to, title)?;
        let film = Film::of(&stored)
            .ok_or_else(|| JobError("the film says no SOP class to send it under".to_owned()))?;
        let status = self.send(&to, &film).await?;
        if !is_stored(status) {
            return Err(JobError(format!(
                "{title} answers with the status {status:04X}"
            )));
        }
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        let act = Act::new(AuditAction::ReadImage, EntityType::Report)
            .on(stored.report_id)
            .new_values(
                json!({ "image_id": stored.image_id, "form": format!("dimse forward to {title}") }),
            );
        tx.audit(act).await?;
        Ok(tx.commit().await?)
    }

    async fn send(&self, to: &Destination, film: &Film) -> Result<u16, JobError> {
        let (proposals, _) = proposals(std::slice::from_ref(film));
        let silence = Duration::from_secs(60);
        let mut call =
            Call::begin(&self.calling, &self.ae_title, to, &proposals, &[], silence).await?;
        let agreed: Vec<String> = call.syntaxes(&film.class).map(str::to_owned).collect();
        let syntax = film.syntax_among(agreed.iter().map(String::as_str));
        let context = syntax.and_then(|syntax| Some((call.context(&film.class, syntax)?, syntax)));
        let Some((context, syntax)) = context else {
            call.end().await;
            return Err(JobError(format!(
                "{} takes no films of class {} in {}",
                to.ae_title, film.class, film.syntax
            )));
        };
        let data = film.data_set(&self.blobs, syntax).await?;
        let status = call
            .store(context, &film.class, &film.instance, None, &data)
            .await?;
        call.end().await;
        Ok(status)
    }
}

/// Where a destination listens, if it is still on the list.
pub(crate) fn listed(to: Option<Destination>, title: &str) -> Result<Destination, JobError> {
    to.ok_or_else(|| {
        JobError(format!(
            "{title} is not on the list any more with where it listens"
        ))
    })
}

impl Handler for ForwardJob {
    fn kind(&self) -> &'static str {
        FORWARD
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.forward(job))
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        _job: &'a Leased,
        _error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        // The film is here; tech sees the job in the list of dead ones and can send it back to the queue.
        Box::pin(async { Ok(()) })
    }
}
