//! Signed reviews, as documents.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{RiskCategory, UrgencyLevel};
use serde_json::Value;
use sqlx::types::Uuid;

use super::{Span, Window};
use crate::{ActorTx, DbError, error::During};

/// Which of them.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Of one of these patients.
    pub patients: Option<Vec<Uuid>>,
    /// The newest of a case (`current`), or an earlier one (`superseded`).
    pub statuses: Option<Vec<String>>,
    /// Signed then.
    pub date: Span<DateTime<Utc>>,
    /// Signed by one of these doctors.
    pub doctors: Option<Vec<Uuid>>,
    /// Of one of these cases.
    pub reports: Option<Vec<Uuid>>,
}

/// A signed review.
#[derive(Debug)]
pub struct Row {
    /// Identifier.
    pub review_id: Uuid,
    /// The case.
    pub report_id: Uuid,
    /// Whose.
    pub patient_id: Uuid,
    /// That patient's name.
    pub patient_name: String,
    /// Who signed.
    pub doctor_id: Uuid,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// What is seen.
    pub clinical_findings: Option<String>,
    /// The doctor's category.
    pub risk: Option<RiskCategory>,
    /// How soon somebody must act.
    pub urgency: Option<UrgencyLevel>,
    /// What to do.
    pub recommended_action: Option<String>,
    /// When to look again.
    pub follow_up_date: Option<NaiveDate>,
    /// Whether to look again.
    pub follow_up_required: bool,
    /// Treatment.
    pub treatment_plan: Option<String>,
    /// When it was signed.
    pub reviewed_at: DateTime<Utc>,
    /// The review that was signed before it.
    pub replaces: Option<Uuid>,
    /// Whether one was signed after it.
    pub is_superseded: bool,
    /// Notes added to it: text and time of each, the oldest first.
    pub addenda: Value,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Finds them. Served by `doctor_reviews_pkey`, which pages go along, `idx_doctor_reviews_report_id`, `…_doctor_id`,
/// `…_reviewed_at`, `idx_medical_reports_patient_id` and `idx_review_addenda_review_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    tx.plan_with_values().await?;
    sqlx::query_as!(
        Row,
        r#"SELECT v.review_id, v.report_id, r.patient_id, r.patient_name, v.doctor_id, portal.staff_name(v.doctor_id) AS doctor_name,
                  v.clinical_findings, v.doctor_risk_assessment AS "risk: RiskCategory", v.urgency_level AS "urgency: UrgencyLevel",
                  v.recommended_action, v.follow_up_date, v.follow_up_required, v.treatment_plan, v.reviewed_at AS "reviewed_at!",
                  b.review_id AS "replaces?", x.is_superseded AS "is_superseded!", coalesce(d.addenda, '[]') AS "addenda!: Value",
                  greatest(v.reviewed_at, d.last, x.superseded_at) AS "updated_at!"
           FROM doctor_reviews v JOIN medical_reports r ON r.report_id = v.report_id
           LEFT JOIN LATERAL (SELECT w.review_id FROM doctor_reviews w
                              WHERE w.report_id = v.report_id AND (w.reviewed_at, w.review_id) < (v.reviewed_at, v.review_id)
                              ORDER BY w.reviewed_at DESC, w.review_id DESC LIMIT 1) b ON true
           CROSS JOIN LATERAL (SELECT count(*) > 0 AS is_superseded, min(w.reviewed_at) AS superseded_at FROM doctor_reviews w
                               WHERE w.report_id = v.report_id AND (w.reviewed_at, w.review_id) > (v.reviewed_at, v.review_id)) x
           LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('text', a.addendum, 'at', a.created_at) ORDER BY a.created_at) AS addenda,
                                     max(a.created_at) AS last
                              FROM portal.review_addenda a WHERE a.review_id = v.review_id) d ON true
           WHERE v.reviewed_at IS NOT NULL
             AND ($1::uuid[] IS NULL OR v.review_id = ANY($1))
             AND ($2::timestamptz IS NULL OR greatest(v.reviewed_at, d.last, x.superseded_at) >= $2)
             AND ($3::timestamptz IS NULL OR greatest(v.reviewed_at, d.last, x.superseded_at) < $3)
             AND ($4::uuid IS NULL OR v.review_id < $4)
             AND ($6::uuid[] IS NULL OR r.patient_id = ANY($6))
             AND ($7::text[] IS NULL OR CASE WHEN x.is_superseded THEN 'superseded' ELSE 'current' END = ANY($7))
             AND ($8::timestamptz IS NULL OR v.reviewed_at >= $8) AND ($9::timestamptz IS NULL OR v.reviewed_at < $9)
             AND ($10::uuid[] IS NULL OR v.doctor_id = ANY($10))
             AND ($11::uuid[] IS NULL OR v.report_id = ANY($11))
           ORDER BY v.review_id DESC LIMIT $5"#,
        filter.window.ids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        filter.patients.as_deref(),
        filter.statuses.as_deref(),
        filter.date.from,
        filter.date.until,
        filter.doctors.as_deref(),
        filter.reports.as_deref()
    )
    .fetch_all(tx.connection())
    .await
    .during("find signed reviews over FHIR")
}
