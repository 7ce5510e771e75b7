//! What every document says beside its content: whose it is, of which study, and that this program made it. Patient and
//! study are as the films say, so that an archive keeps films and results together; plain pictures say nothing, and the
//! record stands in.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use db::{dicom::values::is_uid, images::Image};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, value::DataSetSequence};
use dicom_dictionary_std::tags;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use domain::patient::Gender;
use imaging::write::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, uid_from_u128};
use serde_json::Value;

use crate::{
    Document, PRODUCT, ResultError, SignedResult, State,
    text::{line, name},
    uids::uid_of,
};

const EXPLICIT: &str = dicom_dictionary_std::uids::EXPLICIT_VR_LITTLE_ENDIAN;

/// A film as DICOM knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Film<'a> {
    pub(crate) image: &'a Image,
    header: &'a Value,
}

impl<'a> Film<'a> {
    /// None for a plain picture, and for a film without the identifiers that a reference needs.
    fn of(image: &'a Image) -> Option<Self> {
        let header = image.dicom_metadata.as_ref()?;
        let film = Self { image, header };
        let needed = [
            tags::SOP_CLASS_UID,
            tags::SOP_INSTANCE_UID,
            tags::SERIES_INSTANCE_UID,
            tags::STUDY_INSTANCE_UID,
        ];
        // A garbled one would be another's.
        needed
            .iter()
            .all(|tag| is_uid(&film.text(*tag)))
            .then_some(film)
    }

    /// The first value of an attribute; empty where there is none.
    pub(crate) fn text(self, tag: Tag) -> String {
        let Tag(group, element) = tag;
        match &self.header[format!("{group:04X}{element:04X}")]["Value"][0] {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Object(groups) => {
                let group = |name: &str| groups.get(name).and_then(Value::as_str).unwrap_or("");
                let all = ["Alphabetic", "Ideographic", "Phonetic"]
                    .map(group)
                    .join("=");
                all.trim_end_matches('=').to_owned()
            }
            _ => String::new(),
        }
    }
}

impl SignedResult {
    /// The films that can be referred to, of the study that the documents are of.
    pub(crate) fn dicom_films(&self) -> Vec<Film<'_>> {
        let study = self.study_uid();
        self.films
            .iter()
            .filter_map(Film::of)
            .filter(|film| film.text(tags::STUDY_INSTANCE_UID) == study)
            .collect()
    }

    /// The study of the films; one of the case's own where they are of none.
    pub(crate) fn study_uid(&self) -> String {
        let said = self.case.report.study_uid.clone();
        let first = || {
            let film = self.films.iter().find_map(Film::of)?;
            Some(film.text(tags::STUDY_INSTANCE_UID))
        };
        said.filter(|uid| is_uid(uid))
            .or_else(first)
            .unwrap_or_else(|| uid_from_u128(self.case.report.report_id.as_u128()))
    }

    /// A number of the patient by the record: the first of the hospital's, or else the portal's own.
    pub(crate) fn number_of_record(&self) -> String {
        self.case.patient.identifiers[0]["identifier"]
            .as_str()
            .map_or_else(|| self.case.patient.id.to_string(), str::to_owned)
    }
}

/// The series of one kind of document of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series {
    /// A word that tells the kinds apart.
    pub(crate) kind: &'static str,
    pub(crate) modality: &'static str,
    pub(crate) number: u32,
    pub(crate) description: &'static str,
}

impl Series {
    pub(crate) fn uid(self, result: &SignedResult) -> String {
        let case = result.case.report.report_id;
        uid_of(&[b"series", self.kind.as_bytes(), case.as_bytes()])
    }
}

/// Attributes of an object, with the kind of value that each has.
pub(crate) trait Put {
    fn text(&mut self, tag: Tag, vr: VR, text: impl Into<String>);
    fn items(&mut self, tag: Tag, items: Vec<InMemDicomObject>);
}

