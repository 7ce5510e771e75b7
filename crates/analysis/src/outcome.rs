//! What an analysis comes to: the gravest image counts, and what cannot be assessed goes to a human.

use db::{
    ActorTx, DbError,
    analyses::{self, Wording},
    audit::Act,
    notifications::{self, Message},
};
use domain::{
    ImageId, ReportId, RiskCategory,
    audit::{AuditAction, EntityType},
    review::NotificationPriority,
    settings::AnalysisTemplates,
};
use serde_json::{Value, json};

use crate::{FilmAssessment, wording};

/// What one image came to.
pub(crate) struct Examined {
    pub(crate) image_id: ImageId,
    pub(crate) assessment: FilmAssessment,
    pub(crate) milliseconds: i32,
}

/// The code of what a model that cannot be loaded or run leaves behind; the same as
/// [`ai::NotAssessedCode::ModelFailed`].
pub(crate) const MODEL_FAILED: &str = ai::NotAssessedCode::ModelFailed.as_str();

/// The reason when the model failed on this film.
pub(crate) fn model_failure(assessment: &FilmAssessment) -> Option<&str> {
    match assessment {
        FilmAssessment::NotAssessed { code, reason, .. } if code == MODEL_FAILED => Some(reason),
        _ => None,
    }
}

/// The image with the gravest score.
pub(crate) fn gravest(examined: &[Examined]) -> Option<(&Examined, &ai::Scored)> {
    examined
        .iter()
        .filter_map(|one| match &one.assessment {
            FilmAssessment::Scored(scored) => Some((one, scored.as_ref())),
            FilmAssessment::NotAssessed { .. } => None,
        })
        .max_by(|(_, a), (_, b)| {
            (a.risk, a.probability)
                .partial_cmp(&(b.risk, b.probability))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
}

/// What goes into the record of an inference.
pub(crate) fn summary(assessment: &FilmAssessment) -> Value {
    match assessment {
        FilmAssessment::Scored(scored) => json!({
            "outcome": "scored",
            "risk": scored.risk,
            "probability": scored.probability,
            "probabilities": scored.probabilities,
            "findings": scored.findings,
            "scope": scored.scope,
            "quality": scored.quality,
        }),
        FilmAssessment::NotAssessed {
            code,
            reason,
            quality,
            scope,
            ..
        } => {
            json!({ "outcome": "not_assessed", "code": code, "reason": reason, "quality": quality, "scope": scope })
        }
    }
}

/// Whether a score may stand for the whole report: a high one always, a lower one only when every
/// image was assessed. What one film hides another one must not call "low".
pub(crate) fn may_stand(scored: &ai::Scored, examined: &[Examined]) -> bool {
    let all_assessed = examined
        .iter()
        .all(|one| matches!(one.assessment, FilmAssessment::Scored(_)));
    scored.risk == RiskCategory::High || all_assessed
}

/// The code, reason and details of the first image that was not scored.
pub(crate) fn first_refusal(examined: &[Examined]) -> (&str, &str, Value) {
    let refused = examined
        .iter()
        .map(|one| &one.assessment)
        .find(|assessment| matches!(assessment, FilmAssessment::NotAssessed { .. }));
    match refused {
        Some(FilmAssessment::NotAssessed {
            code,
            reason,
            quality,
            scope,
            ..
        }) => (code, reason, json!({ "quality": quality, "scope": scope })),
        _ => ("no_image", "the report holds no image", json!({})),
    }
}

/// Writes "not assessed" onto a report.
pub(crate) async fn decline(
    tx: &mut ActorTx,
    report_id: ReportId,
    code: &str,
    reason: &str,
    detail: &Value,
    templates: &AnalysisTemplates,
    disclaimer: &str,
) -> Result<(), DbError> {
    let words = wording::not_assessed(templates, disclaimer, reason);
    let wording = Wording {
        findings: &words.findings,
        recommendations: &words.recommendations,
        confidence_score: None,
    };
    analyses::store_not_assessed(tx, report_id, code, reason, detail, &wording).await?;
    tx.audit(
        Act::new(AuditAction::DeclineAnalysis, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "code": code, "reason": reason })),
    )
    .await
}

pub(crate) async fn tell_doctors_of_high(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<(), DbError> {
    let doctors = notifications::active_doctors(tx).await?;
    let message = Message {
        kind: "high_risk",
        priority: NotificationPriority::Urgent,
        title: "A case of high risk is waiting",
        message: "The AI puts a new film at the top of the queue.",
        action_url: Some(format!("/queue/{report_id}")),
        related_report_id: Some(report_id),
    };
    notifications::send(tx, &doctors, &message).await
}
