//! What a DICOM query asks for.

use chrono::{NaiveDate, NaiveTime};

use super::values::{dates, integer, list, times, uids};

/// On which level is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Studies.
    Study,
    /// Series.
    Series,
    /// Instances.
    Instance,
}

/// The keys that can be searched by: tag, and from which level on.
pub const KEYS: &[(&str, &str, Level)] = &[
    ("00080020", "StudyDate", Level::Study),
    ("00080030", "StudyTime", Level::Study),
    ("00080050", "AccessionNumber", Level::Study),
    ("00080061", "ModalitiesInStudy", Level::Study),
    ("00080090", "ReferringPhysicianName", Level::Study),
    ("00081030", "StudyDescription", Level::Study),
    ("00100010", "PatientName", Level::Study),
    ("00100020", "PatientID", Level::Study),
    ("00100021", "IssuerOfPatientID", Level::Study),
    ("00100030", "PatientBirthDate", Level::Study),
    ("00100040", "PatientSex", Level::Study),
    ("0020000D", "StudyInstanceUID", Level::Study),
    ("00200010", "StudyID", Level::Study),
    ("00080060", "Modality", Level::Series),
    ("0008103E", "SeriesDescription", Level::Series),
    ("00180015", "BodyPartExamined", Level::Series),
    ("0020000E", "SeriesInstanceUID", Level::Series),
    ("00200011", "SeriesNumber", Level::Series),
    ("00400244", "PerformedProcedureStepStartDate", Level::Series),
    ("00400245", "PerformedProcedureStepStartTime", Level::Series),
    (
        "00400275.00400009",
        "RequestAttributesSequence.ScheduledProcedureStepID",
        Level::Series,
    ),
    (
        "00400275.00401001",
        "RequestAttributesSequence.RequestedProcedureID",
        Level::Series,
    ),
    ("00080016", "SOPClassUID", Level::Instance),
    ("00080018", "SOPInstanceUID", Level::Instance),
    ("00200013", "InstanceNumber", Level::Instance),
];

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

    /// What it stands for, if that is one text.
    fn text(&self) -> Option<String> {
        let mut text = String::with_capacity(self.0.len());
        let mut like = self.0.chars();
        while let Some(character) = like.next() {
            text.push(match character {
                '%' | '_' => return None,
                '\\' => like.next()?,
                other => other,
            });
        }
        Some(text)
    }

    /// Whether a text is as the pattern says, where capitals do not matter. For what is not in a column.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let mut wanted = Vec::new();
        let lower = self.0.to_lowercase();
        let mut like = lower.chars();
        while let Some(character) = like.next() {
            wanted.push(match character {
                '%' => Wanted::Any,
                '_' => Wanted::One,
                '\\' => Wanted::This(like.next().unwrap_or('\\')),
                other => Wanted::This(other),
            });
        }
        // Where the last `*` stands, and how much of the text it stands for.
        let (mut at, mut of, mut star) = (0, 0, None);
        while of < text.len() {
            match wanted.get(at) {
                Some(Wanted::Any) => {
                    star = Some((at, of));
                    at += 1;
                }
                Some(Wanted::One) => (at, of) = (at + 1, of + 1),
                Some(Wanted::This(character)) if *character == text[of] => {
                    (at, of) = (at + 1, of + 1);
                }
                _ => {
                    let Some((of_star, stands_for)) = star else {
                        return false;
                    };
                    star = Some((of_star, stands_for + 1));
                    (at, of) = (of_star + 1, stands_for + 1);
                }
            }
        }
        wanted[at..].iter().all(|one| *one == Wanted::Any)
    }
}

/// A character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    One,
    This(char),
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

/// The one key of a search that has no other, and one value of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Only {
    /// Study Instance UID.
    Study(String),
    /// Accession Number.
    Accession(String),
    /// Patient ID.
    Patient(String),
}

impl Keys {
    /// The only key, if it is one that an index of studies leads with, and without wildcards.
    pub(super) fn only(&self) -> Option<Only> {
        let others = Self {
            study_uids: None,
            accession_number: None,
            patient_number: None,
            ..self.clone()
        };
        if others != Self::default() {
            return None;
        }
        match (
            self.study_uids.as_deref(),
            &self.accession_number,
            &self.patient_number,
        ) {
            (Some([uid]), None, None) => Some(Only::Study(uid.clone())),
            (None, Some(number), None) => number.text().map(Only::Accession),
            (None, None, Some(number)) => number.text().map(Only::Patient),
            _ => None,
        }
    }

    /// Sets a key of [`KEYS`] as DICOM writes it. A text of nothing but `*` is met by whatever there is, and by nothing.
    ///
    /// # Errors
    /// What is wrong, and what is wanted. The text repeats no value, since values are patients' data.
    pub fn set(&mut self, tag: &str, value: &str) -> Result<(), String> {
        let keys = self;
        if !value.is_empty() && value.bytes().all(|byte| byte == b'*') {
            return Ok(());
        }
        let pattern = || Some(Pattern::of(value));
        match tag {
            "00080020" => keys.study_date = dates(value)?,
            "00080030" => keys.study_time = times(value)?,
            "00080050" => keys.accession_number = pattern(),
            "00080061" => keys.modalities_in_study = Some(list(value).map(Pattern::of).collect()),
            "00080090" => keys.referring_physician = pattern(),
            "00081030" => keys.study_description = pattern(),
            "00100010" => keys.patient_name = pattern(),
            "00100020" => keys.patient_number = pattern(),
            "00100021" => keys.issuer = pattern(),
            "00100030" => keys.birth_date = dates(value)?,
            "00100040" => keys.patient_sex = pattern(),
            "0020000D" => keys.study_uids = Some(uids(value)?),
            "00200010" => keys.study_id = pattern(),
            "00080060" => keys.modality = Some(list(value).map(Pattern::of).collect()),
            "0008103E" => keys.series_description = pattern(),
            "00180015" => keys.body_part = pattern(),
            "0020000E" => keys.series_uids = Some(uids(value)?),
            "00200011" => keys.series_number = Some(integer(value)?),
            "00400244" => keys.performed_date = dates(value)?,
            "00400245" => keys.performed_time = times(value)?,
            "00400275.00400009" => keys.scheduled_step_id = pattern(),
            "00400275.00401001" => keys.requested_procedure_id = pattern(),
            "00080016" => keys.sop_class_uids = Some(uids(value)?),
            "00080018" => keys.instance_uids = Some(uids(value)?),
            "00200013" => keys.instance_number = Some(integer(value)?),
            _ => return Err(format!("{tag} is no key of this search")),
        }
        Ok(())
    }
}

/// What is to be sent or looked after, by its unique keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Patient ID.
    pub patient_number: Option<String>,
    /// Study Instance UID, one of these.
    pub studies: Option<Vec<String>>,
    /// Series Instance UID, one of these.
    pub series: Option<Vec<String>>,
    /// SOP Instance UID, one of these.
    pub instances: Option<Vec<String>>,
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
