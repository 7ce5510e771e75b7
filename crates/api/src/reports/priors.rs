//! `GET /api/reports/{report_id}/priors`: earlier studies of the patient in other archives; and
//! `POST /api/reports/{report_id}/priors/{prior_id}/fetch`: have one fetched.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    priors::{self, PriorSearch, PriorStudy},
    reports,
};
use domain::{
    PriorId, PriorState, ReportId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Earlier studies in other archives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Priors {
    /// The archives that are asked about this case's patient; none where nobody has named one.
    archives: Vec<PriorSearch>,
    /// What they have, newest first, beside the studies that the portal has itself.
    studies: Vec<PriorStudy>,
}

/// List earlier studies in other archives
///
/// Archives are asked when a case comes in. The newest few that are without doubt the patient's are fetched by themselves; a
/// film of them is fetched as those of the case are, by its `image_id`.
#[utoipa::path(get, operation_id = "reports_priors", path = "/api/reports/{report_id}/priors", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = Priors), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<Answer<Priors>, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    let (archives, studies) = priors::of_report(&mut tx, report_id).await?;
    // What nobody asked for shows nothing of anybody.
    if !archives.is_empty() {
        let act = Act::new(AuditAction::ReadReport, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "form": "priors", "studies": studies.len() }));
        tx.audit(act).await?;
        tx.commit().await?;
    }
    Ok(Answer(Priors { archives, studies }))
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriorQueued {
    /// The study.
    prior_id: PriorId,
    /// Where it stands.
    state: PriorState,
}

/// Have an earlier study fetched
///
/// Also one of which it is in doubt whose it is: whoever asks has looked. One that is here, or on its way, stays as it is.
#[utoipa::path(post, operation_id = "reports_priors_fetch", path = "/api/reports/{report_id}/priors/{prior_id}/fetch", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("prior_id" = PriorId, Path, description = "The study")),
    responses((status = 202, body = PriorQueued), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn fetch(
    State(state): State<ApiState>,
    signed: Signed,
    Path((report_id, prior_id)): Path<(ReportId, PriorId)>,
) -> Result<(StatusCode, Answer<PriorQueued>), Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let before = priors::fetch(&mut tx, report_id, prior_id)
        .await?
        .ok_or(Problem::NotFound("earlier study"))?;
    let is_queued = before.may_become(PriorState::Fetching);
    let state = if is_queued {
        PriorState::Fetching
    } else {
        before
    };
    if is_queued {
        let act = Act::new(AuditAction::AskArchive, EntityType::Report)
            .on(report_id)
            .old(json!({ "state": before }))
            .new_values(json!({ "form": "ask", "prior_id": prior_id, "state": state }));
        tx.audit(act).await?;
        tx.commit().await?;
    }
    Ok((
        StatusCode::ACCEPTED,
        Answer(PriorQueued { prior_id, state }),
    ))
}
