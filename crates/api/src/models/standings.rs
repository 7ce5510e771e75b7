//! `GET /api/models/{model_id}/standings`, `POST /api/models/figures`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{ModelId, access::Permission};
use governance::standing::{self, ModelStanding};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StandingsQuery {
    /// The latest so many days, 1 to 3650; 90 by default.
    #[param(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// How a model stood on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayStanding {
    /// The day.
    day: NaiveDate,
    /// When it was counted.
    computed_at: DateTime<Utc>,
    /// The figures.
    standing: ModelStanding,
}

/// The days, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Standings {
    /// The days.
    items: Vec<DayStanding>,
}

/// Read how a model stands
///
/// Counted once a day for models that score: figures from signed reviews with 95 % intervals, the
/// reliability and ROC curves, subgroups, drift.
#[utoipa::path(get, operation_id = "models_standings", path = "/api/models/{model_id}/standings", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model"), StandingsQuery),
    responses((status = 200, body = Standings), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Query(query): Query<StandingsQuery>,
) -> Result<Answer<Standings>, Problem> {
    let days = super::comparison::days(query.days)?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    let model = super::find(&mut tx, model_id).await?;
    let items = standing::latest(&mut tx, &model, days)
        .await?
        .into_iter()
        .map(|(day, computed_at, standing)| DayStanding {
            day,
            computed_at,
            standing,
        })
        .collect();
    Ok(Answer(Standings { items }))
}

/// Count the figures now
///
/// A job does so once a day by itself; this queues one more.
#[utoipa::path(post, operation_id = "models_count", path = "/api/models/figures", tag = "models",
    responses((status = 202, description = "Queued"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(crate) async fn count(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageModels, &state).await?;
    standing::queue(&mut tx).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
