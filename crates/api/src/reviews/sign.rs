//! `POST /api/reviews`: signing.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::Duration;
use db::{
    ActorTx,
    analyses::{self, Analysis},
    audit::Act,
    claims, events,
    notifications::{self, Message},
    releases::{self, Release},
    reports::{self, Report, TransitionError},
    reviews::{self, Review, ReviewContent, Verdict},
};
use domain::{
    ReportId, ReportStatus, ReviewId, StepUp,
    access::Permission,
    audit::{AuditAction, EntityType},
    report::ReportEvent,
    settings::{self, ReleasePolicy},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{content::ReviewFields, identity};
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// A review to be signed.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SignRequest {
    /// The report.
    report_id: Option<ReportId>,
    /// What the doctor writes.
    #[serde(flatten)]
    fields: ReviewFields,
    /// Sign although another review is signed already.
    #[serde(default)]
    second_opinion: bool,
}

/// A signed review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedReview {
    /// The review.
    #[serde(flatten)]
    review: Review,
    /// Where the report stands now.
    status: ReportStatus,
    /// When the patient may see it.
    release: Release,
}

/// Sign a review
///
/// The report becomes `reviewed` and is released to the patient by the setting `release.policy`. A
/// signed review never changes; what is to be added later is an addendum. A case that another doctor
/// holds a claim on is refused.
#[utoipa::path(post, operation_id = "reviews_sign", path = "/api/reviews", tag = "reviews", request_body = SignRequest,
    responses((status = 201, body = SignedReview), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a doctor, or `step_up_required`", body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Claimed by another doctor, signed already, or `identity_unconfirmed`", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn sign(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<SignRequest>,
) -> Result<(StatusCode, Answer<SignedReview>), Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let mut checks = Checks::default();
    let report_id = checks.take(
        "report_id",
        FieldCode::Required,
        request.report_id.ok_or("name the report"),
    );
    let reason = request.fields.ai_disagreement_reason.clone();
    // A word that is there but wrong is refused as such, once.
    checks.require(
        request.fields.doctor_risk_assessment.is_some(),
        "doctor_risk_assessment",
        FieldCode::Required,
        "give your own category: low, medium or high",
    );
    checks.require(
        request.fields.urgency_level.is_some(),
        "urgency_level",
        FieldCode::Required,
        "say how soon somebody must act: routine, follow_up, urgent or critical",
    );
    let mut content = request.fields.check(&mut checks, tx.now().date_naive());
    checks.done()?;
    let report_id = report_id.expect("checked just above");
    signed.stepped_up(StepUp::SignReview, &state).await?;

    let report = reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    refuse_when_claimed_by_another(&mut tx, &signed, report_id).await?;
    identity::require_confirmed(&mut tx, &report, signed.user_id).await?;
    move_to_reviewed(&mut tx, report_id, request.second_opinion).await?;
    let analysis = analyses::of_report(&mut tx, report_id).await?;
    if analysis.is_none() {
        // There is no verdict that could be confirmed.
        content.confirmed_ai_diagnosis = None;
    } else if content.confirmed_ai_diagnosis.is_none() {
        content.confirmed_ai_diagnosis = analysis
            .as_ref()
            .map(|analysis| Some(analysis.risk_category) == content.doctor_risk_assessment);
    }
    let review_id = reviews::sign(&mut tx, report_id, &content).await?;
    record_verdict(
        &mut tx,
        report_id,
        review_id,
        analysis.as_ref(),
        reason.as_deref(),
    )
    .await?;
    claims::give_back(&mut tx, report_id).await?;
    let release = plan_release(&mut tx, &report, review_id).await?;
    tx.audit(
        Act::new(AuditAction::SignReview, EntityType::Report)
            .on(report_id)
            .new_values(json!({
                "review_id": review_id,
                "doctor_risk_assessment": content.doctor_risk_assessment,
                "urgency_level": content.urgency_level,
                "confirmed_ai_diagnosis": content.confirmed_ai_diagnosis,
                "second_opinion": request.second_opinion,
            })),
    )
    .await?;
    db::results::announce(&mut tx, report_id).await?;
    tell(&mut tx, &report, &content).await?;
    let review = reviews::of_report(&mut tx, report_id)
        .await?
        .into_iter()
        .find(|review| review.review_id == review_id)
        .ok_or_else(|| Problem::Internal("a review just signed is not there".to_owned()))?;
    tx.commit().await?;
    Ok((
        StatusCode::CREATED,
        Answer(SignedReview {
            review,
            status: ReportStatus::Reviewed,
            release,
        }),
    ))
}

