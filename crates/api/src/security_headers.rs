//! Headers that every answer carries.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::state::ApiState;

/// Nothing but the portal's own files, no inline script, no frames.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Swagger UI writes style attributes.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds them, where the handler has not said otherwise.
pub(crate) async fn add(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let policy = if path.starts_with("/api/docs") {
        DOCS_POLICY
    } else {
        CONTENT_SECURITY_POLICY
    };
    let is_api = ["/api/", "/dicomweb", "/fhir"]
        .iter()
        .any(|room| path.starts_with(room));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut add = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, policy);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::REFERRER_POLICY, "no-referrer");
    add(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    add(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    add(
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(), microphone=()",
    );
    // Only where TLS is known to be there: a browser would otherwise be locked out for a year.
    if state.options.secure_cookies {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_api {
        add(header::CACHE_CONTROL, "no-store");
    }
    response
}
