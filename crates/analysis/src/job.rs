//! The analysis job of a report.

use std::{sync::Arc, time::Instant};

use blobs::{BlobStore, Digest};
use db::{
    Actor, ActorTx, Database, DbError,
    analyses::{self, NewAnalysis, Wording},
    audit::Act,
    events,
    images::Image,
    jobs::{Leased, Work},
    notifications::{self, Message},
    reports::{self, Report, TransitionError},
};
use decoding::Decoders;
use domain::{
    AnalysisId, ModelStage, ReportId, RiskCategory,
    audit::{AuditAction, EntityType},
    report::ReportEvent,
    review::NotificationPriority,
    settings::{self, AnalysisTemplates},
};
use futures::{FutureExt, future::BoxFuture};
use imaging::{ImagingError, Limits};
use jobs::{Handler, JobError};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Beside, FilmAssessment, ModelCache, Seen,
    outcome::{
        Examined, MODEL_FAILED, decline, first_refusal, gravest, may_stand, tell_doctors_of_high,
    },
    record, see, silent, wording,
};

/// The kind of this job.
pub const KIND: &str = "analyze_report";

/// Has a report analysed.
///
/// # Errors
/// When the database does not answer.
pub async fn queue(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    db::jobs::enqueue(tx, Work::new(KIND).on(report_id)).await
}

/// Analyses a report: every image is looked at, the gravest result counts.
#[derive(Debug, Clone)]
pub struct AnalysisJob {
    database: Database,
    blobs: BlobStore,
    models: Arc<ModelCache>,
    decoders: Decoders,
    software_version: &'static str,
    /// Films that may be decoded at a time: that is what takes memory and processors.
    decoding: Arc<Semaphore>,
}

/// What the job needs to know before it begins.
struct Case {
    report: Report,
    images: Vec<Image>,
    model: Option<db::models::Model>,
    templates: AnalysisTemplates,
    disclaimer: String,
    limits: Limits,
}

impl AnalysisJob {
    /// The job on this database and store, with at most so many films decoded at a time. More jobs
    /// than that may run: they wait for the model together, which then takes several films at once
    /// where that is faster.
    #[must_use]
    pub fn new(
        database: Database,
        blobs: BlobStore,
        models: Arc<ModelCache>,
        decoders: Decoders,
        software_version: &'static str,
        decoded_at_once: usize,
    ) -> Self {
        Self {
            database,
            blobs,
            models,
            decoders,
            software_version,
            decoding: Arc::new(Semaphore::new(decoded_at_once.max(1))),
        }
    }

    async fn analyse(&self, job: &Leased) -> Result<(), JobError> {
        let Some(report_id) = job.report_id else {
            return Err(JobError("an analysis job names no report".to_owned()));
        };
        let Some(case) = self.begin(job, report_id).await? else {
            return Ok(());
        };
        let examined = self.examine_all(&case).await?;
        self.finish(job, &case, &examined).await
    }

