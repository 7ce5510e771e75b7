//! Data sets of questions and answers. What a peer sends is read by the tolerant reader that films go through, and so is
//! whatever character set it comes in; what is answered is UTF-8 (ISO_IR 192).

use chrono::{NaiveDate, NaiveTime};
use dicom_core::{
    DataElement, PrimitiveValue, Tag, VR,
    dictionary::{DataDictionary as _, DataDictionaryEntry as _},
    value::DataSetSequence,
};
use dicom_dictionary_std::{StandardDataDictionary, tags, uids};
use dicom_encoding::text::SpecificCharacterSet;
use dicom_object::{InMemDicomObject, mem::InMemElement};
use dicom_transfer_syntax_registry::entries;
use imaging::{DicomFile, DicomHeader, Limits, write::file_head};
use serde_json::{Map, Value};

/// Most characters of a short string.
pub(crate) const SHORT: usize = 16;
/// Most characters of a long string.
pub(crate) const LONG: usize = 64;

/// Why a data set means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data set cannot be read: {0}")]
pub(crate) struct Garbled(String);

/// A data set that was received, in the DICOM JSON model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Received(Map<String, Value>);

/// An attribute of it: its tag as eight digits, and its values as DICOM writes them, by backslashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    pub(crate) tag: Tag,
    pub(crate) digits: &'a str,
    pub(crate) text: String,
    /// Items, where it is a sequence.
    pub(crate) items: Vec<Received>,
    vr: VR,
}

impl Received {
    pub(crate) fn read(bytes: &[u8], transfer_syntax: &str) -> Result<Self, Garbled> {
        Self::with_header(bytes, transfer_syntax).map(|(received, _)| received)
    }

    /// With what the header of a film would say in its place.
    pub(crate) fn with_header(
        bytes: &[u8],
        transfer_syntax: &str,
    ) -> Result<(Self, DicomHeader), Garbled> {
        let garbled = |error: &dyn std::fmt::Display| Garbled(error.to_string());
        // A class and an instance have to be there, and mean nothing here.
        let mut file = file_head(uids::VERIFICATION, "1.2", transfer_syntax)
            .map_err(|error| garbled(&error))?;
        file.extend_from_slice(bytes);
        let limits = Limits {
            maximum_elements: 200_000,
            ..Limits::default()
        };
        let file = DicomFile::open(&file, &limits).map_err(|error| garbled(&error))?;
        if file.is_truncated() {
            return Err(Garbled("it breaks off".to_owned()));
        }
        match file.full_json() {
            Value::Object(elements) => Ok((Self(elements), file.header())),
            _ => Err(Garbled("it holds no elements".to_owned())),
        }
    }

    /// What is asked for, in the order of tags.
    pub(crate) fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        self.0.iter().filter_map(|(digits, element)| {
            let number = u32::from_str_radix(digits, 16).ok()?;
            let tag = Tag((number >> 16) as u16, (number & 0xFFFF) as u16);
            let values = element["Value"].as_array().map(Vec::as_slice);
            let values = values.unwrap_or_default();
            let vr = element["vr"].as_str().unwrap_or_default();
            let vr = vr.parse().unwrap_or(VR::UN);
            let is_sequence = vr == VR::SQ;
            Some(Asked {
                tag,
                digits,
                text: if is_sequence {
                    String::new()
                } else {
                    joined(values)
                },
                items: values
                    .iter()
                    .filter(|_| is_sequence)
                    .filter_map(|item| item.as_object().cloned().map(Self))
                    .collect(),
                vr,
            })
        })
    }

    /// An attribute's values by backslashes; empty where it is not there.
    pub(crate) fn text(&self, tag: Tag) -> String {
        self.find(tag).map(|asked| asked.text).unwrap_or_default()
    }

    /// An attribute.
    pub(crate) fn find(&self, tag: Tag) -> Option<Asked<'_>> {
        self.asked().find(|asked| asked.tag == tag)
    }
}

impl Asked<'_> {
    /// The attribute without a value.
    pub(crate) fn empty(&self) -> InMemElement {
        empty(self.tag, Some(self.vr))
    }
}

