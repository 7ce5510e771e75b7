//! `POST /api/reports/upload`.

use axum::{
    Json as Answer,
    extract::{Request, State},
    http::StatusCode,
};
use domain::{UploadId, UserId, access::Permission};
use intake::{Incoming, IntakeError, Receipt};
use utoipa::ToSchema;

use crate::{
    problem::{Problem, ProblemBody},
    refusals::Asked,
    signed::Signed,
    state::ApiState,
    uploads,
};

use super::upload_form::{Form, read_form};

/// The parts of an upload (documentation only).
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the multipart form in the OpenAPI document"
)]
pub(crate) struct UploadForm {
    /// DICOM, PNG or JPEG files; the part may be repeated.
    #[schema(value_type = Option<Vec<String>>, format = Binary)]
    files: Option<Vec<String>>,
    /// Files that came piece by piece (`POST /api/uploads`), by their identifiers; the part may be repeated.
    uploads: Option<Vec<UploadId>>,
    /// Whose films they are; without it the Patient ID of the DICOM header decides.
    patient_id: Option<UserId>,
    /// What was examined; `chest_xray` unless the header says otherwise.
    study_type: Option<String>,
    /// Years.
    patient_age: Option<i32>,
    /// `female`, `male`, `other`, or DICOM's F, M, O.
    patient_gender: Option<String>,
    /// A JSON array, or words separated by commas.
    symptoms: Option<String>,
    /// A JSON object or array, or a text.
    medical_history: Option<String>,
}

/// Send films in
///
/// All images of one DICOM study become one report, all PNG and JPEG files of one request another.
/// The answer comes when everything in `reports` is durable and queued for analysis. A file that
/// was sent before is recognised by its SHA-256 (`duplicate`). A file that is no image is refused in
/// `rejected`; one that cannot be decoded is kept and goes to a doctor unscored.
#[utoipa::path(post, operation_id = "reports_upload", path = "/api/reports/upload", tag = "reports",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Taken", body = Receipt),
              (status = 400, description = "Not a multipart form", body = ProblemBody),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 413, body = ProblemBody),
              (status = 422, description = "No file was taken; `rejected` says why", body = ProblemBody)))]
pub(crate) async fn upload(
    State(state): State<ApiState>,
    signed: Signed,
    request: Request,
) -> Result<(StatusCode, Answer<Receipt>), Problem> {
    let limits = {
        let mut tx = signed.begin_as(Permission::UploadReports, &state).await?;
        analysis::film::limits(&mut tx).await?
    };
    let asked = request.extensions().get::<Asked>().cloned();
    let Form {
        mut files,
        uploads,
        details,
        too_large,
    } = read_form(&state.blobs, request, limits.maximum_bytes).await?;
    if let Some(asked) = asked {
        let named = uploads.iter().map(ToString::to_string);
        named.for_each(|id| asked.named("upload_id", &id));
    }
    if !uploads.is_empty() {
        let mut tx = signed.begin(&state).await?;
        for upload_id in &uploads {
            let (file, staged) = uploads::stage(&mut tx, &state, *upload_id).await?;
            files.push(Incoming { file, staged });
        }
    }
    let mut receipt = state
        .intake
        .accept(&signed.actor, files, &details, limits)
        .await
        .map_err(|error| match error {
            IntakeError::Db(error) => Problem::from(error),
            IntakeError::Interrupted(error) => Problem::from(error),
        })?;
    uploads::note_taken(&signed, &state, &uploads).await?;
    receipt.rejected.extend(too_large);
    if receipt.reports.is_empty() {
        return Err(Problem::NothingTaken(receipt.rejected));
    }
    metrics::counter!("portal_uploaded_files_total", "outcome" => "taken").increment(
        receipt
            .reports
            .iter()
            .map(|report| report.files.len() as u64)
            .sum(),
    );
    metrics::counter!("portal_uploaded_files_total", "outcome" => "rejected")
        .increment(receipt.rejected.len() as u64);
    Ok((StatusCode::CREATED, Answer(receipt)))
}
