//! `GET /api/reports/{report_id}/results/{kind}`: a signed result as an object for archives; and
//! `GET /api/reports/{report_id}/pdf`: as a report to read.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use db::{ActorTx, audit::Act};
use decoding::Lane;
use domain::{
    ReportId, Role,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use imaging::Limits;
use results::{Document, ResultError, SignedResult, Zone, site_zone};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{detail::is_ai_hidden, images};
use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// As which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ResultKind {
    /// A Structured Report, TID 1500.
    StructuredReport,
    /// The film with the AI's heatmap over it, as a Secondary Capture.
    SecondaryCapture,
    /// The signed report to read, as an Encapsulated PDF.
    EncapsulatedPdf,
}

impl ResultKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::StructuredReport => "structured-report",
            Self::SecondaryCapture => "secondary-capture",
            Self::EncapsulatedPdf => "encapsulated-pdf",
        }
    }
}

/// Fetch a signed result as a DICOM object
///
/// In the study of the films, in a series of its own. The same signed state gives the same bytes; an addendum gives a new
/// object. See `docs/DICOM_CONFORMANCE.md`.
#[utoipa::path(get, operation_id = "reports_results_object", path = "/api/reports/{report_id}/results/{kind}", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("kind" = ResultKind, Path, description = "As which object")),
    responses((status = 200, description = "The Part 10 file", content_type = "application/dicom", body = Vec<u8>),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "No such report, nobody has signed it, or it has no heatmap", body = ProblemBody),
              (status = 422, description = "`result_unwritable`: DICOM has no room for a text of it; or the film cannot be decoded", body = ProblemBody)))]
pub(crate) async fn object(
    State(state): State<ApiState>,
    signed: Signed,
    Path((report_id, kind)): Path<(ReportId, ResultKind)>,
) -> Result<Response, Problem> {
    let mut tx = signed
        .begin_as(Permission::ReadResultObjects, &state)
        .await?;
    let result = load(&mut tx, &signed, report_id).await?;
    let form = format!("dicom {}", kind.as_str());
    note(&mut tx, report_id, &form).await?;
    tx.commit().await?;
    let document = match kind {
        ResultKind::SecondaryCapture => capture(&state, result).await?,
        ResultKind::StructuredReport => made(result, results::structured_report).await?,
        ResultKind::EncapsulatedPdf => made(result, results::encapsulated_pdf).await?,
    };
    Ok(file(document, report_id, kind))
}

/// Fetch a signed report as a PDF file
///
/// The review that counts with its addenda, and apart from it what the AI said. Patients get it once it is released to them.
#[utoipa::path(get, operation_id = "reports_results_pdf", path = "/api/reports/{report_id}/pdf", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, description = "The file", content_type = "application/pdf", body = Vec<u8>),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "No such report, or nobody has signed it", body = ProblemBody)))]
pub(crate) async fn pdf(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_as(Permission::ReadReports, &state).await?;
    let result = load(&mut tx, &signed, report_id).await?;
    note(&mut tx, report_id, "pdf").await?;
    tx.commit().await?;
    let pdf = made(result, results::report_pdf).await?;
    let name = format!("attachment; filename=\"report-{report_id}.pdf\"");
    Ok(attached(pdf, "application/pdf", &name))
}

/// What is made of a result, beside what the server does meanwhile.
async fn made<T: Send + 'static>(
    result: SignedResult,
    make: fn(&SignedResult, Zone) -> Result<T, ResultError>,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(move || make(&result, site_zone))
        .await?
        .map_err(unwritable)
}

/// The film with the heatmap.
async fn capture(state: &ApiState, result: SignedResult) -> Result<Document, Problem> {
    let Some(film) = result.mapped().map(|mapped| mapped.film.clone()) else {
        return Err(Problem::NotFound("heatmap"));
    };
    let bytes = images::read_blob(state, &film).await?;
    let decoders = state.decoders.clone();
    let picture = tokio::task::spawn_blocking(move || {
        decoders.show(Lane::Screen, &bytes, 0, &Limits::default())
    })
    .await?
    .map_err(images::unprocessable)?;
    tokio::task::spawn_blocking(move || {
        let mapped = result.mapped().ok_or(Problem::NotFound("heatmap"))?;
        results::secondary_capture(&result, &mapped, &picture, site_zone).map_err(unwritable)
    })
    .await?
}

/// The result, as far as this user may see it.
async fn load(
    tx: &mut ActorTx,
    signed: &Signed,
    report_id: ReportId,
) -> Result<SignedResult, Problem> {
    let none = Problem::NotFound("signed result");
    let Some(result) = SignedResult::load(tx, report_id).await? else {
        return Err(none);
    };
    let status = result.case.report.status;
    if signed.role == Role::Doctor && is_ai_hidden(tx, report_id, status).await? {
        return Err(none);
    }
    Ok(result)
}

async fn note(tx: &mut ActorTx, report_id: ReportId, form: &str) -> Result<(), Problem> {
    let act = Act::new(AuditAction::ReadReport, EntityType::Report)
        .on(report_id)
        .new_values(json!({ "form": form }));
    Ok(tx.audit(act).await?)
}

fn file(document: Document, report_id: ReportId, kind: ResultKind) -> Response {
    let name = format!("attachment; filename=\"{report_id}-{}.dcm\"", kind.as_str());
    attached(document.bytes, "application/dicom", &name)
}

fn attached(bytes: Vec<u8>, media_type: &'static str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::try_from(name).expect("an id and a word are plain text"),
    );
    response
}

fn unwritable(error: ResultError) -> Problem {
    match error {
        ResultError::TooLong { .. } => Problem::Unprocessable {
            code: "result_unwritable",
            detail: error.to_string(),
        },
        error => Problem::Internal(error.to_string()),
    }
}
