//! WADO-RS: what is stored, fetched (PS3.18 section 10.4).

pub(crate) mod bulk;
pub(crate) mod frames;
pub(crate) mod instances;
pub(crate) mod metadata;
pub(crate) mod rendered;

use api::{ApiState, Caller, Problem};
use blobs::{BlobStore, Digest};
use bytes::Bytes;
use db::{
    audit::Act,
    dicom::{self, StoredInstance},
};
use domain::{
    audit::{AuditAction, EntityType},
    scope::Scope,
};
use imaging::Limits;
use serde::Deserialize;
use serde_json::json;

use crate::{fault, query::is_uid};

/// What a path names.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Place {
    /// Study Instance UID.
    pub(crate) study: Option<String>,
    /// Series Instance UID.
    pub(crate) series: Option<String>,
    /// SOP Instance UID.
    pub(crate) instance: Option<String>,
    /// Frames, from 1, by commas.
    pub(crate) frames: Option<String>,
    /// A value within the instance.
    pub(crate) path: Option<String>,
}

impl Place {
    /// The frames that are named, from 0.
    fn frames(&self) -> Result<Vec<u32>, Problem> {
        const MOST: usize = 1000;
        let text = self.frames.as_deref().unwrap_or("1");
        let frames: Option<Vec<u32>> = text
            .split(',')
            .map(|frame| frame.trim().parse::<u32>().ok()?.checked_sub(1))
            .take(MOST + 1)
            .collect();
        frames.filter(|frames| frames.len() <= MOST).ok_or_else(|| {
            fault::malformed("frames are numbers from 1, by commas, at most 1000 of them")
        })
    }
}

/// The instances that a path names, if the caller sees any. That they are fetched is noted, and that they are there
/// and not for this caller to see as well.
async fn find(
    state: &ApiState,
    caller: &Caller,
    place: &Place,
    form: &str,
) -> Result<Vec<StoredInstance>, Problem> {
    let mut tx = caller.begin_as(Scope::DicomwebRead, state).await?;
    let named = [&place.study, &place.series, &place.instance];
    if !named.into_iter().flatten().all(|uid| is_uid(uid)) {
        return Err(fault::malformed(
            "a UID in the path is digits and dots, at most 64 of them",
        ));
    }
    let study = place.study.as_deref().unwrap_or_default();
    let found = dicom::stored(
        &mut tx,
        study,
        place.series.as_deref(),
        place.instance.as_deref(),
    )
    .await?;
    if found.is_empty() {
        dicom::note_refused(
            &mut tx,
            study,
            &json!({ "method": "GET", "path": format!("dicomweb {form}") }),
        )
        .await?;
        tx.commit().await?;
        return Err(Problem::NotFound("study, series or instance"));
    }
    let mut reports: Vec<_> = found.iter().map(|instance| instance.report_id).collect();
    reports.sort_unstable();
    reports.dedup();
    for report_id in reports {
        let images: Vec<_> = found
            .iter()
            .filter(|instance| instance.report_id == report_id)
            .map(|instance| instance.image_id)
            .collect();
        let what = match images[..] {
            [image_id] => json!({ "image_id": image_id, "form": form }),
            _ => json!({ "images": images.len(), "form": form }),
        };
        let act = Act::new(AuditAction::ReadImage, EntityType::Report)
            .on(report_id)
            .new_values(caller.noting(what));
        tx.audit(act).await?;
    }
    tx.commit().await?;
    Ok(found)
}

/// The one instance that a path names.
async fn find_one(
    state: &ApiState,
    caller: &Caller,
    place: &Place,
    form: &str,
) -> Result<StoredInstance, Problem> {
    let found = find(state, caller, place, form).await?;
    // Of a study or series that one stands for, the one in the middle.
    let middle = found.len() / 2;
    found
        .into_iter()
        .nth(middle)
        .ok_or(Problem::NotFound("instance"))
}

/// The bytes of a file, verified.
async fn bytes_of(blobs: &BlobStore, instance: &StoredInstance) -> Result<Bytes, Problem> {
    let digest: Digest = instance.sha256.parse()?;
    let blobs = blobs.clone();
    Ok(tokio::task::spawn_blocking(move || blobs.read(digest)).await??)
}

/// The limits of what is opened for others to see.
fn limits() -> Limits {
    Limits::default()
}

/// Where an instance is, below the address of `/dicomweb`.
fn url_of(base: &str, study: &str, instance: &StoredInstance) -> String {
    format!(
        "{base}/studies/{study}/series/{}/instances/{}",
        instance.series_uid, instance.sop_instance_uid
    )
}
