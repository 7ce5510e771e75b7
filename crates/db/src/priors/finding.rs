//! Asking archives about a new case's patient.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use domain::{Doubt, PriorId, PriorState, ReportId};
use serde::{Deserialize, Serialize};

use super::{FETCH, FIND, Fetch, queue};
use crate::{ActorTx, DbError, error::During};

/// An archive that is to be asked about a case's patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The case.
    pub report_id: ReportId,
    /// AE title of the archive.
    pub archive: String,
}

/// By what archives know a case's patient, and what was examined.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The patient's name by the record.
    pub patient_name: String,
    /// Born, by the record.
    pub birth_date: Option<NaiveDate>,
    /// Patient ID: as a film of the case says it, else as the patient is registered.
    pub number: Option<String>,
    /// Its issuer.
    pub issuer: Option<String>,
    /// When it came in.
    pub upload_date: DateTime<Utc>,
    /// Modality of its first film.
    pub modality: Option<String>,
}

/// A study that an archive has.
#[derive(Debug, Clone)]
pub struct NewPrior {
    /// Study Instance UID.
    pub study_uid: String,
    /// Why it may be somebody else's.
    pub doubts: Vec<Doubt>,
    /// When it was made, as the site's clock showed it.
    pub made_at: Option<NaiveDateTime>,
    /// Its modalities.
    pub modalities: Vec<String>,
    /// Study Description.
    pub description: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Patient's Name, for people.
    pub patient_name: Option<String>,
    /// Patient's Birth Date.
    pub birth_date: Option<NaiveDate>,
    /// How many instances it has.
    pub instances: Option<u32>,
    /// Whether to fetch it without being asked for.
    pub is_wanted: bool,
}

/// What an archive said beside the studies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Remarks {
    /// Answers of another number.
    pub others: usize,
    /// Answers that cannot be read.
    pub unreadable: usize,
    /// Whether it has more than these.
    pub is_cut: bool,
}

/// Has the archives asked about a new case's patient, in the transaction that the case is made in.
///
/// # Errors
/// When the database does not answer.
pub async fn search(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    let archives = sqlx::query_scalar!(
        r#"SELECT archive AS "archive!" FROM portal.search_priors($1)"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("look which archives are asked")?;
    for archive in archives {
        queue(tx, FIND, &Search { report_id, archive }).await?;
    }
    Ok(())
}

/// About whom archives are asked for a case; none where it is gone. Served by the primary keys.
///
/// # Errors
/// When the database does not answer.
pub async fn subject(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Subject>, DbError> {
    sqlx::query_as!(
        Subject,
        r#"SELECT u.name AS patient_name, u.date_of_birth AS birth_date, coalesce(s.patient_number, p.identifier) AS number,
                  CASE WHEN s.patient_number IS NULL THEN nullif(p.issuer, '') ELSE nullif(s.issuer, '') END AS issuer,
                  r.upload_date, d.modality AS "modality?"
           FROM medical_reports r
           JOIN users u ON u.id = r.patient_id
           LEFT JOIN LATERAL (SELECT s.patient_number, s.issuer FROM portal.dicom_studies s
                              WHERE s.report_id = r.report_id AND s.patient_number <> '' ORDER BY s.study_uid LIMIT 1) s ON true
           LEFT JOIN LATERAL (SELECT p.identifier, p.issuer FROM portal.patient_identifiers p
                              WHERE p.patient_id = r.patient_id ORDER BY p.created_at LIMIT 1) p ON true
           LEFT JOIN LATERAL (SELECT d.modality FROM report_images i JOIN portal.dicom_instances d USING (image_id)
                              WHERE i.report_id = r.report_id ORDER BY i.image_id LIMIT 1) d ON true
           WHERE r.report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look whom an archive is asked about")
}

/// Which of these studies the portal has itself. Served by `idx_dicom_instances_study_uid`.
///
/// # Errors
/// When the database does not answer.
pub async fn own_studies(tx: &mut ActorTx, uids: &[String]) -> Result<Vec<String>, DbError> {
    sqlx::query_scalar!(
        "SELECT u FROM unnest($1::text[]) u WHERE EXISTS (SELECT FROM portal.dicom_instances d WHERE d.study_uid = u)",
        uids
    )
    .fetch_all(tx.connection())
    .await
    .during("look which studies are here")
    .map(|uids| uids.into_iter().flatten().collect())
}

/// Notes what an archive answered, and queues the fetching of what is wanted. A study that another archive has said before
/// stays as that said it. Says how many are new and how many of them are fetched.
///
/// # Errors
/// When the database does not answer.
pub async fn note_answer(
    tx: &mut ActorTx,
    search: &Search,
    studies: &[NewPrior],
    remarks: Remarks,
) -> Result<(usize, usize), DbError> {
    let now = tx.now();
    let (mut found, mut wanted) = (0, 0);
    for study in studies {
        let prior_id = PriorId::new_at(now);
        let state = if study.is_wanted {
            PriorState::Fetching
        } else {
            PriorState::Found
        };
        let doubts: Vec<String> = study.doubts.iter().map(ToString::to_string).collect();
        let added = sqlx::query!(
            "INSERT INTO portal.prior_studies (prior_id, report_id, archive, study_uid, state, doubts, made_at, modalities,
                 description, accession_number, patient_name, birth_date, instances, found_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (report_id, study_uid) DO NOTHING",
            prior_id.0,
            search.report_id.0,
            search.archive,
            study.study_uid,
            state.as_str(),
            &doubts,
            study.made_at,
            &study.modalities,
            study.description,
            study.accession_number,
            study.patient_name,
            study.birth_date,
            study.instances.and_then(|count| i32::try_from(count).ok()),
            now
        )
        .execute(tx.connection())
        .await
        .during("note an earlier study")?;
        if added.rows_affected() == 0 {
            continue;
        }
        found += 1;
        if study.is_wanted {
            wanted += 1;
            let archive = search.archive.clone();
            queue(tx, FETCH, &Fetch { prior_id, archive }).await?;
        }
    }
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query!(
        "UPDATE portal.prior_searches SET answered_at = $3, others = $4, unreadable = $5, is_cut = $6, fault = NULL
         WHERE report_id = $1 AND archive = $2",
        search.report_id.0,
        search.archive,
        now,
        count(remarks.others),
        count(remarks.unreadable),
        remarks.is_cut
    )
    .execute(tx.connection())
    .await
    .during("note an archive's answer")?;
    Ok((found, wanted))
}

/// Notes why an archive has not answered.
///
/// # Errors
/// When the database does not answer.
pub async fn note_fault(tx: &mut ActorTx, search: &Search, fault: &str) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.prior_searches SET fault = $3 WHERE report_id = $1 AND archive = $2 AND answered_at IS NULL",
        search.report_id.0,
        search.archive,
        fault
    )
    .execute(tx.connection())
    .await
    .during("note why an archive did not answer")?;
    Ok(())
}
