//! `POST /api/patients/{patient_id}/export`.

use std::io;

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use db::{
    audit::Act,
    personal_data::{self, Eyes},
};
use domain::{
    Language, Role, StepUp, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use privacy::export::RecordExport;
use serde::Deserialize;
use serde_json::json;
use tokio::{runtime::Handle, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use crate::{
    auth::own_profile,
    body::{Checks, Json, Path},
    codes::FieldCode,
    pieces::Pieces,
    problem::{Problem, ProblemBody, chain},
    signed::Signed,
    state::ApiState,
};

/// Bytes that are handed on at once.
const PIECE: usize = 32 << 10;

/// Why, and in which language.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordExportRequest {
    /// Why; needed of privacy officers, at most 2000 characters. It goes into the audit trail.
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// Of the page to read; by default the language of the asking account.
    #[schema(value_type = Option<Language>)]
    language: Option<String>,
}

/// Take everything about one patient away
///
/// A ZIP file, made while it is sent: `index.html` to read, `data.json` for programs, the films as they are stored.
/// Patients take their own record, as far as it is released to them; privacy officers the whole of any, with a reason.
/// A file that cannot be opened was cut off. Wants a proof of who asks (`POST /api/auth/step-up`).
#[utoipa::path(post, operation_id = "patients_export", path = "/api/patients/{patient_id}/export", tag = "privacy",
    request_body = RecordExportRequest, params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, description = "The ZIP file", content_type = "application/zip", body = Vec<u8>),
              (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer, or `step_up_required`", body = ProblemBody),
              (status = 404, description = "No such patient, or another one", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<RecordExportRequest>,
) -> Result<Response, Problem> {
    signed.may(Permission::ExportRecord, &state).await?;
    let eyes = match signed.role {
        Role::Patient => Eyes::Own,
        _ => Eyes::Officer,
    };
    let mut tx = match eyes {
        Eyes::Own => signed.begin(&state).await?,
        Eyes::Officer => signed.begin_as_officer(&state).await?,
    };
    let reason = request.reason.as_deref().map_or("", str::trim);
    let mut checks = Checks::default();
    let language: Option<Language> = checks.word("language", request.language.as_deref());
    checks.at_most("reason", Some(reason), 2000);
    checks.require(
        eyes == Eyes::Own || !reason.is_empty(),
        "reason",
        FieldCode::Required,
        "say why the record is taken away: it goes into the audit trail",
    );
    checks.done()?;
    let is_there = match eyes {
        Eyes::Own => patient_id == signed.user_id,
        Eyes::Officer => personal_data::is_patient(&mut tx, patient_id).await?,
    };
    if !is_there {
        return Err(Problem::NotFound("patient"));
    }
    signed.stepped_up(StepUp::Export, &state).await?;
    let language = match language {
        Some(language) => language,
        None => {
            let own = own_profile(&state, signed.user_id, signed.actor.origin.clone()).await?;
            Language::of_preferences(&own.preferences)
        }
    };
    tx.audit(
        Act::new(AuditAction::ExportRecord, EntityType::Patient)
            .on(patient_id)
            .new_values(json!({ "reason": reason, "language": language })),
    )
    .await?;
    let made_at = tx.now();
    tx.commit().await?;
    let export = RecordExport {
        database: state.database.clone(),
        blobs: state.blobs.clone(),
        actor: signed.actor,
        patient_id,
        eyes,
        language,
        made_at,
    };
    Ok(stream(export))
}

/// The file while it is made.
fn stream(export: RecordExport) -> Response {
    let (pieces, stream) = mpsc::channel(8);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let out = io::BufWriter::with_capacity(PIECE, Pieces(pieces.clone()));
        if let Err(error) = export.write(&runtime, out) {
            tracing::warn!(error = chain(&error), "the export of a record was cut off");
            // Ends the answer as broken, so that nobody takes half of it for all.
            let _ = pieces.blocking_send(Err(io::Error::other("the export was cut off")));
        }
    });
    (
        [
            (header::CONTENT_TYPE, "application/zip"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"medical-record.zip\"",
            ),
            (header::CACHE_CONTROL, "no-store"),
        ],
        Body::from_stream(ReceiverStream::new(stream)),
    )
        .into_response()
}
