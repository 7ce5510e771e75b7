//! Silent scoring: the shadow models, and an active model that is suspended, say what they think of a
//! case after its result stands. Nobody who reads or is read sees it; the governance of models does.
//! A job of its own, behind all clinical work, so that a slow or broken shadow costs no case anything.

use std::{sync::Arc, time::Instant};

use blobs::{BlobStore, Digest};
use db::{
    Actor, ActorTx, Database, DbError,
    analyses::{self, InferenceRecord},
    case_scores::{self, CaseScore},
    images::Image,
    jobs::Leased,
    models::Model,
    reports::{self, Report},
};
use domain::{ModelId, ReportId, RiskCategory};
use futures::{FutureExt, future::BoxFuture};
use imaging::Limits;
use jobs::{Handler, JobError};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::{
    FilmAssessment, ModelCache, alarm, examine,
    job::beside,
    outcome::{Examined, MODEL_FAILED, first_refusal, gravest, may_stand, summary},
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
    db::jobs::enqueue(tx, KIND, Some(report_id), PRIORITY, &json!({})).await
}

/// Scores a case with every silent model.
#[derive(Debug, Clone)]
pub struct SilentJob {
    database: Database,
    blobs: BlobStore,
    models: Arc<ModelCache>,
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
        software_version: &'static str,
    ) -> Self {
        Self {
            database,
            blobs,
            models,
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
                record(
                    &mut tx,
                    report,
                    Some(model),
                    examined,
                    true,
                    self.software_version,
                )
                .await?;
                keep_score(&mut tx, report, model.model_id, examined, true).await?;
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
                        examine(&bytes, loaded, &limits, &beside).unwrap_or_else(|error| {
                            FilmAssessment::not_assessed(error.code(), error.to_string())
                        })
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

/// Keeps the record of each inference on a report, and raises or ends the alarm that the model fails.
pub(crate) async fn record(
    tx: &mut ActorTx,
    report: &Report,
    model: Option<&Model>,
    examined: &[Examined],
    is_shadow: bool,
    software_version: &str,
) -> Result<(), DbError> {
    for one in examined {
        let registered = model
            .and_then(|model| model.model_config.get("model_sha256"))
            .and_then(|value| value.as_str());
        let (model_sha256, input_sha256, engine) = match &one.assessment {
            FilmAssessment::Scored(scored) => (
                Some(scored.model_sha256.as_str()),
                Some(scored.input_sha256.as_str()),
                Some(scored.engine),
            ),
            // Declined after the model was run (its gate) or before (the header, the picture).
            FilmAssessment::NotAssessed { run, .. } => (
                run.as_ref()
                    .map(|run| run.model_sha256.as_str())
                    .or(registered),
                run.as_ref().map(|run| run.input_sha256.as_str()),
                run.as_ref().map(|run| run.engine),
            ),
        };
        let threshold = match &one.assessment {
            FilmAssessment::Scored(scored) => Some(scored.threshold),
            FilmAssessment::NotAssessed { .. } => None,
        };
        let record = InferenceRecord {
            report_id: report.report_id,
            image_id: Some(one.image_id),
            model_id: model.map(|model| model.model_id),
            is_shadow,
            model_sha256,
            input_sha256,
            output: &summary(&one.assessment),
            threshold,
            engine: engine.map(ai::EngineKind::as_str),
            processing_time_ms: one.milliseconds,
            software_version,
        };
        analyses::record_inference(tx, &record).await?;
    }
    match model {
        Some(model) => alarm::look(tx, model, examined).await,
        None => Ok(()),
    }
}

/// Keeps what a model said of a case as a whole.
pub(crate) async fn keep_score(
    tx: &mut ActorTx,
    report: &Report,
    model_id: ModelId,
    examined: &[Examined],
    is_shadow: bool,
) -> Result<(), DbError> {
    let standing = gravest(examined).filter(|(_, scored)| may_stand(scored, examined));
    let outcome: Result<(RiskCategory, f64), &str> = match standing {
        Some((_, scored)) => Ok((scored.risk, scored.probability)),
        None => Err(first_refusal(examined).0),
    };
    let milliseconds = examined
        .iter()
        .map(|one| one.milliseconds)
        .fold(0, i32::saturating_add);
    let score = CaseScore {
        report_id: report.report_id,
        model_id,
        is_shadow,
        outcome,
        input_statistics: &input_statistics(report, examined),
        processing_time_ms: milliseconds,
    };
    case_scores::store(tx, &score).await
}

/// What the first picture that was measured and the patient were like, as numbers of known ranges.
fn input_statistics(report: &Report, examined: &[Examined]) -> Value {
    let mut statistics = Map::new();
    let mut put = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            statistics.insert(name.to_owned(), json!(value));
        }
    };
    let measured = examined.iter().find_map(|one| match &one.assessment {
        FilmAssessment::Scored(scored) => Some((scored.quality, scored.scope)),
        FilmAssessment::NotAssessed { quality, scope, .. } => {
            quality.map(|quality| (quality, *scope))
        }
    });
    if let Some((quality, scope)) = measured {
        put("contrast", Some(quality.contrast));
        put("exposure", Some(quality.exposure));
        put("clipping", Some(quality.clipping));
        put("sharpness", Some(quality.sharpness));
        put("scope", scope);
    }
    put("patient_age", report.patient_age.map(f64::from));
    Value::Object(statistics)
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
