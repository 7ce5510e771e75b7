//! What the AI said of a case, if only that it could not assess it: one a case.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ReportStatus, RiskCategory};
use serde_json::Value;
use sqlx::types::Uuid;

use super::{Span, StudyTime, Window};
use crate::{ActorTx, DbError, error::During};

/// Which of them.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Of one of these patients.
    pub patients: Option<Vec<Uuid>>,
    /// Before a doctor signed (`preliminary`), or after (`final`).
    pub statuses: Option<Vec<String>>,
    /// The films were made then, or came then where they say nothing.
    pub effective: Span<NaiveDate>,
    /// Of one of these studies.
    pub study_uids: Option<Vec<String>>,
    /// By one of these models.
    pub models: Option<Vec<Uuid>>,
    /// With one of these categories.
    pub categories: Option<Vec<String>>,
}

/// What the AI said.
#[derive(Debug)]
pub struct Row {
    /// The case.
    pub report_id: Uuid,
    /// Whose.
    pub patient_id: Uuid,
    /// That patient's name.
    pub patient_name: String,
    /// Where the case stands.
    pub status: ReportStatus,
    /// When the films came.
    pub upload_date: DateTime<Utc>,
    /// When they were made.
    pub at: StudyTime,
    /// Study Instance UID, where they have one.
    pub study_uid: Option<String>,
    /// The score; none: it could not assess the case.
    pub score: Option<Score>,
    /// Why it could not: a stable word and a sentence.
    pub not_assessed: Option<(String, String)>,
    /// When it said so.
    pub issued: DateTime<Utc>,
    /// When this was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A score.
#[derive(Debug)]
pub struct Score {
    /// By which model.
    pub model_id: Uuid,
    /// That model's name and version.
    pub model_version: String,
    /// The category.
    pub category: RiskCategory,
    /// Calibrated probability of the finding.
    pub probability: f64,
    /// Shares of low, medium and high.
    pub shares: [f64; 3],
    /// From which probability on this model calls the risk high.
    pub threshold: Option<f64>,
    /// Each finding.
    pub findings: Value,
}

/// Finds them. Served by `medical_reports_pkey`, which pages go along, `idx_ai_analysis_report_id`, `…_model_id`,
/// `…_risk_category`, and the indexes of [`super::reports::find`].
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query!(
        r#"SELECT r.report_id, r.patient_id, r.patient_name, r.status AS "status: ReportStatus", r.upload_date,
                  s.study_uid AS "study_uid?", s.study_date AS "study_date?", s.study_time AS "study_time?", s.timezone AS "timezone?",
                  a.model_id AS "model_id?", a.model_version AS "model_version?", a.risk_category AS "category?: RiskCategory",
                  a.risk_probability::float8 AS probability, a.low_probability::float8 AS low,
                  a.medium_probability::float8 AS medium, a.high_probability::float8 AS high,
                  a.confidence_threshold::float8 AS threshold, a.findings AS "findings?: Value",
                  n.code AS "code?", n.reason AS "reason?", coalesce(n.created_at, a.processed_at) AS "issued!",
                  greatest(n.created_at, a.processed_at, r.updated_at) AS "updated_at!"
           FROM medical_reports r
           LEFT JOIN portal.not_assessed n ON n.report_id = r.report_id
           -- Where the newest analysis gave no score, an older one does not count.
           LEFT JOIN ai_analysis a ON a.report_id = r.report_id AND n.report_id IS NULL
           LEFT JOIN portal.dicom_studies s ON s.report_id = r.report_id
           WHERE (a.report_id IS NOT NULL OR n.report_id IS NOT NULL)
             AND ($1::uuid[] IS NULL OR r.report_id = ANY($1))
             AND ($2::timestamptz IS NULL OR r.updated_at >= $2 OR n.created_at >= $2 OR a.processed_at >= $2)
             AND ($3::timestamptz IS NULL OR greatest(n.created_at, a.processed_at, r.updated_at) < $3)
             AND ($4::uuid IS NULL OR r.report_id < $4)
             AND ($6::uuid[] IS NULL OR r.patient_id = ANY($6))
             AND ($7::text[] IS NULL OR CASE r.status WHEN 'reviewed' THEN 'final' ELSE 'preliminary' END = ANY($7))
             AND (($8::date IS NULL AND $9::date IS NULL) OR r.report_id IN (
                  SELECT o.report_id FROM portal.dicom_studies o
                  WHERE ($8::date IS NULL OR o.study_date >= $8) AND ($9::date IS NULL OR o.study_date < $9)
                  UNION ALL SELECT o.report_id FROM medical_reports o
                  WHERE ($8::date IS NULL OR o.upload_date >= $8::date::timestamp AT TIME ZONE 'UTC')
                    AND ($9::date IS NULL OR o.upload_date < $9::date::timestamp AT TIME ZONE 'UTC')
                    AND NOT EXISTS (SELECT FROM portal.dicom_studies t WHERE t.report_id = o.report_id AND t.study_date IS NOT NULL)))
             AND ($10::text[] IS NULL OR s.study_uid = ANY($10))
             AND ($11::uuid[] IS NULL OR a.model_id = ANY($11))
             AND ($12::text[] IS NULL OR a.risk_category = ANY($12))
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
        filter.study_uids.as_deref(),
        filter.models.as_deref(),
        filter.categories.as_deref()
    )
    .fetch_all(tx.connection())
    .await
    .during("find what the AI said over FHIR")?;
    Ok(rows
        .into_iter()
        .map(|row| Row {
            report_id: row.report_id,
            patient_id: row.patient_id,
            patient_name: row.patient_name,
            status: row.status,
            upload_date: row.upload_date,
            at: StudyTime {
                date: row.study_date,
                time: row.study_time,
                timezone: row.timezone,
            },
            study_uid: row.study_uid,
            score: row.model_id.zip(row.category).zip(row.probability).map(
                |((model_id, category), probability)| Score {
                    model_id,
                    model_version: row.model_version.unwrap_or_default(),
                    category,
                    probability,
                    shares: [row.low, row.medium, row.high].map(Option::unwrap_or_default),
                    threshold: row.threshold,
                    findings: row.findings.unwrap_or_default(),
                },
            ),
            not_assessed: row.code.zip(row.reason),
            issued: row.issued,
            updated_at: row.updated_at,
        })
        .collect())
}

/// Of these cases the open ones of which the acting doctor has not written a first impression. Served by
/// `first_impressions_pkey`.
///
/// # Errors
/// When the database does not answer.
pub async fn without_impression(
    tx: &mut ActorTx,
    report_ids: &[Uuid],
) -> Result<HashSet<Uuid>, DbError> {
    let rows = sqlx::query_scalar!(
        "SELECT r.report_id FROM medical_reports r
         WHERE r.report_id = ANY($1) AND r.status <> 'reviewed'
           AND NOT EXISTS (SELECT FROM portal.first_impressions f
                           WHERE f.report_id = r.report_id AND f.doctor_id = (SELECT portal.actor_id()))",
        report_ids
    )
    .fetch_all(tx.connection())
    .await
    .during("look which cases have no first impression")?;
    Ok(rows.into_iter().collect())
}
