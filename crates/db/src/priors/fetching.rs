//! Fetching one earlier study, asked for or not.

use chrono::{NaiveDate, TimeDelta};
use domain::{Doubt, ImageId, ImageType, PriorId, PriorState, ReportId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FETCH, queue};
use crate::{ActorTx, DbError, error::During};

/// For so long after it was asked to, an archive may send a study's films on an association of its own.
const UNTIL_SENT: TimeDelta = TimeDelta::minutes(20);

/// A study that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// Which.
    pub prior_id: PriorId,
    /// AE title of the archive that has it.
    pub archive: String,
}

/// A study that is being fetched.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which.
    pub prior_id: PriorId,
    /// For which case.
    pub report_id: ReportId,
    /// The patient's name by the record.
    pub patient_name: String,
    /// Born, by the record.
    pub birth_date: Option<NaiveDate>,
    /// AE title of the archive that has it.
    pub archive: String,
    /// Study Instance UID.
    pub study_uid: String,
}

/// A film that was fetched.
#[derive(Debug)]
pub struct NewPriorImage<'a> {
    /// SOP Instance UID.
    pub sop_instance_uid: &'a str,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// What kind of picture.
    pub image_type: ImageType,
    /// Bytes.
    pub file_size: i64,
    /// Pixels across.
    pub width: Option<i32>,
    /// Pixels down.
    pub height: Option<i32>,
    /// Series Number.
    pub series_number: Option<i32>,
    /// Instance Number.
    pub instance_number: Option<i32>,
    /// The header in the DICOM JSON model.
    pub dicom_metadata: Option<&'a Value>,
}

/// Has a study fetched that somebody asks for. None where there is no such one, else how it stood before; nothing is queued
/// where it is being fetched or here already.
///
/// # Errors
/// When the database does not answer.
pub async fn fetch(
    tx: &mut ActorTx,
    report_id: ReportId,
    prior_id: PriorId,
) -> Result<Option<PriorState>, DbError> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: PriorState", archive FROM portal.prior_studies
           WHERE prior_id = $1 AND report_id = $2 FOR UPDATE"#,
        prior_id.0,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an earlier study up")?;
    let Some(row) = row else {
        return Ok(None);
    };
    if row.state.may_become(PriorState::Fetching) {
        sqlx::query!(
            "UPDATE portal.prior_studies SET state = 'fetching', fault = NULL WHERE prior_id = $1",
            prior_id.0
        )
        .execute(tx.connection())
        .await
        .during("have an earlier study fetched")?;
        let archive = row.archive;
        queue(tx, FETCH, &Fetch { prior_id, archive }).await?;
    }
    Ok(Some(row.state))
}

/// A study that is to be fetched, if it still is; from now on the archive may send its films by itself.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_fetch(tx: &mut ActorTx, prior_id: PriorId) -> Result<Option<Wanted>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Wanted,
        r#"UPDATE portal.prior_studies p SET asked_at = $2 FROM medical_reports r JOIN users u ON u.id = r.patient_id
           WHERE p.prior_id = $1 AND p.state = 'fetching' AND r.report_id = p.report_id
           RETURNING p.prior_id AS "prior_id: PriorId", p.report_id AS "report_id: ReportId",
                     u.name AS patient_name, u.date_of_birth AS birth_date, p.archive, p.study_uid"#,
        prior_id.0,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("begin to fetch an earlier study")
}

/// The cases for which an archive was asked a short while ago to send this study. Served by `idx_prior_studies_fetching`.
///
/// # Errors
/// When the database does not answer.
pub async fn expected(
    tx: &mut ActorTx,
    archive: &str,
    study_uid: &str,
) -> Result<Vec<Wanted>, DbError> {
    let since = tx.now() - UNTIL_SENT;
    sqlx::query_as!(
        Wanted,
        r#"SELECT p.prior_id AS "prior_id: PriorId", p.report_id AS "report_id: ReportId", u.name AS patient_name, u.date_of_birth AS birth_date,
                  p.archive, p.study_uid
           FROM portal.prior_studies p JOIN medical_reports r USING (report_id) JOIN users u ON u.id = r.patient_id
           WHERE p.study_uid = $2 AND p.state = 'fetching' AND p.archive = $1 AND p.asked_at >= $3"#,
        archive,
        study_uid,
        since
    )
    .fetch_all(tx.connection())
    .await
    .during("look which films an archive is to send")
}

/// Adds a film to an earlier study, and what its own header lets one doubt. One that is there already stays.
///
/// # Errors
/// When the database does not answer.
pub async fn add_image(
    tx: &mut ActorTx,
    prior_id: PriorId,
    film: &NewPriorImage<'_>,
    doubts: &[Doubt],
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.prior_images (image_id, prior_id, sop_instance_uid, sha256, image_type, file_size, width, height,
             series_number, instance_number, dicom_metadata, stored_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (prior_id, sop_instance_uid) DO NOTHING",
        ImageId::new_at(now).0,
        prior_id.0,
        film.sop_instance_uid,
        film.sha256.as_slice(),
        film.image_type.as_str(),
        film.file_size,
        film.width,
        film.height,
        film.series_number,
        film.instance_number,
        film.dicom_metadata,
        now
    )
    .execute(tx.connection())
    .await
    .during("add a film of an earlier study")?;
    if !doubts.is_empty() {
        let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
        sqlx::query!(
            "UPDATE portal.prior_studies SET doubts = ARRAY(SELECT DISTINCT unnest(doubts || $2::text[]) ORDER BY 1)
             WHERE prior_id = $1",
            prior_id.0,
            &doubts
        )
        .execute(tx.connection())
        .await
        .during("note doubts about an earlier study")?;
    }
    Ok(())
}

/// Ends the fetching of a study: it is here if any film of it is. `fault` says what went wrong, or what is missing.
///
/// # Errors
/// When the database does not answer.
pub async fn end_fetch(
    tx: &mut ActorTx,
    prior_id: PriorId,
    fault: Option<&str>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE portal.prior_studies p
         SET state = CASE WHEN f.has_films THEN 'here' ELSE 'failed' END, fetched_at = CASE WHEN f.has_films THEN $3::timestamptz END, fault = $2
         FROM (SELECT EXISTS (SELECT FROM portal.prior_images WHERE prior_id = $1) AS has_films) f
         WHERE p.prior_id = $1 AND p.state = 'fetching'",
        prior_id.0,
        fault,
        now
    )
    .execute(tx.connection())
    .await
    .during("end the fetching of an earlier study")?;
    Ok(())
}

/// Notes why a study that is still being fetched is not here yet.
///
/// # Errors
/// When the database does not answer.
pub async fn note_fetch_fault(
    tx: &mut ActorTx,
    prior_id: PriorId,
    fault: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.prior_studies SET fault = $2 WHERE prior_id = $1 AND state = 'fetching'",
        prior_id.0,
        fault
    )
    .execute(tx.connection())
    .await
    .during("note why an earlier study did not come")?;
    Ok(())
}
