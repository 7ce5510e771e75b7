//! Plain pictures (PNG, JPEG) wrapped as DICOM objects, as which other programs find and fetch them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ImageId, ReportId, patient::Gender};
use serde_json::Value;

use crate::{
    ActorTx, DbError,
    error::During,
    images::{self, DicomInstance},
    jobs::{self, LATER, Work},
};

/// The kind of job that wraps a report's pictures.
pub const WRAP: &str = "wrap_pictures";

/// Whose pictures they are, and of what.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The patient's name by the record.
    pub patient_name: String,
    /// Born, by the record.
    pub birth_date: Option<NaiveDate>,
    /// The hospital's number: the first that was noted.
    pub number: Option<String>,
    /// Its issuer.
    pub issuer: Option<String>,
    /// As the report says it.
    pub gender: Option<Gender>,
    /// Years, as the report says them.
    pub age: Option<i32>,
    /// What was examined, such as `chest_xray`.
    pub study_type: String,
    /// When the pictures came in.
    pub upload_date: DateTime<Utc>,
}

/// A wrapped picture.
#[derive(Debug)]
pub struct NewWrapping<'a> {
    /// The picture.
    pub image_id: ImageId,
    /// SHA-256 of the DICOM file.
    pub sha256: [u8; 32],
    /// Its header in the DICOM JSON model.
    pub dicom_metadata: &'a Value,
    /// What DICOM calls it.
    pub dicom: &'a DicomInstance,
}

/// Has a report's pictures wrapped, in the transaction that they come in with.
///
/// # Errors
/// When the database does not answer.
pub async fn queue(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    jobs::enqueue(tx, Work::new(WRAP).on(report_id).priority(LATER)).await
}

/// Whose a report's pictures are; none where it is gone. Served by the primary keys.
///
/// # Errors
/// When the database does not answer.
pub async fn subject(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Subject>, DbError> {
    sqlx::query_as!(
        Subject,
        r#"SELECT u.name AS patient_name, u.date_of_birth AS birth_date, p.identifier AS "number?", nullif(p.issuer, '') AS issuer,
                  r.patient_gender AS "gender: Gender", r.patient_age AS age, r.study_type, r.upload_date
           FROM medical_reports r
           JOIN users u ON u.id = r.patient_id
           LEFT JOIN LATERAL (SELECT p.identifier, p.issuer FROM portal.patient_identifiers p
                              WHERE p.patient_id = r.patient_id ORDER BY p.created_at LIMIT 1) p ON true
           WHERE r.report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look whose pictures they are")
}

/// Which images of a report are wrapped. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(tx: &mut ActorTx, report_id: ReportId) -> Result<Vec<ImageId>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT w.image_id AS "image_id: ImageId" FROM report_images i JOIN portal.wrapped_pictures w USING (image_id)
           WHERE i.report_id = $1"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("list wrapped pictures")
}

/// Notes a wrapped picture, so that DICOM queries find it.
///
/// # Errors
/// When the database does not answer, or the picture is gone.
pub async fn add(tx: &mut ActorTx, wrapping: &NewWrapping<'_>) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.wrapped_pictures (image_id, sha256, dicom_metadata, made_at) VALUES ($1, $2, $3, $4)",
        wrapping.image_id.0,
        wrapping.sha256.as_slice(),
        wrapping.dicom_metadata,
        now
    )
    .execute(tx.connection())
    .await
    .during("note a wrapped picture")?;
    images::note_instance(tx, wrapping.image_id, wrapping.dicom).await
}
