//! Attributes of written objects.

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use domain::patient::Gender;

use super::{Identity, ObjectClass};
use crate::ImagingError;

/// Implementation Class UID of what this program writes and says (PS3.7 D.3.3.2): the root of UIDs made from UUIDs
/// (PS3.5 B.2), with this implementation's own number.
pub const IMPLEMENTATION_CLASS_UID: &str = "2.25.227438612973019865731540962174035911";
/// Implementation Version Name.
pub const IMPLEMENTATION_VERSION_NAME: &str = "MEDICAL_PORTAL";

pub(super) fn refused(reason: impl Into<String>) -> ImagingError {
    ImagingError::EncodeFailed {
        format: "DICOM".into(),
        reason: reason.into(),
    }
}

/// A decimal string of at most 16 characters.
pub(super) fn decimal(value: f64) -> PrimitiveValue {
    let mut text = value.to_string();
    if text.len() > 16 {
        text = format!("{value:.8e}");
    }
    PrimitiveValue::from(text)
}

/// Pads bytes to an even length.
pub(super) fn even(value: PrimitiveValue) -> PrimitiveValue {
    match value {
        PrimitiveValue::U8(mut bytes) if bytes.len() % 2 == 1 => {
            bytes.push(0);
            PrimitiveValue::U8(bytes)
        }
        other => other,
    }
}

fn checked_uid(uid: &str, what: &str) -> Result<String, ImagingError> {
    let parts_hold = uid.split('.').all(|part| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    });
    if uid.is_empty() || uid.len() > 64 || !parts_hold {
        return Err(refused(format!(
            "the {what} is no UID of at most 64 characters"
        )));
    }
    Ok(uid.to_owned())
}

pub(super) fn identity_elements(identity: &Identity) -> Result<InMemDicomObject, ImagingError> {
    let texts = [
        &identity.patient_id,
        &identity.issuer,
        &identity.accession_number,
        &identity.study_description,
        &identity.modality,
        &identity.view_position,
    ];
    if texts.iter().any(|text| text.contains('\\')) || identity.patient_name.contains('\\') {
        return Err(refused(
            "a text of the identity holds a backslash, which separates values",
        ));
    }
    let mut object = InMemDicomObject::new_empty();
    let mut put = |tag: Tag, vr: VR, text: String| {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)))
    };
    let class_uid = class_uid(identity.class);
    let default_modality = if identity.class == ObjectClass::DigitalXRay {
        "DX"
    } else {
        "OT"
    };
    let modality = if identity.modality.is_empty() {
        default_modality
    } else {
        &identity.modality
    };
    let image_type = if identity.image_type.is_empty() {
        "DERIVED\\SECONDARY".to_owned()
    } else {
        identity.image_type.join("\\")
    };
    let day = identity
        .study_date_time
        .map(|at| at.format("%Y%m%d").to_string())
        .unwrap_or_default();
    let clock = identity
        .study_date_time
        .map(|at| at.format("%H%M%S").to_string())
        .unwrap_or_default();
    put(
        tags::SPECIFIC_CHARACTER_SET,
        VR::CS,
        "ISO_IR 192".to_owned(),
    );
    put(tags::IMAGE_TYPE, VR::CS, image_type);
    put(tags::SOP_CLASS_UID, VR::UI, class_uid.to_owned());
    put(
        tags::SOP_INSTANCE_UID,
        VR::UI,
        checked_uid(&identity.sop_instance_uid, "SOP Instance UID")?,
    );
    put(tags::STUDY_DATE, VR::DA, day.clone());
    put(tags::CONTENT_DATE, VR::DA, day);
    put(tags::STUDY_TIME, VR::TM, clock.clone());
    put(tags::CONTENT_TIME, VR::TM, clock);
    put(
        tags::ACCESSION_NUMBER,
        VR::SH,
        identity.accession_number.clone(),
    );
    put(tags::MODALITY, VR::CS, modality.to_owned());
    put(tags::MANUFACTURER, VR::LO, identity.manufacturer.clone());
    put(tags::REFERRING_PHYSICIAN_NAME, VR::PN, String::new());
    put(tags::PATIENT_NAME, VR::PN, identity.patient_name.clone());
    put(tags::PATIENT_ID, VR::LO, identity.patient_id.clone());
    put(
        tags::PATIENT_BIRTH_DATE,
        VR::DA,
        identity
            .birth_date
            .map(|day| day.format("%Y%m%d").to_string())
            .unwrap_or_default(),
    );
    put(tags::PATIENT_SEX, VR::CS, sex(identity.gender).to_owned());
    put(
        tags::STUDY_INSTANCE_UID,
        VR::UI,
        checked_uid(&identity.study_uid, "Study Instance UID")?,
    );
    put(
        tags::SERIES_INSTANCE_UID,
        VR::UI,
        checked_uid(&identity.series_uid, "Series Instance UID")?,
    );
    put(tags::STUDY_ID, VR::SH, String::new());
    put(
        tags::SERIES_NUMBER,
        VR::IS,
        identity
            .series_number
            .map(|number| number.to_string())
            .unwrap_or_default(),
    );
    put(
        tags::INSTANCE_NUMBER,
        VR::IS,
        identity
            .instance_number
            .map(|number| number.to_string())
            .unwrap_or_default(),
    );
    if identity.class == ObjectClass::SecondaryCapture {
        put(tags::CONVERSION_TYPE, VR::CS, "WSD".to_owned());
    }
    let optional = [
        (tags::ISSUER_OF_PATIENT_ID, VR::LO, identity.issuer.clone()),
        (
            tags::STUDY_DESCRIPTION,
            VR::LO,
            identity.study_description.clone(),
        ),
        (tags::STATION_NAME, VR::SH, identity.station_name.clone()),
        (tags::VIEW_POSITION, VR::CS, identity.view_position.clone()),
        (tags::BODY_PART_EXAMINED, VR::CS, identity.body_part.clone()),
        (
            tags::PATIENT_AGE,
            VR::AS,
            identity
                .age_years
                .map(|years| format!("{years:03}Y"))
                .unwrap_or_default(),
        ),
    ];
    for (tag, vr, text) in optional.into_iter().filter(|(_, _, text)| !text.is_empty()) {
        put(tag, vr, text);
    }
    if let Some([row, column]) = identity.pixel_spacing {
        put(tags::PIXEL_SPACING, VR::DS, format!("{row}\\{column}"));
    }
    if identity.class == ObjectClass::DigitalXRay {
        digital_x_ray_elements(&mut object, identity);
    }
    Ok(object)
}

