//! `GET …/bulkdata/{path}`: a value that the metadata only names.

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use decoding::Lane;

use super::{Place, bytes_of, find_one, frames, limits};
use crate::{
    answer, fault,
    multipart::{Part, related_of},
    negotiate::wanted,
};

const OCTETS: &str = "application/octet-stream";
const PIXEL_DATA: &str = "7FE00010";

/// Answers with the value; pixel data that is compressed comes as a part a frame.
pub(crate) async fn read(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let one = find_one(&state, &caller, &place, "dicomweb bulk data").await?;
    let path = place.path.clone().unwrap_or_default();
    let syntax = one.transfer_syntax_uid.as_deref().unwrap_or_default();
    if path == PIXEL_DATA && frames::media_of(syntax) != OCTETS {
        let all = (0..u32::try_from(one.frames).unwrap_or(1)).collect();
        return frames::send(&state, &headers, query.as_deref(), &one, all, "*").await;
    }
    let bytes = bytes_of(&state.blobs, &one).await?;
    let decoders = state.decoders.clone();
    let value =
        tokio::task::spawn_blocking(move || decoders.bulk(Lane::Screen, &bytes, &path, &limits()))
            .await?
            .map_err(|error| fault::undecodable(&error))?
            .ok_or(Problem::NotFound("value"))?;
    let asked = wanted(&headers, query.as_deref());
    let fitting = asked.iter().find(|wanted| wanted.takes(OCTETS));
    if fitting.is_none() && !asked.is_empty() {
        return Err(fault::not_acceptable(OCTETS));
    }
    if fitting.is_some_and(|wanted| !wanted.related && wanted.media == OCTETS) {
        return Ok(answer::single(StatusCode::OK, OCTETS, value));
    }
    let part = Part {
        media: OCTETS.to_owned(),
        location: None,
        bytes: Bytes::from(value),
    };
    Ok(related_of(OCTETS, vec![part]))
}