/// Values as DICOM writes them.
fn joined(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(written).collect();
    texts.join("\\")
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(name) => {
            let group = |key: &str| name.get(key).and_then(Value::as_str).unwrap_or_default();
            let groups = ["Alphabetic", "Ideographic", "Phonetic"].map(group);
            groups.join("=").trim_end_matches('=').to_owned()
        }
        _ => String::new(),
    }
}

fn empty(tag: Tag, sent: Option<VR>) -> InMemElement {
    let known = StandardDataDictionary.by_tag(tag);
    let vr = known
        .map(|entry| entry.vr().relaxed())
        .or(sent)
        .unwrap_or(VR::UN);
    if vr == VR::SQ {
        return DataElement::new(
            tag,
            vr,
            DataSetSequence::from(Vec::<InMemDicomObject>::new()),
        );
    }
    DataElement::new(tag, vr, PrimitiveValue::Empty)
}

/// An attribute of a stored header; none where it has none, or one that is no text or number.
pub(crate) fn of_header(header: &Value, digits: &str, tag: Tag) -> Option<InMemElement> {
    let element = header.get(digits)?;
    let vr: VR = element["vr"].as_str()?.parse().ok()?;
    let values = element["Value"].as_array()?;
    let numbers = || values.iter().map(Value::as_i64);
    let value = match vr {
        VR::US => {
            let numbers: Option<Vec<u16>> = numbers()
                .map(|number| u16::try_from(number?).ok())
                .collect();
            PrimitiveValue::U16(numbers?.into())
        }
        VR::UL => {
            let numbers: Option<Vec<u32>> = numbers()
                .map(|number| u32::try_from(number?).ok())
                .collect();
            PrimitiveValue::U32(numbers?.into())
        }
        VR::AE
        | VR::AS
        | VR::CS
        | VR::DA
        | VR::DS
        | VR::DT
        | VR::IS
        | VR::LO
        | VR::LT
        | VR::PN
        | VR::SH
        | VR::ST
        | VR::TM
        | VR::UC
        | VR::UI
        | VR::UR
        | VR::UT => PrimitiveValue::from(joined(values)),
        _ => return None,
    };
    Some(DataElement::new(tag, vr, value))
}

/// A data set that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Making(InMemDicomObject);

impl Default for Making {
    fn default() -> Self {
        Self(InMemDicomObject::new_empty())
    }
}

