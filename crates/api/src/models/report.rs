//! `GET /api/models/{model_id}/report`.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{ModelId, access::Permission};

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Everything about a model on one page
///
/// A file to keep: it needs no other file, no script and no network.
#[utoipa::path(get, operation_id = "models_report", path = "/api/models/{model_id}/report", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model")),
    responses((status = 200, description = "The page", content_type = "text/html", body = String), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(crate) async fn report(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
) -> Result<Response, Problem> {
    signed.may(Permission::ReadModels, &state).await?;
    let page = governance::page::of(&state.database, &signed.actor, model_id)
        .await?
        .ok_or(Problem::NotFound("model"))?;
    let name = format!("attachment; filename=\"model-report-{model_id}.html\"");
    Ok((
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        page,
    )
        .into_response())
}
