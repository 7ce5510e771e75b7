//! What the header of a DICOM object says, in the words of the portal.

use chrono::{NaiveDate, NaiveDateTime};
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use domain::patient::Gender;
use serde::{Deserialize, Serialize};

use super::part10::{DicomFile, uid_text};
use super::text::human_name;
use super::values::{age_in_years, date, date_time, time};
use crate::voi::{Window, WindowFunction};

/// A window that the film brings along (PS3.3 C.11.2.1.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowPreset {
    /// The window.
    #[serde(flatten)]
    pub window: Window,
    /// What it is for, such as "LUNG".
    pub explanation: Option<String>,
}

/// The header of a DICOM image. Texts are UTF-8, trimmed, `None` when absent or empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DicomHeader {
    /// Study Instance UID (0020,000D): digits and dots, at most 64; empty when absent.
    pub study_uid: String,
    /// Series Instance UID (0020,000E), like the study's.
    pub series_uid: String,
    /// SOP Instance UID (0008,0018), or that of the file head.
    pub sop_instance_uid: String,
    /// SOP Class UID (0008,0016), or that of the file head.
    pub sop_class_uid: String,
    /// Transfer syntax of the file head, or the one the bytes speak for.
    pub transfer_syntax_uid: String,
    /// The file named no transfer syntax, or a wrong one.
    pub transfer_syntax_guessed: bool,
    /// The file ends before a declared length.
    pub truncated: bool,
    /// Modality (0008,0060), such as "DX".
    pub modality: Option<String>,
    /// Body Part Examined (0018,0015), such as "CHEST".
    pub body_part: Option<String>,
    /// View Position (0018,5101), such as "PA".
    pub view_position: Option<String>,
    /// Laterality (0020,0060), or Image Laterality (0020,0062): R, L, U, B.
    pub laterality: Option<String>,
    /// Patient Orientation (0020,0020), such as `L\F`.
    pub patient_orientation: Option<String>,
    /// Patient ID (0010,0020).
    pub patient_id: Option<String>,
    /// Issuer of Patient ID (0010,0021).
    pub issuer_of_patient_id: Option<String>,
    /// Patient's Name for people: "Given Family".
    pub patient_name: Option<String>,
    /// Patient's Name (0010,0010) as it stands, components and groups kept: `Family^Given=…`.
    pub patient_name_dicom: Option<String>,
    /// Patient's Birth Date (0010,0030).
    pub patient_birth_date: Option<NaiveDate>,
    /// Patient's Sex (0010,0040).
    pub patient_gender: Option<Gender>,
    /// Years at the time of the study, from Patient's Age (0010,1010) or else from the dates.
    pub patient_age_years: Option<f64>,
    /// Accession Number (0008,0050).
    pub accession_number: Option<String>,
    /// Study date and time as the site's clock showed them, midnight when only the date is given;
    /// the series', acquisition's or content's when the study has none.
    pub study_date_time: Option<NaiveDateTime>,
    /// Timezone Offset From UTC (0008,0201), such as "+0100".
    pub timezone_offset: Option<String>,
    /// Study ID (0020,0010).
    pub study_id: Option<String>,
    /// Study Description (0008,1030).
    pub study_description: Option<String>,
    /// Series Description (0008,103E).
    pub series_description: Option<String>,
    /// Referring Physician's Name (0008,0090), for people.
    pub referring_physician: Option<String>,
    /// Series Number (0020,0011).
    pub series_number: Option<i64>,
    /// Instance Number (0020,0013).
    pub instance_number: Option<i64>,
    /// Pixel Spacing (0028,0030), row and column in millimetres; `None` unless both are above 0.
    pub pixel_spacing: Option<[f64; 2]>,
    /// Imager Pixel Spacing (0018,1164), at the detector and so not a length in the patient.
    pub imager_pixel_spacing: Option<[f64; 2]>,
    /// Photometric Interpretation (0028,0004).
    pub photometric: Option<String>,
    /// Manufacturer (0008,0070).
    pub manufacturer: Option<String>,
    /// Manufacturer's Model Name (0008,1090).
    pub manufacturer_model: Option<String>,
    /// Station Name (0008,1010).
    pub station_name: Option<String>,
    /// Institution Name (0008,0080).
    pub institution: Option<String>,
    /// Windows of the film, in its order.
    pub windows: Vec<WindowPreset>,
    /// Number of Frames (0028,0008), at least 1.
    pub number_of_frames: u32,
    /// Burned In Annotation (0028,0301): `Some(true)` for YES.
    pub burned_in_annotation: Option<bool>,
    /// Lossy Image Compression (0028,2110): `Some(true)` for 01.
    pub lossy_compression: Option<bool>,
    /// Values of Image Type (0008,0008), such as DERIVED, PRIMARY.
    pub image_type: Vec<String>,
    /// Values of Specific Character Set (0008,0005).
    pub character_sets: Vec<String>,
}

