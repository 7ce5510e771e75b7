//! `POST /api/reviews/{review_id}/addenda`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    events, reports,
    reviews::{self, Addendum},
};
use domain::{
    ReviewId, StepUp,
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

/// A note for a signed review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddendumRequest {
    /// The note; the patient sees it.
    #[schema(min_length = 1, max_length = 20_000)]
    addendum: String,
}

/// Add an addendum to a signed review
#[utoipa::path(post, operation_id = "reviews_addenda_add", path = "/api/reviews/{review_id}/addenda", tag = "reviews", request_body = AddendumRequest,
    params(("review_id" = ReviewId, Path, description = "The review")),
    responses((status = 201, body = Addendum), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    signed: Signed,
    Path(review_id): Path<ReviewId>,
    Json(request): Json<AddendumRequest>,
) -> Result<(StatusCode, Answer<Addendum>), Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let mut checks = Checks::default();
    checks.present("addendum", &request.addendum, 20_000);
    checks.done()?;
    signed.stepped_up(StepUp::SignReview, &state).await?;
    let (addendum_id, report_id) =
        reviews::add_addendum(&mut tx, review_id, request.addendum.trim())
            .await?
            .ok_or(Problem::NotFound("signed review"))?;
    tx.audit(
        Act::new(AuditAction::AddAddendum, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "review_id": review_id, "addendum_id": addendum_id })),
    )
    .await?;
    db::results::announce(&mut tx, report_id).await?;
    let sender = reports::find(&mut tx, report_id)
        .await?
        .and_then(|report| report.radiologist_id);
    events::tell_of_report(&mut tx, report_id, sender).await?;
    let addendum = reviews::addenda_of_report(&mut tx, report_id)
        .await?
        .into_iter()
        .find(|addendum| addendum.addendum_id == addendum_id)
        .ok_or_else(|| Problem::Internal("an addendum just added is not there".to_owned()))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(addendum)))
}
