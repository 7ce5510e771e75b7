//! `POST /api/models/training-set`.

use std::io;

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{StepUp, access::Permission};
use governance::training_set::{self, ExportError, Tar};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use crate::{
    body::Json,
    codes::FieldCode,
    pieces::Pieces,
    problem::{Problem, ProblemBody, chain},
    signed::Signed,
    state::ApiState,
};

/// Which cases, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainingSetRequest {
    /// From when on signed cases count; all of them by default.
    from: Option<DateTime<Utc>>,
    /// Until when, not included; now by default.
    until: Option<DateTime<Utc>>,
    /// Why; it goes into the audit trail.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Export reviewed cases without identities
///
/// A tar file of pictures, `manifest.csv` and `README.md`, made while it is sent. A file without
/// `README.md` at its end was cut off.
#[utoipa::path(post, operation_id = "models_export_training_set", path = "/api/models/training-set", tag = "models",
    request_body = TrainingSetRequest,
    responses((status = 200, description = "The tar file", content_type = "application/x-tar", body = Vec<u8>), (status = 400, body = ProblemBody),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 409, description = "Nothing was signed in that time", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    signed: Signed,
    Json(body): Json<TrainingSetRequest>,
) -> Result<Response, Problem> {
    signed.may(Permission::ManageModels, &state).await?;
    signed.stepped_up(StepUp::Export, &state).await?;
    let until = body.until.unwrap_or_else(|| state.clock().now());
    let from = body.from.unwrap_or(DateTime::UNIX_EPOCH);
    let export = training_set::prepare(
        &state.database,
        &signed.actor,
        &state.blobs,
        &state.decoders,
        from,
        until,
        &body.reason,
    )
    .await?;
    let (pieces, stream) = mpsc::channel(8);
    tokio::task::spawn_blocking(move || {
        let mut tar = Tar::new(Pieces(pieces.clone()));
        if let Err(error) = export.write(&mut tar) {
            tracing::warn!(error = chain(&error), "a training set was cut off");
            // Ends the answer as broken, so that nobody takes half of it for all.
            let _ = pieces.blocking_send(Err(io::Error::other("the export was cut off")));
        }
    });
    Ok((
        [
            (header::CONTENT_TYPE, "application/x-tar"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"training-set.tar\"",
            ),
        ],
        Body::from_stream(ReceiverStream::new(stream)),
    )
        .into_response())
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        let detail = error.to_string();
        match error {
            ExportError::Nothing => Self::Conflict {
                code: "nothing_to_export",
                detail,
            },
            ExportError::Reason => Self::field("reason", FieldCode::Required, detail),
            ExportError::Db(error) => error.into(),
            ExportError::Io(_) | ExportError::List(_) | ExportError::Randomness => {
                Self::Internal(chain(&error))
            }
        }
    }
}