impl Making {
    /// With the character set that all of it is written in.
    pub(crate) fn of_utf8() -> Self {
        let mut making = Self::default();
        making.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, Some("ISO_IR 192"));
        making
    }

    /// A text without what would cut it in two; an attribute without one stands there empty.
    pub(crate) fn text(&mut self, tag: Tag, vr: VR, text: Option<&str>) -> &mut Self {
        let text = text.unwrap_or_default();
        let most = match vr {
            VR::SH | VR::CS | VR::AE => SHORT,
            VR::LO => LONG,
            _ => usize::MAX,
        };
        let plain = |c: char| if c == '\\' || c.is_control() { ' ' } else { c };
        let text: String = text.chars().map(plain).take(most).collect();
        self.values(tag, vr, &text)
    }

    /// Values by backslashes.
    pub(crate) fn values(&mut self, tag: Tag, vr: VR, text: &str) -> &mut Self {
        let value = if text.is_empty() {
            PrimitiveValue::Empty
        } else {
            PrimitiveValue::from(text)
        };
        self.0.put(DataElement::new(tag, vr, value));
        self
    }

    pub(crate) fn number(&mut self, tag: Tag, number: Option<i64>) -> &mut Self {
        let text = number.map(|number| number.to_string());
        self.text(tag, VR::IS, text.as_deref())
    }

    pub(crate) fn word(&mut self, tag: Tag, number: u16) -> &mut Self {
        self.0
            .put(DataElement::new(tag, VR::US, PrimitiveValue::from(number)));
        self
    }

    pub(crate) fn date(&mut self, tag: Tag, date: Option<NaiveDate>) -> &mut Self {
        let text = date.map(|date| date.format("%Y%m%d").to_string());
        self.text(tag, VR::DA, text.as_deref())
    }

    pub(crate) fn time(&mut self, tag: Tag, time: Option<NaiveTime>) -> &mut Self {
        let text = time.map(|time| {
            let text = time.format("%H%M%S%.6f").to_string();
            let short = text.strip_suffix(".000000").map(str::to_owned);
            short.unwrap_or(text)
        });
        self.text(tag, VR::TM, text.as_deref())
    }

    pub(crate) fn items(&mut self, tag: Tag, items: Vec<Self>) -> &mut Self {
        let items: Vec<InMemDicomObject> = items.into_iter().map(|item| item.0).collect();
        self.0
            .put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
        self
    }

    /// The bytes of it.
    pub(crate) fn written(&self, transfer_syntax: &str) -> Result<Vec<u8>, Garbled> {
        let mut out = Vec::new();
        let syntax = if transfer_syntax == uids::IMPLICIT_VR_LITTLE_ENDIAN {
            entries::IMPLICIT_VR_LITTLE_ENDIAN.erased()
        } else {
            entries::EXPLICIT_VR_LITTLE_ENDIAN.erased()
        };
        self.0
            .write_dataset_with_ts_cs(&mut out, &syntax, SpecificCharacterSet::ISO_IR_192)
            .map_err(|error| Garbled(error.to_string()))?;
        Ok(out)
    }

    /// Only what was asked for, and what is always said; what is not known stands there empty.
    pub(crate) fn answering(
        mut self,
        asked: &Received,
        always: &[Tag],
        header: Option<&Value>,
    ) -> Self {
        let mut answer = Self::default();
        for tag in always {
            if let Some(element) = self.0.take(*tag) {
                answer.0.put(element);
            }
        }
        for asked in asked.asked() {
            if answer.0.get(asked.tag).is_some() {
                continue;
            }
            let element = self
                .0
                .take(asked.tag)
                .or_else(|| of_header(header?, asked.digits, asked.tag))
                .unwrap_or_else(|| asked.empty());
            answer.0.put(element);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_in_either_syntax() {
        let mut item = Making::default();
        item.text(tags::MODALITY, VR::CS, Some("DX"));
        let mut making = Making::of_utf8();
        making
            .text(tags::PATIENT_NAME, VR::PN, Some("Müller^Jörg=山田^太郎"))
            .text(tags::PATIENT_ID, VR::LO, Some("A\\B"))
            .number(tags::SERIES_NUMBER, Some(7))
            .date(tags::STUDY_DATE, NaiveDate::from_ymd_opt(2026, 1, 2))
            .items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![item]);
        for syntax in [
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
        ] {
            let read = Received::read(&making.written(syntax).unwrap(), syntax).unwrap();
            assert_eq!(read.text(tags::PATIENT_NAME), "Müller^Jörg=山田^太郎");
            assert_eq!(read.text(tags::PATIENT_ID), "A B");
            assert_eq!(read.text(tags::SERIES_NUMBER), "7");
            assert_eq!(read.text(tags::STUDY_DATE), "20260102");
            let step = read.find(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE).unwrap();
            assert_eq!(step.items[0].text(tags::MODALITY), "DX");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for syntax in [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::IMPLICIT_VR_LITTLE_ENDIAN] {
                if let Ok(read) = Received::read(&bytes, syntax) {
                    let answer = Making::of_utf8().answering(&read, &[], None);
                    let _ = answer.written(syntax);
                }
            }
        }

        #[test]
        fn texts_come_back_as_they_were(name in "[^\\p{C}\\\\=^ ]{1,20}", number in "[^\\p{C}\\\\ ]{1,64}") {
            let mut making = Making::of_utf8();
            making
                .text(tags::PATIENT_NAME, VR::PN, Some(&name))
                .text(tags::PATIENT_ID, VR::LO, Some(&number));
            let syntax = uids::EXPLICIT_VR_LITTLE_ENDIAN;
            let read = Received::read(&making.written(syntax).unwrap(), syntax).unwrap();
            prop_assert_eq!(read.text(tags::PATIENT_NAME), name);
            prop_assert_eq!(read.text(tags::PATIENT_ID), number);
        }
    }
}
