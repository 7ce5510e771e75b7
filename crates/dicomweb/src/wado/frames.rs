//! `GET …/frames/{list}`: frames as they are stored, or as plain samples.

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use db::dicom::StoredInstance;
use decoding::Lane;
use dicom_dictionary_std::uids;

use super::{Place, bytes_of, find_one, limits};
use crate::{
    answer, fault,
    multipart::{Part, related},
    negotiate::wanted,
};

const OCTETS: &str = "application/octet-stream";

/// The media type of a frame that is compressed so (PS3.18 table 8.7.3-3); plain samples for everything else.
pub(crate) fn media_of(transfer_syntax: &str) -> &'static str {
    match transfer_syntax {
        uids::JPEG_BASELINE8_BIT
        | uids::JPEG_EXTENDED12_BIT
        | uids::JPEG_LOSSLESS
        | uids::JPEG_LOSSLESS_SV1 => "image/jpeg",
        uids::RLE_LOSSLESS => "image/dicom-rle",
        uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => "image/jls",
        uids::JPEG2000_LOSSLESS | uids::JPEG2000 => "image/jp2",
        uids::JPEG2000MC_LOSSLESS | uids::JPEG2000MC => "image/jpx",
        uids::HTJ2K_LOSSLESS | uids::HTJ2K_LOSSLESS_RPCL | uids::HTJ2K => "image/jphc",
        _ => OCTETS,
    }
}

/// Answers with one part a frame.
pub(crate) async fn read(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let frames = place.frames()?;
    let one = find_one(&state, &caller, &place, "dicomweb frames").await?;
    send(
        &state,
        &headers,
        query.as_deref(),
        &one,
        frames,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    )
    .await
}

/// How the frames are sent.
struct Form {
    plain: bool,
    media: &'static str,
    transfer_syntax: String,
    /// Alone, without parts: one frame and asked for so.
    single: bool,
}

/// What of what is asked for can be given. `otherwise`: the syntax meant where none is named.
fn form(
    headers: &HeaderMap,
    query: Option<&str>,
    stored: &str,
    otherwise: &str,
) -> Result<Form, Problem> {
    let compressed = media_of(stored);
    let asked = wanted(headers, query);
    let plain = |single| Form {
        plain: true,
        media: OCTETS,
        transfer_syntax: uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned(),
        single,
    };
    let as_stored = |single| Form {
        plain: compressed == OCTETS,
        media: compressed,
        transfer_syntax: if compressed == OCTETS {
            uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned()
        } else {
            stored.to_owned()
        },
        single,
    };
    if asked.is_empty() {
        return Ok(if otherwise == "*" {
            as_stored(false)
        } else {
            plain(false)
        });
    }
    for wanted in &asked {
        let single = !wanted.related && !wanted.media.contains('*');
        let syntax = wanted.transfer_syntax.as_deref();
        if compressed != OCTETS && wanted.takes(compressed) {
            let named = wanted.media == compressed;
            match syntax {
                Some("*") => return Ok(as_stored(single)),
                Some(syntax) if syntax == stored => return Ok(as_stored(single)),
                None if named || otherwise == "*" => return Ok(as_stored(single)),
                _ => {}
            }
        }
        // Clients ask for octets in whatever syntax, and tell by the part's own type what came.
        if wanted.takes(OCTETS) {
            match syntax {
                Some("*") if compressed != OCTETS => return Ok(as_stored(single)),
                None | Some("*" | uids::EXPLICIT_VR_LITTLE_ENDIAN) => return Ok(plain(single)),
                Some(syntax) if syntax == stored && compressed != OCTETS => {
                    return Ok(as_stored(single));
                }
                _ => {}
            }
        }
    }
    Err(fault::not_acceptable(&format!(
        "multipart/related; type=\"{OCTETS}\"; transfer-syntax={}, or as it is stored: type=\"{compressed}\"; transfer-syntax={stored}",
        uids::EXPLICIT_VR_LITTLE_ENDIAN
    )))
}

/// Sends frames of a file.
pub(super) async fn send(
    state: &ApiState,
    headers: &HeaderMap,
    query: Option<&str>,
    one: &StoredInstance,
    frames: Vec<u32>,
    otherwise: &str,
) -> Result<Response, Problem> {
    let stored = one.transfer_syntax_uid.as_deref().unwrap_or_default();
    let form = form(headers, query, stored, otherwise)?;
    let bytes = bytes_of(&state.blobs, one).await?;
    let plain = form.plain;
    let (media, syntax) = (form.media, form.transfer_syntax);
    let make = {
        let decoders = state.decoders.clone();
        move |frame: u32| {
            let (decoders, bytes) = (decoders.clone(), bytes.clone());
            tokio::task::spawn_blocking(move || {
                decoders.frame(Lane::Screen, &bytes, frame, plain, &limits())
            })
        }
    };
    let mut rest = frames.into_iter();
    let first = rest.next().ok_or(Problem::NotFound("frame"))?;
    // The first one is made before anything is said, so that a file nobody can decode is a refusal.
    let made = make(first)
        .await?
        .map_err(|error| fault::undecodable(&error))?;
    let rest: Vec<u32> = rest.collect();
    if let Some(beyond) = rest
        .iter()
        .find(|frame| i64::from(**frame) >= i64::from(one.frames))
    {
        tracing::debug!(beyond, "a frame beyond the last was asked for");
        return Err(Problem::NotFound("frame"));
    }
    if form.single && rest.is_empty() {
        return Ok(answer::single(StatusCode::OK, media, made.bytes));
    }
    let kind = format!("{media}; transfer-syntax={syntax}");
    let parts = async_stream::try_stream! {
        yield Part { media: kind.clone(), location: None, bytes: made.bytes };
        for frame in rest {
            let made = make(frame).await.map_err(std::io::Error::other)?.map_err(std::io::Error::other)?;
            yield Part { media: kind.clone(), location: None, bytes: made.bytes };
        }
    };
    Ok(related(media, parts))
}
