//! Analyses: what the model said of a report, or why it said nothing.

use chrono::{DateTime, Utc};
use domain::{AnalysisId, ImageId, ModelId, ReportId, RiskCategory, RiskProbabilities, UserId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// The current analysis of a report.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Analysis {
    /// Identifier.
    pub analysis_id: AnalysisId,
    /// The report.
    pub report_id: ReportId,
    /// The model.
    pub model_id: ModelId,
    /// The category.
    pub risk_category: RiskCategory,
    /// Calibrated probability of the finding, 0 to 1.
    pub risk_probability: f64,
    /// Share of low.
    pub low_probability: f64,
    /// Share of medium.
    pub medium_probability: f64,
    /// Share of high; the three sum to 1.
    pub high_probability: f64,
    /// Each finding with probability, region and severity.
    pub findings: Value,
    /// The model's features, for drift.
    #[serde(skip)]
    pub feature_maps: Option<Value>,
    /// The heatmap: size, peak and where to fetch it.
    pub attention_maps: Option<Value>,
    /// When it was made.
    pub processed_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub processing_time_ms: i32,
    /// Image quality, 0 to 1.
    pub image_quality_score: Option<f64>,
    /// The probability from which this model calls the risk high.
    pub confidence_threshold: Option<f64>,
    /// What was done to the picture before the model saw it.
    pub preprocessing_steps: Value,
    /// Name and version of the model.
    pub model_version: String,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// Why a report was not assessed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotAssessed {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub reason: String,
    /// What was measured.
    pub detail: Value,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What the model said, to be stored.
#[derive(Debug)]
pub struct NewAnalysis<'a> {
    /// Identifier.
    pub analysis_id: AnalysisId,
    /// The report.
    pub report_id: ReportId,
    /// The model.
    pub model_id: ModelId,
    /// The category.
    pub risk_category: RiskCategory,
    /// Calibrated probability of the finding.
    pub risk_probability: f64,
    /// Shares of the categories, rounded as stored.
    pub probabilities: RiskProbabilities,
    /// Each finding.
    pub findings: &'a Value,
    /// The model's features.
    pub feature_maps: Option<&'a Value>,
    /// The heatmap.
    pub attention_maps: Option<&'a Value>,
    /// Milliseconds.
    pub processing_time_ms: i32,
    /// Image quality.
    pub image_quality_score: Option<f64>,
    /// From where on risk is high.
    pub confidence_threshold: f64,
    /// What was done to the picture.
    pub preprocessing_steps: &'a Value,
    /// Name and version of the model.
    pub model_version: &'a str,
}

/// The words that go onto the report.
#[derive(Debug)]
pub struct Wording<'a> {
    /// Finding in a sentence.
    pub findings: &'a str,
    /// What to do.
    pub recommendations: &'a Value,
    /// Share of the category; none when not assessed.
    pub confidence_score: Option<f64>,
}

/// Stores what the model said in place of what it said before, and writes it onto the report.
///
/// # Errors
/// When the database does not answer.
pub async fn store(
    tx: &mut ActorTx,
    analysis: &NewAnalysis<'_>,
    wording: &Wording<'_>,
) -> Result<(), DbError> {
    let now = tx.now();
    clear(tx, analysis.report_id).await?;
    sqlx::query!(
        "INSERT INTO ai_analysis (analysis_id, report_id, model_id, risk_category, risk_probability, low_probability,
             medium_probability, high_probability, findings, feature_maps, attention_maps, processed_at,
             processing_time_ms, image_quality_score, confidence_threshold, preprocessing_steps, model_version, created_at)
         VALUES ($1, $2, $3, $4, $5::float8, $6::float8, $7::float8, $8::float8, $9, $10, $11, $12, $13, $14::float8,
             $15::float8, $16, $17, $12)",
        analysis.analysis_id.0,
        analysis.report_id.0,
        analysis.model_id.0,
        analysis.risk_category.as_str(),
        analysis.risk_probability,
        analysis.probabilities.low,
        analysis.probabilities.medium,
        analysis.probabilities.high,
        analysis.findings,
        analysis.feature_maps,
        analysis.attention_maps,
        now,
        analysis.processing_time_ms,
        analysis.image_quality_score,
        analysis.confidence_threshold,
        analysis.preprocessing_steps,
        analysis.model_version
    )
    .execute(tx.connection())
    .await
    .during("store an analysis")?;
    write_onto_report(
        tx,
        analysis.report_id,
        Some(analysis.risk_category),
        wording,
    )
    .await
}

/// Stores that a report was not assessed, in place of what was said before.
///
/// # Errors
/// When the database does not answer.
pub async fn store_not_assessed(
    tx: &mut ActorTx,
    report_id: ReportId,
    code: &str,
    reason: &str,
    detail: &Value,
    wording: &Wording<'_>,
) -> Result<(), DbError> {
    let now = tx.now();
    clear(tx, report_id).await?;
    sqlx::query!(
        "INSERT INTO portal.not_assessed (report_id, code, reason, detail, created_at) VALUES ($1, $2, $3, $4, $5)",
        report_id.0,
        code,
        reason,
        detail,
        now
    )
    .execute(tx.connection())
    .await
    .during("store that a report was not assessed")?;
    write_onto_report(tx, report_id, None, wording).await
}

