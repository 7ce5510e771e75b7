//! The way through a data set: each attribute is kept, changed or left out.

use std::ops::Range;

use chrono::{Days, NaiveDate};
use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use super::encode::{self, Element, Value};
use super::identifiers::Identifiers;
use super::table::{self, Action, Fallback};
use super::{Change, Deed, Profile, Pseudonyms, words};
use crate::dicom::bulk::little_endian;
use crate::dicom::part10::{DicomFile, uid_text};
use crate::dicom::reader::{self, Dataset};
use crate::dicom::text::Charset;

/// UIDs that name kinds of things in the standard, never one patient's thing.
const REGISTERED: &str = "1.2.840.10008.";

pub(super) struct Walk<'a> {
    file: &'a DicomFile<'a>,
    profile: &'a Profile,
    pseudonyms: &'a Pseudonyms,
    subject: &'a str,
    identifiers: Identifiers,
    days: Days,
    signed: bool,
    pub(super) changes: Vec<Change>,
}

/// What an attribute becomes: its value, if it stays, and the deed, if it was changed.
type Outcome = (Option<Value>, Option<Deed>);

impl<'a> Walk<'a> {
    pub(super) fn new(
        file: &'a DicomFile<'a>,
        profile: &'a Profile,
        pseudonyms: &'a Pseudonyms,
        subject: &'a str,
    ) -> Self {
        Self {
            file,
            profile,
            pseudonyms,
            subject,
            identifiers: Identifiers::of(file),
            days: Days::new(pseudonyms.days(subject).unsigned_abs()),
            signed: file.integer(tags::PIXEL_REPRESENTATION) == Some(1),
            changes: Vec::new(),
        }
    }

    /// The main data set of the copy.
    pub(super) fn dataset(&mut self) -> Vec<Element> {
        let file = self.file;
        let mut elements = self.elements(&file.dataset, &file.charset, "");
        // What an image must have even where the original lacked it (PS3.3 C.7.1.1, C.12.1).
        for (tag, vr) in [(tags::PATIENT_NAME, VR::PN), (tags::PATIENT_ID, VR::LO)] {
            let pseudonym = self.pseudonyms.patient(self.subject);
            encode::put(&mut elements, Element::text(tag, vr, &pseudonym));
        }
        for (tag, original) in [
            (tags::SOP_INSTANCE_UID, file.sop_instance_uid()),
            (tags::STUDY_INSTANCE_UID, String::new()),
            (tags::SERIES_INSTANCE_UID, String::new()),
        ] {
            if !elements.iter().any(|element| element.tag == tag) {
                let seed = if original.is_empty() {
                    format!("{tag}{}", self.subject)
                } else {
                    original
                };
                let uid = self.pseudonyms.uid(&seed);
                encode::put(&mut elements, Element::text(tag, VR::UI, &uid));
            }
        }
        encode::put(
            &mut elements,
            Element::text(tags::SOP_CLASS_UID, VR::UI, &file.sop_class_uid()),
        );
        elements
    }

    fn elements(&mut self, dataset: &Dataset, inherited: &Charset, within: &str) -> Vec<Element> {
        let own = dataset
            .bytes(tags::SPECIFIC_CHARACTER_SET)
            .map(|range| Charset::of(self.file.slice(range)));
        let charset = own.as_ref().unwrap_or(inherited);
        let mut elements = Vec::new();
        for element in &dataset.elements {
            // Lengths of groups are wrong in the copy, and its texts are UTF-8 (PS3.5 7.2).
            if element.tag.element() == 0 || element.tag == tags::SPECIFIC_CHARACTER_SET {
                continue;
            }
            let attribute = format!("{within}{}", place(element.tag));
            let (value, deed) = self.outcome(dataset, element, charset, &attribute);
            if let Some(deed) = deed {
                let keyword = keyword(element.tag);
                self.changes.push(Change {
                    attribute,
                    keyword,
                    deed,
                });
            }
            if let Some(value) = value {
                let vr = self.representation(element, &value);
                encode::put(
                    &mut elements,
                    Element {
                        tag: element.tag,
                        vr,
                        value,
                    },
                );
            }
        }
        elements
    }

    /// Implicit files do not say whether words are signed; the pixels do (PS3.5 table 7.1-1, PS3.6 `US or SS`).
    fn representation(&self, element: &reader::Element, value: &Value) -> VR {
        match value {
            Value::Items(_) => VR::SQ,
            Value::Fragments(_) => VR::OB,
            Value::Bytes(_) if element.vr == VR::UN => VR::OW,
            Value::Bytes(_)
                if element.vr == VR::US && self.signed && is_of_either_sign(element.tag) =>
            {
                VR::SS
            }
            Value::Bytes(_) => element.vr,
        }
    }

