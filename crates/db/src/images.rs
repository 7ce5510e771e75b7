//! Images of reports, where their bytes are, and what DICOM calls them.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::{ImageFormat, ImageId, ImageType, ReportId, ReportStatus, UserId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During, reports::Known};

/// An image of a report.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Image {
    /// Identifier.
    pub image_id: ImageId,
    /// The report it belongs to.
    pub report_id: ReportId,
    /// Where to fetch it.
    pub image_url: String,
    /// What kind of picture.
    pub image_type: ImageType,
    /// How it came.
    pub image_format: ImageFormat,
    /// Pixels across; absent when the header does not say.
    pub width: Option<i32>,
    /// Pixels down.
    pub height: Option<i32>,
    /// Bytes.
    pub file_size: i64,
    /// The header in the DICOM JSON model, without bulk data.
    pub dicom_metadata: Option<Value>,
    /// When it came in.
    pub uploaded_at: DateTime<Utc>,
    /// SHA-256 of the stored bytes, hexadecimal.
    pub sha256: String,
}

/// A new image.
#[derive(Debug)]
pub struct NewImage<'a> {
    /// Identifier.
    pub image_id: ImageId,
    /// The report it belongs to.
    pub report_id: ReportId,
    /// Where to fetch it.
    pub image_url: &'a str,
    /// What kind of picture.
    pub image_type: ImageType,
    /// How it came.
    pub image_format: ImageFormat,
    /// Pixels across.
    pub width: Option<i32>,
    /// Pixels down.
    pub height: Option<i32>,
    /// Bytes.
    pub file_size: i64,
    /// The header in the DICOM JSON model.
    pub dicom_metadata: Option<&'a Value>,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// What DICOM calls an image.
#[derive(Debug, Clone, Default)]
pub struct DicomInstance {
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: Option<String>,
    /// Transfer Syntax UID.
    pub transfer_syntax_uid: Option<String>,
    /// Modality.
    pub modality: Option<String>,
    /// Body Part Examined.
    pub body_part: Option<String>,
    /// View Position.
    pub view_position: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Study Date and Time, local to the modality.
    pub study_date_time: Option<NaiveDateTime>,
    /// Series Number.
    pub series_number: Option<i32>,
    /// Instance Number.
    pub instance_number: Option<i32>,
    /// Number of Frames.
    pub frames: i32,
}

/// The constraint that refuses the same bytes twice: two uploads raced.
pub const FILE_EXISTS: &str = "idx_image_blobs_sha256";

/// Adds an image to a report of the acting radiologist.
///
/// # Errors
/// [`FILE_EXISTS`] as a constraint when these bytes are here already.
pub async fn create(
    tx: &mut ActorTx,
    image: &NewImage<'_>,
    dicom: Option<&DicomInstance>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, width, height, file_size,
             dicom_metadata, uploaded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        image.image_id.0,
        image.report_id.0,
        image.image_url,
        image.image_type.as_str(),
        image.image_format.as_str(),
        image.width,
        image.height,
        image.file_size,
        image.dicom_metadata,
        now
    )
    .execute(tx.connection())
    .await
    .during("add an image")?;
    sqlx::query!(
        "INSERT INTO portal.image_blobs (image_id, sha256) VALUES ($1, $2)",
        image.image_id.0,
        image.sha256.as_slice()
    )
    .execute(tx.connection())
    .await
    .during("note where an image's bytes are")?;
    match dicom {
        Some(dicom) => note_instance(tx, image.image_id, dicom).await,
        None => Ok(()),
    }
}

/// Notes what DICOM calls an image.
pub(crate) async fn note_instance(
    tx: &mut ActorTx,
    image_id: ImageId,
    dicom: &DicomInstance,
) -> Result<(), DbError> {
    sqlx::query!(
            "INSERT INTO portal.dicom_instances (image_id, study_uid, series_uid, sop_instance_uid, sop_class_uid,
                 transfer_syntax_uid, modality, body_part, view_position, accession_number, study_date_time,
                 series_number, instance_number, frames)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            image_id.0,
            dicom.study_uid,
            dicom.series_uid,
            dicom.sop_instance_uid,
            dicom.sop_class_uid,
            dicom.transfer_syntax_uid,
            dicom.modality,
            dicom.body_part,
            dicom.view_position,
            dicom.accession_number,
            dicom.study_date_time,
            dicom.series_number,
            dicom.instance_number,
            dicom.frames
        )
        .execute(tx.connection())
        .await
        .during("note what DICOM calls an image")?;
    Ok(())
}

/// Where a file is already. Served by `idx_image_blobs_sha256`.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_digest(tx: &mut ActorTx, sha256: &[u8; 32]) -> Result<Option<Known>, DbError> {
    let row = sqlx::query!(
        r#"SELECT report_id AS "report_id!: ReportId", patient_id AS "patient_id!: UserId",
                  status AS "status!: ReportStatus"
           FROM portal.find_image_by_digest($1)"#,
        sha256.as_slice()
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a file up")?;
    Ok(row.map(|row| Known {
        report_id: row.report_id,
        patient_id: row.patient_id,
        radiologist_id: None,
        status: row.status,
    }))
}

/// The images of a report that the actor may see, in the order they were taken.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(tx: &mut ActorTx, report_id: ReportId) -> Result<Vec<Image>, DbError> {
    sqlx::query_as!(
        Image,
        r#"SELECT i.image_id AS "image_id: ImageId", i.report_id AS "report_id: ReportId", i.image_url,
                  i.image_type AS "image_type: ImageType", i.image_format AS "image_format: ImageFormat",
                  i.width, i.height, i.file_size, i.dicom_metadata, i.uploaded_at, encode(b.sha256, 'hex') AS "sha256!"
           FROM report_images i
           JOIN portal.image_blobs b USING (image_id)
           LEFT JOIN portal.dicom_instances d USING (image_id)
           WHERE i.report_id = $1
           ORDER BY d.series_number NULLS LAST, d.instance_number NULLS LAST, i.image_id"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("list a report's images")
}

/// One image that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    report_id: ReportId,
    image_id: ImageId,
) -> Result<Option<Image>, DbError> {
    sqlx::query_as!(
        Image,
        r#"SELECT i.image_id AS "image_id: ImageId", i.report_id AS "report_id: ReportId", i.image_url,
                  i.image_type AS "image_type: ImageType", i.image_format AS "image_format: ImageFormat",
                  i.width, i.height, i.file_size, i.dicom_metadata, i.uploaded_at, encode(b.sha256, 'hex') AS "sha256!"
           FROM report_images i
           JOIN portal.image_blobs b USING (image_id)
           WHERE i.report_id = $1 AND i.image_id = $2"#,
        report_id.0,
        image_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read an image")
}
