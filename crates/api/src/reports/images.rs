//! `GET /api/reports/{report_id}/images/{image_id}` and what is made of an image: a rendered
//! picture, a thumbnail, the samples of a frame.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use blobs::Digest;
use bytes::Bytes;
use db::{
    audit::Act,
    images::{self, Image},
    priors,
};
use decoding::{Encoding, Lane, PictureRequest};
use domain::{
    ImageFormat, ImageId, ReportId, Role,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use imaging::{ImagingError, Limits, Window, WindowFunction};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Checks, Path, Query},
    codes::FieldCode,
    problem::{Away, Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Fetch an image as it came
///
/// The original bytes, verified against their SHA-256.
#[utoipa::path(get, operation_id = "reports_images_original", path = "/api/reports/{report_id}/images/{image_id}", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("image_id" = ImageId, Path, description = "The image")),
    responses((status = 200, description = "The file", content((Vec<u8> = "application/dicom"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
              (status = 304, description = "Not changed"),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(crate) async fn original(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path((report_id, image_id)): Path<(ReportId, ImageId)>,
) -> Result<Response, Problem> {
    let image = find(&state, &signed, report_id, image_id, "original").await?;
    let etag = format!("\"{}\"", image.sha256);
    if not_changed(&headers, &etag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let bytes = read_blob(&state, &image).await?;
    let mut response = picture_response(bytes, image.image_format.media_type(), &etag);
    let disposition = format!(
        "attachment; filename=\"{image_id}.{}\"",
        image.image_format.extension()
    );
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::try_from(disposition).expect("an id and an ending are plain text"),
    );
    Ok(response)
}

/// As which kind of file a picture is rendered.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RenderedFormat {
    /// PNG, without loss.
    #[default]
    Png,
    /// JPEG.
    Jpeg,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RenderQuery {
    /// `png` (the default) or `jpeg`.
    #[param(value_type = Option<RenderedFormat>)]
    format: Option<RenderedFormat>,
    /// Centre of the window, in the units after the Modality LUT; goes with `window_width`.
    window_center: Option<f64>,
    /// Width of the window; at least 1.
    window_width: Option<f64>,
    /// Longest side in pixels, 16 to 8192; the full size by default.
    size: Option<u32>,
    /// Quality of the JPEG, 1 to 100; 90 by default.
    quality: Option<u8>,
    /// Frame, from 1.
    frame: Option<u32>,
}

/// Fetch a rendered picture of an image
///
/// In display orientation: sign, Modality LUT, window or VOI LUT (the file's own unless given), and
/// inversion for MONOCHROME1.
#[utoipa::path(get, operation_id = "reports_images_rendered", path = "/api/reports/{report_id}/images/{image_id}/rendered", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("image_id" = ImageId, Path, description = "The image"), RenderQuery),
    responses((status = 200, description = "The picture", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
              (status = 304, description = "Not changed"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 422, description = "Cannot be decoded here", body = ProblemBody),
              (status = 503, body = ProblemBody)))]
pub(crate) async fn rendered(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path((report_id, image_id)): Path<(ReportId, ImageId)>,
    Query(query): Query<RenderQuery>,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(&query)?;
    let image = find(&state, &signed, report_id, image_id, "rendered").await?;
    picture(&state, &image, &headers, wanted).await
}

/// The whole picture as PNG, for a reader whose right to it was looked at and noted.
pub(crate) async fn whole_picture(
    state: &ApiState,
    image: &Image,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let wanted = Wanted {
        format: RenderedFormat::Png,
        window: None,
        size: None,
        quality: 90,
        frame: 0,
    };
    picture(state, image, headers, wanted).await
}

async fn picture(
    state: &ApiState,
    image: &Image,
    headers: &HeaderMap,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let etag = format!("\"{}-{wanted:?}\"", image.sha256).replace([' ', '{', '}', ':', ','], "");
    if not_changed(headers, &etag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let bytes = read_blob(state, image).await?;
    let encoded = tokio::task::spawn_blocking({
        let (decoders, picture) = (state.decoders.clone(), wanted.picture());
        move || decoders.encode(Lane::Screen, &bytes, picture, &Limits::default())
    })
    .await?
    .map_err(unprocessable)?;
    Ok(picture_response(
        Bytes::from(encoded),
        wanted.media_type(),
        &etag,
    ))
}

/// Fetch a thumbnail of an image
///
/// A JPEG of at most 256 pixels a side.
#[utoipa::path(get, operation_id = "reports_images_thumbnail", path = "/api/reports/{report_id}/images/{image_id}/thumbnail", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("image_id" = ImageId, Path, description = "The image")),
    responses((status = 200, description = "The thumbnail", content_type = "image/jpeg", body = Vec<u8>),
              (status = 304, description = "Not changed"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 422, description = "Cannot be decoded here", body = ProblemBody),
              (status = 503, body = ProblemBody)))]
pub(crate) async fn thumbnail(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path((report_id, image_id)): Path<(ReportId, ImageId)>,
) -> Result<Response, Problem> {
    let query = RenderQuery {
        format: Some(RenderedFormat::Jpeg),
        window_center: None,
        window_width: None,
        size: Some(256),
        quality: Some(80),
        frame: None,
    };
    rendered(
        State(state),
        signed,
        headers,
        Path((report_id, image_id)),
        Query(query),
    )
    .await
}

/// Fetch the samples of a frame
///
/// Grey samples as little-endian integers of 8 or 16 bits, or interleaved RGB; the header
/// `Portal-Frame` describes them in JSON. For viewers that window by themselves.
#[utoipa::path(get, operation_id = "reports_images_frame", path = "/api/reports/{report_id}/images/{image_id}/frames/{frame}", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report"), ("image_id" = ImageId, Path, description = "The image"),
           ("frame" = u32, Path, description = "The frame, from 1")),
    responses((status = 200, description = "The samples", content_type = "application/octet-stream", body = Vec<u8>),
              (status = 304, description = "Not changed"), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 422, description = "Cannot be decoded here", body = ProblemBody),
              (status = 503, body = ProblemBody)))]
