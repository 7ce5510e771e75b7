//! Content items of structured reports (PS3.3 section C.17.3).

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::codes::Code;
use crate::{
    head::{Film, Put as _, moment, reference},
    text::lines,
};

/// How an item stands to the one that it hangs on.
#[derive(Debug, Clone, Copy)]
pub(super) enum As {
    Contains,
    ObservationContext,
    AcquisitionContext,
    Modifier,
    SelectedFrom,
}

impl As {
    const fn word(self) -> &'static str {
        match self {
            Self::Contains => "CONTAINS",
            Self::ObservationContext => "HAS OBS CONTEXT",
            Self::AcquisitionContext => "HAS ACQ CONTEXT",
            Self::Modifier => "HAS CONCEPT MOD",
            Self::SelectedFrom => "SELECTED FROM",
        }
    }
}

/// An item with what hangs on it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    object: InMemDicomObject,
    children: Vec<Item>,
}

impl Item {
    fn new(relation: As, kind: &str, name: Option<&Code>) -> Self {
        let mut object = InMemDicomObject::new_empty();
        object.text(tags::RELATIONSHIP_TYPE, VR::CS, relation.word());
        object.text(tags::VALUE_TYPE, VR::CS, kind);
        if let Some(name) = name {
            object.items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![name.item()]);
        }
        Self {
            object,
            children: Vec::new(),
        }
    }

    pub(super) fn container(name: &Code) -> Self {
        let mut item = Self::new(As::Contains, "CONTAINER", Some(name));
        item.object
            .text(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
        item
    }

    pub(super) fn code(relation: As, name: &Code, value: &Code) -> Self {
        let mut item = Self::new(relation, "CODE", Some(name));
        item.object
            .items(tags::CONCEPT_CODE_SEQUENCE, vec![value.item()]);
        item
    }

    pub(super) fn text(relation: As, name: &Code, text: &str) -> Self {
        let mut item = Self::new(relation, "TEXT", Some(name));
        item.object.text(tags::TEXT_VALUE, VR::UT, lines(text));
        item
    }

    /// A name that is one of DICOM's already.
    pub(super) fn person(relation: As, name: &Code, person: &str) -> Self {
        let mut item = Self::new(relation, "PNAME", Some(name));
        item.object.text(tags::PERSON_NAME, VR::PN, person);
        item
    }

    pub(super) fn uid(relation: As, name: &Code, uid: &str) -> Self {
        let mut item = Self::new(relation, "UIDREF", Some(name));
        item.object.text(tags::UID, VR::UI, uid);
        item
    }

    pub(super) fn date(relation: As, name: &Code, day: NaiveDate) -> Self {
        let mut item = Self::new(relation, "DATE", Some(name));
        let day = day.format("%Y%m%d").to_string();
        item.object.text(tags::DATE, VR::DA, day);
        item
    }

    /// A number of at most 16 characters, as those that are stored with four decimals are.
    pub(super) fn number(relation: As, name: &Code, number: f64, unit: &Code) -> Self {
        let mut item = Self::new(relation, "NUM", Some(name));
        let mut value = InMemDicomObject::new_empty();
        let text = number.to_string();
        let text = if text.len() > 16 {
            value.put(DataElement::new(
                tags::FLOATING_POINT_VALUE,
                VR::FD,
                PrimitiveValue::from(number),
            ));
            format!("{number:.8e}")
        } else {
            text
        };
        value.text(tags::NUMERIC_VALUE, VR::DS, text);
        value.items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![unit.item()]);
        item.object
            .items(tags::MEASURED_VALUE_SEQUENCE, vec![value]);
        item
    }

    pub(super) fn image(relation: As, name: Option<&Code>, film: Film<'_>) -> Self {
        let mut item = Self::new(relation, "IMAGE", name);
        item.object
            .items(tags::REFERENCED_SOP_SEQUENCE, vec![reference(film)]);
        item
    }

    /// The outline of a rectangle on a film, in its columns and rows.
    pub(super) fn rectangle(name: &Code, [left, top, right, bottom]: [f32; 4]) -> Self {
        let mut item = Self::new(As::Contains, "SCOORD", Some(name));
        item.object.text(tags::GRAPHIC_TYPE, VR::CS, "POLYLINE");
        let corners = [
            left, top, right, top, right, bottom, left, bottom, left, top,
        ];
        item.object.put(DataElement::new(
            tags::GRAPHIC_DATA,
            VR::FL,
            PrimitiveValue::F32(corners.as_slice().into()),
        ));
        item
    }

    /// When it was observed.
    pub(super) fn at(mut self, at: DateTime<Utc>, offset: FixedOffset) -> Self {
        self.object
            .text(tags::OBSERVATION_DATE_TIME, VR::DT, moment(at, offset));
        self
    }

    pub(super) fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The item of a content sequence.
    pub(super) fn done(mut self) -> InMemDicomObject {
        if !self.children.is_empty() {
            let children = self.children.into_iter().map(Self::done).collect();
            self.object.items(tags::CONTENT_SEQUENCE, children);
        }
        self.object
    }
}
