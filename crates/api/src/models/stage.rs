//! `POST /api/models/{model_id}/stage`, `GET /api/models/{model_id}/changes`.

use axum::{Json as Answer, extract::State};
use db::model_stages::{self, ModelChange};
use domain::{ModelEvent, ModelId, ModelStage, access::Permission};
use governance::lifecycle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body::{Json, Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// What is to happen to a model.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageRequest {
    /// `shadow_started`, `shadow_stopped`, `suspended`, `resumed` or `retired`.
    event: ModelEvent,
    /// Why; it stays with the change.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// What a model is there for now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageAnswer {
    /// The stage.
    stage: ModelStage,
}

/// Change what a model is there for
///
/// All that one person may do: start or stop a shadow, suspend or resume the active model, retire one.
#[utoipa::path(post, operation_id = "models_change_stage", path = "/api/models/{model_id}/stage", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model")), request_body = StageRequest,
    responses((status = 200, body = StageAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Its stage does not allow it", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Json(body): Json<StageRequest>,
) -> Result<Answer<StageAnswer>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageModels, &state).await?;
    let stage = lifecycle::change_stage(&mut tx, model_id, body.event, &body.reason).await?;
    tx.commit().await?;
    Ok(Answer(StageAnswer { stage }))
}

/// Who changed what a model is there for, and why
#[utoipa::path(get, operation_id = "models_changes", path = "/api/models/{model_id}/changes", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model"), PageQuery),
    responses((status = 200, body = ListAnswer<ModelChange>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn changes(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<ModelChange>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    super::find(&mut tx, model_id).await?;
    Ok(Answer(
        model_stages::changes(&mut tx, Some(model_id), after, limit)
            .await?
            .into(),
    ))
}
