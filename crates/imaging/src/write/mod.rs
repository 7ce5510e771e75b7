//! Pictures wrapped as DICOM Part 10, so that every tool downstream sees one kind: uploads as
//! Secondary Capture, drawn films as DX.

mod elements;
mod names;

use chrono::{NaiveDate, NaiveDateTime};
use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use domain::ImageFormat;
use domain::patient::Gender;
pub use elements::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, file_head};
use elements::{
    colour_elements, decimal, even, finish, grey_elements, identity_elements, image_elements,
    refused,
};
pub use names::{person_name, shown};
use serde::{Deserialize, Serialize};

use crate::codec::jpeg::{self, Process};
use crate::photo;
use crate::raster::{Raster, Samples};
use crate::{ImagingError, Limits, Window, sniff};

/// The kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ObjectClass {
    /// Secondary Capture Image Storage: what came as a plain picture.
    #[default]
    SecondaryCapture,
    /// Digital X-Ray Image Storage – For Presentation.
    DigitalXRay,
}

/// Who and what a written object is. Texts are UTF-8; an empty one is written empty or left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Kind of object.
    pub class: ObjectClass,
    /// Patient ID.
    pub patient_id: String,
    /// Issuer of Patient ID.
    pub issuer: String,
    /// Patient's Name with its components, `Family^Given`.
    pub patient_name: String,
    /// Patient's Birth Date.
    pub birth_date: Option<NaiveDate>,
    /// Patient's Sex.
    pub gender: Option<Gender>,
    /// Age in years at the study.
    pub age_years: Option<u16>,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Study date and time on the site's clock.
    pub study_date_time: Option<NaiveDateTime>,
    /// Accession Number, at most 16 characters.
    pub accession_number: String,
    /// Study Description, at most 64 characters.
    pub study_description: String,
    /// Modality; empty means OT for Secondary Capture and DX for X-ray.
    pub modality: String,
    /// View Position, such as PA.
    pub view_position: String,
    /// Body Part Examined, such as CHEST.
    pub body_part: String,
    /// Values of Image Type; empty means DERIVED, SECONDARY.
    pub image_type: Vec<String>,
    /// Manufacturer.
    pub manufacturer: String,
    /// Station Name.
    pub station_name: String,
    /// Series Number.
    pub series_number: Option<u32>,
    /// Instance Number.
    pub instance_number: Option<u32>,
    /// Pixel Spacing in millimetres, row and column.
    pub pixel_spacing: Option<[f64; 2]>,
}

/// A UID from a UUID: `2.25.` and its number (PS3.5 B.2).
#[must_use]
pub fn uid_from_u128(number: u128) -> String {
    format!("2.25.{number}")
}

/// Grey samples to write.
#[derive(Debug, Clone, Copy)]
pub enum GreySamples<'a> {
    /// 8 bits.
    Eight(&'a [u8]),
    /// Up to 16 bits; `bits_stored` from 9 to 16, values below `2^bits_stored`.
    Sixteen {
        /// Row by row.
        samples: &'a [u16],
        /// Significant bits.
        bits_stored: u16,
    },
}

/// A grey image to write.
#[derive(Debug, Clone, Copy)]
pub struct GreyImage<'a> {
    /// Columns, at most 65,535.
    pub width: u32,
    /// Rows, at most 65,535.
    pub height: u32,
    /// `width * height` samples.
    pub samples: GreySamples<'a>,
    /// Write as MONOCHROME1: the lowest value is white.
    pub inverted: bool,
    /// A window to write along.
    pub window: Option<Window>,
}

