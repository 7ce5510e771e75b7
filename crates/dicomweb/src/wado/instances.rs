//! `GET /studies/{study}`, `…/series/{series}`, `…/instances/{instance}`: the files as they were stored.

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use dicom_dictionary_std::uids;

use super::{Place, bytes_of, find, url_of};
use crate::{
    answer, fault,
    multipart::{Part, related},
    negotiate::{Wanted, wanted},
};

const DICOM: &str = "application/dicom";

/// Answers with one part a file.
pub(crate) async fn read(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let found = find(&state, &caller, &place, "dicomweb file").await?;
    let asked: Vec<Wanted> = wanted(&headers, query.as_deref())
        .into_iter()
        .filter(|wanted| wanted.takes(DICOM))
        .collect();
    let is_asked_at_all = headers.contains_key(axum::http::header::ACCEPT);
    let fits = |syntax: &str| {
        asked
            .iter()
            .any(|wanted| match wanted.transfer_syntax.as_deref() {
                None | Some("*") => true,
                Some(other) => other == syntax,
            })
    };
    let stored = |syntax: &Option<String>| {
        syntax
            .clone()
            .unwrap_or_else(|| uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned())
    };
    if is_asked_at_all
        && !found
            .iter()
            .all(|one| fits(&stored(&one.transfer_syntax_uid)))
    {
        return Err(fault::not_acceptable(
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*, each file in the syntax it was stored in",
        ));
    }
    let base = answer::base(&state, &headers);
    let study = place.study.unwrap_or_default();
    // One file after another: a study of any size costs the memory of one.
    let parts = async_stream::try_stream! {
        for one in found {
            let bytes = bytes_of(&state.blobs, &one).await.map_err(|problem| {
                tracing::error!(?problem, image = %one.image_id, "a stored file cannot be sent");
                std::io::Error::other("a stored file cannot be sent")
            })?;
            yield Part {
                media: format!("{DICOM}; transfer-syntax={}", stored(&one.transfer_syntax_uid)),
                location: Some(url_of(&base, &study, &one)),
                bytes,
            };
        }
    };
    Ok(related(DICOM, parts))
}
