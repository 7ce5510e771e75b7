//! `GET …/metadata`: the headers, with the addresses of bulk data.

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use blobs::{BlobError, Digest};
use db::dicom::StoredInstance;
use decoding::Lane;
use serde_json::Value;

use super::{Place, bytes_of, find, limits, url_of};
use crate::{answer, fault, negotiate::model};

/// Answers with one data set a file.
pub(crate) async fn read(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let model = model(&headers, query.as_deref())?;
    let found = find(&state, &caller, &place, "dicomweb metadata").await?;
    let base = answer::base(&state, &headers);
    let study = place.study.unwrap_or_default();
    let mut all = Vec::with_capacity(found.len());
    for one in &found {
        let mut dataset = header_of(&state, one).await?;
        let url = url_of(&base, &study, one);
        address(&mut dataset, &format!("{url}/bulkdata/"));
        if let Some(dataset) = dataset.as_object_mut() {
            let mut about = answer::Dataset::default();
            about.text("00081190", "UR", Some(&url)).text(
                "00083002",
                "UI",
                one.transfer_syntax_uid.as_deref(),
            );
            if let Value::Object(about) = about.done() {
                dataset.extend(about);
            }
        }
        all.push(dataset);
    }
    Ok(answer::datasets(model, all))
}

/// What the header says, from the first bytes of the file where they are enough; pixels of a film are many times as many.
async fn header_of(state: &ApiState, one: &StoredInstance) -> Result<Value, Problem> {
    let digest: Digest = one.sha256.parse()?;
    let (blobs, decoders) = (state.blobs.clone(), state.decoders.clone());
    let header = tokio::task::spawn_blocking(move || {
        let start = blobs.read_start(digest, imaging::START_BYTES)?;
        Ok::<_, BlobError>(decoders.metadata_of_start(
            Lane::Screen,
            &start.bytes,
            start.length,
            &limits(),
        ))
    });
    if let Some(header) = header.await??.map_err(|error| fault::undecodable(&error))? {
        return Ok(header);
    }
    let bytes = bytes_of(&state.blobs, one).await?;
    let decoders = state.decoders.clone();
    tokio::task::spawn_blocking(move || decoders.metadata(Lane::Screen, &bytes, &limits()))
        .await?
        .map_err(|error| fault::undecodable(&error))
}

/// Makes the paths of bulk data addresses.
fn address(dataset: &mut Value, before: &str) {
    let Some(attributes) = dataset.as_object_mut() else {
        return;
    };
    for element in attributes.values_mut() {
        if let Some(Value::String(path)) = element.get_mut("BulkDataURI") {
            path.insert_str(0, before);
        }
        if let Some(Value::Array(items)) = element.get_mut("Value") {
            items.iter_mut().for_each(|item| address(item, before));
        }
    }
}
