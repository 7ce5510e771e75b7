//! `POST` and `DELETE /api/reviews/queue/{report_id}/claim`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    claims::{self, Claim},
    events, reports,
};
use domain::{
    ReportId, ReportStatus, Role,
    access::Permission,
    audit::{AuditAction, EntityType},
    event::EventKind,
    settings,
};

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Claim a case
///
/// So that two doctors do not read the same one. A claim runs out (setting `queue.claim_minutes`)
/// and is renewed by claiming again.
#[utoipa::path(post, operation_id = "reviews_claim", path = "/api/reviews/queue/{report_id}/claim", tag = "reviews",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = Claim), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "Another doctor holds it, or it is reviewed", body = ProblemBody)))]
pub(crate) async fn claim(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<Answer<Claim>, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let status = reports::lock_status(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    if status == ReportStatus::Reviewed {
        return Err(Problem::Conflict {
            code: "already_reviewed",
            detail: "a review of this report is signed already".to_owned(),
        });
    }
    let before = claims::find(&mut tx, report_id).await?;
    let minutes: i32 = db::settings::get(&mut tx, settings::QUEUE_CLAIM_MINUTES).await?;
    let Some(claim) = claims::take(&mut tx, report_id, minutes).await? else {
        let holder = before
            .and_then(|claim| claim.doctor_name)
            .unwrap_or_else(|| "another doctor".to_owned());
        return Err(Problem::Conflict {
            code: "claimed_by_other",
            detail: format!("{holder} is reading this case: take the next one"),
        });
    };
    if before.is_none() {
        tx.audit(Act::new(AuditAction::ClaimReport, EntityType::Report).on(report_id))
            .await?;
        events::tell_role(
            &mut tx,
            Role::Doctor,
            EventKind::QueueChanged,
            Some(report_id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Answer(claim))
}

/// Give a claim back
#[utoipa::path(delete, operation_id = "reviews_claim_give_back", path = "/api/reviews/queue/{report_id}/claim", tag = "reviews",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 204, description = "Given back"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, description = "You hold no claim on it", body = ProblemBody)))]
pub(crate) async fn give_back(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    if !claims::give_back(&mut tx, report_id).await? {
        return Err(Problem::NotFound("claim"));
    }
    tx.audit(Act::new(AuditAction::UnclaimReport, EntityType::Report).on(report_id))
        .await?;
    events::tell_role(
        &mut tx,
        Role::Doctor,
        EventKind::QueueChanged,
        Some(report_id),
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