async fn refuse_when_claimed_by_another(
    tx: &mut ActorTx,
    signed: &Signed,
    report_id: ReportId,
) -> Result<(), Problem> {
    match claims::find(tx, report_id).await? {
        Some(claim) if claim.doctor_id != signed.user_id => Err(Problem::Conflict {
            code: "claimed_by_other",
            detail: format!(
                "{} is reading this case until {}: wait, or ask for it to be given back",
                claim
                    .doctor_name
                    .unwrap_or_else(|| "another doctor".to_owned()),
                claim.expires_at.format("%H:%M UTC"),
            ),
        }),
        _ => Ok(()),
    }
}

async fn move_to_reviewed(
    tx: &mut ActorTx,
    report_id: ReportId,
    second_opinion: bool,
) -> Result<(), Problem> {
    match reports::transition(tx, report_id, ReportEvent::ReviewSigned).await {
        Ok(_) => Ok(()),
        Err(TransitionError::NotFound) => Err(Problem::NotFound("report")),
        Err(TransitionError::Refused(_)) if second_opinion => Ok(()),
        Err(TransitionError::Refused(_)) => Err(Problem::Conflict {
            code: "already_reviewed",
            detail: "a review of this report is signed: add an addendum to it, or send second_opinion: true".to_owned(),
        }),
        Err(TransitionError::Db(error)) => Err(error.into()),
    }
}

async fn record_verdict(
    tx: &mut ActorTx,
    report_id: ReportId,
    review_id: ReviewId,
    analysis: Option<&Analysis>,
    reason: Option<&str>,
) -> Result<(), Problem> {
    let impression = reviews::own_impression(tx, report_id).await?;
    let verdict = Verdict {
        ai_disagreement_reason: reason,
        analysis_id: analysis.map(|analysis| analysis.analysis_id),
        ai_risk_category: analysis.map(|analysis| analysis.risk_category),
        first_impression_risk: impression.map(|impression| impression.risk),
    };
    Ok(reviews::record_verdict(tx, review_id, &verdict).await?)
}

async fn plan_release(
    tx: &mut ActorTx,
    report: &Report,
    review_id: ReviewId,
) -> Result<Release, Problem> {
    let policy: ReleasePolicy = db::settings::get(tx, settings::RELEASE_POLICY).await?;
    let before = releases::find(tx, report.report_id).await?;
    let release_at = tx.now() + Duration::hours(i64::from(policy.delay_hours));
    let planned = releases::plan(
        tx,
        report.report_id,
        report.patient_id,
        review_id,
        release_at,
        &policy.reason,
    )
    .await?;
    if before.is_none() && planned.released_at.is_some() {
        tx.audit(Act::new(AuditAction::ReleaseReport, EntityType::Report).on(report.report_id))
            .await?;
        analysis::release::tell_patient(tx, report.report_id, report.patient_id).await?;
    }
    releases::find(tx, report.report_id)
        .await?
        .ok_or_else(|| Problem::Internal("a release just planned is not there".to_owned()))
}

/// Tells the sender of the film, and the screens.
async fn tell(tx: &mut ActorTx, report: &Report, content: &ReviewContent) -> Result<(), Problem> {
    if let (Some(sender), Some(urgency)) = (report.radiologist_id, content.urgency_level) {
        let message = Message {
            kind: "report_reviewed",
            priority: urgency.notification_priority(),
            title: "A film of yours was read",
            message: "A doctor has signed the review of a film that you sent in.",
            action_url: Some(format!("/reports/{}", report.report_id)),
            related_report_id: Some(report.report_id),
        };
        notifications::send(tx, &[sender], &message).await?;
    }
    Ok(events::tell_of_report(tx, report.report_id, report.radiologist_id).await?)
}
