//! `GET /dicomweb`: what is spoken here, as a capabilities description (PS3.18 section 8.9: WADL).

use api::{ApiState, Caller, Problem};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use std::fmt::Write as _;

use crate::{
    PATHS, answer, fault,
    negotiate::wanted,
    query::{KEYS, Level},
};

const WADL: &str = "application/vnd.sun.wadl+xml";

/// Answers with the description.
pub(crate) async fn read(
    State(state): State<ApiState>,
    _caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = wanted(&headers, None);
    if !asked.is_empty()
        && !asked
            .iter()
            .any(|wanted| wanted.takes(WADL) || wanted.media == "application/xml")
    {
        return Err(fault::not_acceptable(WADL));
    }
    Ok(answer::single(
        StatusCode::OK,
        WADL,
        description(&answer::base(&state, &headers)),
    ))
}

fn description(base: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<application xmlns=\"http://wadl.dev.java.net/2009/02\"><resources base=\"{base}\">"
    );
    for (method, path) in PATHS {
        let below = path.trim_start_matches("/dicomweb").trim_start_matches('/');
        let _ = write!(
            out,
            "<resource path=\"{below}\"><method name=\"{method}\"><request>"
        );
        for (_, keyword, of) in KEYS {
            if searches(method, below).is_some_and(|level| *of <= level) {
                let _ = write!(out, "<param name=\"{keyword}\" style=\"query\"/>");
            }
        }
        out.push_str("</request></method></resource>");
    }
    out.push_str("</resources></application>");
    out
}

/// The level that a path searches.
fn searches(method: &str, below: &str) -> Option<Level> {
    match below.rsplit('/').next() {
        Some("studies") if method == "GET" => Some(Level::Study),
        Some("series") => Some(Level::Series),
        Some("instances") => Some(Level::Instance),
        _ => None,
    }
}
