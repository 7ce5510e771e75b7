//! The names and numbers of an original, to be found again where they were written a second time.

use std::collections::HashSet;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use crate::dicom::part10::DicomFile;
use crate::dicom::reader::{Dataset, Value};
use crate::dicom::text::Charset;

/// Numbers that name a person, a stay, an order or a study.
const NUMBERS: &[Tag] = &[
    tags::PATIENT_ID,
    tags::ACCESSION_NUMBER,
    tags::ADMISSION_ID,
    tags::STUDY_ID,
    // Other Patient IDs and Medical Record Locator, retired and still written.
    Tag(0x0010, 0x1000),
    Tag(0x0010, 0x1090),
    tags::PATIENT_TELEPHONE_NUMBERS,
    tags::REQUESTED_PROCEDURE_ID,
    tags::FILLER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
    tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
    tags::INSTITUTION_NAME,
    tags::PATIENT_ADDRESS,
];

/// A name or number with fewer characters says too little to be searched for.
const SHORTEST: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Identifiers {
    words: HashSet<String>,
}

impl Identifiers {
    /// All names of persons, wherever they stand, and the numbers of [`NUMBERS`].
    pub(super) fn of(file: &DicomFile<'_>) -> Self {
        let mut found = Self::default();
        found.collect(file, &file.dataset, &file.charset);
        found
    }

    fn collect(&mut self, file: &DicomFile<'_>, dataset: &Dataset, charset: &Charset) {
        for element in &dataset.elements {
            match &element.value {
                Value::Items(items) => {
                    for item in items {
                        self.collect(file, item, charset);
                    }
                }
                Value::Bytes(range) if element.vr == VR::PN || NUMBERS.contains(&element.tag) => {
                    let text = file.decoded(charset, element.vr, range.clone());
                    self.words.extend(words(&text));
                }
                Value::Bytes(_) | Value::Fragments(_) => {}
            }
        }
    }

    /// Whether a word is one of a name or number.
    pub(super) fn is_named(&self, word: &str) -> bool {
        self.words.contains(&word.to_lowercase())
    }

    /// Whether a text repeats a name or number.
    pub(super) fn are_repeated_in(&self, text: &str) -> bool {
        !self.words.is_empty() && words(text).any(|word| self.words.contains(&word))
    }
}

/// The words of a text in small letters that are long enough to be searched for. Three digits or fewer are no
/// identifier by themselves.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|character: char| !character.is_alphanumeric());
    parts
        .filter(|word| word.chars().count() >= SHORTEST)
        .filter(|word| word.len() > SHORTEST || !word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_lowercase)
}

/// The patient as the file names them: Patient ID and its issuer, or name and birth date, or the study.
pub(super) fn subject_of(file: &DicomFile<'_>) -> String {
    let text = |tag| file.text(tag).unwrap_or_default();
    let (id, issuer) = (text(tags::PATIENT_ID), text(tags::ISSUER_OF_PATIENT_ID));
    if !id.is_empty() {
        return format!("id\0{id}\0{issuer}");
    }
    let (name, birth) = (text(tags::PATIENT_NAME), text(tags::PATIENT_BIRTH_DATE));
    if !name.is_empty() && !birth.is_empty() {
        return format!("name\0{name}\0{birth}");
    }
    format!("study\0{}", text(tags::STUDY_INSTANCE_UID))
}
