//! DICOM studies, with all that is seen of each.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::types::Uuid;

use super::{Span, StudyTime, Window};
use crate::{ActorTx, DbError, error::During};

/// Which studies.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name; identifiers are UIDs and stand in `study_uids`.
    pub window: Window,
    /// One of these.
    pub study_uids: Option<Vec<String>>,
    /// With one of these accession numbers.
    pub accession_numbers: Option<Vec<String>>,
    /// Of one of these patients.
    pub patients: Option<Vec<Uuid>>,
    /// Made then.
    pub started: Span<NaiveDate>,
    /// With a series of one of these modalities.
    pub modalities: Option<Vec<String>>,
    /// With one of these series.
    pub series_uids: Option<Vec<String>>,
    /// With one of these instances.
    pub instance_uids: Option<Vec<String>>,
}

/// A study.
#[derive(Debug)]
pub struct Row {
    /// The first report that is seen of it; the key that pages go by.
    pub report_id: Uuid,
    /// Every report that is seen of it.
    pub report_ids: Vec<Uuid>,
    /// Study Instance UID.
    pub study_uid: String,
    /// Whose.
    pub patient_id: Uuid,
    /// That patient's name.
    pub patient_name: String,
    /// When.
    pub at: StudyTime,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Study Description.
    pub description: Option<String>,
    /// Its series with their instances.
    pub series: Value,
    /// When the last film came.
    pub updated_at: DateTime<Utc>,
}

/// Finds studies. Served by `dicom_studies_pkey`, which pages go along, `idx_dicom_studies_study_uid`,
/// `…_study_date`, `…_accession_number`, `idx_medical_reports_patient_id`, `idx_dicom_series_modality`,
/// `…_series_uid` and `idx_dicom_instances_sop_instance_uid`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query!(
        r#"SELECT s.report_id, s.study_uid, s.study_date, s.study_time, s.timezone, s.accession_number, s.study_description,
                  r.patient_id, r.patient_name, x.series AS "series: Value", coalesce(x.updated, r.upload_date) AS "updated_at!",
                  (SELECT array_agg(o.report_id) FROM portal.dicom_studies o WHERE o.study_uid = s.study_uid) AS "report_ids!"
           FROM portal.dicom_studies s JOIN medical_reports r USING (report_id)
           CROSS JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object('uid', e.series_uid, 'number', e.series_number, 'modality', e.modality,
                                'description', e.series_description, 'body_part', e.body_part, 'laterality', e.laterality,
                                'instances', i.instances) ORDER BY e.series_number NULLS LAST, e.series_uid) AS series,
                      max(i.updated) AS updated
               FROM (SELECT DISTINCT ON (a.series_uid) a.* FROM portal.dicom_series a
                     WHERE a.study_uid = s.study_uid ORDER BY a.series_uid, a.report_id) e
               CROSS JOIN LATERAL (
                   SELECT jsonb_agg(jsonb_build_object('uid', f.sop_instance_uid, 'class', f.sop_class_uid,
                                    'number', f.instance_number) ORDER BY f.instance_number NULLS LAST, f.image_id) AS instances,
                          max(f.uploaded_at) AS updated
                   FROM (SELECT DISTINCT ON (d.sop_instance_uid) d.*, m.uploaded_at
                         FROM portal.dicom_instances d JOIN report_images m USING (image_id)
                         WHERE d.study_uid = s.study_uid AND d.series_uid = e.series_uid
                         ORDER BY d.sop_instance_uid, d.image_id) f) i) x
           WHERE NOT EXISTS (SELECT FROM portal.dicom_studies other
                             WHERE other.study_uid = s.study_uid AND other.report_id < s.report_id)
             AND ($1::text[] IS NULL OR s.study_uid = ANY($1))
             AND ($2::timestamptz IS NULL OR coalesce(x.updated, r.upload_date) >= $2)
             AND ($3::timestamptz IS NULL OR coalesce(x.updated, r.upload_date) < $3)
             AND ($4::uuid IS NULL OR s.report_id < $4)
             AND ($6::text[] IS NULL OR s.accession_number = ANY($6))
             AND ($7::uuid[] IS NULL OR r.patient_id = ANY($7))
             AND ($8::date IS NULL OR s.study_date >= $8) AND ($9::date IS NULL OR s.study_date < $9)
             AND ($10::text[] IS NULL OR s.study_uid IN (SELECT e.study_uid FROM portal.dicom_series e WHERE e.modality = ANY($10)))
             AND ($11::text[] IS NULL OR s.study_uid IN (SELECT e.study_uid FROM portal.dicom_series e WHERE e.series_uid = ANY($11)))
             AND ($12::text[] IS NULL OR s.study_uid IN (SELECT d.study_uid FROM portal.dicom_instances d WHERE d.sop_instance_uid = ANY($12)))
           ORDER BY s.report_id DESC LIMIT $5"#,
        filter.study_uids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        filter.accession_numbers.as_deref(),
        filter.patients.as_deref(),
        filter.started.from,
        filter.started.until,
        filter.modalities.as_deref(),
        filter.series_uids.as_deref(),
        filter.instance_uids.as_deref()
    )
    .fetch_all(tx.connection())
    .await
    .during("find studies over FHIR")?;
    Ok(rows
        .into_iter()
        .map(|row| Row {
            report_id: row.report_id,
            report_ids: row.report_ids,
            study_uid: row.study_uid,
            patient_id: row.patient_id,
            patient_name: row.patient_name,
            at: StudyTime {
                date: row.study_date,
                time: row.study_time,
                timezone: row.timezone,
            },
            accession_number: row.accession_number,
            description: row.study_description,
            series: row.series.unwrap_or_default(),
            updated_at: row.updated_at,
        })
        .collect())
}