async fn clear(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM ai_analysis WHERE report_id = $1", report_id.0)
        .execute(tx.connection())
        .await
        .during("replace an analysis")?;
    sqlx::query!(
        "DELETE FROM portal.not_assessed WHERE report_id = $1",
        report_id.0
    )
    .execute(tx.connection())
    .await
    .during("replace an analysis")?;
    Ok(())
}

async fn write_onto_report(
    tx: &mut ActorTx,
    report_id: ReportId,
    risk_score: Option<RiskCategory>,
    wording: &Wording<'_>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE medical_reports
         SET risk_score = $2, confidence_score = $3::float8, findings = $4, recommendations = $5, analysis_date = $6
         WHERE report_id = $1",
        report_id.0,
        risk_score.map(RiskCategory::as_str),
        wording.confidence_score,
        wording.findings,
        wording.recommendations,
        now
    )
    .execute(tx.connection())
    .await
    .during("write the result onto the report")?;
    Ok(())
}

/// The current analysis of a report that the actor may see. Served by `idx_ai_analysis_report_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Analysis>, DbError> {
    select(tx, Some(report_id), None).await
}

/// An analysis that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, analysis_id: AnalysisId) -> Result<Option<Analysis>, DbError> {
    select(tx, None, Some(analysis_id)).await
}

async fn select(
    tx: &mut ActorTx,
    report_id: Option<ReportId>,
    analysis_id: Option<AnalysisId>,
) -> Result<Option<Analysis>, DbError> {
    sqlx::query_as!(
        Analysis,
        r#"SELECT analysis_id AS "analysis_id: AnalysisId", report_id AS "report_id: ReportId",
                  model_id AS "model_id: ModelId", risk_category AS "risk_category: RiskCategory",
                  risk_probability::float8 AS "risk_probability!", low_probability::float8 AS "low_probability!",
                  medium_probability::float8 AS "medium_probability!", high_probability::float8 AS "high_probability!",
                  findings, feature_maps, attention_maps, processed_at, processing_time_ms,
                  image_quality_score::float8 AS image_quality_score,
                  confidence_threshold::float8 AS confidence_threshold, preprocessing_steps, model_version, created_at
           FROM ai_analysis WHERE report_id = $1 OR analysis_id = $2"#,
        report_id.map(Uuid::from),
        analysis_id.map(Uuid::from)
    )
    .fetch_optional(tx.connection())
    .await
    .during("read an analysis")
}

/// Why a report that the actor may see was not assessed.
///
/// # Errors
/// When the database does not answer.
pub async fn not_assessed(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Option<NotAssessed>, DbError> {
    sqlx::query_as!(
        NotAssessed,
        "SELECT code, reason, detail, created_at FROM portal.not_assessed WHERE report_id = $1",
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read why a report was not assessed")
}

/// What one inference was made of, for oversight.
#[derive(Debug)]
pub struct InferenceRecord<'a> {
    /// The report.
    pub report_id: ReportId,
    /// The image.
    pub image_id: Option<ImageId>,
    /// The model.
    pub model_id: Option<ModelId>,
    /// Whether it spoke silently.
    pub is_shadow: bool,
    /// SHA-256 of the model file, hexadecimal.
    pub model_sha256: Option<&'a str>,
    /// SHA-256 of the tensor the model saw, hexadecimal.
    pub input_sha256: Option<&'a str>,
    /// What came out.
    pub output: &'a Value,
    /// From where on risk is high.
    pub threshold: Option<f64>,
    /// Which engine ran.
    pub engine: Option<&'a str>,
    /// Milliseconds.
    pub processing_time_ms: i32,
    /// Version of the portal.
    pub software_version: &'a str,
}

/// Keeps the record of an inference.
///
/// # Errors
/// When the database does not answer.
pub async fn record_inference(
    tx: &mut ActorTx,
    record: &InferenceRecord<'_>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.inference_records (record_id, report_id, image_id, model_id, model_sha256, input_sha256,
             output, threshold, engine, processing_time_ms, software_version, created_at, is_shadow)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::float8, $9, $10, $11, $12, $13)",
        domain::uuid_v7(now),
        record.report_id.0,
        record.image_id.map(Uuid::from),
        record.model_id.map(Uuid::from),
        record.model_sha256,
        record.input_sha256,
        record.output,
        record.threshold,
        record.engine,
        record.processing_time_ms,
        record.software_version,
        now,
        record.is_shadow
    )
    .execute(tx.connection())
    .await
    .during("keep the record of an inference")?;
    Ok(())
}

/// Who sent a report in and whose it is, for those the machinery has to tell.
#[derive(Debug, Clone)]
pub struct Concerned {
    /// The patient.
    pub patient_id: UserId,
    /// The sender.
    pub radiologist_id: Option<UserId>,
}

/// Whom a report concerns.
///
/// # Errors
/// When the database does not answer.
pub async fn concerned(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Option<Concerned>, DbError> {
    sqlx::query_as!(
        Concerned,
        r#"SELECT patient_id AS "patient_id: UserId", radiologist_id AS "radiologist_id: UserId"
           FROM medical_reports WHERE report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read whom a report concerns")
}
