//! De-identification: a film's copy by which nobody finds the patient (PS3.15 Annex E, Basic
//! Application Confidentiality Profile with options), and a list of what was changed.
//!
//! What is not known to be harmless goes: private attributes, attributes that the dictionary does
//! not know, overlays and curves, and any text that repeats a name or number of the original.
//! Burned-in text is only covered where a [`BlackoutRule`] says so; see [`Deidentified::warnings`].

mod blackout;
mod comments;
mod encode;
mod identifiers;
mod pseudonyms;
mod table;
mod walk;
mod words;

use dicom_dictionary_std::{tags, uids};
use serde::{Deserialize, Serialize};

use crate::dicom::part10::DicomFile;
use crate::{DicomHeader, ImagingError, Limits};
pub use blackout::{BlackoutRule, Region};
use encode::{Element, Value};
pub use pseudonyms::Pseudonyms;

/// What to keep beyond the Basic Profile (PS3.15 E.3), and what to cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Clean Descriptors Option (E.3.5): descriptions keep the words of a closed vocabulary.
    pub clean_descriptors: bool,
    /// Retain Longitudinal Temporal Information with Modified Dates Option (E.3.6): dates move by
    /// days that are the same for all films of a patient.
    pub shift_dates: bool,
    /// Retain Device Identity Option (E.3.8).
    pub retain_device: bool,
    /// Rectangles of pixels that are made black (part of the Clean Pixel Data Option, E.3.1).
    pub blackout: Vec<BlackoutRule>,
}

/// Why a film was not de-identified. Nothing of it is given out then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum DeidentifyError {
    /// It cannot be read, or its pixels cannot be decoded where they have to be.
    #[error(transparent)]
    Imaging(#[from] ImagingError),
    /// It is no image.
    #[error("{what} is not de-identified here: give images only")]
    NotAnImage {
        /// The kind of object.
        what: String,
    },
    /// It says that its pixels show text about the patient.
    #[error(
        "its header says that text is burned into the image (0028,0301), and no blackout rule covers this device: \
         add a rule with the regions, or leave the film out"
    )]
    BurnedIn,
    /// A blackout rule lies outside the image.
    #[error("the blackout region {region} lies outside the image of {columns} x {rows} pixels")]
    RegionOutside {
        /// `x,y,width,height`.
        region: String,
        /// Columns of the image.
        columns: u32,
        /// Rows of the image.
        rows: u32,
    },
}

/// What became of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deed {
    /// It is gone.
    Removed,
    /// It is there without a value.
    Emptied,
    /// It has a value that says nothing.
    Replaced,
    /// It has the pseudonym.
    Pseudonym,
    /// Its unique identifier became another one, the same in all films.
    NewUid,
    /// Its date moved by the patient's days.
    Shifted,
    /// Only words of the vocabulary were left.
    Cleaned,
    /// Pixels were covered.
    BlackedOut,
    /// The same as `Removed`, because its value repeated an identifier of the original.
    RepeatedAnIdentifier,
}

/// One change; never with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where: `(0010,0010)`, or `(0008,1140)[0].(0008,1155)` within a sequence.
    pub attribute: String,
    /// Its keyword, or `private` or `unknown`.
    pub keyword: String,
    /// What became of it.
    pub deed: Deed,
}

/// What a person has to look at before a copy is given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// Text may be burned in.
    #[error(
        "images of this modality often have text burned in, and nothing was covered: look at it"
    )]
    MayBeWrittenOn,
    /// Sections of a head.
    #[error("a face can be rebuilt from sections of a head, which is not prevented")]
    MayShowAFace,
    /// The original ends too early.
    #[error("the original is cut off, and so is the copy")]
    CutOff,
}

/// The copy, and what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deidentified {
    /// A DICOM file in explicit VR little endian, or in the film's compressed transfer syntax. It is left out when the
    /// rest is written down.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// Patient ID and name of the copy.
    pub pseudonym: String,
    /// Its Study Instance UID.
    pub study_uid: String,
    /// Its Series Instance UID.
    pub series_uid: String,
    /// Its SOP Instance UID.
    pub sop_instance_uid: String,
    /// Every attribute that was changed, in the order of the file.
    pub changes: Vec<Change>,
    /// What a person has to look at before the copy is given away.
    pub warnings: Vec<Warning>,
}

/// Makes a film's copy without what identifies the patient.
///
/// `subject` names the patient for [`Pseudonyms`]: films with the same one share the pseudonym and
/// the shift of dates. `None` takes Patient ID and its issuer, or name and birth date, or the study.
///
/// # Errors
/// [`DeidentifyError`]; no part of the film is given out then.
pub fn deidentify(
    bytes: &[u8],
    subject: Option<&str>,
    profile: &Profile,
    pseudonyms: &Pseudonyms,
    limits: &Limits,
) -> Result<Deidentified, DeidentifyError> {
    let file = DicomFile::open(bytes, limits)?;
    require_image(&file)?;
    let header = file.header();
    let subject = subject.map_or_else(|| identifiers::subject_of(&file), str::to_owned);
    let mut walk = walk::Walk::new(&file, profile, pseudonyms, &subject);
    let mut elements = walk.dataset();
    let mut changes = walk.changes;
    let covered = blackout::apply(&file, &header, &mut elements, &profile.blackout, limits)?;
    if covered {
        changes.push(Change {
            attribute: walk::place(tags::PIXEL_DATA),
            keyword: "PixelData".to_owned(),
            deed: Deed::BlackedOut,
        });
    } else if header.burned_in_annotation == Some(true) {
        return Err(DeidentifyError::BurnedIn);
    }
    let transfer_syntax = transfer_syntax(&file, &mut elements, covered, limits)?;
    put_method(&mut elements, profile, covered);
    let uid = |tag| text_of(&elements, tag);
    Ok(Deidentified {
        pseudonym: pseudonyms.patient(&subject),
        study_uid: uid(tags::STUDY_INSTANCE_UID),
        series_uid: uid(tags::SERIES_INSTANCE_UID),
        sop_instance_uid: uid(tags::SOP_INSTANCE_UID),
        bytes: encode::file(&elements, &file.sop_class_uid(), &transfer_syntax)?,
        changes,
        warnings: warnings(&header, covered),
    })
}

