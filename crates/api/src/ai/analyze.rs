//! `POST /api/ai/analyze/{report_id}`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    events,
    reports::{self, TransitionError},
};
use domain::{
    ReportId, ReportStatus,
    access::Permission,
    audit::{AuditAction, EntityType},
    report::ReportEvent,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalysisQueued {
    /// The report.
    report_id: ReportId,
    /// Where it stands; one that is in the queue stays there meanwhile.
    status: ReportStatus,
}

/// Ask for a new analysis
///
/// The result replaces the one before; the report's `analysis` and `GET /api/events` tell when.
#[utoipa::path(post, operation_id = "ai_analyze", path = "/api/ai/analyze/{report_id}", tag = "ai",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 202, body = AnalysisQueued), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 409, description = "Already reviewed", body = ProblemBody)))]
pub(crate) async fn analyze(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<(StatusCode, Answer<AnalysisQueued>), Problem> {
    let mut tx = signed.begin_as(Permission::RequestAnalysis, &state).await?;
    let status = reports::transition(&mut tx, report_id, ReportEvent::AnalysisRequested)
        .await
        .map_err(|error| match error {
            TransitionError::NotFound => Problem::NotFound("report"),
            TransitionError::Refused(_) => Problem::Conflict {
                code: "already_reviewed",
                detail: "a doctor has signed this report; the AI is not asked again".to_owned(),
            },
            TransitionError::Db(error) => error.into(),
        })?;
    analysis::job::queue(&mut tx, report_id).await?;
    tx.audit(Act::new(AuditAction::RequestAnalysis, EntityType::Report).on(report_id))
        .await?;
    let sender = reports::find(&mut tx, report_id)
        .await?
        .and_then(|report| report.radiologist_id);
    events::tell_of_report(&mut tx, report_id, sender).await?;
    tx.commit().await?;
    Ok((
        StatusCode::ACCEPTED,
        Answer(AnalysisQueued { report_id, status }),
    ))
}
