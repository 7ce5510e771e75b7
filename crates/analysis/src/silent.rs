//! Silent scoring: the shadow models, and an active model that is suspended, say what they think of a
//! case after its result stands. Nobody who reads or is read sees it; the governance of models does.
//! A job of its own, behind all clinical work, so that a slow or broken shadow costs no case anything.

use std::{sync::Arc, time::Instant};

use blobs::{BlobStore, Digest};
use db::{
    Actor, ActorTx, Database, DbError,
    images::Image,
    jobs::{Leased, Work},
    models::Model,
    reports::{self, Report},
};
use decoding::Decoders;
use domain::ReportId;
use futures::{FutureExt, future::BoxFuture};
use imaging::{ImagingError, Limits};
use jobs::{Handler, JobError};
use tokio::sync::Semaphore;

use crate::{
    FilmAssessment, ModelCache, examine,
    job::beside,
    outcome::{Examined, MODEL_FAILED},
    record,
};

/// The kind of this job.
pub const KIND: &str = "score_silently";

/// Behind every analysis.
const PRIORITY: i16 = 1000;

/// Has a case scored silently, if a model is there that does so.
///
/// # Errors
/// When the database does not answer.
pub async fn queue(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    if db::models::silent(tx).await?.is_empty() {
        return Ok(());
    }
    db::jobs::enqueue(tx, Work::new(KIND).on(report_id).priority(PRIORITY)).await
}

/// Scores a case with every silent model.
#[derive(Debug, Clone)]
pub struct SilentJob {
    database: Database,
    blobs: BlobStore,
    models: Arc<ModelCache>,
    decoders: Decoders,
    software_version: &'static str,
    /// One case is decoded at a time, however many wait: what is silent can wait.
    decoding: Arc<Semaphore>,
}

impl SilentJob {
    /// The job on this database and store.
    #[must_use]
    pub fn new(
        database: Database,
        blobs: BlobStore,
        models: Arc<ModelCache>,
        decoders: Decoders,
        software_version: &'static str,
    ) -> Self {
        Self {
            database,
            blobs,
            models,
            decoders,
            software_version,
            decoding: Arc::new(Semaphore::new(1)),
        }
    }

    async fn score(&self, job: &Leased) -> Result<(), JobError> {
        let Some(report_id) = job.report_id else {
            return Err(JobError("a silent scoring names no report".to_owned()));
        };
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let report = reports::find(&mut tx, report_id).await?;
        let images = db::images::of_report(&mut tx, report_id).await?;
        let models = db::models::silent(&mut tx).await?;
        let limits = crate::film::limits(&mut tx).await?;
        drop(tx);
        let mut said = Vec::new();
        if let Some(report) = &report {
            for model in models {
                let examined = self.examine_all(&model, report, &images, &limits).await?;
                said.push((model, examined));
            }
        }
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        if let Some(report) = &report {
            for (model, examined) in &said {
                record::inferences(
                    &mut tx,
                    report,
                    Some(model),
                    examined,
                    true,
                    self.software_version,
                )
                .await?;
                record::score(&mut tx, report, model.model_id, examined, true).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn examine_all(
        &self,
        model: &Model,
        report: &Report,
        images: &[Image],
        limits: &Limits,
    ) -> Result<Vec<Examined>, JobError> {
        let (looker, model, images, limits, beside) = (
            self.clone(),
            model.clone(),
            images.to_vec(),
            *limits,
            beside(report),
        );
        let look = move || -> Result<Vec<Examined>, JobError> {
            let loaded = looker.models.get(&model);
            let mut examined = Vec::with_capacity(images.len());
            for image in &images {
                let started = Instant::now();
                let assessment = match &loaded {
                    Err(error) => FilmAssessment::not_assessed(MODEL_FAILED, error.to_string()),
                    Ok(loaded) => {
                        let bytes = looker.blobs.read(image.sha256.parse::<Digest>()?)?;
                        match examine(&bytes, loaded, &looker.decoders, &limits, &beside) {
                            Err(busy @ ImagingError::Busy { .. }) => {
                                return Err(JobError(busy.to_string()));
                            }
                            Err(error) => {
                                FilmAssessment::not_assessed(error.code(), error.to_string())
                            }
                            Ok(assessment) => assessment,
                        }
                    }
                };
                examined.push(Examined {
                    image_id: image.image_id,
                    assessment,
                    milliseconds: i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX),
                });
            }
            Ok(examined)
        };
        let _decoding = self.decoding.acquire().await?;
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|error| JobError(format!("looking at an image failed: {error}")))?
    }
}

impl Handler for SilentJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        self.score(job).boxed()
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        tracing::error!(job = %job.job_id, error, "a case was not scored silently; its result stands");
        async { Ok(()) }.boxed()
    }
}
