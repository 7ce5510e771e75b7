//! Each request's figures and log line: path template, never the path itself, since that holds
//! identifiers.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use rand::{TryRng, rngs::SysRng};
use tracing::Instrument;

/// Gives each request an id (a sensible one that a proxy sent is kept), and notes how it went.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get("x-request-id")
        .filter(|id| {
            id.len() <= 64
                && id
                    .as_bytes()
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        })
        .cloned()
        .unwrap_or_else(new_id);
    request.headers_mut().insert("x-request-id", id.clone());
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();
    let method = request.method().as_str().to_owned();
    let span = tracing::info_span!(
        "request",
        request_id = id.to_str().unwrap_or_default(),
        method,
        path
    );
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        tracing::info!(
            status,
            milliseconds = elapsed.as_secs_f64() * 1000.0,
            "served"
        );
    });
    let labels = [
        ("method", method),
        ("path", path),
        ("status", status.to_string()),
    ];
    metrics::counter!("portal_http_requests_total", &labels).increment(1);
    metrics::histogram!("portal_http_request_seconds", &labels[..2]).record(elapsed.as_secs_f64());
    response.headers_mut().insert("x-request-id", id);
    response
}

fn new_id() -> HeaderValue {
    let mut bytes = [0u8; 12];
    // Without randomness ids repeat, which harms nothing but the log.
    let _ = SysRng.try_fill_bytes(&mut bytes);
    HeaderValue::try_from(hex::encode(bytes)).expect("hexadecimal is plain text")
}
