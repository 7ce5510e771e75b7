//! `GET /api/models/{model_id}/comparison`.

use axum::{Json as Answer, extract::State};
use chrono::Duration;
use domain::{ModelId, access::Permission};
use governance::comparison::{self, Comparison};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    body::{Path, Query},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComparisonQuery {
    /// The model it is compared with, such as the active one.
    with: ModelId,
    /// Days back, 1 to 3650; 90 by default.
    #[param(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// Compare two models
///
/// On the cases that both saw, at most the newest 20,000.
#[utoipa::path(get, operation_id = "models_compare", path = "/api/models/{model_id}/comparison", tag = "models",
    params(("model_id" = ModelId, Path, description = "The first model"), ComparisonQuery),
    responses((status = 200, body = Comparison), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn compare(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Query(query): Query<ComparisonQuery>,
) -> Result<Answer<Comparison>, Problem> {
    let days = days(query.days)?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    for id in [model_id, query.with] {
        super::find(&mut tx, id).await?;
    }
    let since = tx.now() - Duration::days(days);
    drop(tx);
    Ok(Answer(
        comparison::compare(&state.database, model_id, query.with, since).await?,
    ))
}

/// Days back, checked.
pub(super) fn days(given: Option<i64>) -> Result<i64, Problem> {
    let days = given.unwrap_or(90);
    (1..=3650)
        .contains(&days)
        .then_some(days)
        .ok_or_else(|| Problem::field("days", FieldCode::OutOfRange, "must be 1 to 3650"))
}
