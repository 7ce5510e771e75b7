//! What a DICOM query asks for.

use chrono::{NaiveDate, NaiveTime};

/// A text of a query with the wildcards of DICOM (PS3.4 C.2.2.2.4), as PostgreSQL's LIKE has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(pub(super) String);

impl Pattern {
    /// `*` stands for any text, `?` for one character; everything else for itself.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut like = String::with_capacity(text.len() + 4);
        for character in text.chars() {
            match character {
                '*' => like.push('%'),
                '?' => like.push('_'),
                '%' | '_' | '\\' => like.extend(['\\', character]),
                other => like.push(other),
            }
        }
        Self(like)
    }

    /// The pattern for LIKE.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From and to, both included; open where none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between<T> {
    /// The first.
    pub from: Option<T>,
    /// The last.
    pub to: Option<T>,
}

impl<T> Default for Between<T> {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
        }
    }
}

/// What is asked for. Keys of every level in one: a query for instances may name the patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Study Instance UID, one of these.
    pub study_uids: Option<Vec<String>>,
    /// Study Date.
    pub study_date: Between<NaiveDate>,
    /// Study Time.
    pub study_time: Between<NaiveTime>,
    /// Accession Number.
    pub accession_number: Option<Pattern>,
    /// Patient ID.
    pub patient_number: Option<Pattern>,
    /// Issuer of Patient ID.
    pub issuer: Option<Pattern>,
    /// Patient's Name, in any of its groups; capitals do not matter.
    pub patient_name: Option<Pattern>,
    /// Referring Physician's Name, alike.
    pub referring_physician: Option<Pattern>,
    /// Study ID.
    pub study_id: Option<Pattern>,
    /// Study Description.
    pub study_description: Option<Pattern>,
    /// Patient's Birth Date.
    pub birth_date: Between<NaiveDate>,
    /// Patient's Sex.
    pub patient_sex: Option<Pattern>,
    /// Modalities in Study, one of these.
    pub modalities_in_study: Option<Vec<Pattern>>,
    /// Series Instance UID, one of these.
    pub series_uids: Option<Vec<String>>,
    /// Modality, one of these.
    pub modality: Option<Vec<Pattern>>,
    /// Series Number.
    pub series_number: Option<i32>,
    /// Series Description.
    pub series_description: Option<Pattern>,
    /// Body Part Examined.
    pub body_part: Option<Pattern>,
    /// Performed Procedure Step Start Date.
    pub performed_date: Between<NaiveDate>,
    /// Performed Procedure Step Start Time.
    pub performed_time: Between<NaiveTime>,
    /// Scheduled Procedure Step ID.
    pub scheduled_step_id: Option<Pattern>,
    /// Requested Procedure ID.
    pub requested_procedure_id: Option<Pattern>,
    /// SOP Instance UID, one of these.
    pub instance_uids: Option<Vec<String>>,
    /// SOP Class UID, one of these.
    pub sop_class_uids: Option<Vec<String>>,
    /// Instance Number.
    pub instance_number: Option<i32>,
}

/// Which part of what was found is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// At most so many.
    pub limit: i64,
    /// Without the first so many.
    pub offset: i64,
    /// With the stored header of the first instance, for attributes that are not in the index.
    pub header: bool,
}

/// The texts of a query by name: as it is, with further groups behind it, and within a later group.
pub(super) struct NamePatterns {
    pub(super) first: Option<String>,
    pub(super) first_of_groups: Option<String>,
    pub(super) later: Option<String>,
}

impl NamePatterns {
    pub(super) fn of(pattern: Option<&Pattern>) -> Self {
        let text = pattern.map(|pattern| pattern.0.trim_end_matches('^').to_lowercase());
        // A name of several groups may be in any of them; Latin letters stand in the first.
        let is_latin = text.as_deref().is_some_and(str::is_ascii);
        Self {
            first_of_groups: text.as_ref().map(|text| format!("{text}=%")),
            later: text
                .as_ref()
                .filter(|_| !is_latin)
                .map(|text| format!("%={text}")),
            first: text,
        }
    }
}

pub(super) fn texts(patterns: Option<&Vec<Pattern>>) -> Option<Vec<String>> {
    patterns.map(|patterns| patterns.iter().map(|pattern| pattern.0.clone()).collect())
}
