//! `POST /api/models/{model_id}/promotion`, `GET /api/models/promotions`,
//! `POST /api/models/promotions/{promotion_id}/decision`, `POST /api/models/rollback`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::promotions::{self, Promotion};
use domain::{ModelId, PromotionDecision, PromotionId, StepUp, access::Permission};
use governance::lifecycle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ReasonRequest;
use crate::{
    body::{Json, Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// Ask to put a model to work
///
/// Another member of tech, or a doctor, decides. The side-by-side figures of now stay with the request.
#[utoipa::path(post, operation_id = "models_request_promotion", path = "/api/models/{model_id}/promotion", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model")), request_body = ReasonRequest,
    responses((status = 201, body = Promotion), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Another request is open, or its stage does not allow it", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn request(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Json(body): Json<ReasonRequest>,
) -> Result<(StatusCode, Answer<Promotion>), Problem> {
    signed.may(Permission::ManageModels, &state).await?;
    signed.stepped_up(StepUp::PromoteModel, &state).await?;
    let promotion_id =
        lifecycle::request_promotion(&state.database, &signed.actor, model_id, &body.reason)
            .await?;
    let mut tx = signed.begin(&state).await?;
    let promotion = promotions::find(&mut tx, promotion_id)
        .await?
        .ok_or(Problem::NotFound("promotion"))?;
    Ok((StatusCode::CREATED, Answer(promotion)))
}

/// List promotions
#[utoipa::path(get, operation_id = "models_promotions", path = "/api/models/promotions", tag = "models", params(PageQuery),
    responses((status = 200, body = ListAnswer<Promotion>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Promotion>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    Ok(Answer(
        promotions::list(&mut tx, after, limit).await?.into(),
    ))
}

/// A decision on a promotion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromotionDecisionRequest {
    /// Approved or declined by a second person, withdrawn by whoever asked.
    decision: PromotionDecision,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Decide on a promotion
///
/// Approved by another person than asked, the model scores cases from now on.
#[utoipa::path(post, operation_id = "models_decide_promotion", path = "/api/models/promotions/{promotion_id}/decision", tag = "models",
    params(("promotion_id" = PromotionId, Path, description = "The promotion")), request_body = PromotionDecisionRequest,
    responses((status = 200, body = Promotion), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "The same person asked, it is decided, or another model works by now", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    signed: Signed,
    Path(promotion_id): Path<PromotionId>,
    Json(body): Json<PromotionDecisionRequest>,
) -> Result<Answer<Promotion>, Problem> {
    let mut tx = signed
        .begin_as(Permission::DecidePromotions, &state)
        .await?;
    signed.stepped_up(StepUp::PromoteModel, &state).await?;
    lifecycle::decide(&mut tx, promotion_id, body.decision, &body.reason).await?;
    let promotion = promotions::find(&mut tx, promotion_id)
        .await?
        .ok_or(Problem::NotFound("promotion"))?;
    tx.commit().await?;
    Ok(Answer(promotion))
}

/// Which model works now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RolledBack {
    /// The model.
    model_id: ModelId,
}

/// Put the model before back to work
///
/// One person suffices: it has been approved before.
#[utoipa::path(post, operation_id = "models_roll_back", path = "/api/models/rollback", tag = "models", request_body = ReasonRequest,
    responses((status = 200, body = RolledBack), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody),
              (status = 409, description = "There is none to go back to", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn roll_back(
    State(state): State<ApiState>,
    signed: Signed,
    Json(body): Json<ReasonRequest>,
) -> Result<Answer<RolledBack>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageModels, &state).await?;
    signed.stepped_up(StepUp::PromoteModel, &state).await?;
    let model_id = lifecycle::roll_back(&mut tx, &body.reason).await?;
    tx.commit().await?;
    Ok(Answer(RolledBack { model_id }))
}
