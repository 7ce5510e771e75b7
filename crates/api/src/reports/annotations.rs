//! `PUT /api/reports/{report_id}/annotations`.

use axum::{extract::State, http::StatusCode};
use db::{audit::Act, reports, reviews};
use domain::{
    ReportId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    body::{Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// The viewer's marks on a report's images.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationsRequest {
    /// The viewer's own document, at most 1 MiB; the portal only keeps it.
    #[schema(value_type = Object)]
    content: Value,
}

/// Save marks on a report's images
///
/// One document a doctor and report; the last one counts.
#[utoipa::path(put, operation_id = "reports_annotations_save", path = "/api/reports/{report_id}/annotations", tag = "reports", request_body = AnnotationsRequest,
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 204, description = "Saved"), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 413, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn save(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
    Json(request): Json<AnnotationsRequest>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    if !(request.content.is_object() || request.content.is_array()) {
        return Err(Problem::field(
            "content",
            FieldCode::WrongType,
            "must be an object or an array",
        ));
    }
    reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    reviews::save_annotations(&mut tx, report_id, &request.content).await?;
    tx.audit(Act::new(AuditAction::SaveAnnotations, EntityType::Report).on(report_id))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
