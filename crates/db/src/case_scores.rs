//! What each model said of each case, silent ones included, and what doctors said afterwards.

use chrono::{DateTime, Utc};
use domain::{ModelId, ReportId, RiskCategory, UserId};
use serde_json::Value;

use crate::{ActorTx, DbError, error::During};

/// What a model said of a case.
#[derive(Debug, Clone)]
pub struct CaseScore<'a> {
    /// The case.
    pub report_id: ReportId,
    /// The model.
    pub model_id: ModelId,
    /// Whether it spoke silently.
    pub is_shadow: bool,
    /// Category and probability, or why there are none.
    pub outcome: Result<(RiskCategory, f64), &'a str>,
    /// What the picture and the patient were like, as numbers.
    pub input_statistics: &'a Value,
    /// Milliseconds.
    pub processing_time_ms: i32,
}

/// Keeps what a model said, in place of what it said of the same case before.
///
/// # Errors
/// When the database does not answer.
pub async fn store(tx: &mut ActorTx, score: &CaseScore<'_>) -> Result<(), DbError> {
    let now = tx.now();
    let (risk, code) = match score.outcome {
        Ok(risk) => (Some(risk), None),
        Err(code) => (None, Some(code)),
    };
    sqlx::query!(
        "INSERT INTO portal.case_scores (report_id, model_id, is_shadow, risk_category, risk_probability,
             not_assessed_code, input_statistics, processing_time_ms, scored_at)
         VALUES ($1, $2, $3, $4, $5::float8, $6, $7, $8, $9)
         ON CONFLICT (report_id, model_id) DO UPDATE SET is_shadow = excluded.is_shadow,
             risk_category = excluded.risk_category, risk_probability = excluded.risk_probability,
             not_assessed_code = excluded.not_assessed_code, input_statistics = excluded.input_statistics,
             processing_time_ms = excluded.processing_time_ms, scored_at = excluded.scored_at",
        score.report_id.0,
        score.model_id.0,
        score.is_shadow,
        risk.map(|(category, _)| category.as_str()),
        risk.map(|(_, probability)| probability),
        code,
        score.input_statistics,
        score.processing_time_ms,
        now
    )
    .execute(tx.connection())
    .await
    .during("keep what a model said of a case")?;
    Ok(())
}

/// A case that a model scored or declined, and a doctor signed.
#[derive(Debug, Clone)]
pub struct JudgedCase {
    /// The case.
    pub report_id: ReportId,
    /// The patient: one patient's cases stay together when they are divided.
    pub patient_id: UserId,
    /// What the model said; none when it declined.
    pub risk_category: Option<RiskCategory>,
    /// Its probability.
    pub risk_probability: Option<f64>,
    /// Why it declined.
    pub not_assessed_code: Option<String>,
    /// The doctor's word in the latest signed review.
    pub doctor_risk: RiskCategory,
    /// The doctor's word before the AI's verdict was seen, where that was asked for.
    pub first_impression_risk: Option<RiskCategory>,
    /// What the AI said on the doctor's screen.
    pub shown_risk: Option<RiskCategory>,
    /// Whether the doctor confirmed the AI.
    pub confirmed: Option<bool>,
    /// The patient's age in years.
    pub patient_age: Option<i32>,
    /// The patient's sex.
    pub patient_gender: Option<String>,
    /// When it was signed.
    pub reviewed_at: DateTime<Utc>,
}

/// The cases a model scored that were signed within a time, by their latest signed review. Served by
/// `idx_doctor_reviews_reviewed_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn judged(
    tx: &mut ActorTx,
    model_id: ModelId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<JudgedCase>, DbError> {
    sqlx::query_as!(
        JudgedCase,
        r#"SELECT DISTINCT ON (d.report_id) d.report_id AS "report_id: ReportId", r.patient_id AS "patient_id: UserId",
                  c.risk_category AS "risk_category: RiskCategory", c.risk_probability::float8 AS risk_probability,
                  c.not_assessed_code, d.doctor_risk_assessment AS "doctor_risk!: RiskCategory",
                  v.first_impression_risk AS "first_impression_risk: RiskCategory",
                  v.ai_risk_category AS "shown_risk: RiskCategory", d.confirmed_ai_diagnosis AS confirmed,
                  r.patient_age, r.patient_gender, d.reviewed_at AS "reviewed_at!"
           FROM doctor_reviews d
           JOIN portal.case_scores c ON c.report_id = d.report_id AND c.model_id = $1
           JOIN medical_reports r ON r.report_id = d.report_id
           LEFT JOIN portal.review_verdicts v USING (review_id)
           WHERE d.reviewed_at >= $2 AND d.reviewed_at < $3 AND d.doctor_risk_assessment IS NOT NULL
           ORDER BY d.report_id, d.reviewed_at DESC"#,
        model_id.0,
        from,
        until
    )
    .fetch_all(tx.connection())
    .await
    .during("read a model's signed cases")
}

/// A case as drift sees it.
#[derive(Debug, Clone)]
pub struct SeenCase {
    /// The model's probability; none when it declined.
    pub risk_probability: Option<f64>,
    /// What the picture and the patient were like.
    pub input_statistics: Value,
    /// When.
    pub scored_at: DateTime<Utc>,
}

