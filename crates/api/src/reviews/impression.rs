//! `POST /api/reviews/queue/{report_id}/impression`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    reports,
    reviews::{self, FirstImpression},
};
use domain::{
    ReportId, RiskCategory,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What a doctor thinks before the AI's verdict is shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpressionRequest {
    /// The category.
    #[schema(value_type = RiskCategory)]
    risk: String,
    /// In words.
    note: Option<String>,
}

/// Record a first impression
///
/// The first one stays; a later one changes nothing.
#[utoipa::path(post, operation_id = "reviews_impression_record", path = "/api/reviews/queue/{report_id}/impression", tag = "reviews", request_body = ImpressionRequest,
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 201, body = FirstImpression), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "There is one already", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn record(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
    Json(request): Json<ImpressionRequest>,
) -> Result<(StatusCode, Answer<FirstImpression>), Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let mut checks = Checks::default();
    let risk: Option<RiskCategory> = checks.word("risk", Some(&request.risk));
    checks.at_most("note", request.note.as_deref(), 2000);
    checks.done()?;
    let risk = risk.expect("checked just above");
    reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    if !reviews::record_impression(&mut tx, report_id, risk, request.note.as_deref()).await? {
        return Err(Problem::Conflict {
            code: "impression_recorded",
            detail: "your first impression of this case is recorded already and stays".to_owned(),
        });
    }
    tx.audit(
        Act::new(AuditAction::RecordImpression, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "risk": risk })),
    )
    .await?;
    let impression = reviews::own_impression(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("impression"))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(impression)))
}