impl DicomFile<'_> {
    /// Reads the header.
    #[must_use]
    pub fn header(&self) -> DicomHeader {
        let main = &self.dataset;
        let text = |tag| self.text(tag);
        let first = |tag| self.first_text(main, tag);
        let name = first(tags::PATIENT_NAME);
        let birth_date = first(tags::PATIENT_BIRTH_DATE).and_then(|text| date(&text));
        let study_date_time = self.study_date_time();
        DicomHeader {
            study_uid: self.uid_of(tags::STUDY_INSTANCE_UID),
            series_uid: self.uid_of(tags::SERIES_INSTANCE_UID),
            sop_instance_uid: self.sop_instance_uid(),
            sop_class_uid: self.sop_class_uid(),
            transfer_syntax_uid: self.transfer_syntax_uid().to_owned(),
            transfer_syntax_guessed: self.is_transfer_syntax_guessed(),
            truncated: self.is_truncated(),
            modality: first(tags::MODALITY),
            body_part: first(tags::BODY_PART_EXAMINED),
            view_position: first(tags::VIEW_POSITION),
            laterality: first(tags::IMAGE_LATERALITY).or_else(|| first(tags::LATERALITY)),
            patient_orientation: text(tags::PATIENT_ORIENTATION),
            patient_id: first(tags::PATIENT_ID),
            issuer_of_patient_id: first(tags::ISSUER_OF_PATIENT_ID),
            patient_name: name
                .as_deref()
                .map(human_name)
                .filter(|name| !name.is_empty()),
            patient_name_dicom: name,
            patient_birth_date: birth_date,
            patient_gender: first(tags::PATIENT_SEX).and_then(|sex| Gender::of_dicom(&sex)),
            patient_age_years: first(tags::PATIENT_AGE)
                .and_then(|age| age_in_years(&age))
                .or_else(|| years_between(birth_date?, study_date_time?.date())),
            accession_number: first(tags::ACCESSION_NUMBER),
            study_date_time,
            timezone_offset: first(tags::TIMEZONE_OFFSET_FROM_UTC),
            study_id: first(tags::STUDY_ID),
            study_description: text(tags::STUDY_DESCRIPTION),
            series_description: text(tags::SERIES_DESCRIPTION),
            referring_physician: first(tags::REFERRING_PHYSICIAN_NAME)
                .map(|name| human_name(&name))
                .filter(|name| !name.is_empty()),
            series_number: self.integer(tags::SERIES_NUMBER),
            instance_number: self.integer(tags::INSTANCE_NUMBER),
            pixel_spacing: self.spacing(tags::PIXEL_SPACING),
            imager_pixel_spacing: self.spacing(tags::IMAGER_PIXEL_SPACING),
            photometric: first(tags::PHOTOMETRIC_INTERPRETATION),
            manufacturer: text(tags::MANUFACTURER),
            manufacturer_model: text(tags::MANUFACTURER_MODEL_NAME),
            station_name: text(tags::STATION_NAME),
            institution: text(tags::INSTITUTION_NAME),
            windows: self.windows(0),
            number_of_frames: self.number_of_frames(),
            burned_in_annotation: yes_or_no(first(tags::BURNED_IN_ANNOTATION), "YES", "NO"),
            lossy_compression: yes_or_no(first(tags::LOSSY_IMAGE_COMPRESSION), "01", "00"),
            image_type: self.list(tags::IMAGE_TYPE),
            character_sets: self.list(tags::SPECIFIC_CHARACTER_SET),
        }
    }

    /// Number of Frames (0028,0008); 1 when absent or unusable.
    pub(crate) fn number_of_frames(&self) -> u32 {
        self.integer(tags::NUMBER_OF_FRAMES)
            .and_then(|frames| u32::try_from(frames).ok())
            .unwrap_or(1)
            .max(1)
    }

    /// The windows that apply to a frame, unusable ones left out.
    pub(crate) fn windows(&self, frame: u32) -> Vec<WindowPreset> {
        let group = self.functional_group(tags::FRAME_VOILUT_SEQUENCE, frame);
        let dataset = group.unwrap_or(&self.dataset);
        let centers = self.numbers(dataset, tags::WINDOW_CENTER);
        let widths = self.numbers(dataset, tags::WINDOW_WIDTH);
        let explanations = self
            .text_of(dataset, tags::WINDOW_CENTER_WIDTH_EXPLANATION)
            .unwrap_or_default();
        let function = match self.first_text(dataset, tags::VOILUT_FUNCTION).as_deref() {
            Some("SIGMOID") => WindowFunction::Sigmoid,
            Some("LINEAR_EXACT") => WindowFunction::LinearExact,
            _ => WindowFunction::Linear,
        };
        let mut names = explanations
            .split('\\')
            .map(|name| Some(name.trim().to_owned()).filter(|name| !name.is_empty()));
        centers
            .into_iter()
            .zip(widths)
            .map(|(center, width)| WindowPreset {
                window: Window {
                    center,
                    width,
                    function,
                },
                explanation: names.next().flatten(),
            })
            .filter(|preset| preset.window.is_usable())
            .collect()
    }

    fn uid_of(&self, tag: Tag) -> String {
        self.dataset
            .bytes(tag)
            .map(|range| uid_text(self.slice(range)))
            .unwrap_or_default()
    }

    fn list(&self, tag: Tag) -> Vec<String> {
        let text = self.text(tag).unwrap_or_default();
        if text.is_empty() {
            return Vec::new();
        }
        text.split('\\')
            .map(|value| value.trim().to_owned())
            .collect()
    }

    fn spacing(&self, tag: Tag) -> Option<[f64; 2]> {
        let values = match self.functional_group(tags::PIXEL_MEASURES_SEQUENCE, 0) {
            Some(group) if tag == tags::PIXEL_SPACING => self.numbers(group, tag),
            _ => self.numbers(&self.dataset, tag),
        };
        match values[..] {
            [row, column, ..] if row > 0.0 && column > 0.0 => Some([row, column]),
            _ => None,
        }
    }

    fn study_date_time(&self) -> Option<NaiveDateTime> {
        let first = |tag| self.first_text(&self.dataset, tag);
        let at = |day: Tag, clock: Tag| {
            let day = date(&first(day)?)?;
            Some(
                day.and_time(
                    first(clock)
                        .and_then(|text| time(&text))
                        .unwrap_or_default(),
                ),
            )
        };
        at(tags::STUDY_DATE, tags::STUDY_TIME)
            .or_else(|| at(tags::SERIES_DATE, tags::SERIES_TIME))
            .or_else(|| at(tags::ACQUISITION_DATE, tags::ACQUISITION_TIME))
            .or_else(|| first(tags::ACQUISITION_DATE_TIME).and_then(|text| date_time(&text)))
            .or_else(|| at(tags::CONTENT_DATE, tags::CONTENT_TIME))
    }
}

fn yes_or_no(value: Option<String>, yes: &str, no: &str) -> Option<bool> {
    match value?.as_str() {
        value if value == yes => Some(true),
        value if value == no => Some(false),
        _ => None,
    }
}

fn years_between(birth: NaiveDate, study: NaiveDate) -> Option<f64> {
    let days = study.signed_duration_since(birth).num_days();
    let years = days as f64 / 365.2425;
    (0.0..=150.0).contains(&years).then_some(years)
}