/// Attributes that the DX object requires beyond the rest (PS3.3 A.26).
fn digital_x_ray_elements(object: &mut InMemDicomObject, identity: &Identity) {
    let mut put = |tag: Tag, vr: VR, text: &str| {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)))
    };
    put(tags::PRESENTATION_INTENT_TYPE, VR::CS, "FOR PRESENTATION");
    put(tags::PIXEL_INTENSITY_RELATIONSHIP, VR::CS, "LOG");
    put(tags::RESCALE_INTERCEPT, VR::DS, "0");
    put(tags::RESCALE_SLOPE, VR::DS, "1");
    put(tags::RESCALE_TYPE, VR::LO, "US");
    put(tags::IMAGE_LATERALITY, VR::CS, "U");
    put(
        tags::PATIENT_ORIENTATION,
        VR::CS,
        if identity.view_position == "LL" {
            "A\\F"
        } else {
            "L\\F"
        },
    );
    put(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00");
    put(tags::DETECTOR_TYPE, VR::CS, "");
    put(
        tags::IMAGER_PIXEL_SPACING,
        VR::DS,
        &identity
            .pixel_spacing
            .map(|[row, column]| format!("{row}\\{column}"))
            .unwrap_or_default(),
    );
    object.put(DataElement::new(
        tags::PIXEL_INTENSITY_RELATIONSHIP_SIGN,
        VR::SS,
        PrimitiveValue::from(-1_i16),
    ));
    for sequence in [
        tags::VIEW_CODE_SEQUENCE,
        tags::ANATOMIC_REGION_SEQUENCE,
        tags::ACQUISITION_CONTEXT_SEQUENCE,
    ] {
        object.put(DataElement::new(
            sequence,
            VR::SQ,
            DataSetSequence::<InMemDicomObject>::empty(),
        ));
    }
}

