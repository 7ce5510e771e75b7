//! The form of `POST /api/reports/upload`: files that are streamed to disk, and texts about them.

use axum::{
    body::Body,
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{StatusCode, header},
};
use blobs::{BlobStore, Staged};
use domain::{UploadId, UserId, patient::Gender};
use intake::{Details, Incoming, Rejected};
use serde_json::{Value, json};

use crate::{
    body::{Checks, has_nul_escape},
    codes::FieldCode,
    problem::Problem,
};

/// Most files of one request.
const MAXIMUM_FILES: usize = 500;
/// Longest text field, in bytes.
const MAXIMUM_TEXT: usize = 64 * 1024;

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
pub(super) struct Form {
    /// The files, on disk.
    pub(super) files: Vec<Incoming>,
    /// Files that came piece by piece before.
    pub(super) uploads: Vec<UploadId>,
    /// What was said about the films.
    pub(super) details: Details,
    /// The files that were not kept.
    pub(super) too_large: Vec<Rejected>,
}

/// Whether the body of `POST /api/reports/upload` can be read, for those who try it with damaged ones; its files go
/// into this store and out of it again. `kind` is its `Content-Type`.
pub async fn readable_upload(blobs: &BlobStore, kind: &str, body: Vec<u8>) -> bool {
    /// Larger than any body that is tried.
    const MAXIMUM_BYTES: u64 = 16 << 20;
    let Ok(request) = Request::builder()
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
    else {
        return false;
    };
    read_form(blobs, request, MAXIMUM_BYTES).await.is_ok()
}

pub(super) async fn read_form(
    blobs: &BlobStore,
    request: Request,
    maximum_bytes: u64,
) -> Result<Form, Problem> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| {
            Problem::Malformed(format!(
                "send a multipart/form-data body with the part 'files': {}",
                rejection.body_text()
            ))
        })?;
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
                match stage(blobs, field, maximum_bytes).await? {
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
    blobs: &BlobStore,
    mut field: Field<'_>,
    maximum_bytes: u64,
) -> Result<Option<Staged>, Problem> {
    let mut arrival = blobs.receive(maximum_bytes);
    while let Some(part) = field.chunk().await.map_err(broken_form)? {
        arrival.take(part).await;
    }
    Ok(arrival.finish_within_limit().await?)
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
