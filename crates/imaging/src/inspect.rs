//! What a file is, from its header alone.

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::{StandardSopClassDictionary, tags};
use domain::{ImageFormat, ImageType};
use serde::{Deserialize, Serialize};

use crate::dicom::header::DicomHeader;
use crate::dicom::part10::DicomFile;
use crate::{ImagingError, Limits, photo, sniff};

/// What was learned of a file without decoding a pixel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// How the picture came.
    pub format: ImageFormat,
    /// Columns as displayed.
    pub width: u32,
    /// Rows as displayed.
    pub height: u32,
    /// Frames, at least 1.
    pub frames: u32,
    /// Significant bits of a sample.
    pub bits_stored: u8,
    /// What kind of picture it is.
    pub image_type: ImageType,
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes behind the end of a PNG or JPEG; they are kept with the original and never shown.
    pub trailing_bytes: u64,
    /// The DICOM header; `None` for PNG and JPEG.
    pub dicom: Option<DicomHeader>,
}

/// Reads the header. A DICOM image whose pixels cannot be decoded later is accepted here: its
/// bytes are kept and a person looks at it.
///
/// # Errors
/// [`ImagingError::NotAnImage`] and [`ImagingError::NoPixelData`] for what has no picture,
/// [`ImagingError::TooLarge`] and [`ImagingError::TooManyPixels`], [`ImagingError::Truncated`],
/// [`ImagingError::MissingAttribute`] and [`ImagingError::Corrupt`] for unusable headers.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Inspection, ImagingError> {
    limits.check_bytes(bytes.len())?;
    match sniff(bytes) {
        Some(ImageFormat::Dicom) => {
            inspect_dicom(&DicomFile::open(bytes, limits)?, bytes.len(), limits)
        }
        Some(ImageFormat::Png) => inspect_photo(
            ImageFormat::Png,
            &photo::png_header(bytes)?,
            bytes.len(),
            limits,
        ),
        Some(ImageFormat::Jpeg) => inspect_photo(
            ImageFormat::Jpeg,
            &photo::jpeg_header(bytes)?,
            bytes.len(),
            limits,
        ),
        None => Err(ImagingError::NotAnImage {
            what: sniff::name_of_stranger(bytes).to_owned(),
        }),
    }
}

/// [`inspect`] and [`DicomFile::metadata_json`] of a DICOM file of `whole` bytes, told from the first ones alone. None where they
/// are not enough, or where there is something to refuse: then [`inspect`] says more.
///
/// # Errors
/// As [`DicomFile::open`], for a file that is there as a whole or too large.
pub fn inspect_start(
    start: &[u8],
    whole: u64,
    limits: &Limits,
) -> Result<Option<(Inspection, serde_json::Value)>, ImagingError> {
    let Some(file) = DicomFile::open_start(start, whole, limits)? else {
        return Ok(None);
    };
    let size = usize::try_from(whole).unwrap_or(usize::MAX);
    Ok(inspect_dicom(&file, size, limits)
        .ok()
        .map(|inspection| (inspection, file.metadata_json())))
}

fn inspect_photo(
    format: ImageFormat,
    header: &photo::PhotoHeader,
    file_size: usize,
    limits: &Limits,
) -> Result<Inspection, ImagingError> {
    limits.check_pixels(header.width, header.height, 1)?;
    let (width, height) = header.displayed();
    Ok(Inspection {
        format,
        width,
        height,
        frames: 1,
        bits_stored: header.bits,
        image_type: ImageType::Xray,
        file_size: file_size as u64,
        trailing_bytes: header.trailing_bytes,
        dicom: None,
    })
}

fn inspect_dicom(
    file: &DicomFile<'_>,
    file_size: usize,
    limits: &Limits,
) -> Result<Inspection, ImagingError> {
    require_pixels(file)?;
    let format = file.pixel_format(limits)?;
    let header = file.header();
    Ok(Inspection {
        format: ImageFormat::Dicom,
        width: format.columns,
        height: format.rows,
        frames: format.frames,
        bits_stored: format.bits_stored.min(64) as u8,
        image_type: header
            .modality
            .as_deref()
            .map_or(ImageType::Xray, ImageType::of_modality),
        file_size: file_size as u64,
        trailing_bytes: 0,
        dicom: Some(header),
    })
}

/// Refuses objects that hold no picture.
pub(crate) fn require_pixels(file: &DicomFile<'_>) -> Result<(), ImagingError> {
    if file.has_pixels() {
        return Ok(());
    }
    let is_directory = file.dataset.find(tags::DIRECTORY_RECORD_SEQUENCE).is_some();
    let class = file.sop_class_uid();
    let name = StandardSopClassDictionary
        .by_uid(&class)
        .map(|entry| entry.name().to_owned());
    let is_image = file.dataset.find(tags::ROWS).is_some()
        || name
            .as_ref()
            .is_some_and(|name| name.contains("Image Storage"));
    Err(match name {
        _ if is_directory => ImagingError::NotAnImage {
            what: "it is a DICOM directory (DICOMDIR)".to_owned(),
        },
        Some(name) if is_image => ImagingError::NoPixelData { what: name },
        None if is_image => ImagingError::NoPixelData {
            what: "an image of unknown kind".to_owned(),
        },
        Some(name) => ImagingError::NotAnImage {
            what: format!("it is a DICOM object of the class {name}"),
        },
        None => ImagingError::NotAnImage {
            what: "it is a DICOM object without an image".to_owned(),
        },
    })
}