fn class_uid(class: ObjectClass) -> &'static str {
    match class {
        ObjectClass::SecondaryCapture => uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
        ObjectClass::DigitalXRay => uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    }
}

fn sex(gender: Option<Gender>) -> &'static str {
    match gender {
        Some(Gender::Female) => "F",
        Some(Gender::Male) => "M",
        Some(Gender::Other) => "O",
        None => "",
    }
}

pub(super) fn image_elements(
    object: &mut InMemDicomObject,
    width: u32,
    height: u32,
    bits_allocated: u16,
    bits_stored: u16,
) -> Result<(), ImagingError> {
    let side = |side: u32| {
        u16::try_from(side)
            .ok()
            .filter(|side| *side > 0)
            .ok_or_else(|| refused("a side is not from 1 to 65,535 pixels"))
    };
    let (columns, rows) = (side(width)?, side(height)?);
    let mut put = |tag: Tag, number: u16| {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(number)))
    };
    put(tags::SAMPLES_PER_PIXEL, 1);
    put(tags::ROWS, rows);
    put(tags::COLUMNS, columns);
    put(tags::BITS_ALLOCATED, bits_allocated);
    put(tags::BITS_STORED, bits_stored);
    put(tags::HIGH_BIT, bits_stored - 1);
    put(tags::PIXEL_REPRESENTATION, 0);
    Ok(())
}

pub(super) fn grey_elements(object: &mut InMemDicomObject, photometric: &str, class: ObjectClass) {
    object.put(DataElement::new(
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        PrimitiveValue::from(photometric),
    ));
    if class == ObjectClass::DigitalXRay {
        let shape = if photometric == "MONOCHROME1" {
            "INVERSE"
        } else {
            "IDENTITY"
        };
        object.put(DataElement::new(
            tags::PRESENTATION_LUT_SHAPE,
            VR::CS,
            PrimitiveValue::from(shape),
        ));
    }
}

pub(super) fn colour_elements(object: &mut InMemDicomObject, photometric: &str) {
    object.put(DataElement::new(
        tags::SAMPLES_PER_PIXEL,
        VR::US,
        PrimitiveValue::from(3_u16),
    ));
    object.put(DataElement::new(
        tags::PLANAR_CONFIGURATION,
        VR::US,
        PrimitiveValue::from(0_u16),
    ));
    object.put(DataElement::new(
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        PrimitiveValue::from(photometric),
    ));
}

/// The head of a file, before its data set: preamble, `DICM` and the file meta information (PS3.10 section 7.1).
///
/// # Errors
/// [`ImagingError::Corrupt`] when class, instance or transfer syntax is missing.
pub fn file_head(
    sop_class: &str,
    sop_instance: &str,
    transfer_syntax: &str,
) -> Result<Vec<u8>, ImagingError> {
    let unwritable = |error: &dyn std::fmt::Display| {
        ImagingError::corrupt(format!("no file head can be written for it ({error})"))
    };
    let mut head = vec![0; 128];
    head.extend_from_slice(b"DICM");
    file_meta(sop_class, sop_instance, transfer_syntax)
        .build()
        .map_err(|error| unwritable(&error))?
        .write(&mut head)
        .map_err(|error| unwritable(&error))?;
    Ok(head)
}

fn file_meta(sop_class: &str, sop_instance: &str, transfer_syntax: &str) -> FileMetaTableBuilder {
    FileMetaTableBuilder::new()
        .transfer_syntax(transfer_syntax)
        .media_storage_sop_class_uid(sop_class)
        .media_storage_sop_instance_uid(sop_instance)
        .implementation_class_uid(IMPLEMENTATION_CLASS_UID)
        .implementation_version_name(IMPLEMENTATION_VERSION_NAME)
}

pub(super) fn finish(
    object: InMemDicomObject,
    transfer_syntax: &str,
    identity: &Identity,
) -> Result<Vec<u8>, ImagingError> {
    let meta = file_meta(
        class_uid(identity.class),
        &identity.sop_instance_uid,
        transfer_syntax,
    );
    let file = object
        .with_meta(meta)
        .map_err(|error| refused(error.to_string()))?;
    let mut out = Vec::new();
    file.write_all(&mut out)
        .map_err(|error| refused(error.to_string()))?;
    Ok(out)
}