impl Put for InMemDicomObject {
    fn text(&mut self, tag: Tag, vr: VR, text: impl Into<String>) {
        let text: String = text.into();
        let value = if text.is_empty() {
            PrimitiveValue::Empty
        } else {
            PrimitiveValue::from(text)
        };
        self.put(DataElement::new(tag, vr, value));
    }

    fn items(&mut self, tag: Tag, items: Vec<InMemDicomObject>) {
        self.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
    }
}

/// A moment with its offset (DT).
pub(crate) fn moment(at: DateTime<Utc>, offset: FixedOffset) -> String {
    at.with_timezone(&offset)
        .format("%Y%m%d%H%M%S%z")
        .to_string()
}

/// The patient, study, series and equipment of a document, and when its content was made.
pub(crate) fn head(
    result: &SignedResult,
    class: &str,
    series: Series,
    state: State<'_>,
    offset: FixedOffset,
) -> Result<InMemDicomObject, ResultError> {
    let mut object = InMemDicomObject::new_empty();
    object.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
    object.text(tags::SOP_CLASS_UID, VR::UI, class);
    match result.dicom_films().first() {
        Some(film) => as_the_film_says(&mut object, *film),
        None => as_the_record_says(&mut object, result)?,
    }
    // The films', however long they made it.
    let accession = result.case.report.accession_number.as_deref();
    object.text(
        tags::ACCESSION_NUMBER,
        VR::SH,
        line(
            accession.unwrap_or_default(),
            usize::MAX,
            "the accession number",
        )?,
    );
    // A film that says on which clock it is says it for every time of the study.
    let zone = result
        .dicom_films()
        .first()
        .map(|film| film.text(tags::TIMEZONE_OFFSET_FROM_UTC));
    let zone = zone.unwrap_or_default();
    let offset = offset_of(&zone)
        .inspect(|_| {
            object.text(tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, zone.clone());
        })
        .unwrap_or(offset);
    let at = state.at.with_timezone(&offset);
    object.text(tags::CONTENT_DATE, VR::DA, at.format("%Y%m%d").to_string());
    object.text(tags::CONTENT_TIME, VR::TM, at.format("%H%M%S").to_string());
    object.text(tags::STUDY_INSTANCE_UID, VR::UI, result.study_uid());
    object.text(tags::SERIES_INSTANCE_UID, VR::UI, series.uid(result));
    object.text(tags::SERIES_NUMBER, VR::IS, series.number.to_string());
    object.text(tags::SERIES_DESCRIPTION, VR::LO, series.description);
    object.text(tags::INSTANCE_NUMBER, VR::IS, state.number.to_string());
    object.text(tags::MODALITY, VR::CS, series.modality);
    object.text(tags::MANUFACTURER, VR::LO, PRODUCT);
    object.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, PRODUCT);
    Ok(object)
}

/// An offset as DICOM writes it, such as `+0100`.
fn offset_of(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = text.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = digits[..2].parse::<i32>().ok()? * 3_600 + digits[2..].parse::<i32>().ok()? * 60;
    match sign {
        "+" => FixedOffset::east_opt(seconds),
        "-" => FixedOffset::west_opt(seconds),
        _ => None,
    }
}

fn as_the_film_says(object: &mut InMemDicomObject, film: Film<'_>) {
    for (tag, vr) in [
        (tags::STUDY_DATE, VR::DA),
        (tags::STUDY_TIME, VR::TM),
        (tags::STUDY_ID, VR::SH),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
        (tags::PATIENT_NAME, VR::PN),
        (tags::PATIENT_ID, VR::LO),
        (tags::PATIENT_BIRTH_DATE, VR::DA),
        (tags::PATIENT_SEX, VR::CS),
    ] {
        let said = film.text(tag);
        let is_fine = match vr {
            VR::DA => said.len() == 8 && said.bytes().all(|byte| byte.is_ascii_digit()),
            VR::TM => said
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.'),
            VR::CS => matches!(said.as_str(), "F" | "M" | "O"),
            _ => true,
        };
        // What is none is left open, as what is not known.
        object.text(tag, vr, if is_fine { said } else { String::new() });
    }
    for (tag, vr) in [
        (tags::ISSUER_OF_PATIENT_ID, VR::LO),
        (tags::STUDY_DESCRIPTION, VR::LO),
    ] {
        let said = film.text(tag);
        if !said.is_empty() {
            object.text(tag, vr, said);
        }
    }
}

