//! `multipart/related` (RFC 2387) in and out.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures::Stream;

/// The boundary of what is sent. Random enough that no file holds it by accident, the same each time so that answers
/// can be compared.
const BOUNDARY: &str = "portal-7c1f2b9e4d8a4f0cb3e65a1d9f0872ce";

/// Longest boundary that is taken. RFC 2046 allows 70, and Orthanc 1.10 writes 73.
const LONGEST_BOUNDARY: usize = 200;

/// Boundary and `type` of a `Content-Type`, if it is `multipart/related`.
#[must_use]
pub fn boundary_of(content_type: &str) -> Option<(String, Option<String>)> {
    let mut parts = content_type.split(';');
    if !parts
        .next()?
        .trim()
        .eq_ignore_ascii_case("multipart/related")
    {
        return None;
    }
    let (mut boundary, mut of) = (None, None);
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "boundary" => boundary = Some(value),
            "type" => of = Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    let boundary = boundary.filter(|boundary| (1..=LONGEST_BOUNDARY).contains(&boundary.len()))?;
    Some((boundary, of))
}

/// Reads a body as storing does, and throws its parts away: how many there were, and their bytes. For trying the parser.
///
/// # Errors
/// When the body breaks off or is none.
pub async fn count_parts(body: Vec<Bytes>, boundary: &str) -> Result<(usize, usize), String> {
    let pieces = futures::stream::iter(body.into_iter().map(Ok::<_, std::convert::Infallible>));
    let mut parts = multer::Multipart::new(pieces, boundary);
    let (mut count, mut length) = (0, 0);
    while let Some(mut part) = parts
        .next_field()
        .await
        .map_err(|error| error.to_string())?
    {
        count += 1;
        while let Some(bytes) = part.chunk().await.map_err(|error| error.to_string())? {
            length += bytes.len();
        }
    }
    Ok((count, length))
}

/// A part to be sent.
pub(crate) struct Part {
    /// Its media type, with parameters.
    pub(crate) media: String,
    /// Where it is.
    pub(crate) location: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

impl Part {
    fn head(&self) -> Bytes {
        let location = self
            .location
            .as_ref()
            .map(|location| format!("Content-Location: {location}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {}\r\n{location}Content-Length: {}\r\n\r\n",
            self.media,
            self.bytes.len()
        );
        Bytes::from(head)
    }
}

/// An answer of parts that are made while it is sent. One that cannot be made breaks the answer off, so that nobody
/// takes it for whole.
pub(crate) fn related<S>(media: &str, parts: S) -> Response
where
    S: Stream<Item = std::io::Result<Part>> + Send + 'static,
{
    let body = async_stream::try_stream! {
        for await part in parts {
            let part: Part = part?;
            yield part.head();
            yield part.bytes;
        }
        yield Bytes::from(format!("\r\n--{BOUNDARY}--\r\n"));
    };
    let body: std::pin::Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>> = Box::pin(body);
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = StatusCode::OK;
    let kind = format!("multipart/related; type=\"{media}\"; boundary={BOUNDARY}");
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::try_from(kind).expect("a media type is plain text"),
    );
    response
}

/// The same of parts that are there.
pub(crate) fn related_of(media: &str, parts: Vec<Part>) -> Response {
    related(media, futures::stream::iter(parts.into_iter().map(Ok)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{boundary_of, count_parts};

    proptest! {
        /// Whatever the files hold and wherever the network cuts, they come out as they went in.
        #[test]
        fn parts_are_counted_wherever_the_network_cuts(
            files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
            cut in 1usize..64,
        ) {
            let mut body = Vec::new();
            for file in &files {
                body.extend_from_slice(b"--b0undary-7c1f2b9e\r\nContent-Type: application/dicom\r\n\r\n");
                body.extend_from_slice(file);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"--b0undary-7c1f2b9e--\r\n");
            let pieces = body.chunks(cut).map(Bytes::copy_from_slice).collect();
            let read = futures::executor::block_on(count_parts(pieces, "b0undary-7c1f2b9e"));
            prop_assert_eq!(read, Ok((files.len(), files.iter().map(Vec::len).sum())));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = futures::executor::block_on(count_parts(vec![Bytes::from(body)], "x"));
        }
    }

    #[test]
    fn the_boundary_is_found_however_it_is_written() {
        assert_eq!(
            boundary_of("Multipart/Related; type=\"application/dicom\"; boundary=\"a b\""),
            Some(("a b".to_owned(), Some("application/dicom".to_owned())))
        );
        assert_eq!(
            boundary_of("multipart/related;boundary=x"),
            Some(("x".to_owned(), None))
        );
        // As Orthanc writes it.
        let orthanc = format!(
            "multipart/related; type=application/dicom; boundary={}",
            "5".repeat(73)
        );
        assert_eq!(boundary_of(&orthanc).unwrap().0.len(), 73);
        let endless = format!("multipart/related; boundary={}", "5".repeat(201));
        for wrong in [
            endless.as_str(),
            "multipart/form-data; boundary=x",
            "multipart/related",
            "multipart/related; boundary=",
            "",
        ] {
            assert_eq!(boundary_of(wrong), None, "{wrong}");
        }
    }
}
