//! What is kept of every look at a case, whoever looked: the record of each inference, for oversight,
//! and what the model said of the case as a whole, for the governance of models.

use db::{
    ActorTx, DbError,
    analyses::{self, InferenceRecord},
    case_scores::{self, CaseScore},
    models::Model,
    reports::Report,
};
use domain::{ModelId, RiskCategory};
use serde_json::{Map, Value, json};

use crate::{
    FilmAssessment, alarm,
    outcome::{Examined, first_refusal, gravest, may_stand, summary},
};

/// Keeps the record of each inference on a report, and raises or ends the alarm that the model fails.
pub(crate) async fn inferences(
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
        let (model_sha256, input_sha256, engine, threshold) = match &one.assessment {
            FilmAssessment::Scored(scored) => (
                Some(scored.model_sha256.as_str()),
                Some(scored.input_sha256.as_str()),
                Some(scored.engine),
                Some(scored.threshold),
            ),
            // Declined after the model was run (its gate) or before (the header, the picture).
            FilmAssessment::NotAssessed { run, .. } => (
                run.as_ref()
                    .map(|run| run.model_sha256.as_str())
                    .or(registered),
                run.as_ref().map(|run| run.input_sha256.as_str()),
                run.as_ref().map(|run| run.engine),
                None,
            ),
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
pub(crate) async fn score(
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
