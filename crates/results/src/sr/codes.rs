//! The codes of structured reports: of DICOM (DCM), SNOMED CT (SCT), LOINC (LN), UMLS and UCUM where there is one, else the
//! portal's own, which are those of its HL7 v2 messages.

use std::borrow::Cow;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use domain::{RiskCategory, review::UrgencyLevel};

use crate::{head::Put as _, text::meaning};

/// The scheme of the portal's own codes.
pub(super) const LOCAL: &str = "99PORTAL";

/// A code with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    value: Cow<'static, str>,
    scheme: Cow<'static, str>,
    meaning: Cow<'static, str>,
}

impl Code {
    const fn fixed(value: &'static str, scheme: &'static str, meaning: &'static str) -> Self {
        Self {
            value: Cow::Borrowed(value),
            scheme: Cow::Borrowed(scheme),
            meaning: Cow::Borrowed(meaning),
        }
    }

    const fn dcm(value: &'static str, meaning: &'static str) -> Self {
        Self::fixed(value, "DCM", meaning)
    }

    const fn own(value: &'static str, meaning: &'static str) -> Self {
        Self::fixed(value, LOCAL, meaning)
    }

    /// A code of somebody else's.
    pub(super) fn of(value: &str, scheme: &str, meaning: &str) -> Self {
        Self {
            value: Cow::Owned(value.to_owned()),
            scheme: Cow::Owned(scheme.to_owned()),
            meaning: Cow::Owned(meaning.to_owned()),
        }
    }

    /// A word of the portal's own.
    pub(super) fn word(value: &str, meaning: &str) -> Self {
        Self::of(value, LOCAL, meaning)
    }

    /// The item of a code sequence (PS3.3 section 8.8).
    pub(super) fn item(&self) -> InMemDicomObject {
        let mut item = InMemDicomObject::new_empty();
        let value = self.value.replace('\\', "\u{2216}");
        // A Code Value has 16 characters at most.
        if value.chars().count() <= 16 {
            item.text(tags::CODE_VALUE, VR::SH, value);
        } else {
            item.text(tags::LONG_CODE_VALUE, VR::UC, value);
        }
        item.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, self.scheme.clone());
        item.text(tags::CODE_MEANING, VR::LO, meaning(&self.meaning));
        item
    }
}

pub(super) const REPORT: Code = Code::dcm("126000", "Imaging Measurement Report");
pub(super) const LANGUAGE: Code = Code::dcm("121049", "Language of Content Item and Descendants");
pub(super) const ENGLISH: Code = Code::fixed("en", "RFC5646", "English");
pub(super) const UNDETERMINED: Code = Code::fixed("und", "RFC5646", "Undetermined");

pub(super) const OBSERVER_TYPE: Code = Code::dcm("121005", "Observer Type");
pub(super) const PERSON: Code = Code::dcm("121006", "Person");
pub(super) const PERSON_NAME: Code = Code::dcm("121008", "Person Observer Name");
pub(super) const DEVICE: Code = Code::dcm("121007", "Device");
pub(super) const DEVICE_UID: Code = Code::dcm("121012", "Device Observer UID");
pub(super) const DEVICE_NAME: Code = Code::dcm("121013", "Device Observer Name");
pub(super) const DEVICE_MANUFACTURER: Code = Code::dcm("121014", "Device Observer Manufacturer");
pub(super) const DEVICE_MODEL: Code = Code::dcm("121015", "Device Observer Model Name");
pub(super) const SUBJECT_CLASS: Code = Code::dcm("121024", "Subject Class");
pub(super) const PATIENT: Code = Code::dcm("121025", "Patient");
pub(super) const SUBJECT_NAME: Code = Code::dcm("121029", "Subject Name");
pub(super) const SUBJECT_ID: Code = Code::dcm("121030", "Subject ID");

pub(super) const PROCEDURE_REPORTED: Code = Code::dcm("121058", "Procedure reported");
pub(super) const CHEST_FILM: Code = Code::fixed("399208008", "SCT", "Plain X-ray of chest");
pub(super) const IMAGING: Code = Code::fixed("363679005", "SCT", "Imaging procedure");

pub(super) const LIBRARY: Code = Code::dcm("111028", "Image Library");
pub(super) const LIBRARY_GROUP: Code = Code::dcm("126200", "Image Library Group");
pub(super) const MODALITY: Code = Code::dcm("121139", "Modality");
pub(super) const STUDY_DATE: Code = Code::dcm("111060", "Study Date");
pub(super) const VIEW_POSITION: Code = Code::own("view-position", "View Position");
pub(super) const ROWS: Code = Code::dcm("110910", "Pixel Data Rows");
pub(super) const COLUMNS: Code = Code::dcm("110911", "Pixel Data Columns");
pub(super) const PIXELS: Code = Code::fixed("{pixels}", "UCUM", "Pixels");

