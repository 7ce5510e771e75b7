//! `GET /api/audit/export`.

use std::{future::ready, io};

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use db::audit::Act;
use domain::{
    StepUp,
    access::Permission,
    audit::{AuditAction, AuditFormat, EntityType},
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::io::ReaderStream;
use trail::formats;
use utoipa::IntoParams;

use crate::{
    body::{Checks, Query},
    problem::{Problem, ProblemBody, chain},
    signed::Signed,
    state::ApiState,
};

/// Bytes that are ready before the client has taken those before them.
const AHEAD: usize = 256 << 10;

/// The media type of a form, and what such a file is called.
fn file_of(format: AuditFormat) -> (&'static str, &'static str) {
    match format {
        AuditFormat::Jsonl => ("application/x-ndjson", "audit.jsonl"),
        AuditFormat::Csv => ("text/csv", "audit.csv"),
        AuditFormat::Fhir => ("application/fhir+ndjson", "audit.ndjson"),
        AuditFormat::Dicom => ("text/plain", "audit-messages.txt"),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditExportQuery {
    /// `jsonl` by default.
    #[param(value_type = Option<AuditFormat>)]
    format: Option<String>,
    /// From this moment on; in `jsonl` from the seal on that holds it.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
}

/// Take the audit trail away as a file
///
/// Made while it is sent: an answer that breaks off is not whole. Wants a proof of who asks (`POST /api/auth/step-up`).
#[utoipa::path(get, operation_id = "audit_trail_export", path = "/api/audit/export", tag = "operations", params(AuditExportQuery),
    responses((status = 200, description = "The file",
               content((Vec<u8> = "application/x-ndjson"), (Vec<u8> = "text/csv"), (Vec<u8> = "application/fhir+ndjson"), (Vec<u8> = "text/plain"))),
              (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<AuditExportQuery>,
) -> Result<Response, Problem> {
    signed.may(Permission::ReadAudit, &state).await?;
    signed.stepped_up(StepUp::Export, &state).await?;
    let mut checks = Checks::default();
    let format: Option<AuditFormat> = checks.word("format", query.format.as_deref());
    checks.done()?;
    let format = format.unwrap_or(AuditFormat::Jsonl);
    let (media_type, file) = file_of(format);
    let span = (query.from, query.until);
    let mut tx = signed.begin_as(Permission::ReadAudit, &state).await?;
    tx.audit(
        Act::new(AuditAction::ExportAudit, EntityType::Audit)
            .new_values(json!({ "format": format, "from": span.0, "until": span.1 })),
    )
    .await?;
    tx.commit().await?;
    let (mut writer, reader) = tokio::io::duplex(AHEAD);
    let (told, outcome) = oneshot::channel();
    let (database, actor) = (state.database.clone(), signed.actor);
    tokio::spawn(async move {
        let written = formats::write(&database, &actor, format, span, &mut writer).await;
        let _ = told.send(written.map_err(|error| chain(&error)));
    });
    // A failure ends the answer as broken, so that nobody takes half of the trail for all of it.
    let end = stream::once(outcome).filter_map(|outcome| {
        ready(match outcome {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => {
                tracing::warn!(error, "an export of the audit trail was cut off");
                Some(Err(io::Error::other("the export was cut off")))
            }
            Err(_) => Some(Err(io::Error::other("the export was cut off"))),
        })
    });
    Ok((
        [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{file}\""),
            ),
        ],
        Body::from_stream(ReaderStream::new(reader).chain(end)),
    )
        .into_response())
}
