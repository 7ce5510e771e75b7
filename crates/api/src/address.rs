//! The portal's own address.

use axum::http::{HeaderMap, header};

use crate::state::ApiState;

/// The address of the portal as whoever asks sees it, without a slash at the end: the one that is set, else the one that
/// the request was sent to.
#[must_use]
pub fn address(state: &ApiState, headers: &HeaderMap) -> String {
    if let Some(public) = &state.options.public_url {
        return public.as_str().trim_end_matches('/').to_owned();
    }
    let scheme = if state.options.secure_cookies {
        "https"
    } else {
        "http"
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            host.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        })
        .unwrap_or("localhost");
    format!("{scheme}://{host}")
}
