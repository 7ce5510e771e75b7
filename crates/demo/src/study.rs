//! A drawn film as a file: DICOM with a made-up identity, PNG or JPEG.

use chrono::NaiveDateTime;
use dicom_core::{
    DataElement, DicomValue, PrimitiveValue, VR, header::Tag, value::PixelFragmentSequence,
};
use dicom_dictionary_std::{tags, uids};
use dicom_object::FileDicomObject;
use imaging::{
    ImagingError, Window,
    write::{GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey},
};

use crate::{
    DemoPatient, Film,
    film::{BITS, HIGHEST},
    randomness,
};

/// What every drawn film names as its manufacturer.
pub const MANUFACTURER: &str = "Medical Portal demo";
/// Quality of JPEG files.
const JPEG_QUALITY: u8 = 90;

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileFormat {
    /// DICOM Part 10, Digital X-Ray, 12 bits, uncompressed.
    #[default]
    Dicom,
    /// PNG, 8 bits, without an identity.
    Png,
    /// JPEG, 8 bits, without an identity.
    Jpeg,
}

impl FileFormat {
    /// The ending of its files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Dicom => "dcm",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// How the film lay (DICOM View Position).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// From the front to the back, as children are taken.
    #[default]
    Ap,
    /// From the back to the front.
    Pa,
}

impl View {
    /// The DICOM word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ap => "AP",
            Self::Pa => "PA",
        }
    }
}

/// How the pixels of a DICOM file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// Explicit VR Little Endian.
    #[default]
    Plain,
    /// Encapsulated Uncompressed (PS3.5 A.4.11), a valid syntax that the portal does not decode.
    Encapsulated,
}

/// A film of somebody, taken at some time.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    /// Who.
    pub patient: &'a DemoPatient,
    /// When, on the site's clock.
    pub taken_at: NaiveDateTime,
    /// Accession Number, at most 16 characters.
    pub accession_number: &'a str,
    /// How the film lay.
    pub view: View,
    /// Write as MONOCHROME1: the lowest sample is white.
    pub inverted: bool,
    /// How the pixels are stored.
    pub storage: Storage,
}

/// Why a film could not become a file.
#[derive(Debug, thiserror::Error)]
pub enum FilmFileError {
    /// The writer refused it.
    #[error(transparent)]
    Imaging(#[from] ImagingError),
    /// What was written could not be completed.
    #[error("cannot complete the attributes of a drawn film: {0}")]
    Attributes(String),
}

impl Study<'_> {
    /// The film as a DICOM file. Its UIDs follow from patient, time and accession number, so that
    /// the same study made again is the same file.
    ///
    /// # Errors
    /// When a text of the identity does not fit DICOM.
    pub fn dicom(&self, film: &Film) -> Result<Vec<u8>, FilmFileError> {
        let samples: Vec<u16> = if self.inverted {
            film.samples.iter().map(|sample| HIGHEST - sample).collect()
        } else {
            film.samples.clone()
        };
        let middle = f64::midpoint(f64::from(film.black), f64::from(film.white));
        let image = GreyImage {
            width: film.width,
            height: film.height,
            samples: GreySamples::Sixteen {
                samples: &samples,
                bits_stored: BITS,
            },
            inverted: self.inverted,
            window: Some(Window::linear(
                if self.inverted {
                    f64::from(HIGHEST) - middle
                } else {
                    middle
                },
                f64::from(film.white - film.black),
            )),
        };
        let bytes = dicom_from_grey(&image, &self.identity(film))?;
        complete(&bytes, &samples, self.storage)
    }

    fn identity(&self, film: &Film) -> Identity {
        let taken = self.taken_at.format("%Y%m%dT%H%M%S");
        let text = format!(
            "{}/{}/{taken}",
            self.patient.identifier, self.accession_number
        );
        Identity {
            class: ObjectClass::DigitalXRay,
            patient_id: self.patient.identifier.clone(),
            patient_name: self.patient.dicom_name(),
            birth_date: Some(self.patient.born),
            gender: Some(self.patient.gender),
            age_years: self.patient.age_on(self.taken_at.date()),
            study_uid: randomness::uid("study", &text),
            series_uid: randomness::uid("series", &text),
            sop_instance_uid: randomness::uid("instance", &text),
            study_date_time: Some(self.taken_at),
            accession_number: self.accession_number.to_owned(),
            study_description: "Synthetic chest film, not a patient".to_owned(),
            modality: "DX".to_owned(),
            view_position: self.view.as_str().to_owned(),
            body_part: "CHEST".to_owned(),
            image_type: vec!["DERIVED".to_owned(), "PRIMARY".to_owned()],
            manufacturer: MANUFACTURER.to_owned(),
            station_name: "DEMO".to_owned(),
            series_number: Some(1),
            instance_number: Some(1),
            pixel_spacing: Some([film.pixel_spacing, film.pixel_spacing]),
            ..Identity::default()
        }
    }
}

/// A film as a PNG or JPEG, which carry no identity.
///
/// # Errors
/// When it cannot be encoded.
pub fn png(film: &Film) -> Result<Vec<u8>, FilmFileError> {
    Ok(film.to_picture().encode_png()?)
}

/// As [`png`].
///
/// # Errors
/// When it cannot be encoded.
pub fn jpeg(film: &Film) -> Result<Vec<u8>, FilmFileError> {
    Ok(film.to_picture().encode_jpeg(JPEG_QUALITY)?)
}

/// Adds what says that the film is drawn, and stores the pixels as wanted.
fn complete(bytes: &[u8], samples: &[u16], storage: Storage) -> Result<Vec<u8>, FilmFileError> {
    let failed = |error: &dyn std::error::Error| FilmFileError::Attributes(error.to_string());
    let mut object: FileDicomObject<_> =
        dicom_object::from_reader(bytes).map_err(|error| failed(&error))?;
    let texts: [(Tag, VR, &str); 4] = [
        (tags::BURNED_IN_ANNOTATION, VR::CS, "YES"),
        (tags::INSTITUTION_NAME, VR::LO, "Demo"),
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, "Film model"),
        (
            tags::DERIVATION_DESCRIPTION,
            VR::ST,
            "Drawn by a statistical model; shows no patient",
        ),
    ];
    for (tag, vr, text) in texts {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
    }
    if storage == Storage::Encapsulated {
        let frame: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        let fragments = PixelFragmentSequence::new_fragments(vec![frame]);
        object.put(DataElement::new(
            tags::PIXEL_DATA,
            VR::OB,
            DicomValue::PixelSequence(fragments),
        ));
        object.update_meta(|meta| {
            meta.transfer_syntax =
                uids::ENCAPSULATED_UNCOMPRESSED_EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
        });
    }
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    object.write_all(&mut out).map_err(|error| failed(&error))?;
    Ok(out)
}
