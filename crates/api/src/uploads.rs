//! `/api/uploads`: big files that come in piece by piece and go on after a lost connection. Speaks tus
//! 1.0.0 (core, creation, expiration, termination; <https://tus.io/protocols/resumable-upload>), so that known clients
//! work. A file that is whole is handed in by its identifier: the part `uploads` of
//! `POST /api/reports/upload`.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blobs::Staged;
use chrono::{DateTime, Duration, Utc};
use db::{
    ActorTx,
    uploads::{self, Upload},
};
use domain::{UploadId, access::Permission};
use futures::StreamExt as _;

use crate::{
    body::Path,
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    reports::display_name,
    signed::Signed,
    state::ApiState,
};

/// The version of the protocol.
const VERSION: &str = "1.0.0";
/// Most files that one user may have on the way.
const MOST_FILES: i64 = 200;
/// Most bytes that one user may have on the way, unless the largest accepted file is larger.
const MOST_BYTES: i64 = 8 << 30;
/// How long a file waits for its next piece.
const PATIENCE: Duration = Duration::hours(24);
/// How long a file that became part of a report can be handed in again, for a lost answer.
const REPEATABLE: Duration = Duration::hours(1);

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// What the protocol says here
#[utoipa::path(options, operation_id = "uploads_options", path = "/api/uploads", tag = "uploads", security(()),
    responses((status = 204, description = "Version, extensions and largest file, in the headers `Tus-*`")))]
pub(crate) async fn options() -> Response {
    let mut response = with_version(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert("tus-version", HeaderValue::from_static(VERSION));
    headers.insert(
        "tus-extension",
        HeaderValue::from_static("creation,expiration,termination"),
    );
    response
}

/// Begin a file that comes piece by piece
///
/// `Upload-Length` says how long it will be, `Upload-Metadata` may name it (`filename`, base64). `Location`
/// of the answer takes the pieces.
#[utoipa::path(post, operation_id = "uploads_create", path = "/api/uploads", tag = "uploads",
    params(("Tus-Resumable" = String, Header, description = "1.0.0"),
           ("Upload-Length" = i64, Header, description = "Bytes of the whole file"),
           ("Upload-Metadata" = Option<String>, Header, description = "`filename` and its value in base64")),
    responses((status = 201, description = "Begun; `Location` names it"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 409, description = "Too much is on the way", body = ProblemBody),
              (status = 412, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_as(Permission::UploadReports, &state).await?;
    require_version(&headers)?;
    let size = number(&headers, &UPLOAD_LENGTH)
        .filter(|size| *size > 0)
        .ok_or_else(|| {
            Problem::field(
                "Upload-Length",
                FieldCode::Required,
                "say how many bytes the whole file has",
            )
        })?;
    let limit =
        i64::try_from(analysis::film::limits(&mut tx).await?.maximum_bytes).unwrap_or(i64::MAX);
    if size > limit {
        return Err(Problem::TooLarge(format!(
            "the file is larger than {limit} bytes: send a smaller one, or have tech raise the limit"
        )));
    }
    let on_the_way = uploads::on_the_way(&mut tx).await?;
    if on_the_way.files >= MOST_FILES || on_the_way.bytes + size > MOST_BYTES.max(limit) {
        return Err(Problem::Conflict {
            code: "too_many_uploads",
            detail: format!(
                "{} of your files ({} bytes) are on the way: finish or delete some of them first",
                on_the_way.files, on_the_way.bytes
            ),
        });
    }
    let upload_id = UploadId::new_at(tx.now());
    let expires_at = tx.now() + PATIENCE;
    let name = file_name(&headers);
    uploads::create(&mut tx, upload_id, &name, size, expires_at).await?;
    let blobs = state.blobs.clone();
    tokio::task::spawn_blocking(move || blobs.begin_partial(&upload_id.to_string())).await??;
    tx.commit().await?;
    let mut response = with_version(StatusCode::CREATED);
    let headers = response.headers_mut();
    headers.insert(
        header::LOCATION,
        HeaderValue::try_from(format!("/api/uploads/{upload_id}"))
            .expect("an identifier is plain text"),
    );
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(0));
    insert_expiry(headers, expires_at);
    Ok(response)
}

/// Ask how much of a file has arrived
#[utoipa::path(head, operation_id = "uploads_offset", path = "/api/uploads/{upload_id}", tag = "uploads",
    params(("upload_id" = UploadId, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, description = "`Upload-Offset` bytes of `Upload-Length` are here, durably"),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 412, body = ProblemBody)))]