fn require_image(file: &DicomFile<'_>) -> Result<(), DeidentifyError> {
    let is_document = [tags::CONTENT_SEQUENCE, tags::ENCAPSULATED_DOCUMENT]
        .iter()
        .any(|tag| file.dataset.find(*tag).is_some());
    if is_document || !file.has_pixels() {
        let uid = file.sop_class_uid();
        return Err(DeidentifyError::NotAnImage {
            what: format!("an object without an image, or with a document in it ({uid})"),
        });
    }
    Ok(())
}

/// The syntax of the copy; pixels written with a length although they are compressed become fragments.
fn transfer_syntax(
    file: &DicomFile<'_>,
    elements: &mut [Element],
    covered: bool,
    limits: &Limits,
) -> Result<String, DeidentifyError> {
    let pixels = elements
        .iter_mut()
        .find(|element| element.tag == tags::PIXEL_DATA);
    let Some(pixels) = pixels else {
        return Ok(uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned());
    };
    let uncovered = file.dataset.bytes(tags::PIXEL_DATA).filter(|_| !covered);
    if let Some(range) = uncovered
        && let Some(fragments) = file.fragments_within(&range, limits)?
    {
        let fragments = fragments.into_iter();
        let bytes = fragments.map(|range| file.slice(range).to_vec());
        pixels.value = Value::Fragments(bytes.collect());
    }
    if let Value::Fragments(fragments) = &mut pixels.value {
        fragments
            .iter_mut()
            .for_each(|fragment| comments::blank(fragment));
        return Ok(file.transfer_syntax_uid().to_owned());
    }
    Ok(uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned())
}

/// Says in the copy how it was made (PS3.15 E.1.1, PS3.3 C.7.1.1 and C.12.1.1.9).
fn put_method(elements: &mut Vec<Element>, profile: &Profile, covered: bool) {
    // CID 7050, De-identification Method.
    let codes = [
        (true, "113100", "Basic Application Confidentiality Profile"),
        (covered, "113101", "Clean Pixel Data Option"),
        (
            profile.clean_descriptors,
            "113105",
            "Clean Descriptors Option",
        ),
        (
            profile.shift_dates,
            "113107",
            "Retain Longitudinal Temporal Information Modified Dates Option",
        ),
        (
            profile.retain_device,
            "113109",
            "Retain Device Identity Option",
        ),
    ];
    let items = codes.iter().filter(|(applies, ..)| *applies);
    let items = items.map(|(_, code, meaning)| {
        vec![
            Element::text(tags::CODE_VALUE, dicom_core::VR::SH, code),
            Element::text(tags::CODING_SCHEME_DESIGNATOR, dicom_core::VR::SH, "DCM"),
            Element::text(tags::CODE_MEANING, dicom_core::VR::LO, meaning),
        ]
    });
    let moved = if profile.shift_dates {
        "MODIFIED"
    } else {
        "REMOVED"
    };
    let method = concat!(
        "Medical Portal ",
        env!("CARGO_PKG_VERSION"),
        ", PS3.15 2026c Annex E"
    );
    let own = [
        Element::text(
            tags::SPECIFIC_CHARACTER_SET,
            dicom_core::VR::CS,
            "ISO_IR 192",
        ),
        Element::text(tags::PATIENT_IDENTITY_REMOVED, dicom_core::VR::CS, "YES"),
        Element::text(tags::DEIDENTIFICATION_METHOD, dicom_core::VR::LO, method),
        Element {
            tag: tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE,
            vr: dicom_core::VR::SQ,
            value: Value::Items(items.collect()),
        },
        Element::text(
            tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
            dicom_core::VR::CS,
            moved,
        ),
    ];
    for element in own {
        encode::put(elements, element);
    }
    if covered {
        let none = Element::text(tags::BURNED_IN_ANNOTATION, dicom_core::VR::CS, "NO");
        encode::put(elements, none);
    }
}

fn text_of(elements: &[Element], tag: dicom_core::Tag) -> String {
    let element = elements.iter().find(|element| element.tag == tag);
    match element.map(|element| &element.value) {
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes)
            .trim_end_matches(['\0', ' '])
            .to_owned(),
        _ => String::new(),
    }
}

fn warnings(header: &DicomHeader, covered: bool) -> Vec<Warning> {
    let often_written_on = ["US", "SC", "OT", "XC", "ES", "RF", "XA", "DOC"];
    let modality = header.modality.as_deref().unwrap_or("OT");
    let says_none = header.burned_in_annotation == Some(false);
    let mut warnings = Vec::new();
    if !covered && !says_none && often_written_on.contains(&modality) {
        warnings.push(Warning::MayBeWrittenOn);
    }
    if matches!(modality, "CT" | "MR" | "PT") {
        warnings.push(Warning::MayShowAFace);
    }
    if header.truncated {
        warnings.push(Warning::CutOff);
    }
    warnings
}

#[cfg(test)]
mod tests;
