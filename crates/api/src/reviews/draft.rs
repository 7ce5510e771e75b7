//! `PUT /api/reviews/drafts/{report_id}`.

use axum::{Json as Answer, extract::State};
use db::{audit::Act, reports, reviews};
use domain::{
    ReportId, ReviewId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::content::ReviewFields;
use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// A saved draft.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftSaved {
    /// The draft.
    review_id: ReviewId,
    /// The report.
    report_id: ReportId,
}

/// Save a draft
///
/// One draft a doctor and report, seen by nobody else; the last one counts. Nothing is required.
#[utoipa::path(put, operation_id = "reviews_draft_save", path = "/api/reviews/drafts/{report_id}", tag = "reviews", request_body = ReviewFields,
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = DraftSaved), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn save(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
    Json(fields): Json<ReviewFields>,
) -> Result<Answer<DraftSaved>, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let mut checks = Checks::default();
    let content = fields.check(&mut checks, tx.now().date_naive());
    checks.done()?;
    // Held, so that a draft saved twice at once does not meet itself.
    reports::lock_status(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    let review_id = reviews::save_draft(&mut tx, report_id, &content).await?;
    tx.audit(Act::new(AuditAction::SaveDraft, EntityType::Report).on(report_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(DraftSaved {
        review_id,
        report_id,
    }))
}
