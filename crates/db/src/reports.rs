//! Reports: one a study on its way from the film to the released result.

use chrono::{DateTime, Utc};
use domain::{
    ReportId, ReportStatus, RiskCategory, UserId,
    patient::Gender,
    report::{ReportEvent, TransitionRefused},
};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A report with every column.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// Identifier.
    pub report_id: ReportId,
    /// The patient.
    pub patient_id: UserId,
    /// Who sent it in.
    pub radiologist_id: Option<UserId>,
    /// The patient's name at the time.
    pub patient_name: String,
    /// The sender's name at the time.
    pub radiologist_name: Option<String>,
    /// What was examined, such as `chest_xray`.
    pub study_type: String,
    /// DICOM Study Instance UID.
    pub study_uid: Option<String>,
    /// The first image.
    pub report_image_url: Option<String>,
    /// What intake found out about the images.
    pub image_metadata: Value,
    /// The AI's category; null while there is none or when it could not assess.
    pub risk_score: Option<RiskCategory>,
    /// Share of the category in the three probabilities, 0 to 1.
    pub confidence_score: Option<f64>,
    /// In words.
    pub findings: Option<String>,
    /// What to do, in words.
    pub recommendations: Option<Value>,
    /// When it came in.
    pub upload_date: DateTime<Utc>,
    /// When the AI was done with it.
    pub analysis_date: Option<DateTime<Utc>>,
    /// Where it stands.
    pub status: ReportStatus,
    /// Years.
    pub patient_age: Option<i32>,
    /// Administrative sex.
    pub patient_gender: Option<Gender>,
    /// History as given with the upload.
    pub medical_history: Option<Value>,
    /// Symptoms as given with the upload.
    pub symptoms: Option<Value>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// By whom it was made.
    pub created_by: Option<Uuid>,
    /// By whom it was last changed.
    pub updated_by: Option<Uuid>,
}

/// A new report.
#[derive(Debug)]
pub struct NewReport<'a> {
    /// Identifier.
    pub report_id: ReportId,
    /// The patient.
    pub patient_id: UserId,
    /// The patient's name.
    pub patient_name: &'a str,
    /// What was examined.
    pub study_type: &'a str,
    /// DICOM Study Instance UID.
    pub study_uid: Option<&'a str>,
    /// The first image.
    pub report_image_url: &'a str,
    /// What intake found out.
    pub image_metadata: &'a Value,
    /// Years.
    pub patient_age: Option<i32>,
    /// Administrative sex.
    pub patient_gender: Option<Gender>,
    /// History as given.
    pub medical_history: Option<&'a Value>,
    /// Symptoms as given.
    pub symptoms: Option<&'a Value>,
}

/// The constraint that refuses a second report of one study: two uploads raced.
pub const STUDY_EXISTS: &str = "idx_medical_reports_study_uid";

/// Makes a report of the acting radiologist, whose name is noted with it.
///
/// # Errors
/// [`STUDY_EXISTS`] as a constraint when the study has one.
pub async fn create(tx: &mut ActorTx, report: &NewReport<'_>) -> Result<(), DbError> {
    let now = tx.now();
    let radiologist = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO medical_reports (report_id, patient_id, radiologist_id, patient_name, radiologist_name, study_type,
             study_uid, report_image_url, image_metadata, upload_date, patient_age, patient_gender, medical_history,
             symptoms, created_at, updated_at, created_by, updated_by)
         VALUES ($1, $2, $3, $4, (SELECT name FROM users WHERE id = $3), $5, $6, $7, $8, $9, $10, $11, $12, $13, $9, $9,
                 $3, $3)",
        report.report_id.0,
        report.patient_id.0,
        radiologist,
        report.patient_name,
        report.study_type,
        report.study_uid,
        report.report_image_url,
        report.image_metadata,
        now,
        report.patient_age,
        report.patient_gender.map(Gender::as_str),
        report.medical_history,
        report.symptoms,
    )
    .execute(tx.connection())
    .await
    .during("make a report")?;
    Ok(())
}

/// A report that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Report>, DbError> {
    sqlx::query_as!(
        Report,
        r#"SELECT report_id AS "report_id: ReportId", patient_id AS "patient_id: UserId",
                  radiologist_id AS "radiologist_id: UserId", patient_name, radiologist_name, study_type, study_uid,
                  report_image_url, image_metadata, risk_score AS "risk_score: RiskCategory",
                  confidence_score::float8 AS confidence_score, findings, recommendations, upload_date, analysis_date,
                  status AS "status: ReportStatus", patient_age, patient_gender AS "patient_gender: Gender",
                  medical_history, symptoms, created_at, updated_at, created_by, updated_by
           FROM medical_reports WHERE report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a report")
}

/// Where a file or a study is already, and whose it is.
#[derive(Debug, Clone)]
pub struct Known {
    /// The report it belongs to.
    pub report_id: ReportId,
    /// That report's patient.
    pub patient_id: UserId,
    /// Who sent it in (not known for files).
    pub radiologist_id: Option<UserId>,
    /// Where that report stands.
    pub status: ReportStatus,
}

/// The report of a study, whoever sent it. Served by `idx_medical_reports_study_uid`.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_study(tx: &mut ActorTx, study_uid: &str) -> Result<Option<Known>, DbError> {
    sqlx::query_as!(
        Known,
        r#"SELECT report_id AS "report_id!: ReportId", patient_id AS "patient_id!: UserId",
                  radiologist_id AS "radiologist_id: UserId", status AS "status!: ReportStatus"
           FROM portal.find_report_by_study($1)"#,
        study_uid
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a study up")
}

