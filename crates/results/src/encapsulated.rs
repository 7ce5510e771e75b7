//! The report to read as a DICOM object: Encapsulated PDF (PS3.3 section A.45.1).

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

use crate::{
    Document, ResultError, SignedResult, Zone,
    head::{Put as _, Series, head, instance_uid, reference, written},
    pdf::report_pdf,
};

const CLASS: &str = uids::ENCAPSULATED_PDF_STORAGE;
const SERIES: Series = Series {
    kind: "encapsulated-pdf",
    modality: "DOC",
    number: 9003,
    description: "Signed report",
};

/// The present state of a result as an encapsulated PDF.
///
/// # Errors
/// [`ResultError`].
pub fn encapsulated_pdf(result: &SignedResult, zone: Zone) -> Result<Document, ResultError> {
    let pdf = report_pdf(result, zone)?;
    let state = result.present()?;
    let mut object = head(result, CLASS, SERIES, state, zone(state.at))?;
    // Nobody drew it by hand or scanned it.
    object.text(tags::CONVERSION_TYPE, VR::CS, "WSD");
    object.text(tags::ACQUISITION_DATE_TIME, VR::DT, "");
    object.text(tags::BURNED_IN_ANNOTATION, VR::CS, "YES");
    object.text(tags::VERIFICATION_FLAG, VR::CS, "VERIFIED");
    object.text(tags::DOCUMENT_TITLE, VR::ST, "Radiology report");
    let mut kind = InMemDicomObject::new_empty();
    kind.text(tags::CODE_VALUE, VR::SH, "18748-4");
    kind.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "LN");
    kind.text(tags::CODE_MEANING, VR::LO, "Diagnostic imaging study");
    object.items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![kind]);
    let films: Vec<InMemDicomObject> = result.dicom_films().into_iter().map(reference).collect();
    if !films.is_empty() {
        object.items(tags::SOURCE_INSTANCE_SEQUENCE, films);
    }
    object.text(
        tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
        VR::LO,
        "application/pdf",
    );
    let length = u32::try_from(pdf.len())
        .map_err(|_| ResultError::Unwritable("the report is beyond 4 GB".to_owned()))?;
    object.put(DataElement::new(
        tags::ENCAPSULATED_DOCUMENT_LENGTH,
        VR::UL,
        PrimitiveValue::from(length),
    ));
    let mut padded = pdf;
    if padded.len() % 2 == 1 {
        padded.push(0);
    }
    object.put(DataElement::new(
        tags::ENCAPSULATED_DOCUMENT,
        VR::OB,
        PrimitiveValue::U8(padded.into()),
    ));
    let uid = instance_uid(SERIES, state, &object, CLASS)?;
    written(object, CLASS, &uid)
}
