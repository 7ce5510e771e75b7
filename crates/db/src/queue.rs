//! The doctors' worklist, in reading order.

use chrono::{DateTime, Utc};
use domain::{ReportId, RiskCategory, UserId, patient::Gender};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A case of the queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueItem {
    /// The report.
    pub report_id: ReportId,
    /// The patient.
    pub patient_id: UserId,
    /// The patient's name.
    pub patient_name: String,
    /// What was examined.
    pub study_type: String,
    /// The AI's category; null: could not assess.
    pub risk_score: Option<RiskCategory>,
    /// Share of the category.
    pub confidence_score: Option<f64>,
    /// When it came in.
    pub upload_date: DateTime<Utc>,
    /// When the AI was done with it.
    pub analysis_date: Option<DateTime<Utc>>,
    /// Calibrated probability of the finding.
    pub risk_probability: Option<f64>,
    /// 1 for the top class to 4.
    pub priority_order: i32,
    /// From when on it is overdue.
    pub due_at: DateTime<Utc>,
    /// Whether it is.
    pub is_overdue: bool,
    /// The doctor who is reading it.
    pub claimed_by: Option<UserId>,
    /// That doctor's name.
    pub claimed_by_name: Option<String>,
    /// Years.
    pub patient_age: Option<i32>,
    /// Administrative sex.
    pub patient_gender: Option<Gender>,
    /// Why the AI said nothing.
    pub not_assessed_reason: Option<String>,
    /// The same as a stable word.
    pub not_assessed_code: Option<String>,
    /// The hospital's number of the patient, if one is known.
    pub patient_identifier: Option<String>,
    /// What the film's header and the patient's record disagree on (`name`, `birth_date`, `gender`,
    /// `identifier`); empty when they agree.
    pub identity_disagreement: Vec<String>,
    /// Whether a doctor has confirmed whose film it is all the same.
    pub identity_confirmed: bool,
}

/// A page of the queue after a cursor. The view walks the queue's indexes in order and stops when
/// the page is full.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    tx: &mut ActorTx,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<QueueItem>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        QueueItem,
        r#"SELECT q.report_id AS "report_id!: ReportId", q.patient_id AS "patient_id!: UserId",
                  q.patient_name AS "patient_name!", q.study_type AS "study_type!",
                  q.risk_score AS "risk_score: RiskCategory", q.confidence_score::float8 AS confidence_score,
                  q.upload_date AS "upload_date!", q.analysis_date, q.risk_probability::float8 AS risk_probability,
                  q.priority_order AS "priority_order!", q.due_at AS "due_at!", q.is_overdue AS "is_overdue!",
                  q.claimed_by AS "claimed_by: UserId", portal.staff_name(q.claimed_by) AS claimed_by_name,
                  r.patient_age, r.patient_gender AS "patient_gender: Gender", n.reason AS "not_assessed_reason?",
                  n.code AS "not_assessed_code?",
                  (SELECT p.identifier FROM portal.patient_identifiers p WHERE p.patient_id = q.patient_id
                   ORDER BY p.created_at LIMIT 1) AS patient_identifier,
                  ARRAY(SELECT jsonb_array_elements_text(r.image_metadata -> 'identity_disagreement')) AS "identity_disagreement!",
                  EXISTS (SELECT FROM portal.identity_confirmations c WHERE c.report_id = q.report_id
                          AND c.disagreement @> (r.image_metadata -> 'identity_disagreement')
                          AND NOT EXISTS (SELECT FROM report_images i
                                          WHERE i.report_id = q.report_id AND i.uploaded_at > c.confirmed_at)) AS "identity_confirmed!"
           FROM (SELECT * FROM v_doctor_priority_queue
                 WHERE $1::integer IS NULL
                    OR (priority_order >= $1 AND (priority_order, upload_date, report_id) > ($1, $2::timestamptz, $3::uuid))
                 LIMIT $4) q
           JOIN medical_reports r USING (report_id)
           LEFT JOIN portal.not_assessed n USING (report_id)
           ORDER BY q.priority_order, q.upload_date, q.report_id"#,
        after.map(|cursor| cursor.rank),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("read the queue")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: row.priority_order,
        at: row.upload_date,
        id: row.report_id.0,
    }))
}

/// What the queue holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueSummary {
    /// Cases with risk high.
    pub high: i64,
    /// Cases that the AI could not assess.
    pub unscored: i64,
    /// Cases with risk medium.
    pub medium: i64,
    /// Cases with risk low.
    pub low: i64,
    /// All of them.
    pub total: i64,
    /// Those past their class's longest wait.
    pub overdue: i64,
    /// Those that a doctor is reading.
    pub claimed: i64,
    /// When the longest waiting one came in.
    pub oldest_upload_date: Option<DateTime<Utc>>,
}

/// Counts the queue. Served by the queue's partial indexes (index-only scans).
///
/// # Errors
/// When the database does not answer.
pub async fn summary(tx: &mut ActorTx) -> Result<QueueSummary, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        QueueSummary,
        r#"WITH classes AS (
               SELECT 'high' AS class, count(*) AS n, count(*) FILTER (WHERE upload_date < (SELECT portal.overdue_before(1))) AS overdue, min(upload_date) AS oldest
               FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'high'
               UNION ALL
               SELECT 'unscored', count(*), count(*) FILTER (WHERE upload_date < (SELECT portal.overdue_before(2))), min(upload_date)
               FROM medical_reports WHERE status = 'analyzed' AND risk_score IS NULL
               UNION ALL
               SELECT 'medium', count(*), count(*) FILTER (WHERE upload_date < (SELECT portal.overdue_before(3))), min(upload_date)
               FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'medium'
               UNION ALL
               SELECT 'low', count(*), count(*) FILTER (WHERE upload_date < (SELECT portal.overdue_before(4))), min(upload_date)
               FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'low'
           )
           SELECT coalesce(sum(n) FILTER (WHERE class = 'high'), 0)::bigint AS "high!",
                  coalesce(sum(n) FILTER (WHERE class = 'unscored'), 0)::bigint AS "unscored!",
                  coalesce(sum(n) FILTER (WHERE class = 'medium'), 0)::bigint AS "medium!",
                  coalesce(sum(n) FILTER (WHERE class = 'low'), 0)::bigint AS "low!",
                  coalesce(sum(n), 0)::bigint AS "total!",
                  coalesce(sum(overdue), 0)::bigint AS "overdue!",
                  (SELECT count(*) FROM portal.report_claims l JOIN medical_reports r USING (report_id)
                   WHERE l.expires_at > $1 AND r.status = 'analyzed') AS "claimed!",
                  min(oldest) AS oldest_upload_date
           FROM classes"#,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("count the queue")
}
