//! Refusals: those of the interface for people, in whose words they come, and what PS3.18 asks for beside them.

use api::Problem;
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use imaging::ImagingError;

/// Programs are told how to come in (RFC 9110 section 11.6.1).
pub(crate) async fn challenge(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"dicomweb\""),
        );
    }
    response
}

/// A query or path that is not as the standard has it.
pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::Malformed(detail.into())
}

/// None of the media types that are asked for can be given.
pub(crate) fn not_acceptable(can: &str) -> Problem {
    Problem::Protocol {
        status: StatusCode::NOT_ACCEPTABLE,
        code: "not_acceptable",
        detail: format!("this can be sent as {can}: ask for that in Accept"),
    }
}

/// A body of another kind than the one that is taken.
pub(crate) fn unsupported_media(detail: impl Into<String>) -> Problem {
    Problem::Protocol {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: "unsupported_media_type",
        detail: detail.into(),
    }
}

/// What a decoder says of a stored file.
pub(crate) fn undecodable(error: &ImagingError) -> Problem {
    match error {
        ImagingError::Busy { .. } => Problem::Unavailable(api::Away::Part, error.to_string()),
        ImagingError::FrameOutOfRange { .. } => Problem::NotFound("frame"),
        error => Problem::Protocol {
            status: StatusCode::NOT_ACCEPTABLE,
            code: error.code(),
            detail: error.to_string(),
        },
    }
}
