//! Cases with their signed result.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ReportStatus, RiskCategory};
use serde_json::Value;
use sqlx::types::Uuid;

use super::{Span, StudyTime, Window};
use crate::{ActorTx, DbError, error::During};

/// Which cases.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Of one of these patients.
    pub patients: Option<Vec<Uuid>>,
    /// In one of these states of FHIR.
    pub statuses: Option<Vec<String>>,
    /// The films were made then, or came then where they say nothing.
    pub effective: Span<NaiveDate>,
    /// Signed then.
    pub issued: Span<DateTime<Utc>>,
    /// Of one of these studies.
    pub study_uids: Option<Vec<String>>,
    /// With one of these accession numbers.
    pub accession_numbers: Option<Vec<String>>,
    /// Signed by one of these doctors.
    pub doctors: Option<Vec<Uuid>>,
    /// Of one of these orders.
    pub orders: Option<Vec<Uuid>>,
}

/// A case.
#[derive(Debug)]
pub struct Row {
    /// Identifier.
    pub report_id: Uuid,
    /// Whose.
    pub patient_id: Uuid,
    /// That patient's name.
    pub patient_name: String,
    /// What was examined, such as `chest_xray`.
    pub study_type: String,
    /// Where it stands.
    pub status: ReportStatus,
    /// When it came in.
    pub upload_date: DateTime<Utc>,
    /// When the films were made.
    pub at: StudyTime,
    /// Study Instance UID, where the films have one.
    pub study_uid: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// The order with that number, if it is this patient's.
    pub order_id: Option<Uuid>,
    /// Whether the AI said something, if only that it could not.
    pub is_assessed: bool,
    /// The signed review that counts.
    pub review: Option<Signed>,
    /// How many reviews are signed.
    pub signed: i64,
    /// Notes added to them: text and time of each, the oldest first.
    pub addenda: Value,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A signed review.
#[derive(Debug)]
pub struct Signed {
    /// Identifier.
    pub review_id: Uuid,
    /// Who signed.
    pub doctor_id: Uuid,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// What is seen.
    pub clinical_findings: Option<String>,
    /// What to do.
    pub recommended_action: Option<String>,
    /// The doctor's category.
    pub risk: Option<RiskCategory>,
    /// When it was signed.
    pub reviewed_at: DateTime<Utc>,
}

/// Finds cases. Served by `medical_reports_pkey`, which pages go along, `idx_medical_reports_patient_id`, `…_status`,
/// `…_updated_at`, `…_upload_date`, `idx_dicom_studies_study_uid`, `…_study_date`, `…_accession_number`,
/// `idx_doctor_reviews_report_id`, `…_doctor_id`, `…_reviewed_at` and `idx_orders_accession_number`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query!(
        r#"SELECT r.report_id, r.patient_id, r.patient_name, r.study_type, r.status AS "status: ReportStatus", r.upload_date,
                  s.study_uid AS "study_uid?", s.study_date AS "study_date?", s.study_time AS "study_time?", s.timezone AS "timezone?",
                  s.accession_number AS "accession_number?", b.order_id AS "order_id?",
                  -- Not EXISTS, which PostgreSQL may answer by reading all that was ever assessed.
                  coalesce((SELECT true FROM ai_analysis a WHERE a.report_id = r.report_id LIMIT 1),
                           (SELECT true FROM portal.not_assessed n WHERE n.report_id = r.report_id LIMIT 1), false) AS "is_assessed!",
                  v.review_id AS "review_id?", v.doctor_id AS "doctor_id?", portal.staff_name(v.doctor_id) AS doctor_name,
                  v.clinical_findings AS "clinical_findings?", v.recommended_action AS "recommended_action?",
                  v.doctor_risk_assessment AS "risk?: RiskCategory", v.reviewed_at AS "reviewed_at?",
                  coalesce(c.signed, 0) AS "signed!", coalesce(d.addenda, '[]') AS "addenda!: Value", l.updated_at AS "updated_at!"
           FROM medical_reports r
           LEFT JOIN portal.dicom_studies s ON s.report_id = r.report_id
           -- An order of somebody else is none of this film, whatever number it has.
           LEFT JOIN portal.orders b ON b.accession_number = s.accession_number AND b.patient_id = r.patient_id AND b.status <> 'revoked'
           LEFT JOIN LATERAL (SELECT w.* FROM doctor_reviews w WHERE w.report_id = r.report_id AND w.reviewed_at IS NOT NULL
                              ORDER BY w.reviewed_at DESC, w.review_id DESC LIMIT 1) v ON true
           LEFT JOIN LATERAL (SELECT count(*) AS signed FROM doctor_reviews w
                              WHERE w.report_id = r.report_id AND w.reviewed_at IS NOT NULL) c ON true
           LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('text', a.addendum, 'at', a.created_at) ORDER BY a.created_at) AS addenda,
                                     max(a.created_at) AS last
                              FROM portal.review_addenda a JOIN doctor_reviews w USING (review_id)
                              WHERE w.report_id = r.report_id) d ON true
           CROSS JOIN LATERAL (SELECT greatest(r.updated_at, v.reviewed_at, d.last) AS updated_at,
                                      CASE WHEN r.status IN ('pending', 'analyzing') AND c.signed = 0 THEN 'registered'
                                           WHEN c.signed = 0 THEN 'preliminary'
                                           WHEN c.signed = 1 AND d.last IS NULL THEN 'final'
                                           ELSE 'amended' END AS status) l
           WHERE ($1::uuid[] IS NULL OR r.report_id = ANY($1))
             AND ($2::timestamptz IS NULL OR r.report_id IN (
                  SELECT o.report_id FROM medical_reports o WHERE o.updated_at >= $2
                  UNION ALL SELECT w.report_id FROM doctor_reviews w WHERE w.reviewed_at >= $2
                  UNION ALL SELECT w.report_id FROM portal.review_addenda a JOIN doctor_reviews w USING (review_id) WHERE a.created_at >= $2))
             AND ($3::timestamptz IS NULL OR l.updated_at < $3)
             AND ($4::uuid IS NULL OR r.report_id < $4)
             AND ($6::uuid[] IS NULL OR r.patient_id = ANY($6))
             AND ($7::text[] IS NULL OR l.status = ANY($7))
             -- What follows from the state that is asked for, where an index serves it.
             AND ($7::text[] IS NULL OR NOT $7 <@ ARRAY['registered'] OR r.status IN ('pending', 'analyzing'))
             AND ($7::text[] IS NULL OR NOT $7 <@ ARRAY['registered', 'preliminary'] OR r.status IN ('pending', 'analyzing', 'analyzed'))
             AND ($7::text[] IS NULL OR NOT $7 <@ ARRAY['amended'] OR r.report_id IN (
                  SELECT w.report_id FROM portal.review_addenda a JOIN doctor_reviews w USING (review_id)
                  UNION ALL SELECT w.report_id FROM doctor_reviews w WHERE w.reviewed_at IS NOT NULL
                  GROUP BY w.report_id HAVING count(*) > 1))
             AND (($8::date IS NULL AND $9::date IS NULL) OR r.report_id IN (
                  SELECT o.report_id FROM portal.dicom_studies o
                  WHERE ($8::date IS NULL OR o.study_date >= $8) AND ($9::date IS NULL OR o.study_date < $9)
                  UNION ALL SELECT o.report_id FROM medical_reports o
                  WHERE ($8::date IS NULL OR o.upload_date >= $8::date::timestamp AT TIME ZONE 'UTC')
                    AND ($9::date IS NULL OR o.upload_date < $9::date::timestamp AT TIME ZONE 'UTC')
                    AND NOT EXISTS (SELECT FROM portal.dicom_studies t WHERE t.report_id = o.report_id AND t.study_date IS NOT NULL)))
             AND ($10::timestamptz IS NULL OR v.reviewed_at >= $10) AND ($11::timestamptz IS NULL OR v.reviewed_at < $11)
             AND ($12::text[] IS NULL OR s.study_uid = ANY($12))
             AND ($13::text[] IS NULL OR s.accession_number = ANY($13))
             AND ($14::uuid[] IS NULL OR r.report_id IN (SELECT w.report_id FROM doctor_reviews w
                                                         WHERE w.doctor_id = ANY($14) AND w.reviewed_at IS NOT NULL))
             AND ($15::uuid[] IS NULL OR b.order_id = ANY($15))
           ORDER BY r.report_id DESC LIMIT $5"#,
        filter.window.ids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        filter.patients.as_deref(),
        filter.statuses.as_deref(),
        filter.effective.from,
        filter.effective.until,
        filter.issued.from,
        filter.issued.until,
        filter.study_uids.as_deref(),
        filter.accession_numbers.as_deref(),
        filter.doctors.as_deref(),
        filter.orders.as_deref()
    )
    .fetch_all(tx.connection())
    .await
    .during("find cases over FHIR")?;
    Ok(rows
        .into_iter()
        .map(|row| Row {
            report_id: row.report_id,
            patient_id: row.patient_id,
            patient_name: row.patient_name,
            study_type: row.study_type,
            status: row.status,
            upload_date: row.upload_date,
            at: StudyTime {
                date: row.study_date,
                time: row.study_time,
                timezone: row.timezone,
            },
            study_uid: row.study_uid,
            accession_number: row.accession_number,
            order_id: row.order_id,
            is_assessed: row.is_assessed,
            review: row.review_id.zip(row.doctor_id).zip(row.reviewed_at).map(
                |((review_id, doctor_id), reviewed_at)| Signed {
                    review_id,
                    doctor_id,
                    doctor_name: row.doctor_name,
                    clinical_findings: row.clinical_findings,
                    recommended_action: row.recommended_action,
                    risk: row.risk,
                    reviewed_at,
                },
            ),
            signed: row.signed,
            addenda: row.addenda,
            updated_at: row.updated_at,
        })
        .collect())
}