/// Wraps grey samples, uncompressed.
///
/// # Errors
/// [`ImagingError::EncodeFailed`] naming what is wrong with the image or the identity.
pub fn dicom_from_grey(
    image: &GreyImage<'_>,
    identity: &Identity,
) -> Result<Vec<u8>, ImagingError> {
    let (bits_allocated, bits_stored, samples, bytes) = match image.samples {
        GreySamples::Eight(samples) => (
            8_u16,
            8_u16,
            samples.len(),
            PrimitiveValue::U8(samples.into()),
        ),
        GreySamples::Sixteen {
            samples,
            bits_stored,
        } => {
            if !(9..=16).contains(&bits_stored)
                || samples
                    .iter()
                    .any(|sample| u32::from(*sample) >> bits_stored != 0)
            {
                return Err(refused(
                    "samples do not fit the bits stored, which are 9 to 16",
                ));
            }
            (
                16,
                bits_stored,
                samples.len(),
                PrimitiveValue::U16(samples.into()),
            )
        }
    };
    if samples as u64 != u64::from(image.width) * u64::from(image.height) {
        return Err(refused("there are not width x height samples"));
    }
    let mut object = identity_elements(identity)?;
    image_elements(
        &mut object,
        image.width,
        image.height,
        bits_allocated,
        bits_stored,
    )?;
    let photometric = if image.inverted {
        "MONOCHROME1"
    } else {
        "MONOCHROME2"
    };
    grey_elements(&mut object, photometric, identity.class);
    if let Some(window) = image.window {
        object.put(DataElement::new(
            tags::WINDOW_CENTER,
            VR::DS,
            decimal(window.center),
        ));
        object.put(DataElement::new(
            tags::WINDOW_WIDTH,
            VR::DS,
            decimal(window.width),
        ));
    }
    let vr = if bits_allocated == 8 { VR::OB } else { VR::OW };
    object.put(DataElement::new(tags::PIXEL_DATA, vr, even(bytes)));
    finish(object, uids::EXPLICIT_VR_LITTLE_ENDIAN, identity)
}

/// Wraps an uploaded PNG or JPEG. A baseline JPEG in upright orientation keeps its bytes; anything
/// else is stored uncompressed, 16-bit PNGs with all their bits.
///
/// # Errors
/// As [`crate::decode`], and [`ImagingError::EncodeFailed`].
pub fn dicom_from_photo(
    bytes: &[u8],
    identity: &Identity,
    limits: &Limits,
) -> Result<Vec<u8>, ImagingError> {
    if sniff(bytes) == Some(ImageFormat::Jpeg) {
        let header = jpeg::header(bytes)?;
        let upright =
            photo::jpeg_header(bytes)?.orientation == image::metadata::Orientation::NoTransforms;
        // JFIF and Adobe say what the colour is; without either a reader has to guess.
        let clear = header.components == 1
            || header.components == 3 && header.has_jfif && header.adobe_transform.is_none();
        if header.process == Process::Baseline && header.precision == 8 && upright && clear {
            crate::decode(bytes, 0, limits)?;
            return dicom_from_jpeg(bytes, &header, identity);
        }
    }
    match crate::decode(bytes, 0, limits)? {
        Raster::Grey(grey) => dicom_from_grey(
            &GreyImage {
                width: grey.width,
                height: grey.height,
                samples: match &grey.samples {
                    Samples::U8(samples) => GreySamples::Eight(samples),
                    Samples::U16(samples) => GreySamples::Sixteen {
                        samples,
                        bits_stored: 16,
                    },
                    _ => {
                        return Err(refused(
                            "a plain picture has unsigned samples of at most 16 bits",
                        ));
                    }
                },
                inverted: false,
                window: None,
            },
            identity,
        ),
        Raster::Rgb8(rgb) => {
            let mut object = identity_elements(identity)?;
            image_elements(&mut object, rgb.width, rgb.height, 8, 8)?;
            colour_elements(&mut object, "RGB");
            object.put(DataElement::new(
                tags::PIXEL_DATA,
                VR::OB,
                even(PrimitiveValue::U8(rgb.pixels.into())),
            ));
            finish(object, uids::EXPLICIT_VR_LITTLE_ENDIAN, identity)
        }
    }
}

fn dicom_from_jpeg(
    bytes: &[u8],
    header: &jpeg::JpegHeader<'_>,
    identity: &Identity,
) -> Result<Vec<u8>, ImagingError> {
    let mut object = identity_elements(identity)?;
    image_elements(&mut object, header.width, header.height, 8, 8)?;
    if header.components == 1 {
        grey_elements(&mut object, "MONOCHROME2", identity.class);
    } else {
        colour_elements(&mut object, "YBR_FULL_422");
    }
    object.put(DataElement::new(
        tags::LOSSY_IMAGE_COMPRESSION,
        VR::CS,
        PrimitiveValue::from("01"),
    ));
    object.put(DataElement::new(
        tags::LOSSY_IMAGE_COMPRESSION_METHOD,
        VR::CS,
        PrimitiveValue::from("ISO_10918_1"),
    ));
    let mut fragment = bytes.to_vec();
    if fragment.len() % 2 == 1 {
        fragment.push(0);
    }
    let fragments = PixelFragmentSequence::new_fragments(vec![fragment]);
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        dicom_core::DicomValue::PixelSequence(fragments),
    ));
    finish(object, uids::JPEG_BASELINE8_BIT, identity)
}
