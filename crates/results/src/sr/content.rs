//! What a report holds, part by part: whose observations they are, the films, and what was examined.

use chrono::FixedOffset;
use db::{analyses::Analysis, orders::Order};
use dicom_dictionary_std::tags;

use super::{
    codes::{self, Code},
    item::{As, Item},
    measured::measured,
    signed::evaluated,
    signer,
};
use crate::{PRODUCT, ResultError, SignedResult, State, head::Film, text::name};

/// What was ordered, where it is coded.
pub(super) fn ordered(order: &Order) -> Option<Code> {
    let content = &order.content;
    let scheme = match content.procedure_system.as_str() {
        "http://loinc.org" => "LN",
        "http://snomed.info/sct" => "SCT",
        "http://dicom.nema.org/resources/ontology/DCM" => "DCM",
        "http://radlex.org" | "http://www.radlex.org" => "RADLEX",
        "http://www.ama-assn.org/go/cpt" => "C4",
        own if !own.is_empty() && own.chars().count() <= 16 && !own.contains([':', '\\']) => own,
        // A scheme of the site's own (PS3.16 section 8).
        _ => "99LOCAL",
    };
    let text = &content.procedure_text;
    let meaning = if text.trim().is_empty() {
        &content.procedure_code
    } else {
        text
    };
    (!content.procedure_code.trim().is_empty())
        .then(|| Code::of(content.procedure_code.trim(), scheme, meaning))
}

pub(super) fn content(
    result: &SignedResult,
    state: State<'_>,
    offset: FixedOffset,
) -> Result<Vec<Item>, ResultError> {
    let mut content = vec![Item::code(As::Modifier, &codes::LANGUAGE, &codes::ENGLISH)];
    content.extend(person(&signer(state.review)?));
    if let Some(analysis) = &result.analysis {
        content.extend(device(result, analysis));
    }
    content.extend(subject(result)?);
    let chest = result.case.report.study_type.to_lowercase();
    let procedure = result.case.order.as_ref().and_then(ordered);
    let procedure = procedure.unwrap_or(if chest.contains("chest") {
        codes::CHEST_FILM
    } else {
        codes::IMAGING
    });
    content.push(Item::code(
        As::Modifier,
        &codes::PROCEDURE_REPORTED,
        &procedure,
    ));
    let films = result.dicom_films();
    if !films.is_empty() {
        content.push(library(&films));
    }
    if let Some(analysis) = &result.analysis {
        content.push(
            Item::container(&codes::MEASUREMENTS).with(measured(result, analysis, &films, offset)),
        );
    }
    content.push(Item::container(&codes::EVALUATIONS).with(evaluated(result, state, offset)?));
    Ok(content)
}

/// A person as the observer (TID 1003).
pub(super) fn person(name: &str) -> [Item; 2] {
    [
        Item::code(
            As::ObservationContext,
            &codes::OBSERVER_TYPE,
            &codes::PERSON,
        ),
        Item::person(As::ObservationContext, &codes::PERSON_NAME, name),
    ]
}

/// The model as the observer (TID 1004), run by this program.
pub(super) fn device(result: &SignedResult, analysis: &Analysis) -> [Item; 5] {
    let (model, version) = result.model().unwrap_or_default();
    let uid = imaging::write::uid_from_u128(analysis.model_id.0.as_u128());
    let context = As::ObservationContext;
    let shown = format!("{model} {version}");
    [
        Item::code(context, &codes::OBSERVER_TYPE, &codes::DEVICE),
        Item::uid(context, &codes::DEVICE_UID, &uid),
        Item::text(context, &codes::DEVICE_NAME, shown.trim()),
        Item::text(context, &codes::DEVICE_MANUFACTURER, PRODUCT),
        Item::text(context, &codes::DEVICE_MODEL, model),
    ]
}

/// Whom the report is about by the record, where the films call the patient otherwise (TID 1007).
fn subject(result: &SignedResult) -> Result<Vec<Item>, ResultError> {
    let Some(film) = result.dicom_films().first().copied() else {
        return Ok(Vec::new());
    };
    let record = name(&result.case.patient.name, "the patient's name")?;
    let number = result.number_of_record();
    let said = film.text(tags::PATIENT_NAME);
    let plain = |name: &str| {
        let name = name.split('=').next().unwrap_or_default().to_lowercase();
        let mut parts: Vec<String> = name
            .split([' ', '^'])
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        parts.sort();
        parts
    };
    if plain(&said) == plain(&record) && film.text(tags::PATIENT_ID) == number {
        return Ok(Vec::new());
    }
    let context = As::ObservationContext;
    Ok(vec![
        Item::code(context, &codes::SUBJECT_CLASS, &codes::PATIENT),
        Item::person(context, &codes::SUBJECT_NAME, &record),
        Item::text(context, &codes::SUBJECT_ID, &number),
    ])
}

/// The films (TID 1600).
fn library(films: &[Film<'_>]) -> Item {
    let entries = films.iter().map(|film| {
        let context = As::AcquisitionContext;
        let mut said = Vec::new();
        let modality = film.text(tags::MODALITY);
        if !modality.is_empty() {
            said.push(Item::code(
                context,
                &codes::MODALITY,
                &codes::modality(&modality),
            ));
        }
        let day = film.text(tags::STUDY_DATE);
        if let Ok(day) = chrono::NaiveDate::parse_from_str(&day, "%Y%m%d") {
            said.push(Item::date(context, &codes::STUDY_DATE, day));
        }
        let view = film.text(tags::VIEW_POSITION);
        if !view.is_empty() {
            said.push(Item::text(context, &codes::VIEW_POSITION, &view));
        }
        for (name, pixels) in [
            (&codes::ROWS, film.image.height),
            (&codes::COLUMNS, film.image.width),
        ] {
            said.extend(
                pixels.map(|pixels| Item::number(context, name, pixels.into(), &codes::PIXELS)),
            );
        }
        Item::image(As::Contains, Some(&codes::SOURCE_IMAGE), *film).with(said)
    });
    Item::container(&codes::LIBRARY).with([Item::container(&codes::LIBRARY_GROUP).with(entries)])
}