pub(crate) async fn frame(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path((report_id, image_id, number)): Path<(ReportId, ImageId, u32)>,
) -> Result<Response, Problem> {
    let index = number.checked_sub(1).ok_or(Problem::NotFound("frame"))?;
    let image = find(&state, &signed, report_id, image_id, "frame").await?;
    let etag = format!("\"{}-frame-{number}\"", image.sha256);
    if not_changed(&headers, &etag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let bytes = read_blob(&state, &image).await?;
    let decoders = state.decoders.clone();
    let (samples, description) = tokio::task::spawn_blocking(move || {
        decoders.samples(Lane::Screen, &bytes, index, &Limits::default())
    })
    .await?
    .map_err(unprocessable)?;
    let mut response = picture_response(Bytes::from(samples), "application/octet-stream", &etag);
    let description = HeaderValue::try_from(json!(description).to_string()).map_err(|error| {
        Problem::Internal(format!("a frame's description fits no header: {error}"))
    })?;
    response
        .headers_mut()
        .insert(HeaderName::from_static("portal-frame"), description);
    Ok(response)
}

async fn find(
    state: &ApiState,
    signed: &Signed,
    report_id: ReportId,
    image_id: ImageId,
    form: &str,
) -> Result<Image, Problem> {
    let mut tx = signed.begin_as(Permission::ReadReports, state).await?;
    let image = match images::find(&mut tx, report_id, image_id).await? {
        Some(image) => image,
        // A film of an earlier study that was fetched for this case, for whoever reads it.
        None if signed.role == Role::Doctor => priors::image(&mut tx, report_id, image_id)
            .await?
            .ok_or(Problem::NotFound("image"))?,
        None => return Err(Problem::NotFound("image")),
    };
    tx.audit(
        Act::new(AuditAction::ReadImage, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "image_id": image_id, "form": form })),
    )
    .await?;
    tx.commit().await?;
    Ok(image)
}

pub(super) async fn read_blob(state: &ApiState, image: &Image) -> Result<Bytes, Problem> {
    let digest: Digest = image.sha256.parse()?;
    let blobs = state.blobs.clone();
    Ok(tokio::task::spawn_blocking(move || blobs.read(digest)).await??)
}

/// What is wanted of a rendered picture.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    format: RenderedFormat,
    window: Option<Window>,
    size: Option<u32>,
    quality: u8,
    frame: u32,
}

impl Wanted {
    fn parse(query: &RenderQuery) -> Result<Self, Problem> {
        let mut checks = Checks::default();
        checks.require(
            query.window_center.is_some() == query.window_width.is_some(),
            "window_center",
            FieldCode::Incomplete,
            "window_center and window_width go together",
        );
        let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
        checks.require(
            finite(query.window_center),
            "window_center",
            FieldCode::OutOfRange,
            "must be a number",
        );
        checks.require(
            query
                .window_width
                .is_none_or(|width| width.is_finite() && width >= 1.0),
            "window_width",
            FieldCode::OutOfRange,
            "must be at least 1",
        );
        checks.require(
            query.size.is_none_or(|size| (16..=8192).contains(&size)),
            "size",
            FieldCode::OutOfRange,
            "must be 16 to 8192",
        );
        checks.require(
            query
                .quality
                .is_none_or(|quality| (1..=100).contains(&quality)),
            "quality",
            FieldCode::OutOfRange,
            "must be 1 to 100",
        );
        checks.require(
            query.frame != Some(0),
            "frame",
            FieldCode::OutOfRange,
            "frames count from 1",
        );
        checks.done()?;
        let window = query
            .window_center
            .zip(query.window_width)
            .map(|(center, width)| Window {
                center,
                width,
                function: WindowFunction::Linear,
            });
        Ok(Self {
            format: query.format.unwrap_or_default(),
            window,
            size: query.size,
            quality: query.quality.unwrap_or(90),
            frame: query.frame.unwrap_or(1) - 1,
        })
    }

    const fn picture(&self) -> PictureRequest {
        PictureRequest {
            frame: self.frame,
            window: self.window,
            size: self.size,
            viewport: None,
            encoding: match self.format {
                RenderedFormat::Png => Encoding::Png,
                RenderedFormat::Jpeg => Encoding::Jpeg(self.quality),
            },
        }
    }

    const fn media_type(&self) -> &'static str {
        match self.format {
            RenderedFormat::Png => ImageFormat::Png.media_type(),
            RenderedFormat::Jpeg => ImageFormat::Jpeg.media_type(),
        }
    }
}

pub(super) fn unprocessable(error: ImagingError) -> Problem {
    match error {
        ImagingError::Busy { .. } => Problem::Unavailable(Away::Part, error.to_string()),
        ImagingError::FrameOutOfRange { .. } => Problem::NotFound("frame"),
        error => Problem::Unprocessable {
            code: error.code(),
            detail: error.to_string(),
        },
    }
}

fn not_changed(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| known == etag)
}

/// Patients' pictures may be kept by the browser that fetched them for this session, by nobody in
/// between, and are asked for again each time.
fn picture_response(bytes: Bytes, media_type: &'static str, etag: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(
        header::ETAG,
        HeaderValue::try_from(etag).expect("a digest and numbers are plain text"),
    );
    response
}