/// Which reports are wanted.
#[derive(Debug, Default)]
pub struct ReportFilter<'a> {
    /// In this state.
    pub status: Option<ReportStatus>,
    /// With this risk.
    pub risk_score: Option<RiskCategory>,
    /// Of this patient.
    pub patient_id: Option<UserId>,
    /// Sent in by this radiologist.
    pub radiologist_id: Option<UserId>,
    /// With this in the patient's name, or this accession number or report identifier.
    pub search: Option<&'a str>,
    /// Sent in from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Sent in before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// Whether the newest or the oldest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

macro_rules! list_query {
    ($compare:literal, $order:literal, $filter:ident, $after:ident, $limit:ident, $tx:ident) => {
        sqlx::query_as!(
            Report,
            r#"SELECT report_id AS "report_id: ReportId", patient_id AS "patient_id: UserId",
                      radiologist_id AS "radiologist_id: UserId", patient_name, radiologist_name, study_type, study_uid,
                      report_image_url, image_metadata, risk_score AS "risk_score: RiskCategory",
                      confidence_score::float8 AS confidence_score, findings, recommendations, upload_date,
                      analysis_date, status AS "status: ReportStatus", patient_age,
                      patient_gender AS "patient_gender: Gender", medical_history, symptoms, created_at, updated_at,
                      created_by, updated_by
               FROM medical_reports
               WHERE ($1::text IS NULL OR status = $1)
                 AND ($2::text IS NULL OR risk_score = $2)
                 AND ($3::uuid IS NULL OR patient_id = $3)
                 AND ($4::uuid IS NULL OR radiologist_id = $4)
                 AND ($5::text IS NULL OR patient_name ILIKE '%' || $11 || '%' OR report_id::text = $5
                      OR report_id IN (SELECT i.report_id FROM portal.dicom_instances d JOIN report_images i USING (image_id)
                                       WHERE d.accession_number = $5))
                 AND ($6::timestamptz IS NULL OR upload_date >= $6)
                 AND ($7::timestamptz IS NULL OR upload_date < $7)
                 AND ($8::timestamptz IS NULL OR (upload_date, report_id) "# + $compare + " ($8, $9)) ORDER BY " + $order + " LIMIT $10",
            $filter.status.map(ReportStatus::as_str),
            $filter.risk_score.map(RiskCategory::as_str),
            $filter.patient_id.map(Uuid::from),
            $filter.radiologist_id.map(Uuid::from),
            $filter.search,
            $filter.from,
            $filter.until,
            $after.map(|cursor| cursor.at),
            $after.map(|cursor| cursor.id),
            $limit + 1,
            $filter.search.map(crate::search::literal)
        )
        .fetch_all($tx.connection())
        .await
    };
}

/// Lists reports that the actor may see. Served by the `medical_reports` indexes that end in
/// `(upload_date DESC, report_id DESC)`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    filter: &ReportFilter<'_>,
    order: Order,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Report>, DbError> {
    tx.plan_with_values().await?;
    let rows = match order {
        Order::NewestFirst => list_query!(
            "<",
            "upload_date DESC, report_id DESC",
            filter,
            after,
            limit,
            tx
        ),
        Order::OldestFirst => list_query!(">", "upload_date, report_id", filter, after, limit, tx),
    }
    .during("list reports")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.upload_date,
        id: row.report_id.0,
    }))
}

/// Why a report did not move.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// There is none, or the actor may not see it.
    #[error("there is no such report")]
    NotFound,
    /// It is in a state that does not allow it.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Moves a report by the domain's one transition function and holds its row until the end of the
/// transaction. Returns the new status.
///
/// # Errors
/// When there is no such report, its status does not allow the event, or the database fails.
pub async fn transition(
    tx: &mut ActorTx,
    report_id: ReportId,
    event: ReportEvent,
) -> Result<ReportStatus, TransitionError> {
    let status = lock_status(tx, report_id)
        .await?
        .ok_or(TransitionError::NotFound)?;
    let next = status.after(event)?;
    let by = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "UPDATE medical_reports SET status = $2, updated_by = coalesce($3, updated_by) WHERE report_id = $1",
        report_id.0,
        next.as_str(),
        by
    )
    .execute(tx.connection())
    .await
    .during("move a report")?;
    Ok(next)
}

/// The status of a report, whose row is held until the end of the transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_status(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Option<ReportStatus>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT status AS "status: ReportStatus" FROM medical_reports WHERE report_id = $1 FOR UPDATE"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("hold a report")
}

/// How many reports there are in each state and class, for the figures.
#[derive(Debug, Clone, Serialize)]
pub struct OpenCounts {
    /// Waiting for analysis.
    pub pending: i64,
    /// Being analysed.
    pub analyzing: i64,
    /// In the queue: high.
    pub high: i64,
    /// In the queue: not assessed.
    pub unscored: i64,
    /// In the queue: medium.
    pub medium: i64,
    /// In the queue: low.
    pub low: i64,
}

/// Counts open reports. Served by `idx_medical_reports_status` and the queue's partial indexes.
///
/// # Errors
/// When the database does not answer.
pub async fn open_counts(tx: &mut ActorTx) -> Result<OpenCounts, DbError> {
    sqlx::query_as!(
        OpenCounts,
        r#"SELECT (SELECT count(*) FROM medical_reports WHERE status = 'pending') AS "pending!",
                  (SELECT count(*) FROM medical_reports WHERE status = 'analyzing') AS "analyzing!",
                  (SELECT count(*) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'high') AS "high!",
                  (SELECT count(*) FROM medical_reports WHERE status = 'analyzed' AND risk_score IS NULL) AS "unscored!",
                  (SELECT count(*) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'medium') AS "medium!",
                  (SELECT count(*) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'low') AS "low!""#
    )
    .fetch_one(tx.connection())
    .await
    .during("count open reports")
}
