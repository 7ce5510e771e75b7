//! `GET /api/settings`, `PUT /api/settings/{setting_key}`.

use axum::{Json as Answer, extract::State};
use db::settings::{self, Setting};
use domain::access::Permission;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    body::{Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Every setting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settings {
    /// The settings.
    items: Vec<Setting>,
    /// Always absent: all of them are in `items`.
    next_cursor: Option<String>,
}

/// List settings
#[utoipa::path(get, operation_id = "settings_list", path = "/api/settings", tag = "operations",
    responses((status = 200, body = Settings), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<Settings>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageSettings, &state).await?;
    let items = settings::list(&mut tx).await?;
    Ok(Answer(Settings {
        items,
        next_cursor: None,
    }))
}

/// A new value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingRequest {
    /// The value, of the setting's form.
    setting_value: Value,
}

/// Change a setting
///
/// In force at once, without a restart.
#[utoipa::path(put, operation_id = "settings_change", path = "/api/settings/{setting_key}", tag = "operations", request_body = SettingRequest,
    params(("setting_key" = String, Path, description = "The key, such as `queue.claim_minutes`")),
    responses((status = 200, body = Setting), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Path(setting_key): Path<String>,
    Json(request): Json<SettingRequest>,
) -> Result<Answer<Setting>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageSettings, &state).await?;
    let definition =
        domain::settings::definition(&setting_key).ok_or(Problem::NotFound("setting"))?;
    (definition.check)(&request.setting_value)
        .map_err(|detail| Problem::field("setting_value", FieldCode::InvalidValue, detail))?;
    settings::set(&mut tx, definition, &request.setting_value).await?;
    let setting = settings::list(&mut tx)
        .await?
        .into_iter()
        .find(|setting| setting.setting_key == definition.key)
        .ok_or(Problem::NotFound("setting"))?;
    tx.commit().await?;
    Ok(Answer(setting))
}
