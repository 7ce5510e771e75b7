//! One file: what it is, from its bytes.

use blobs::{BlobError, Digest, Staged};
use bytes::Bytes;
use db::images::DicomInstance;
use decoding::{Decoders, Inspected, Lane};
use domain::{ImageFormat, ImageType};
use imaging::{DicomHeader, ImagingError, Inspection, Limits};
use serde_json::Value;

use crate::{Rejected, UploadWarning, WarningCode};

/// A file as it came: staged, not yet looked at.
#[derive(Debug)]
pub struct Incoming {
    /// The name it was sent under; used in answers only, never for a path.
    pub file: String,
    /// Its bytes.
    pub staged: Staged,
}

/// A file that is an image.
#[derive(Debug)]
pub struct CheckedFile {
    /// The name it was sent under.
    pub file: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// How it came.
    pub format: ImageFormat,
    /// What its header says; none for a DICOM file whose header is damaged.
    pub inspection: Option<Inspection>,
    /// The header in the DICOM JSON model.
    pub dicom_metadata: Option<Value>,
    /// What the sender should know.
    pub warnings: Vec<UploadWarning>,
}

impl CheckedFile {
    /// The DICOM header.
    #[must_use]
    pub fn header(&self) -> Option<&DicomHeader> {
        self.inspection
            .as_ref()
            .and_then(|inspection| inspection.dicom.as_ref())
    }

    /// The study it says it belongs to.
    #[must_use]
    pub fn study_uid(&self) -> Option<&str> {
        self.header()
            .map(|header| header.study_uid.as_str())
            .filter(|uid| is_uid(uid))
    }

    /// What kind of picture it is.
    #[must_use]
    pub fn image_type(&self) -> ImageType {
        self.inspection
            .as_ref()
            .map_or(ImageType::Xray, |inspection| inspection.image_type)
    }
}

/// What DICOM calls an image, as the columns can hold it.
pub(crate) fn dicom_instance(header: &DicomHeader) -> DicomInstance {
    let number = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok());
    let text = |text: &str| (!text.is_empty()).then(|| storable(text));
    let word = |word: &Option<String>| word.as_deref().map(storable);
    DicomInstance {
        study_uid: storable(&header.study_uid),
        series_uid: storable(&header.series_uid),
        sop_instance_uid: storable(&header.sop_instance_uid),
        sop_class_uid: text(&header.sop_class_uid),
        transfer_syntax_uid: text(&header.transfer_syntax_uid),
        modality: word(&header.modality),
        body_part: word(&header.body_part),
        view_position: word(&header.view_position),
        accession_number: word(&header.accession_number),
        study_date_time: header.study_date_time,
        series_number: number(header.series_number),
        instance_number: number(header.instance_number),
        frames: i32::try_from(header.number_of_frames).unwrap_or(i32::MAX),
    }
}

/// A file that was not taken, and what its header says where it has one.
pub(crate) struct NotTaken {
    pub(crate) rejected: Rejected,
    pub(crate) header: Option<Box<DicomHeader>>,
}

/// Looks at a file and keeps it when it is an image. Blocks; call it off the async threads.
pub(crate) fn check_and_keep(
    incoming: Incoming,
    decoders: &Decoders,
    limits: &Limits,
) -> Result<CheckedFile, Rejected> {
    let (checked, staged) =
        check(incoming, decoders, limits).map_err(|refused| refused.rejected)?;
    match staged.keep() {
        Ok(_) => Ok(checked),
        Err(error) => Err(not_kept(&checked.file, &error)),
    }
}

/// Why an image is not taken after all.
pub(crate) fn not_kept(file: &str, error: &BlobError) -> Rejected {
    Rejected {
        file: file.to_owned(),
        code: "storage_failed".to_owned(),
        detail: error.to_string(),
    }
}

