//! `GET /api/models`, `GET /api/models/{model_id}/metrics`.

use axum::{Json as Answer, extract::State};
use db::models::{self, Metric, Model};
use domain::{ModelId, access::Permission};

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// List models
#[utoipa::path(get, operation_id = "models_list", path = "/api/models", tag = "models", params(PageQuery),
    responses((status = 200, body = ListAnswer<Model>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Model>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    let mut page = models::list(&mut tx, after, limit).await?;
    // Where the file lies is nobody's business outside the machine.
    for model in &mut page.items {
        model.model_file_url = format!("/api/models/{}", model.model_id);
    }
    Ok(Answer(page.into()))
}

/// Read the figures of a model
///
/// Made of signed reviews: positive is risk high.
#[utoipa::path(get, operation_id = "models_metrics", path = "/api/models/{model_id}/metrics", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model"), PageQuery),
    responses((status = 200, body = ListAnswer<Metric>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn metrics(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Metric>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    super::find(&mut tx, model_id).await?;
    Ok(Answer(
        models::metrics(&mut tx, model_id, after, limit)
            .await?
            .into(),
    ))
}
