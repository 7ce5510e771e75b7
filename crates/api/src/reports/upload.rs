//! `POST /api/reports/upload`.

use axum::{
    Json as Answer,
    extract::{
        FromRequest, Multipart, Request, State,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
};
use blobs::{Staged, Staging};
use domain::{UploadId, UserId, access::Permission, patient::Gender};
use intake::{Details, Incoming, IntakeError, Receipt, Rejected};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    body::{Checks, has_nul_escape},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    refusals::Asked,
    signed::Signed,
    state::ApiState,
    uploads,
};

/// Most files of one request.
const MAXIMUM_FILES: usize = 500;
/// Longest text field, in bytes.
const MAXIMUM_TEXT: usize = 64 * 1024;

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
    let form = Multipart::from_request(request, &state)
        .await
        .map_err(|rejection| {
            Problem::Malformed(format!(
                "send a multipart/form-data body with the part 'files': {}",
                rejection.body_text()
            ))
        })?;
    let Form {
        mut files,
        uploads,
        details,
        too_large,
    } = read_form(&state, form, limits.maximum_bytes).await?;
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

/// The form's texts, as sent.
#[derive(Default)]
struct Texts {
    patient_id: Option<String>,
    study_type: Option<String>,
    patient_age: Option<String>,
    patient_gender: Option<String>,
    symptoms: Option<String>,
    medical_history: Option<String>,
}

/// What came in a form.
struct Form {
    files: Vec<Incoming>,
    uploads: Vec<UploadId>,
    details: Details,
    too_large: Vec<Rejected>,
}

async fn read_form(
    state: &ApiState,
    mut form: Multipart,
    maximum_bytes: u64,
) -> Result<Form, Problem> {
    let mut files = Vec::new();
    let mut uploads: Vec<UploadId> = Vec::new();
    let mut too_large = Vec::new();
    let mut texts = Texts::default();
    while let Some(field) = form.next_field().await.map_err(broken_form)? {
        let name = field.name().unwrap_or_default().to_owned();
        let slot = match name.as_str() {
            "files" | "file" => {
                refuse_more_files(files.len() + too_large.len() + uploads.len())?;
                let file = display_name(field.file_name());
                match stage(state, field, maximum_bytes).await? {
                    Some(staged) => files.push(Incoming { file, staged }),
                    None => too_large.push(Rejected {
                        file,
                        code: "too_large".to_owned(),
                        detail: format!("the file is larger than {maximum_bytes} bytes: send a smaller one, or have tech raise the limit"),
                    }),
                }
                continue;
            }
            "uploads" => {
                refuse_more_files(files.len() + too_large.len() + uploads.len())?;
                let text = read_text(&name, field).await?;
                let id = text.trim().parse().map_err(|_| {
                    Problem::field(
                        "uploads",
                        FieldCode::InvalidId,
                        "must be an upload's identifier",
                    )
                })?;
                if !uploads.contains(&id) {
                    uploads.push(id);
                }
                continue;
            }
            "patient_id" => &mut texts.patient_id,
            "study_type" => &mut texts.study_type,
            "patient_age" => &mut texts.patient_age,
            "patient_gender" => &mut texts.patient_gender,
            "symptoms" => &mut texts.symptoms,
            "medical_history" => &mut texts.medical_history,
            other => {
                return Err(Problem::field(
                    other,
                    FieldCode::UnknownField,
                    "is not a field of this form",
                ));
            }
        };
        if slot.is_some() {
            return Err(Problem::field(
                &name,
                FieldCode::Repeated,
                "must be sent once",
            ));
        }
        *slot = Some(read_text(&name, field).await?).filter(|text| !text.trim().is_empty());
    }
    if files.is_empty() && too_large.is_empty() && uploads.is_empty() {
        return Err(Problem::field(
            "files",
            FieldCode::Required,
            "send at least one file in the part 'files', or name one in the part 'uploads'",
        ));
    }
    Ok(Form {
        files,
        uploads,
        details: parse_details(&texts)?,
        too_large,
    })
}

fn refuse_more_files(so_far: usize) -> Result<(), Problem> {
    if so_far < MAXIMUM_FILES {
        return Ok(());
    }
    Err(Problem::TooLarge(format!(
        "at most {MAXIMUM_FILES} files a request: send the others in another one"
    )))
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn broken_form(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge("the request is too large".to_owned())
    } else {
        Problem::Malformed(format!(
            "the form ends or breaks in the middle; nothing was stored, send it again: {}",
            error.body_text()
        ))
    }
}

