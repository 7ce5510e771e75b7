//! `POST /api/models/{model_id}/recalibration`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::Duration;
use domain::{ModelId, access::Permission};
use governance::recalibration::{self, Recalibrated, RecalibrationError, Wanted};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    body::{Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody, chain},
    signed::Signed,
    state::ApiState,
};

/// What a recalibration is to reach.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecalibrationRequest {
    /// Share of cases of medium or high risk that must be flagged.
    #[schema(minimum = 0.5, maximum = 0.999)]
    sensitivity: f64,
    /// Signed cases of so many days back; 365 by default.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// Recalibrate a model on local cases
///
/// Makes a new version, registered and inactive, with calibration and thresholds from signed cases. It
/// goes to work like any other, by promotion.
#[utoipa::path(post, operation_id = "models_recalibrate", path = "/api/models/{model_id}/recalibration", tag = "models",
    params(("model_id" = ModelId, Path, description = "The model")), request_body = RecalibrationRequest,
    responses((status = 201, body = Recalibrated), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Too few signed cases, or the model cannot be recalibrated", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn recalibrate(
    State(state): State<ApiState>,
    signed: Signed,
    Path(model_id): Path<ModelId>,
    Json(body): Json<RecalibrationRequest>,
) -> Result<(StatusCode, Answer<Recalibrated>), Problem> {
    signed.may(Permission::ManageModels, &state).await?;
    let days = super::comparison::days(Some(body.days.unwrap_or(365)))?;
    let until = state.clock().now();
    let wanted = Wanted {
        sensitivity: body.sensitivity,
        from: until - Duration::days(days),
        until,
    };
    let folder = &state.options.models_folder;
    let made = recalibration::recalibrate(&state.database, &signed.actor, folder, model_id, wanted)
        .await?;
    Ok((StatusCode::CREATED, Answer(made)))
}

impl From<RecalibrationError> for Problem {
    fn from(error: RecalibrationError) -> Self {
        use RecalibrationError as E;
        let detail = error.to_string();
        match error {
            E::NotFound => Self::NotFound("model"),
            E::Sensitivity => Self::field("sensitivity", FieldCode::OutOfRange, detail),
            E::TooFew { .. } | E::FewPatients { .. } => Self::Conflict {
                code: "too_few_cases",
                detail,
            },
            E::Head | E::NoOrder | E::Thresholds { .. } => Self::Conflict {
                code: "not_recalibrable",
                detail,
            },
            E::Db(error) => error.into(),
            E::Package(_) | E::Manifest(_) | E::Io(_) | E::Registry(_) => {
                Self::Internal(chain(&error))
            }
        }
    }
}
