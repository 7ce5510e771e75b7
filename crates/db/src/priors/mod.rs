//! Earlier studies of a case's patient that other archives have, and the films that were fetched from there to compare
//! with. They go with the case that they were looked for.

mod fetching;
mod finding;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use domain::{Doubt, ImageFormat, ImageId, ImageType, PriorId, PriorState, ReportId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{
    ActorTx, DbError,
    error::During,
    images::Image,
    jobs::{self, LATER, Work},
};

pub use fetching::{
    Fetch, NewPriorImage, Wanted, add_image, begin_fetch, end_fetch, expected, fetch,
    note_fetch_fault,
};
pub use finding::{
    NewPrior, Remarks, Search, Subject, note_answer, note_fault, own_studies, search, subject,
};

/// The kind of job that asks one archive about one case's patient.
pub const FIND: &str = "find_priors";

/// The kind of job that fetches one earlier study.
pub const FETCH: &str = "fetch_prior";

/// Attempts of such jobs: about two days, with at most 17 minutes between two of them. By then the case is read.
const ATTEMPTS: i32 = 170;

/// How far an archive has been asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriorSearch {
    /// AE title of the archive.
    pub archive: String,
    /// When it was to be asked.
    pub queued_at: DateTime<Utc>,
    /// When it answered; null while it has not.
    pub answered_at: Option<DateTime<Utc>>,
    /// Answers that were about another patient's number, and are left out.
    pub others: i32,
    /// Answers that could not be read.
    pub unreadable: i32,
    /// Whether the archive has more studies than are listed.
    pub is_cut: bool,
    /// Why it has not answered yet, as far as that is known.
    pub fault: Option<String>,
}

/// An earlier study.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriorStudy {
    /// Identifier.
    pub prior_id: PriorId,
    /// AE title of the archive that has it.
    pub archive: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Where it stands.
    pub state: PriorState,
    /// Why it may be somebody else's; empty where number, name and birth date agree with the patient's record.
    pub doubts: Vec<Doubt>,
    /// Why it could not be fetched, or not all of it.
    pub fault: Option<String>,
    /// When it was made, as the site's clock showed it.
    pub made_at: Option<NaiveDateTime>,
    /// Its modalities.
    pub modalities: Vec<String>,
    /// Study Description.
    pub description: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Whose it is, as the archive says it.
    pub patient_name: Option<String>,
    /// Born, as the archive says it.
    pub birth_date: Option<NaiveDate>,
    /// How many instances it has in the archive, where that says so.
    pub instances: Option<i32>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// When its films came.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Its films that are here, in reading order; fetched as those of the case are.
    pub images: Vec<Image>,
}

async fn queue(tx: &mut ActorTx, kind: &'static str, what: &impl Serialize) -> Result<(), DbError> {
    let work = Work::new(kind).priority(LATER).attempts(ATTEMPTS);
    jobs::enqueue(tx, work.details_of(what)).await
}

/// Which archives were asked for a case, and what was found; newest first. Served by the primary keys and
/// `idx_prior_studies_once`.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<(Vec<PriorSearch>, Vec<PriorStudy>), DbError> {
    let searches = sqlx::query_as!(
        PriorSearch,
        "SELECT archive, queued_at, answered_at, others, unreadable, is_cut, fault FROM portal.prior_searches
         WHERE report_id = $1 ORDER BY archive",
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("list the archives that were asked")?;
    let mut images: BTreeMap<PriorId, Vec<Image>> = BTreeMap::new();
    for (prior_id, image) in films(tx, report_id, None).await? {
        images.entry(prior_id).or_default().push(image);
    }
    let rows = sqlx::query!(
        r#"SELECT prior_id AS "prior_id: PriorId", archive, study_uid, state AS "state: PriorState", doubts AS "doubts: Vec<Doubt>",
                  fault, made_at, modalities, description, accession_number, patient_name, birth_date, instances, found_at,
                  fetched_at
           FROM portal.prior_studies WHERE report_id = $1
           ORDER BY made_at DESC NULLS LAST, study_uid"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("list earlier studies")?;
    let studies = rows
        .into_iter()
        .map(|row| PriorStudy {
            images: images.remove(&row.prior_id).unwrap_or_default(),
            prior_id: row.prior_id,
            archive: row.archive,
            study_uid: row.study_uid,
            state: row.state,
            doubts: row.doubts,
            fault: row.fault,
            made_at: row.made_at,
            modalities: row.modalities,
            description: row.description,
            accession_number: row.accession_number,
            patient_name: row.patient_name,
            birth_date: row.birth_date,
            instances: row.instances,
            found_at: row.found_at,
            fetched_at: row.fetched_at,
        })
        .collect();
    Ok((searches, studies))
}

/// The fetched films of a case's earlier studies, or one of them, in reading order.
async fn films(
    tx: &mut ActorTx,
    report_id: ReportId,
    image_id: Option<ImageId>,
) -> Result<Vec<(PriorId, Image)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT i.prior_id AS "prior_id: PriorId", i.image_id AS "image_id: ImageId", i.image_type AS "image_type: ImageType",
                  i.width, i.height, i.file_size, i.dicom_metadata, i.stored_at, encode(i.sha256, 'hex') AS "sha256!"
           FROM portal.prior_studies p JOIN portal.prior_images i USING (prior_id)
           WHERE p.report_id = $1 AND ($2::uuid IS NULL OR i.image_id = $2)
           ORDER BY i.series_number NULLS LAST, i.instance_number NULLS LAST, i.image_id"#,
        report_id.0,
        image_id.map(Uuid::from)
    )
    .fetch_all(tx.connection())
    .await
    .during("list films of earlier studies")?;
    let image = |image_id: ImageId| format!("/api/reports/{report_id}/images/{image_id}");
    Ok(rows
        .into_iter()
        .map(|row| {
            let film = Image {
                image_id: row.image_id,
                report_id,
                image_url: image(row.image_id),
                image_type: row.image_type,
                image_format: ImageFormat::Dicom,
                width: row.width,
                height: row.height,
                file_size: row.file_size,
                dicom_metadata: row.dicom_metadata,
                uploaded_at: row.stored_at,
                sha256: row.sha256,
            };
            (row.prior_id, film)
        })
        .collect())
}

/// One film of a case's earlier studies that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn image(
    tx: &mut ActorTx,
    report_id: ReportId,
    image_id: ImageId,
) -> Result<Option<Image>, DbError> {
    let found = films(tx, report_id, Some(image_id)).await?;
    Ok(found.into_iter().next().map(|(_, image)| image))
}
