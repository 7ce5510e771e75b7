//! The result as a DICOM Structured Report: TID 1500 "Measurement Report" (PS3.16), Comprehensive SR, the class in which
//! other programs write that template and look for it. What the AI said, and which AI, stands as measurements of a device
//! observer; what counts, the signed review, stands as evaluations of a person, who has verified the document.

mod codes;
mod content;
mod item;
mod measured;
mod signed;

use chrono::FixedOffset;
use db::{orders::Order, reviews::Review};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use uuid::Uuid;

use self::{
    content::{content, ordered},
    item::Item,
};
use crate::{
    Document, PRODUCT, ResultError, SignedResult, State, Zone,
    head::{Film, Put as _, Series, head, instance_uid, moment, reference, written},
    text::{line, name},
};

pub use codes::OWN as OWN_CODES;

const CLASS: &str = uids::COMPREHENSIVE_SR_STORAGE;
const SERIES: Series = Series {
    kind: "structured-report",
    modality: "SR",
    number: 9001,
    description: "AI result and signed review",
};

/// The present state of a result as a structured report.
///
/// # Errors
/// [`ResultError`].
pub fn structured_report(result: &SignedResult, zone: Zone) -> Result<Document, ResultError> {
    let states = result.states();
    let state = result.present()?;
    let earlier = states.iter().rev().nth(1).copied();
    let mut object = said(result, state, zone(state.at))?;
    let uid = instance_uid(SERIES, state, &object, CLASS)?;
    if let Some(before) = earlier {
        let replaced = said(result, before, zone(before.at))?;
        let replaced = instance_uid(SERIES, before, &replaced, CLASS)?;
        object.items(
            tags::PREDECESSOR_DOCUMENTS_SEQUENCE,
            vec![document(result, &replaced)],
        );
    }
    written(object, CLASS, &uid)
}

/// Everything that the report of a state says, but who it is and what it replaces.
fn said(
    result: &SignedResult,
    state: State<'_>,
    offset: FixedOffset,
) -> Result<InMemDicomObject, ResultError> {
    let mut object = head(result, CLASS, SERIES, state, offset)?;
    object.text(tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    object.text(tags::VERIFICATION_FLAG, VR::CS, "VERIFIED");
    object.text(tags::PRELIMINARY_FLAG, VR::CS, "FINAL");
    object.items(tags::VERIFYING_OBSERVER_SEQUENCE, verifying(state, offset)?);
    object.items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, vec![]);
    object.items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, vec![]);
    let films = result.dicom_films();
    if !films.is_empty() {
        object.items(
            tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
            vec![evidence(result, &films)],
        );
    }
    if let Some(order) = &result.case.order {
        object.items(
            tags::REFERENCED_REQUEST_SEQUENCE,
            vec![request(result, order)?],
        );
    }
    object.items(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, vec![scheme()]);
    let mut template = InMemDicomObject::new_empty();
    template.text(tags::MAPPING_RESOURCE, VR::CS, "DCMR");
    template.text(tags::TEMPLATE_IDENTIFIER, VR::CS, "1500");
    object.items(tags::CONTENT_TEMPLATE_SEQUENCE, vec![template]);
    object.text(tags::VALUE_TYPE, VR::CS, "CONTAINER");
    object.text(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
    object.items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![codes::REPORT.item()]);
    let content = content(result, state, offset)?;
    object.items(
        tags::CONTENT_SEQUENCE,
        content.into_iter().map(Item::done).collect(),
    );
    Ok(object)
}

fn scheme() -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    item.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, codes::LOCAL);
    item.text(tags::CODING_SCHEME_NAME, VR::ST, "Codes of Medical Portal");
    item
}

/// Who signed, or added a note, as DICOM writes it.
fn doctor(shown: Option<&str>, id: Uuid) -> Result<String, ResultError> {
    let known = shown.filter(|name| !name.trim().is_empty());
    match known {
        Some(shown) => name(shown, "the doctor's name"),
        None => Ok(format!("Doctor {id}")),
    }
}

fn signer(review: &Review) -> Result<String, ResultError> {
    doctor(review.doctor_name.as_deref(), review.doctor_id.0)
}