    fn outcome(
        &mut self,
        dataset: &Dataset,
        element: &reader::Element,
        charset: &Charset,
        attribute: &str,
    ) -> Outcome {
        if is_stranger(element) {
            return (None, Some(Deed::Removed));
        }
        if matches!(element.tag, tags::PATIENT_NAME | tags::PATIENT_ID) {
            return self.pseudonym();
        }
        let action = table::action(element.tag, self.profile).unwrap_or(Action::Keep);
        let action = self.dated(element, action);
        match action {
            Action::Remove => (None, Some(Deed::Removed)),
            Action::Empty => (Some(empty(element)), Some(Deed::Emptied)),
            Action::Dummy => self.dummy(element, charset, attribute),
            Action::Shift => self.shifted(element),
            Action::Clean(fallback) => self.cleaned(element, charset, attribute, fallback),
            Action::NewUid if element.vr == VR::UI => self.new_uid(element),
            Action::Keep | Action::NewUid => self.kept(dataset, element, charset, attribute),
        }
    }

    fn pseudonym(&self) -> Outcome {
        let pseudonym = self.pseudonyms.patient(self.subject);
        (
            Some(Value::Bytes(pseudonym.into_bytes())),
            Some(Deed::Pseudonym),
        )
    }

    /// Dates that the table does not name, or that are newer than its column of shifted dates, move like all others;
    /// without the option an unnamed date goes.
    fn dated(&self, element: &reader::Element, action: Action) -> Action {
        let is_date = matches!(element.vr, VR::DA | VR::DT);
        let of_birth = element.tag.group() == 0x0010 && action != Action::Shift;
        match action {
            _ if !is_date || of_birth => action,
            _ if self.profile.shift_dates => Action::Shift,
            Action::Keep => Action::Remove,
            other => other,
        }
    }

    /// A value that says nothing, as the value representation has it (PS3.15 E.1.1, D).
    fn dummy(&mut self, element: &reader::Element, charset: &Charset, attribute: &str) -> Outcome {
        if let reader::Value::Items(items) = &element.value {
            let items = self.items(items, charset, attribute);
            return (Some(Value::Items(items)), Some(Deed::Replaced));
        }
        let text = match element.vr {
            VR::DA => "19000101",
            VR::DT => "19000101000000",
            VR::TM => "000000",
            VR::AS => "000Y",
            VR::DS | VR::IS => "0",
            VR::UI => return self.new_uid(element),
            VR::PN
            | VR::LO
            | VR::SH
            | VR::LT
            | VR::ST
            | VR::UT
            | VR::UC
            | VR::CS
            | VR::AE
            | VR::UR => "REMOVED",
            // Binary values have no dummy that fits all of them.
            _ => return (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied)),
        };
        (
            Some(Value::Bytes(text.as_bytes().to_vec())),
            Some(Deed::Replaced),
        )
    }

    fn new_uid(&self, element: &reader::Element) -> Outcome {
        let reader::Value::Bytes(range) = &element.value else {
            return (None, Some(Deed::Removed));
        };
        let original = String::from_utf8_lossy(self.file.slice(range.clone())).into_owned();
        let mut changed = false;
        let mapped = original.split('\\').map(|uid| {
            let uid = uid.trim_matches(['\0', ' ']);
            let sound = uid_text(uid.as_bytes());
            if uid.is_empty() || sound.starts_with(REGISTERED) {
                return sound;
            }
            changed = true;
            self.pseudonyms.uid(uid)
        });
        let mapped: Vec<String> = mapped.collect();
        let value = Value::Bytes(mapped.join("\\").into_bytes());
        (Some(value), changed.then_some(Deed::NewUid))
    }

    fn shifted(&self, element: &reader::Element) -> Outcome {
        let reader::Value::Bytes(range) = &element.value else {
            return (None, Some(Deed::Removed));
        };
        let text = ascii(self.file.slice(range.clone()));
        if element.vr == VR::TM && self.identifiers.are_repeated_in(&text) {
            return (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied));
        }
        if element.vr == VR::TM {
            return (Some(Value::Bytes(text.into_bytes())), None);
        }
        let moved: Option<Vec<String>> = text.split('\\').map(|date| self.moved(date)).collect();
        match moved {
            Some(moved) => (
                Some(Value::Bytes(moved.join("\\").into_bytes())),
                Some(Deed::Shifted),
            ),
            // What is no date may be anything.
            None => (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied)),
        }
    }

    /// A DA or DT value moved back; the old form with dots is understood (PS3.5 6.2).
    fn moved(&self, value: &str) -> Option<String> {
        let value = value.trim().replace('.', "");
        if value.is_empty() {
            return Some(value);
        }
        let (date, rest) = value.split_at_checked(8)?;
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok()?;
        let is_time =
            |character: char| character.is_ascii_digit() || matches!(character, '+' | '-');
        let moved = date.checked_sub_days(self.days)?;
        rest.chars()
            .all(is_time)
            .then(|| format!("{}{rest}", moved.format("%Y%m%d")))
    }

    fn cleaned(
        &mut self,
        element: &reader::Element,
        charset: &Charset,
        attribute: &str,
        fallback: Fallback,
    ) -> Outcome {
        match &element.value {
            reader::Value::Items(items) => {
                let items = self.items(items, charset, attribute);
                (Some(Value::Items(items)), Some(Deed::Cleaned))
            }
            reader::Value::Bytes(range) => {
                let text = self.text(element.vr, charset, range);
                let cleaned = words::cleaned(&text, |word| self.identifiers.is_named(word));
                match (cleaned, fallback) {
                    (Some(text), _) => (Some(Value::Bytes(text.into_bytes())), Some(Deed::Cleaned)),
                    (None, Fallback::Remove) => (None, Some(Deed::Removed)),
                    (None, Fallback::Empty) => {
                        (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied))
                    }
                    (None, Fallback::Dummy) => self.dummy(element, charset, attribute),
                }
            }
            reader::Value::Fragments(_) => (None, Some(Deed::Removed)),
        }
    }

    fn kept(
        &mut self,
        dataset: &Dataset,
        element: &reader::Element,
        charset: &Charset,
        attribute: &str,
    ) -> Outcome {
        match &element.value {
            reader::Value::Items(items) => {
                let items = self.items(items, charset, attribute);
                (Some(Value::Items(items)), None)
            }
            reader::Value::Fragments(fragments) => {
                let fragments = fragments.iter();
                let bytes = fragments.map(|range| self.file.slice(range.clone()).to_vec());
                (Some(Value::Fragments(bytes.collect())), None)
            }
            reader::Value::Bytes(_) if element.vr == VR::UI => self.new_uid(element),
            // A person is a person, whatever the attribute.
            reader::Value::Bytes(_) if element.vr == VR::PN => {
                (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied))
            }
            reader::Value::Bytes(range) if is_text(element.vr) => {
                let text = self.text(element.vr, charset, range);
                if self.identifiers.are_repeated_in(&text) {
                    return (None, Some(Deed::RepeatedAnIdentifier));
                }
                (Some(Value::Bytes(text.into_bytes())), None)
            }
            reader::Value::Bytes(range)
                if is_figure(element.vr)
                    && !is_of_figures(&ascii(self.file.slice(range.clone()))) =>
            {
                (Some(Value::Bytes(Vec::new())), Some(Deed::Emptied))
            }
            reader::Value::Bytes(range) => {
                let bytes = self.file.slice(range.clone());
                let pixels = element.tag == tags::PIXEL_DATA;
                let big_endian = dataset.big_endian || pixels && self.file.pixels_big_endian();
                let wide = pixels && self.file.integer(tags::BITS_ALLOCATED) == Some(32);
                let vr = if wide { VR::OL } else { element.vr };
                (
                    Some(Value::Bytes(little_endian(bytes, vr, big_endian))),
                    None,
                )
            }
        }
    }

    fn items(
        &mut self,
        items: &[Dataset],
        charset: &Charset,
        attribute: &str,
    ) -> Vec<Vec<Element>> {
        let numbered = items.iter().enumerate();
        numbered
            .map(|(number, item)| self.elements(item, charset, &format!("{attribute}[{number}].")))
            .collect()
    }

    fn text(&self, vr: VR, charset: &Charset, range: &Range<usize>) -> String {
        let text = self.file.decoded(charset, vr, range.clone());
        text.trim_end_matches(['\0', ' ']).to_owned()
    }
}