/// The last part of a path that a browser may send along, cut to what fits a list.
pub(crate) fn display_name(name: Option<&str>) -> String {
    let name = name
        .unwrap_or("unnamed")
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or("unnamed");
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// Streams a file to disk. `None`: it is too large; the rest of it is read and thrown away, so that
/// the other files of the request still count.
async fn stage(
    state: &ApiState,
    mut field: Field<'_>,
    maximum_bytes: u64,
) -> Result<Option<Staged>, Problem> {
    let mut staging: Option<Staging> = Some(state.blobs.stage(maximum_bytes)?);
    while let Some(part) = field.chunk().await.map_err(broken_form)? {
        if let Some(mut open) = staging.take() {
            match open.write(&part) {
                Ok(()) => staging = Some(open),
                Err(blobs::BlobError::TooLarge { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(staging.map(Staging::finish).transpose()?)
}

async fn read_text(name: &str, mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(broken_form)? {
        if bytes.len() + part.len() > MAXIMUM_TEXT {
            return Err(Problem::field(
                name,
                FieldCode::TooLong,
                format!("at most {MAXIMUM_TEXT} bytes"),
            ));
        }
        bytes.extend_from_slice(&part);
    }
    if bytes.contains(&0) || has_nul_escape(&bytes) {
        return Err(Problem::field(
            name,
            FieldCode::Nul,
            "must not hold the character NUL",
        ));
    }
    String::from_utf8(bytes)
        .map_err(|_| Problem::field(name, FieldCode::WrongType, "must be UTF-8 text"))
}

fn parse_details(texts: &Texts) -> Result<Details, Problem> {
    let mut checks = Checks::default();
    let text = |text: &Option<String>| text.as_deref().map(str::trim).map(str::to_owned);
    let details = Details {
        patient_id: text(&texts.patient_id).and_then(|id| {
            checks.take(
                "patient_id",
                FieldCode::InvalidId,
                id.parse::<UserId>().map_err(|_| "must be a UUID"),
            )
        }),
        study_type: text(&texts.study_type),
        patient_age: text(&texts.patient_age).and_then(|age| {
            let age = age
                .parse::<i32>()
                .ok()
                .filter(|age| (0..=150).contains(age));
            checks.take(
                "patient_age",
                FieldCode::OutOfRange,
                age.ok_or("must be a whole number from 0 to 150"),
            )
        }),
        patient_gender: text(&texts.patient_gender).and_then(|word| {
            let gender =
                Gender::of_dicom(&word.to_uppercase()).or_else(|| word.to_lowercase().parse().ok());
            checks.take(
                "patient_gender",
                FieldCode::UnknownWord,
                gender.ok_or("expected female, male or other"),
            )
        }),
        symptoms: text(&texts.symptoms).map(|text| {
            json_or(&text, |text| {
                json!(
                    text.split(',')
                        .map(str::trim)
                        .filter(|word| !word.is_empty())
                        .collect::<Vec<_>>()
                )
            })
        }),
        medical_history: text(&texts.medical_history)
            .map(|text| json_or(&text, |text| json!({ "note": text }))),
        ..Details::default()
    };
    checks.at_most("study_type", details.study_type.as_deref(), 100);
    checks.done()?;
    Ok(details)
}

/// A JSON array or object as it is, anything else by `otherwise`.
fn json_or(text: &str, otherwise: impl FnOnce(&str) -> Value) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_array() || value.is_object() => value,
        _ => otherwise(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_cut_to_their_last_part() {
        assert_eq!(display_name(Some("C:\\films\\a.dcm")), "a.dcm");
        assert_eq!(display_name(Some("../../etc/passwd")), "passwd");
        assert_eq!(display_name(Some("a\u{0}\nb.png")), "ab.png");
        assert_eq!(display_name(None), "unnamed");
    }

    #[test]
    fn everything_wrong_with_the_details_is_said_at_once() {
        let texts = Texts {
            patient_id: Some("x".to_owned()),
            patient_age: Some("-1".to_owned()),
            patient_gender: Some("?".to_owned()),
            ..Texts::default()
        };
        let Err(Problem::Invalid(errors)) = parse_details(&texts) else {
            panic!("accepted")
        };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["patient_id", "patient_age", "patient_gender"]);
    }

    #[test]
    fn symptoms_come_as_json_or_as_words() {
        let symptoms = |text: &str| {
            parse_details(&Texts {
                symptoms: Some(text.to_owned()),
                ..Texts::default()
            })
            .unwrap()
            .symptoms
            .unwrap()
        };
        assert_eq!(symptoms("cough, fever"), json!(["cough", "fever"]));
        assert_eq!(symptoms("[\"cough\"]"), json!(["cough"]));
    }
}