    /// Moves the report to `analyzing` and reads what is needed. `None`: nothing is left to do.
    async fn begin(&self, job: &Leased, report_id: ReportId) -> Result<Option<Case>, JobError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        match reports::transition(&mut tx, report_id, ReportEvent::AnalysisStarted).await {
            Ok(_) => {}
            Err(TransitionError::Db(error)) => return Err(error.into()),
            // A doctor was faster, or the report is gone: the work is done.
            Err(TransitionError::NotFound | TransitionError::Refused(_)) => {
                if db::jobs::complete(&mut tx, job).await? {
                    tx.commit().await?;
                }
                return Ok(None);
            }
        }
        let Some(report) = reports::find(&mut tx, report_id).await? else {
            return Ok(None);
        };
        let limits = crate::film::limits(&mut tx).await?;
        let case = Case {
            images: db::images::of_report(&mut tx, report_id).await?,
            model: db::models::active(&mut tx).await?,
            templates: db::settings::get(&mut tx, settings::ANALYSIS_TEMPLATES).await?,
            disclaimer: db::settings::get(&mut tx, settings::ANALYSIS_DISCLAIMER).await?,
            limits,
            report,
        };
        if let Some(sender) = case.report.radiologist_id {
            events::tell_user(
                &mut tx,
                sender,
                domain::event::EventKind::ReportChanged,
                Some(report_id),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(Some(case))
    }

    /// Looks at every image, off the async threads.
    async fn examine_all(&self, case: &Case) -> Result<Vec<Examined>, JobError> {
        let mut examined = Vec::with_capacity(case.images.len());
        for image in &case.images {
            let looker = self.clone();
            let (image, model) = (image.clone(), case.model.clone());
            let (limits, beside) = (case.limits, beside(&case.report));
            let decoding = self.decoding.clone().acquire_owned().await?;
            let task = tokio::task::spawn_blocking(move || {
                looker.examine_one(&image, model.as_ref(), &limits, &beside, decoding)
            });
            examined.push(
                task.await
                    .map_err(|error| JobError(format!("looking at an image failed: {error}")))??,
            );
        }
        Ok(examined)
    }

    fn examine_one(
        &self,
        image: &Image,
        model: Option<&db::models::Model>,
        limits: &Limits,
        beside: &Beside,
        decoding: OwnedSemaphorePermit,
    ) -> Result<Examined, JobError> {
        let started = Instant::now();
        let bytes = self.blobs.read(image.sha256.parse::<Digest>()?)?;
        let assessment = match model.map(|row| self.models.get(row)) {
            None => FilmAssessment::not_assessed("no_model", "no model is active"),
            Some(_) if model.is_some_and(|row| row.stage == ModelStage::Suspended) => {
                FilmAssessment::not_assessed(
                    "model_suspended",
                    "the model is suspended until somebody has looked into it",
                )
            }
            Some(Err(error)) => {
                tracing::error!(%error, "the active model cannot be loaded");
                FilmAssessment::not_assessed(MODEL_FAILED, "the active model could not be loaded")
            }
            Some(Ok(model)) => {
                let seen = see(&bytes, &model, &self.decoders, limits, beside);
                // Others may decode while this film waits for the model.
                drop((bytes, decoding));
                match seen {
                    Ok(Seen::Ready(looked)) => model.assess(&looked).into(),
                    Ok(Seen::Refused(refusal)) => refusal,
                    // Tried again later: that nobody had time for a film says nothing about it.
                    Err(busy @ ImagingError::Busy { .. }) => {
                        return Err(JobError(busy.to_string()));
                    }
                    Err(error) => FilmAssessment::not_assessed(
                        error.code(),
                        format!("the image could not be read: {error}"),
                    ),
                }
            }
        };
        let milliseconds = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
        Ok(Examined {
            image_id: image.image_id,
            assessment,
            milliseconds,
        })
    }

    /// Writes the result, the job's end, the audit row, the notifications and the events, together.
    async fn finish(
        &self,
        job: &Leased,
        case: &Case,
        examined: &[Examined],
    ) -> Result<(), JobError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        let report_id = case.report.report_id;
        record::inferences(
            &mut tx,
            &case.report,
            case.model.as_ref(),
            examined,
            false,
            self.software_version,
        )
        .await?;
        match reports::transition(&mut tx, report_id, ReportEvent::AnalysisEnded).await {
            Ok(_) => {}
            Err(TransitionError::Db(error)) => return Err(error.into()),
            // Signed in the meantime: the record of the inference is all that is kept.
            Err(TransitionError::NotFound | TransitionError::Refused(_)) => {
                return Ok(tx.commit().await?);
            }
        }
        match (
            gravest(examined).filter(|(_, scored)| may_stand(scored, examined)),
            case.model.as_ref(),
        ) {
            (Some((best, scored)), Some(model)) => {
                self.store_score(&mut tx, case, best, scored, model).await?;
            }
            _ => store_refusal(&mut tx, case, examined).await?,
        }
        if let Some(model) = case
            .model
            .as_ref()
            .filter(|model| model.stage == ModelStage::Active)
        {
            record::score(&mut tx, &case.report, model.model_id, examined, false).await?;
        }
        silent::queue(&mut tx, report_id).await?;
        events::tell_of_report(&mut tx, report_id, case.report.radiologist_id).await?;
        let waited = tx.now() - case.report.upload_date;
        tx.commit().await?;
        // From the acknowledged upload to the queue, as a doctor feels it.
        metrics::histogram!("portal_analysis_latency_seconds")
            .record(waited.as_seconds_f64().max(0.0));
        let assessed = examined
            .iter()
            .any(|one| matches!(one.assessment, FilmAssessment::Scored(_)));
        let outcome = if assessed { "scored" } else { "not_assessed" };
        metrics::counter!("portal_analyses_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    async fn store_score(
        &self,
        tx: &mut ActorTx,
        case: &Case,
        best: &Examined,
        scored: &ai::Scored,
        model: &db::models::Model,
    ) -> Result<(), JobError> {
        let report_id = case.report.report_id;
        let analysis_id = AnalysisId::new_at(tx.now());
        let words = wording::scored(&case.templates, &case.disclaimer, scored);
        let probabilities = scored.probabilities.rounded();
        let attention = scored.heatmap.as_ref().map(|heatmap| {
            json!({ "image_id": best.image_id, "url": format!("/api/ai/analysis/{analysis_id}/heatmap"), "heatmap": heatmap })
        });
        let features = scored
            .features
            .as_ref()
            .map(|features| json!({ "features": features }));
        let steps = json!({
            "steps": scored.preprocessing_steps,
            "quality": scored.quality,
            "scope": scored.scope,
            "model_sha256": scored.model_sha256,
            "input_sha256": scored.input_sha256,
            "engine": scored.engine,
        });
        let new = NewAnalysis {
            analysis_id,
            report_id,
            model_id: model.model_id,
            risk_category: scored.risk,
            risk_probability: scored.probability,
            probabilities,
            findings: &json!(scored.findings),
            feature_maps: features.as_ref(),
            attention_maps: attention.as_ref(),
            processing_time_ms: best.milliseconds,
            image_quality_score: Some(scored.quality.score),
            confidence_threshold: scored.threshold,
            preprocessing_steps: &steps,
            model_version: &format!("{} {}", scored.model_name, scored.model_version),
        };
        let wording = Wording {
            findings: &words.findings,
            recommendations: &words.recommendations,
            confidence_score: Some(scored.confidence),
        };
        analyses::store(tx, &new, &wording).await?;
        tx.audit(
            Act::new(AuditAction::CompleteAnalysis, EntityType::Report)
                .on(report_id)
                .new_values(json!({
                    "analysis_id": analysis_id,
                    "model_id": model.model_id,
                    "risk_category": scored.risk,
                    "risk_probability": scored.probability,
                })),
        )
        .await?;
        if scored.risk == RiskCategory::High {
            tell_doctors_of_high(tx, report_id).await?;
        }
        Ok(())
    }
}

/// What the sender and the patient's record say of a film.
pub(crate) fn beside(report: &Report) -> Beside {
    let record = report
        .image_metadata
        .get("age_by_record")
        .and_then(Value::as_f64);
    Beside {
        ages: report
            .patient_age
            .map(f64::from)
            .into_iter()
            .chain(record)
            .collect(),
        study_type: Some(report.study_type.clone()),
    }
}

async fn store_refusal(
    tx: &mut ActorTx,
    case: &Case,
    examined: &[Examined],
) -> Result<(), DbError> {
    let (code, reason, detail) = first_refusal(examined);
    let report_id = case.report.report_id;
    decline(
        tx,
        report_id,
        code,
        reason,
        &detail,
        &case.templates,
        &case.disclaimer,
    )
    .await
}

impl Handler for AnalysisJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        self.analyse(job).boxed()
    }

    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        async move {
            let Some(report_id) = job.report_id else { return Ok(()) };
            match reports::transition(tx, report_id, ReportEvent::AnalysisEnded).await {
                Ok(_) => {}
                Err(TransitionError::Db(error)) => return Err(error),
                Err(TransitionError::NotFound | TransitionError::Refused(_)) => return Ok(()),
            }
            let templates = db::settings::get(tx, settings::ANALYSIS_TEMPLATES).await?;
            let disclaimer: String = db::settings::get(tx, settings::ANALYSIS_DISCLAIMER).await?;
            let reason = "the analysis failed several times; tech has been told";
            decline(tx, report_id, "analysis_failed", reason, &json!({ "job_id": job.job_id, "error": error }), &templates, &disclaimer)
                .await?;
            let message = Message {
                kind: "job_dead",
                priority: NotificationPriority::High,
                title: "An analysis failed for good",
                message: "The case is in the doctors' queue without a score. The job list says what went wrong.",
                action_url: Some("/jobs".to_owned()),
                related_report_id: None,
            };
            let tech = notifications::active_tech(tx).await?;
            notifications::send(tx, &tech, &message).await?;
            let sender = analyses::concerned(tx, report_id).await?.and_then(|concerned| concerned.radiologist_id);
            events::tell_of_report(tx, report_id, sender).await
        }
        .boxed()
    }
}