pub(crate) async fn offset(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path(upload_id): Path<UploadId>,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_as(Permission::UploadReports, &state).await?;
    require_version(&headers)?;
    let (upload, arrived) = find(&mut tx, &state, upload_id).await?;
    let mut response = with_version(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(arrived));
    headers.insert(UPLOAD_LENGTH, HeaderValue::from(upload.size));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    insert_expiry(headers, upload.expires_at);
    Ok(response)
}

/// Send the next piece
///
/// From `Upload-Offset` on, which must be what has arrived. What comes before the connection is lost is
/// kept; the answer comes when the piece is durable.
#[utoipa::path(patch, operation_id = "uploads_append", path = "/api/uploads/{upload_id}", tag = "uploads",
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    params(("upload_id" = UploadId, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0"),
           ("Upload-Offset" = i64, Header, description = "Where the piece begins")),
    responses((status = 204, description = "Here; `Upload-Offset` says how much is"), (status = 400, body = ProblemBody),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Another offset, or another request is writing", body = ProblemBody),
              (status = 412, body = ProblemBody), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn append(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path(upload_id): Path<UploadId>,
    body: Body,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_as(Permission::UploadReports, &state).await?;
    require_version(&headers)?;
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if media_type != Some("application/offset+octet-stream") {
        return Err(Problem::Protocol {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "unsupported_media_type",
            detail: "send the piece with 'Content-Type: application/offset+octet-stream'"
                .to_owned(),
        });
    }
    let from = number(&headers, &UPLOAD_OFFSET).ok_or_else(|| {
        Problem::field(
            "Upload-Offset",
            FieldCode::Required,
            "say where the piece begins",
        )
    })?;
    let (upload, arrived) = find(&mut tx, &state, upload_id).await?;
    let expires_at = tx.now() + PATIENCE;
    if upload.taken_at.is_none() {
        uploads::keep_until(&mut tx, upload_id, expires_at).await?;
    }
    tx.commit().await?;
    let elsewhere = |arrived: u64| Problem::Conflict {
        code: "wrong_offset",
        detail: format!("{arrived} bytes are here: go on from there"),
    };
    if u64::try_from(from) != Ok(arrived) {
        return Err(elsewhere(arrived));
    }
    let size = u64::try_from(upload.size).unwrap_or_default();
    // A file that is whole is never opened for writing again: it may be part of a report.
    let arrived = if arrived == size {
        arrived
    } else {
        receive(&state, upload_id, from, size, body, elsewhere).await?
    };
    let mut response = with_version(StatusCode::NO_CONTENT);
    response
        .headers_mut()
        .insert(UPLOAD_OFFSET, HeaderValue::from(arrived));
    insert_expiry(response.headers_mut(), expires_at);
    Ok(response)
}

async fn receive(
    state: &ApiState,
    upload_id: UploadId,
    from: i64,
    size: u64,
    body: Body,
    elsewhere: impl Fn(u64) -> Problem,
) -> Result<u64, Problem> {
    let mut writer = state.blobs.append_partial(&upload_id.to_string(), size)?;
    // Looked at again under the lock.
    if u64::try_from(from) != Ok(writer.length()) {
        return Err(elsewhere(writer.length()));
    }
    let mut pieces = body.into_data_stream();
    let mut broken = None;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => writer.write(&piece)?,
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    let arrived = tokio::task::spawn_blocking(move || writer.finish()).await??;
    match broken {
        None => Ok(arrived),
        Some(error) => Err(Problem::Malformed(format!(
            "the piece ends in the middle; {arrived} bytes are here, go on from there: {error}"
        ))),
    }
}

/// Give a file up
#[utoipa::path(delete, operation_id = "uploads_delete", path = "/api/uploads/{upload_id}", tag = "uploads",
    params(("upload_id" = UploadId, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204, description = "Forgotten; a report that it became part of stays"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 412, body = ProblemBody)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path(upload_id): Path<UploadId>,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_as(Permission::UploadReports, &state).await?;
    require_version(&headers)?;
    if !uploads::delete(&mut tx, upload_id).await? {
        return Err(Problem::NotFound("upload"));
    }
    tx.commit().await?;
    let blobs = state.blobs.clone();
    tokio::task::spawn_blocking(move || blobs.remove_partial(&upload_id.to_string())).await??;
    Ok(with_version(StatusCode::NO_CONTENT))
}

/// The own upload and how much of it has arrived.
async fn find(
    tx: &mut ActorTx,
    state: &ApiState,
    upload_id: UploadId,
) -> Result<(Upload, u64), Problem> {
    let upload = uploads::find(tx, upload_id)
        .await?
        .ok_or(Problem::NotFound("upload"))?;
    let blobs = state.blobs.clone();
    let arrived =
        tokio::task::spawn_blocking(move || blobs.partial_length(&upload_id.to_string())).await??;
    Ok((upload, arrived.ok_or(Problem::NotFound("upload"))?))
}

/// Stages a file that is whole for a report; says its name.
pub(crate) async fn stage(
    tx: &mut ActorTx,
    state: &ApiState,
    upload_id: UploadId,
) -> Result<(String, Staged), Problem> {
    let (upload, arrived) = find(tx, state, upload_id).await?;
    if i64::try_from(arrived) != Ok(upload.size) {
        return Err(Problem::Conflict {
            code: "upload_incomplete",
            detail: format!(
                "{arrived} of {} bytes of {} are here: send the rest first",
                upload.size, upload.file_name
            ),
        });
    }
    let blobs = state.blobs.clone();
    let staged =
        tokio::task::spawn_blocking(move || blobs.stage_partial(&upload_id.to_string())).await??;
    Ok((upload.file_name, staged))
}

/// Notes that files became part of a report; they can be handed in again for an hour.
pub(crate) async fn note_taken(
    signed: &Signed,
    state: &ApiState,
    taken: &[UploadId],
) -> Result<(), Problem> {
    if taken.is_empty() {
        return Ok(());
    }
    let mut tx = signed.begin(state).await?;
    let until = tx.now() + REPEATABLE;
    uploads::taken(&mut tx, taken, until).await?;
    Ok(tx.commit().await?)
}

fn with_version(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response
        .headers_mut()
        .insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

fn require_version(headers: &HeaderMap) -> Result<(), Problem> {
    if headers
        .get(&TUS_RESUMABLE)
        .is_some_and(|version| version == VERSION)
    {
        return Ok(());
    }
    Err(Problem::Protocol {
        status: StatusCode::PRECONDITION_FAILED,
        code: "unsupported_version",
        detail: format!("this speaks tus {VERSION}: send 'Tus-Resumable: {VERSION}'"),
    })
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The name in `Upload-Metadata`: pairs of a key and a value in base64, separated by commas.
fn file_name(headers: &HeaderMap) -> String {
    let name = headers
        .get(&UPLOAD_METADATA)
        .and_then(|metadata| metadata.to_str().ok())
        .into_iter()
        .flat_map(|metadata| metadata.split(','))
        .filter_map(|pair| pair.trim().split_once(' '))
        .find(|(key, _)| *key == "filename")
        .and_then(|(_, value)| STANDARD.decode(value.trim()).ok())
        .and_then(|name| String::from_utf8(name).ok());
    let name = display_name(name.as_deref());
    if name.trim().is_empty() {
        display_name(None)
    } else {
        name
    }
}

fn insert_expiry(headers: &mut HeaderMap, at: DateTime<Utc>) {
    let text = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    headers.insert(
        UPLOAD_EXPIRES,
        HeaderValue::try_from(text).expect("a date is plain text"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_from_the_metadata() {
        let named = |metadata: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(UPLOAD_METADATA, HeaderValue::from_str(metadata).unwrap());
            file_name(&headers)
        };
        assert_eq!(
            named("filetype eA==, filename Li4vZmlsbS5kY20="),
            "film.dcm"
        );
        assert_eq!(named("filename !!"), "unnamed");
        assert_eq!(named("filename IA=="), "unnamed");
        assert_eq!(file_name(&HeaderMap::new()), "unnamed");
    }
}
