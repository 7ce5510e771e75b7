//! The web interface, built into the binary: files under `/assets` carry their digest in the name
//! and are kept by browsers for good; every other path that is no API path is the page, which finds
//! out by itself what to show.

use axum::{
    http::{HeaderValue, Method, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Whether the web interface was built before this program was.
pub(crate) fn are_built_in() -> bool {
    Files::get("index.html").is_some()
}

/// Serves a file of the web interface, or the page.
pub(crate) async fn serve(method: Method, uri: Uri) -> Result<Response, Problem> {
    let path = uri.path().trim_start_matches('/');
    if ["api/", "dicomweb/", "fhir"]
        .iter()
        .any(|room| path.starts_with(room))
        || !matches!(method, Method::GET | Method::HEAD)
    {
        return Err(Problem::NotFound("path (see /api/docs)"));
    }
    if let Some(file) = Files::get(path) {
        let immutable = path.starts_with("assets/");
        return Ok(answer(path, file.data.into_owned(), immutable));
    }
    // A file that is gone must not be answered with the page, or an old page would run it as script.
    let is_file = path.starts_with("assets/")
        || path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.'));
    match Files::get("index.html") {
        Some(page) if !is_file => Ok(answer("index.html", page.data.into_owned(), false)),
        _ => Err(Problem::NotFound("path (see /api/docs)")),
    }
}

fn answer(path: &str, bytes: Vec<u8>, immutable: bool) -> Response {
    let media = mime_guess::from_path(path).first_or_octet_stream();
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::try_from(media.essence_str()).expect("a media type is plain text"),
    );
    let caching = if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}
