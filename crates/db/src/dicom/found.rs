//! What a DICOM query finds.

use chrono::{NaiveDate, NaiveTime};
use domain::{ImageId, ReportId};
use serde_json::Value;

/// What the index says of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Study {
    /// Study Instance UID.
    pub study_uid: String,
    /// Study Date.
    pub study_date: Option<NaiveDate>,
    /// Study Time.
    pub study_time: Option<NaiveTime>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Study ID.
    pub study_id: Option<String>,
    /// Study Description.
    pub study_description: Option<String>,
    /// Referring Physician's Name.
    pub referring_physician: Option<String>,
    /// Patient's Name.
    pub patient_name: Option<String>,
    /// Patient ID.
    pub patient_number: Option<String>,
    /// Issuer of Patient ID.
    pub issuer: Option<String>,
    /// Patient's Birth Date.
    pub patient_birth_date: Option<NaiveDate>,
    /// Patient's Sex.
    pub patient_sex: Option<String>,
    /// Timezone Offset From UTC.
    pub timezone: Option<String>,
}

/// What the index says of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Series Instance UID.
    pub series_uid: String,
    /// Modality.
    pub modality: Option<String>,
    /// Series Number.
    pub series_number: Option<i32>,
    /// Series Description.
    pub series_description: Option<String>,
    /// Body Part Examined.
    pub body_part: Option<String>,
    /// Laterality.
    pub laterality: Option<String>,
    /// Performed Procedure Step Start Date.
    pub performed_date: Option<NaiveDate>,
    /// Performed Procedure Step Start Time.
    pub performed_time: Option<NaiveTime>,
    /// Scheduled Procedure Step ID.
    pub scheduled_step_id: Option<String>,
    /// Requested Procedure ID.
    pub requested_procedure_id: Option<String>,
}

/// A patient that films name.
#[derive(Debug)]
pub struct FoundPatient {
    /// Patient ID.
    pub patient_number: String,
    /// Issuer of Patient ID.
    pub issuer: Option<String>,
    /// Patient's Name, as the newest study has it.
    pub patient_name: Option<String>,
    /// Patient's Birth Date, alike.
    pub patient_birth_date: Option<NaiveDate>,
    /// Patient's Sex, alike.
    pub patient_sex: Option<String>,
    /// Studies that the actor sees.
    pub studies: i64,
}

/// A study that was found.
#[derive(Debug)]
pub struct FoundStudy {
    /// The study.
    pub study: Study,
    /// Modalities in Study.
    pub modalities: Vec<String>,
    /// Series that the actor sees.
    pub series: i64,
    /// Instances that the actor sees.
    pub instances: i64,
    /// The header of its first instance, if asked for.
    pub header: Option<Value>,
}

/// A series that was found.
#[derive(Debug)]
pub struct FoundSeries {
    /// Its study.
    pub study: Study,
    /// The series.
    pub series: Series,
    /// Instances that the actor sees.
    pub instances: i64,
    /// The header of its first instance, if asked for.
    pub header: Option<Value>,
}

/// An instance that was found.
#[derive(Debug)]
pub struct FoundInstance {
    /// Its study.
    pub study: Study,
    /// Its series.
    pub series: Series,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: Option<String>,
    /// Transfer Syntax UID.
    pub transfer_syntax_uid: Option<String>,
    /// Instance Number.
    pub instance_number: Option<i32>,
    /// Columns.
    pub width: Option<i32>,
    /// Rows.
    pub height: Option<i32>,
    /// Number of Frames.
    pub frames: i32,
    /// Its header, if asked for.
    pub header: Option<Value>,
}

/// Where an instance is.
#[derive(Debug, Clone)]
pub struct StoredInstance {
    /// The image.
    pub image_id: ImageId,
    /// Its report.
    pub report_id: ReportId,
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: Option<String>,
    /// Transfer Syntax UID.
    pub transfer_syntax_uid: Option<String>,
    /// Number of Frames.
    pub frames: i32,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}
