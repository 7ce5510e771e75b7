//! `GET /api/reports/{report_id}`.

use axum::{Json as Answer, extract::State};
use db::{
    ActorTx,
    analyses::{self, Analysis, NotAssessed},
    audit::Act,
    claims::{self, Claim},
    images::{self, Image},
    patients,
    releases::{self, Release},
    reports::{self, Report},
    reviews::{self, Addendum, Annotations, FirstImpression, Review},
};
use domain::{
    ReportId, ReportStatus, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    patient_wording::PlainLanguage,
    settings,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::plain;
use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    reviews::identity::{self, IdentityCheck},
    signed::Signed,
    state::ApiState,
};

/// A report with all that hangs on it and that the user may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportDetail {
    /// The report.
    report: Report,
    /// Its images.
    images: Vec<Image>,
    /// What the AI said; null when it did not, or not yet, or `ai_hidden`.
    analysis: Option<Analysis>,
    /// Why the AI said nothing.
    not_assessed: Option<NotAssessed>,
    /// Whether the AI's verdict is kept back until the doctor's first impression is recorded.
    ai_hidden: bool,
    /// Signed reviews, newest first; a doctor's own draft before them.
    reviews: Vec<Review>,
    /// Notes added to them.
    addenda: Vec<Addendum>,
    /// When the patient may see it.
    release: Option<Release>,
    /// Who is reading it (doctors only).
    claim: Option<Claim>,
    /// What this doctor thought before the AI's verdict was shown.
    first_impression: Option<FirstImpression>,
    /// Marks on the images (doctors only).
    annotations: Vec<Annotations>,
    /// Where film and record disagree on whose film it is (staff only); null where they agree.
    identity: Option<IdentityCheck>,
    /// The hospital's number of the patient, if one is known.
    patient_identifier: Option<String>,
    /// The signed result in plain words (patients only), in each language.
    plain_language: Option<PlainLanguage>,
}

/// Read a report
#[utoipa::path(get, operation_id = "reports_detail_read", path = "/api/reports/{report_id}", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = ReportDetail), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<Answer<ReportDetail>, Problem> {
    let mut tx = signed.begin_as(Permission::ReadReports, &state).await?;
    let detail = load(&mut tx, report_id, signed.user_id, signed.role).await?;
    tx.audit(Act::new(AuditAction::ReadReport, EntityType::Report).on(report_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(detail))
}

async fn load(
    tx: &mut ActorTx,
    report_id: ReportId,
    reader: UserId,
    role: Role,
) -> Result<ReportDetail, Problem> {
    let report = reports::find(tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    let mut detail = ReportDetail {
        images: images::of_report(tx, report_id).await?,
        analysis: analyses::of_report(tx, report_id).await?,
        not_assessed: analyses::not_assessed(tx, report_id).await?,
        ai_hidden: false,
        reviews: reviews::of_report(tx, report_id).await?,
        addenda: reviews::addenda_of_report(tx, report_id).await?,
        release: releases::find(tx, report_id).await?,
        claim: None,
        first_impression: None,
        annotations: Vec::new(),
        identity: match role {
            Role::Doctor | Role::Radiologist => identity::check(tx, &report, reader, role).await?,
            Role::Patient | Role::Tech => None,
        },
        patient_identifier: patients::identifiers(tx, &[report.patient_id])
            .await?
            .remove(&report.patient_id),
        plain_language: None,
        report,
    };
    match role {
        Role::Doctor => {
            detail.claim = claims::find(tx, report_id).await?;
            detail.annotations = reviews::annotations(tx, report_id).await?;
            detail.first_impression = reviews::own_impression(tx, report_id).await?;
            if is_ai_hidden(tx, report_id, detail.report.status).await? {
                hide_ai(&mut detail);
            }
        }
        // What doctors write for colleagues, and how they judge the AI, is not for the patient.
        Role::Patient => {
            for review in &mut detail.reviews {
                review.review_notes = None;
                review.ai_accuracy_rating = None;
                review.confirmed_ai_diagnosis = None;
            }
            detail.plain_language = plain::tell(
                tx,
                &detail.reviews,
                detail.analysis.as_ref(),
                detail.not_assessed.as_ref(),
            )
            .await?;
        }
        // How a doctor made sure whose film it is goes with that doctor's report, not with the film.
        Role::Radiologist => {
            if let Some(identity) = &mut detail.identity {
                identity.keep_notes_of(&detail.reviews);
            }
        }
        Role::Tech => {}
    }
    Ok(detail)
}

/// Whether the AI's verdict on a report is kept back from the acting doctor for now.
pub(crate) async fn is_ai_hidden(
    tx: &mut ActorTx,
    report_id: ReportId,
    status: ReportStatus,
) -> Result<bool, Problem> {
    if status == ReportStatus::Reviewed
        || !db::settings::get::<bool>(tx, settings::REVIEW_FIRST_IMPRESSION).await?
    {
        return Ok(false);
    }
    Ok(reviews::own_impression(tx, report_id).await?.is_none())
}

fn hide_ai(detail: &mut ReportDetail) {
    detail.ai_hidden = true;
    detail.analysis = None;
    detail.not_assessed = None;
    hide_ai_of(&mut detail.report);
}

/// Blanks what the AI said on a report.
pub(crate) fn hide_ai_of(report: &mut Report) {
    report.risk_score = None;
    report.confidence_score = None;
    report.findings = None;
    report.recommendations = None;
}
