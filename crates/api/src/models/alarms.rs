//! `GET /api/models/alarms`, `POST /api/models/alarms/{alarm_id}/acknowledge`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    model_alarms::{self, ModelAlarm},
};
use domain::{
    ModelAlarmId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmsQuery {
    /// Whether only those are wanted whose cause still stands.
    #[param(default = false)]
    open: Option<bool>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List alarms about models
#[utoipa::path(get, operation_id = "models_alarms", path = "/api/models/alarms", tag = "models", params(AlarmsQuery),
    responses((status = 200, body = ListAnswer<ModelAlarm>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<AlarmsQuery>,
) -> Result<Answer<ListAnswer<ModelAlarm>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let (limit, after) = page.parse()?;
    let mut tx = signed.begin_as(Permission::ReadModels, &state).await?;
    let open_only = query.open.unwrap_or(false);
    Ok(Answer(
        model_alarms::list(&mut tx, open_only, after, limit)
            .await?
            .into(),
    ))
}

/// Take note of an alarm
///
/// It stays open until its cause is gone.
#[utoipa::path(post, operation_id = "models_acknowledge_alarm", path = "/api/models/alarms/{alarm_id}/acknowledge", tag = "models",
    params(("alarm_id" = ModelAlarmId, Path, description = "The alarm")),
    responses((status = 204, description = "Noted"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "There is no such alarm that nobody took note of", body = ProblemBody)))]
pub(crate) async fn acknowledge(
    State(state): State<ApiState>,
    signed: Signed,
    Path(alarm_id): Path<ModelAlarmId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageModels, &state).await?;
    if !model_alarms::acknowledge(&mut tx, alarm_id).await? {
        return Err(Problem::NotFound("alarm"));
    }
    let act = Act::new(AuditAction::ModelAlarm, EntityType::Model)
        .new_values(json!({ "alarm_id": alarm_id, "acknowledged": true }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