/// Private, unknown to the dictionary, of a group that is never copied, or of unknown representation.
fn is_stranger(element: &reader::Element) -> bool {
    let group = element.tag.group();
    let is_known = StandardDataDictionary.by_tag(element.tag).is_some();
    let never_copied =
        group % 2 == 1 || group < 0x0008 || matches!(group & 0xFF00, 0x5000 | 0x6000);
    never_copied || !is_known || element.vr == VR::UN && element.tag != tags::PIXEL_DATA
}

fn is_of_either_sign(tag: Tag) -> bool {
    let entry = StandardDataDictionary.by_tag(tag);
    entry.is_some_and(|entry| matches!(entry.vr(), VirtualVr::Xs))
}

fn is_text(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE | VR::CS | VR::LO | VR::LT | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT
    )
}

fn is_figure(vr: VR) -> bool {
    matches!(vr, VR::AS | VR::DS | VR::IS | VR::TM)
}

/// What numbers, times and ages are written with (PS3.5 table 6.2-1); anything else may be a name.
fn is_of_figures(text: &str) -> bool {
    let allowed =
        |character: char| character.is_ascii_digit() || "+-.:eE \\YMWD\0".contains(character);
    text.chars().all(allowed)
}

fn empty(element: &reader::Element) -> Value {
    match element.value {
        reader::Value::Items(_) => Value::Items(Vec::new()),
        _ => Value::Bytes(Vec::new()),
    }
}

fn ascii(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.trim_matches(['\0', ' ']).to_owned()
}

/// `(0010,0010)`.
pub(super) fn place(tag: Tag) -> String {
    format!("({:04X},{:04X})", tag.group(), tag.element())
}

fn keyword(tag: Tag) -> String {
    if tag.group() % 2 == 1 {
        return "private".to_owned();
    }
    let entry = StandardDataDictionary.by_tag(tag);
    entry.map_or("unknown", |entry| entry.alias()).to_owned()
}