/// Looks at a file, and hands it back to be kept when it is an image. Blocks; call it off the async threads.
pub(crate) fn check(
    incoming: Incoming,
    decoders: &Decoders,
    limits: &Limits,
) -> Result<(CheckedFile, Staged), NotTaken> {
    let Incoming { file, staged } = incoming;
    let unreadable = |error: BlobError| NotTaken {
        rejected: not_kept(&file, &error),
        header: None,
    };
    let start = staged
        .read_start(imaging::START_BYTES)
        .map_err(unreadable)?;
    let format = imaging::sniff(&start);
    let looked = look(&staged, (&start, format), decoders, limits).map_err(unreadable)?;
    let (inspected, warnings) = match looked {
        Ok(inspected) => {
            let warnings = warnings_of(&inspected.inspection);
            (Some(inspected), warnings)
        }
        // A DICOM file with a damaged header may still be somebody's film: a human looks at it.
        Err(
            error @ (ImagingError::Truncated { .. }
            | ImagingError::MissingAttribute { .. }
            | ImagingError::Corrupt { .. }
            | ImagingError::DecoderFailed { .. }
            | ImagingError::TimedOut { .. }),
        ) if format == Some(ImageFormat::Dicom) => (
            None,
            vec![UploadWarning::new(
                WarningCode::DamagedHeader,
                format!("kept, but the header is damaged: {error}"),
            )],
        ),
        Err(error) => {
            let is_dicom = format == Some(ImageFormat::Dicom);
            let bytes = is_dicom.then(|| staged.read().ok()).flatten();
            return Err(NotTaken {
                header: bytes
                    .and_then(|bytes| decoders.header(Lane::Intake, &bytes, limits).ok())
                    .map(Box::new),
                rejected: Rejected {
                    file,
                    code: error.code().to_owned(),
                    detail: error.to_string(),
                },
            });
        }
    };
    let (inspection, metadata) = inspected
        .map(|inspected| (inspected.inspection, inspected.metadata))
        .unzip();
    let format = inspection
        .as_ref()
        .map(|inspection| inspection.format)
        .or(format)
        .expect("a file without a format was refused above");
    let dicom_metadata = metadata.flatten().map(without_nul);
    let checked = CheckedFile {
        digest: staged.digest(),
        size: staged.size(),
        file,
        format,
        inspection,
        dicom_metadata,
        warnings,
    };
    Ok((checked, staged))
}

/// What a file's header says: told from its first bytes where only pixels follow.
fn look(
    staged: &Staged,
    (start, format): (&Bytes, Option<ImageFormat>),
    decoders: &Decoders,
    limits: &Limits,
) -> Result<Result<Inspected, ImagingError>, BlobError> {
    if format == Some(ImageFormat::Dicom) {
        let told = decoders.inspect_start(Lane::Intake, start, staged.size(), limits);
        if let Some(told) = told.transpose() {
            return Ok(told);
        }
    }
    let bytes = staged.read()?;
    Ok(decoders.inspect(Lane::Intake, &bytes, limits))
}

fn warnings_of(inspection: &Inspection) -> Vec<UploadWarning> {
    let mut warnings = Vec::new();
    if inspection.trailing_bytes > 0 {
        warnings.push(UploadWarning {
            bytes: Some(inspection.trailing_bytes),
            ..UploadWarning::new(
                WarningCode::TrailingBytes,
                format!(
                    "{} bytes follow the end of the image; they are kept but never shown",
                    inspection.trailing_bytes
                ),
            )
        });
    }
    if let Some(header) = &inspection.dicom {
        if header.truncated {
            warnings.push(UploadWarning::new(
                WarningCode::EndsEarly,
                "the file ends before its header says it should; send it again if the device has more",
            ));
        }
        if !imaging::transfer_syntax::is_decodable(&header.transfer_syntax_uid) {
            warnings.push(UploadWarning::new(
                WarningCode::NotDecodable,
                "its compression cannot be decoded here; a doctor gets the original file",
            ));
        }
        if header.study_uid.is_empty() {
            warnings.push(UploadWarning::new(
                WarningCode::NoStudy,
                "it names no study; it became a report of its own",
            ));
        }
    }
    warnings
}

/// Whether a text is a UID (PS3.5 section 9.1): only such a one can name a study.
fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A header's text as the columns can hold it: without NUL, at most 64 characters. The whole text is
/// in the stored file.
fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(64).collect()
}

/// The same value without NUL, which PostgreSQL cannot store.
pub(crate) fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "")),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, without_nul(value)))
            .collect(),
        other => other,
    }
}