/// The first cases a model saw since a moment, oldest first. Served by `idx_case_scores_model_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn seen(
    tx: &mut ActorTx,
    model_id: ModelId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SeenCase>, DbError> {
    sqlx::query_as!(
        SeenCase,
        "SELECT risk_probability::float8 AS risk_probability, input_statistics, scored_at
         FROM portal.case_scores WHERE model_id = $1 AND scored_at >= $2
         ORDER BY scored_at LIMIT $3",
        model_id.0,
        since,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read the cases a model saw")
}

/// A case that two models saw.
#[derive(Debug, Clone)]
pub struct SharedCase {
    /// What the first said; none when it declined.
    pub risk_category: Option<RiskCategory>,
    /// Its probability.
    pub risk_probability: Option<f64>,
    /// What the second said; none when it declined.
    pub other_risk_category: Option<RiskCategory>,
    /// Its probability.
    pub other_risk_probability: Option<f64>,
    /// The doctor's word, when the case is signed.
    pub doctor_risk: Option<RiskCategory>,
}

/// The cases that two models saw since a moment, the newest `limit` of them. Served by
/// `idx_case_scores_model_id` and the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn shared(
    tx: &mut ActorTx,
    model_id: ModelId,
    other: ModelId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SharedCase>, DbError> {
    sqlx::query_as!(
        SharedCase,
        r#"SELECT a.risk_category AS "risk_category: RiskCategory", a.risk_probability::float8 AS risk_probability,
                  b.risk_category AS "other_risk_category: RiskCategory",
                  b.risk_probability::float8 AS other_risk_probability,
                  signed.doctor_risk_assessment AS "doctor_risk: RiskCategory"
           FROM portal.case_scores a JOIN portal.case_scores b ON b.report_id = a.report_id AND b.model_id = $2
           LEFT JOIN LATERAL (SELECT d.doctor_risk_assessment FROM doctor_reviews d
                              WHERE d.report_id = a.report_id AND d.reviewed_at IS NOT NULL
                              ORDER BY d.reviewed_at DESC LIMIT 1) signed ON true
           WHERE a.model_id = $1 AND a.scored_at >= $3
           ORDER BY a.scored_at DESC LIMIT $4"#,
        model_id.0,
        other.0,
        since,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read the cases of two models")
}

/// Counts of what a model said since a moment, by category; none for what it declined.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(
    tx: &mut ActorTx,
    model_id: ModelId,
    since: DateTime<Utc>,
) -> Result<Vec<(Option<RiskCategory>, i64)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT risk_category AS "risk_category: RiskCategory", count(*) AS "cases!"
           FROM portal.case_scores WHERE model_id = $1 AND scored_at >= $2 GROUP BY 1 ORDER BY 1"#,
        model_id.0,
        since
    )
    .fetch_all(tx.connection())
    .await
    .during("count what a model said")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.risk_category, row.cases))
        .collect())
}

/// A signed case that may go into a training set.
#[derive(Debug, Clone)]
pub struct LabelledImage {
    /// The case.
    pub report_id: ReportId,
    /// The patient, to keep a patient's images together; never exported as it is.
    pub patient_id: UserId,
    /// SHA-256 of the stored file, hexadecimal.
    pub sha256: String,
    /// The doctor's word in the latest signed review.
    pub doctor_risk: RiskCategory,
    /// What the model on the screen said.
    pub shown_risk: Option<RiskCategory>,
    /// The patient's age in years.
    pub patient_age: Option<i32>,
    /// The patient's sex.
    pub patient_gender: Option<String>,
    /// The view that the header names.
    pub view_position: Option<String>,
}

/// The images of cases signed within a time, in the order in which they were signed: of patients who consented to
/// training, or, where no consent is needed, who did not withdraw it. Served by `idx_doctor_reviews_reviewed_at` and
/// `idx_consents_patient_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn labelled(
    tx: &mut ActorTx,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    needs_consent: bool,
) -> Result<Vec<LabelledImage>, DbError> {
    sqlx::query_as!(
        LabelledImage,
        r#"SELECT signed.report_id AS "report_id!: ReportId", r.patient_id AS "patient_id: UserId", encode(b.sha256, 'hex') AS "sha256!",
                  signed.doctor_risk_assessment AS "doctor_risk!: RiskCategory",
                  v.ai_risk_category AS "shown_risk: RiskCategory", r.patient_age, r.patient_gender,
                  i.dicom_metadata #>> '{00185101,Value,0}' AS view_position
           FROM (SELECT DISTINCT ON (d.report_id) d.* FROM doctor_reviews d
                 WHERE d.reviewed_at >= $1 AND d.reviewed_at < $2 AND d.doctor_risk_assessment IS NOT NULL
                 ORDER BY d.report_id, d.reviewed_at DESC) signed
           JOIN medical_reports r ON r.report_id = signed.report_id
           JOIN report_images i ON i.report_id = signed.report_id
           JOIN portal.image_blobs b USING (image_id)
           LEFT JOIN portal.review_verdicts v USING (review_id)
           WHERE coalesce((SELECT c.is_given FROM portal.consents c
                           WHERE c.patient_id = r.patient_id AND c.kind = $4
                           ORDER BY c.recorded_at DESC, c.consent_id DESC LIMIT 1), NOT $3)
           ORDER BY signed.reviewed_at, i.image_id"#,
        from,
        until,
        needs_consent,
        domain::consent::TRAINING
    )
    .fetch_all(tx.connection())
    .await
    .during("read the signed cases")
}