pub(super) const MEASUREMENTS: Code = Code::dcm("126010", "Imaging Measurements");
pub(super) const GROUP: Code = Code::dcm("125007", "Measurement Group");
pub(super) const TRACKING: Code = Code::dcm("112039", "Tracking Identifier");
pub(super) const TRACKING_UID: Code = Code::dcm("112040", "Tracking Unique Identifier");
pub(super) const FINDING: Code = Code::dcm("121071", "Finding");
pub(super) const ALGORITHM_NAME: Code = Code::dcm("111001", "Algorithm Name");
pub(super) const ALGORITHM_VERSION: Code = Code::dcm("111003", "Algorithm Version");
pub(super) const ALGORITHM_PARAMETERS: Code = Code::dcm("111002", "Algorithm Parameters");
pub(super) const ALGORITHM_FAMILY: Code = Code::dcm("111000", "Algorithm Family");
pub(super) const ARTIFICIAL_INTELLIGENCE: Code = Code::dcm("123110", "Artificial Intelligence");
/// What a film is to an image library, or a region.
pub(super) const SOURCE_IMAGE: Code = Code::fixed("260753009", "SCT", "Source");
pub(super) const SOURCE: Code = Code::dcm("121112", "Source of Measurement");
pub(super) const REGION: Code = Code::dcm("111030", "Image Region");
pub(super) const NO_UNITS: Code = Code::fixed("1", "UCUM", "no units");

pub(super) const PROBABILITY: Code = Code::own("risk-probability", "Probability of the finding");
pub(super) const LOW: Code = Code::own("low-probability", "Share of low risk");
pub(super) const MEDIUM: Code = Code::own("medium-probability", "Share of medium risk");
pub(super) const HIGH: Code = Code::own("high-probability", "Share of high risk");
pub(super) const THRESHOLD: Code =
    Code::own("flag-threshold", "Probability from which a film is flagged");
pub(super) const AI_RISK: Code = Code::own("ai-risk", "Risk as assessed by AI");
pub(super) const FINDING_RISK: Code =
    Code::own("finding-risk", "Risk that this finding alone gives");

pub(super) const EVALUATIONS: Code = Code::fixed("C0034375", "UMLS", "Qualitative Evaluations");
pub(super) const NOT_ASSESSED: Code = Code::own("ai-not-assessed", "Why the AI gave no risk");
pub(super) const NO_AI: Code = Code::own("no-ai-result", "There was no result of an AI");
pub(super) const READER_RISK: Code = Code::own("reader-risk", "Risk as signed by the doctor");
pub(super) const AGREEMENT: Code =
    Code::own("ai-agreement", "What the doctor made of the AI's result");
pub(super) const URGENCY: Code = Code::own("urgency", "How soon somebody must act");
pub(super) const FOLLOW_UP: Code = Code::own("follow-up-date", "When to look again");
pub(super) const DISCLAIMER: Code = Code::own("ai-disclaimer", "What the AI is for");
pub(super) const FINDINGS: Code = Code::fixed("18782-3", "LN", "Radiology Study observation");
pub(super) const RECOMMENDATION: Code =
    Code::fixed("18783-1", "LN", "Radiology Study recommendation");
pub(super) const ADDENDUM: Code = Code::fixed("55107-7", "LN", "Addendum Document");

/// The portal's own codes of a structured report that whoever connects a system has to know.
pub const OWN: [&str; 15] = [
    "risk-probability",
    "low-probability",
    "medium-probability",
    "high-probability",
    "flag-threshold",
    "ai-risk",
    "finding-risk",
    "ai-not-assessed",
    "no-ai-result",
    "reader-risk",
    "ai-agreement",
    "urgency",
    "follow-up-date",
    "ai-disclaimer",
    "view-position",
];

pub(super) fn risk(category: RiskCategory) -> Code {
    let meaning = match category {
        RiskCategory::Low => "Low risk",
        RiskCategory::Medium => "Medium risk",
        RiskCategory::High => "High risk",
    };
    Code::word(category.as_str(), meaning)
}

pub(super) fn urgency(urgency: UrgencyLevel) -> Code {
    let meaning = match urgency {
        UrgencyLevel::Routine => "Nothing out of the ordinary",
        UrgencyLevel::FollowUp => "Look again on a date",
        UrgencyLevel::Urgent => "Act today",
        UrgencyLevel::Critical => "Act now",
    };
    Code::word(urgency.as_str(), meaning)
}

/// What the doctor made of the AI's result.
pub(super) fn agreement(is_confirmed: bool) -> Code {
    if is_confirmed {
        Code::own("confirmed", "The doctor agreed with the AI")
    } else {
        Code::own("corrected", "The doctor corrected the AI")
    }
}

/// What a modality is called (CID 29).
pub(super) fn modality(short: &str) -> Code {
    let meaning = match short {
        "CR" => "Computed Radiography",
        "DX" => "Digital Radiography",
        "RG" => "Radiographic imaging",
        "CT" => "Computed Tomography",
        "MR" => "Magnetic Resonance",
        "OT" => "Other Modality",
        other => other,
    };
    Code::of(short, "DCM", meaning)
}
