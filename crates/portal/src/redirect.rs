//! Sends browsers that ask in the clear to https. Nothing else is answered there: what a program
//! sent in the clear was already read on the way, and must not seem to work.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Answers every path; `port` is the one that speaks https.
pub(crate) fn router(https: SocketAddr) -> Router {
    Router::new().fallback(async move |request: Request| answer(&request, https.port()))
}

fn answer(request: &Request, port: u16) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match location(request, port) {
        Some(location) if is_read && !is_api => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
        }
        _ => (
            StatusCode::FORBIDDEN,
            "This portal speaks https only. What was sent here in the clear may have been read on the way: change passwords and tokens that were in it.\n",
        )
            .into_response(),
    }
}

fn location(request: &Request, port: u16) -> Option<HeaderValue> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let authority: axum::http::uri::Authority = host.parse().ok()?;
    let path = request.uri().path_and_query()?.as_str();
    let host = authority.host();
    let address = if port == 443 {
        format!("https://{host}{path}")
    } else {
        format!("https://{host}:{port}{path}")
    };
    HeaderValue::try_from(address).ok()
}