/// Who has verified the document: whoever signed, and whoever added to it.
fn verifying(state: State<'_>, offset: FixedOffset) -> Result<Vec<InMemDicomObject>, ResultError> {
    let signed = (signer(state.review)?, state.review.reviewed_at);
    let mut observers = vec![signed];
    for note in state.addenda {
        let who = doctor(note.doctor_name.as_deref(), note.doctor_id.0)?;
        observers.push((who, Some(note.created_at)));
    }
    Ok(observers
        .into_iter()
        .map(|(who, at)| {
            let mut item = InMemDicomObject::new_empty();
            item.text(tags::VERIFYING_OBSERVER_NAME, VR::PN, who);
            item.text(tags::VERIFYING_ORGANIZATION, VR::LO, PRODUCT);
            let at = at.unwrap_or(state.at);
            item.text(tags::VERIFICATION_DATE_TIME, VR::DT, moment(at, offset));
            item.items(
                tags::VERIFYING_OBSERVER_IDENTIFICATION_CODE_SEQUENCE,
                vec![],
            );
            item
        })
        .collect())
}

/// The films that the report is made of, by study and series.
fn evidence(result: &SignedResult, films: &[Film<'_>]) -> InMemDicomObject {
    let mut series: Vec<(String, Vec<InMemDicomObject>)> = Vec::new();
    for film in films {
        let uid = film.text(tags::SERIES_INSTANCE_UID);
        match series.iter_mut().find(|(known, _)| *known == uid) {
            Some((_, instances)) => instances.push(reference(*film)),
            None => series.push((uid, vec![reference(*film)])),
        }
    }
    let series = series.into_iter().map(|(uid, instances)| {
        let mut item = InMemDicomObject::new_empty();
        item.text(tags::SERIES_INSTANCE_UID, VR::UI, uid);
        item.items(tags::REFERENCED_SOP_SEQUENCE, instances);
        item
    });
    let mut study = InMemDicomObject::new_empty();
    study.text(tags::STUDY_INSTANCE_UID, VR::UI, result.study_uid());
    study.items(tags::REFERENCED_SERIES_SEQUENCE, series.collect());
    study
}

/// What names a document of this series.
fn document(result: &SignedResult, uid: &str) -> InMemDicomObject {
    let mut instance = InMemDicomObject::new_empty();
    instance.text(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CLASS);
    instance.text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, uid);
    let mut series = InMemDicomObject::new_empty();
    series.text(tags::SERIES_INSTANCE_UID, VR::UI, SERIES.uid(result));
    series.items(tags::REFERENCED_SOP_SEQUENCE, vec![instance]);
    let mut study = InMemDicomObject::new_empty();
    study.text(tags::STUDY_INSTANCE_UID, VR::UI, result.study_uid());
    study.items(tags::REFERENCED_SERIES_SEQUENCE, vec![series]);
    study
}

/// The order that the report answers.
fn request(result: &SignedResult, order: &Order) -> Result<InMemDicomObject, ResultError> {
    let content = &order.content;
    let accession = content.accession_number.as_deref().unwrap_or_default();
    let placer = content.placer_number.as_deref().unwrap_or_default();
    let mut item = InMemDicomObject::new_empty();
    item.text(tags::STUDY_INSTANCE_UID, VR::UI, result.study_uid());
    item.items(tags::REFERENCED_STUDY_SEQUENCE, vec![]);
    item.text(
        tags::ACCESSION_NUMBER,
        VR::SH,
        line(accession, 16, "the order's accession number")?,
    );
    item.text(
        tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
        VR::LO,
        line(placer, 64, "the order's number")?,
    );
    item.text(
        tags::FILLER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
        VR::LO,
        result.case.report.report_id.to_string(),
    );
    item.text(tags::REQUESTED_PROCEDURE_ID, VR::SH, "");
    item.text(
        tags::REQUESTED_PROCEDURE_DESCRIPTION,
        VR::LO,
        crate::text::meaning(&content.procedure_text),
    );
    item.items(
        tags::REQUESTED_PROCEDURE_CODE_SEQUENCE,
        ordered(order).map(|code| code.item()).into_iter().collect(),
    );
    Ok(item)
}