fn as_the_record_says(
    object: &mut InMemDicomObject,
    result: &SignedResult,
) -> Result<(), ResultError> {
    let patient = &result.case.patient;
    let day = |day: Option<NaiveDate>| {
        day.map(|day| day.format("%Y%m%d").to_string())
            .unwrap_or_default()
    };
    for (tag, vr) in [
        (tags::STUDY_TIME, VR::TM),
        (tags::STUDY_ID, VR::SH),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    ] {
        object.text(tag, vr, "");
    }
    object.text(tags::STUDY_DATE, VR::DA, day(result.case.report.at.date));
    object.text(
        tags::PATIENT_NAME,
        VR::PN,
        name(&patient.name, "the patient's name")?,
    );
    object.text(
        tags::PATIENT_ID,
        VR::LO,
        line(&result.number_of_record(), 64, "the patient's number")?,
    );
    if let Some(issuer) = patient.identifiers[0]["issuer"].as_str()
        && !issuer.is_empty()
    {
        let issuer = line(issuer, 64, "the issuer of the patient's number")?;
        object.text(tags::ISSUER_OF_PATIENT_ID, VR::LO, issuer);
    }
    object.text(tags::PATIENT_BIRTH_DATE, VR::DA, day(patient.date_of_birth));
    let sex = match patient.gender {
        Some(Gender::Female) => "F",
        Some(Gender::Male) => "M",
        Some(Gender::Other) => "O",
        None => "",
    };
    object.text(tags::PATIENT_SEX, VR::CS, sex);
    Ok(())
}

/// The UID of a document that says this, of a review.
pub(crate) fn instance_uid(
    series: Series,
    state: State<'_>,
    object: &InMemDicomObject,
    class: &str,
) -> Result<String, ResultError> {
    // Under a UID that is nobody's, so that only what it says counts.
    let said = written(object.clone(), class, "2.25.0")?.bytes;
    let review = state.review.review_id.0;
    Ok(uid_of(&[
        b"instance",
        series.kind.as_bytes(),
        review.as_bytes(),
        &said,
    ]))
}

/// Writes a document that has its UID.
pub(crate) fn written(
    mut object: InMemDicomObject,
    class: &str,
    uid: &str,
) -> Result<Document, ResultError> {
    let unwritable = |error: &dyn std::fmt::Display| ResultError::Unwritable(error.to_string());
    object.text(tags::SOP_INSTANCE_UID, VR::UI, uid);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(EXPLICIT)
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(uid)
        .implementation_class_uid(IMPLEMENTATION_CLASS_UID)
        .implementation_version_name(IMPLEMENTATION_VERSION_NAME);
    let file = object.with_meta(meta).map_err(|error| unwritable(&error))?;
    let mut bytes = Vec::new();
    file.write_all(&mut bytes)
        .map_err(|error| unwritable(&error))?;
    Ok(Document {
        sop_class_uid: class.to_owned(),
        sop_instance_uid: uid.to_owned(),
        bytes,
    })
}

/// What names a film.
pub(crate) fn reference(film: Film<'_>) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    item.text(
        tags::REFERENCED_SOP_CLASS_UID,
        VR::UI,
        film.text(tags::SOP_CLASS_UID),
    );
    item.text(
        tags::REFERENCED_SOP_INSTANCE_UID,
        VR::UI,
        film.text(tags::SOP_INSTANCE_UID),
    );
    item
}
