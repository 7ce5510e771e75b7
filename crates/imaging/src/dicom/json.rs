//! The DICOM JSON model (PS3.18 Annex F) of a header, without bulk data.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dicom_core::VR;
use dicom_core::header::Tag;
use dicom_dictionary_std::tags;
use serde_json::{Map, Value as Json, json};

use super::part10::DicomFile;
use super::reader::{Dataset, Element, PIXEL_DATA, Value, u16_at};
use super::text::Charset;
use crate::{ImagingError, Limits};

/// Values longer than this many bytes are left out.
const LONGEST_VALUE: usize = 1024;
/// Binary values longer than this many bytes are fetched by themselves.
const LONGEST_INLINE: usize = 256;
/// Items of a sequence beyond this many are left out; per-frame groups of long runs are the case.
const MOST_ITEMS: usize = 256;

impl DicomFile<'_> {
    /// The header in the DICOM JSON model (PS3.18 F.2): an object from `GGGGEEEE` to `vr` and
    /// `Value`. Pixel data, values beyond 1 KiB, group lengths and the file head are left out, so
    /// that it stays small enough to live in a row. Texts are decoded to UTF-8.
    #[must_use]
    pub fn metadata_json(&self) -> Json {
        Json::Object(self.dataset_json(&self.dataset, &self.charset, None))
    }

    /// As [`Self::metadata_json`], with everything: what is left out there is in its place, short binary values
    /// inline (PS3.18 F.2.6) and long ones, pixel data among them, as `BulkDataURI` relative to the instance: the path
    /// that [`DicomFile::bulk`] takes.
    #[must_use]
    pub fn full_json(&self) -> Json {
        Json::Object(self.dataset_json(&self.dataset, &self.charset, Some("")))
    }

    /// [`Self::full_json`] of a file of `whole` bytes, told from the first ones alone. None where they are not enough:
    /// where they leave out anything but pixel data with which the file ends.
    ///
    /// # Errors
    /// As [`DicomFile::open`], for a file that is there as a whole or too large.
    pub fn full_json_of_start(
        start: &[u8],
        whole: u64,
        limits: &Limits,
    ) -> Result<Option<Json>, ImagingError> {
        Ok(DicomFile::open_start(start, whole, limits)?.map(|file| file.full_json()))
    }

    /// `within`: the path of the item for bulk data; none for the short form.
    fn dataset_json(
        &self,
        dataset: &Dataset,
        inherited: &Charset,
        within: Option<&str>,
    ) -> Map<String, Json> {
        let own = dataset
            .bytes(tags::SPECIFIC_CHARACTER_SET)
            .map(|range| Charset::of(self.slice(range)));
        let charset = own.as_ref().unwrap_or(inherited);
        dataset
            .elements
            .iter()
            .filter(|element| element.tag.element() != 0 && element.tag.group() != 2)
            .filter(|element| within.is_some() || !is_bulk(element.tag))
            .filter_map(|element| {
                let name = format!("{:04X}{:04X}", element.tag.group(), element.tag.element());
                let path = within.map(|within| format!("{within}{name}"));
                let json = self.element_json(dataset, element, charset, path.as_deref())?;
                Some((name, json))
            })
            .collect()
    }

    fn element_json(
        &self,
        dataset: &Dataset,
        element: &Element,
        charset: &Charset,
        path: Option<&str>,
    ) -> Option<Json> {
        let vr = element.vr.to_string();
        match &element.value {
            Value::Fragments(_) => path.map(|path| json!({ "vr": vr, "BulkDataURI": path })),
            Value::Items(items) if items.is_empty() => Some(json!({ "vr": vr })),
            Value::Items(items) => {
                let most = path.map_or(MOST_ITEMS, |_| usize::MAX);
                let items: Vec<Json> = items
                    .iter()
                    .take(most)
                    .enumerate()
                    .map(|(at, item)| {
                        let within = path.map(|path| format!("{path}/{at}/"));
                        Json::Object(self.dataset_json(item, charset, within.as_deref()))
                    })
                    .collect();
                Some(json!({ "vr": vr, "Value": items }))
            }
            Value::Bytes(range) if range.is_empty() => Some(json!({ "vr": vr })),
            Value::Bytes(range) if path.is_some() && is_binary(element.vr) => {
                if let Some(path) =
                    path.filter(|_| range.len() > LONGEST_INLINE || is_bulk(element.tag))
                {
                    return Some(json!({ "vr": vr, "BulkDataURI": path }));
                }
                let bytes = self.slice(range.clone());
                let bytes = super::bulk::little_endian(bytes, element.vr, dataset.big_endian);
                Some(json!({ "vr": vr, "InlineBinary": STANDARD.encode(bytes) }))
            }
            Value::Bytes(range) if path.is_none() && range.len() > LONGEST_VALUE => None,
            Value::Bytes(range) => {
                // The model's texts are UTF-8, whatever the file's were (PS3.18 F.2.5).
                if element.tag == tags::SPECIFIC_CHARACTER_SET {
                    return Some(json!({ "vr": vr, "Value": ["ISO_IR 192"] }));
                }
                let values = self.values_json(dataset, element, charset, range)?;
                Some(json!({ "vr": vr, "Value": values }))
            }
        }
    }

    fn values_json(
        &self,
        dataset: &Dataset,
        element: &Element,
        charset: &Charset,
        range: &std::ops::Range<usize>,
    ) -> Option<Vec<Json>> {
        let texts = || self.decoded(charset, element.vr, range.clone());
        let bytes = self.slice(range.clone());
        Some(match element.vr {
            // Binary values are bulk data; none of them says anything to a reader of a header.
            VR::OB | VR::OW | VR::OF | VR::OD | VR::OL | VR::OV | VR::UN => return None,
            VR::AT => bytes
                .chunks_exact(4)
                .map(|pair| {
                    let half = |at| u16_at(pair, at, dataset.big_endian);
                    Json::String(format!("{:04X}{:04X}", half(0), half(2)))
                })
                .collect(),
            // 64 bits would lose digits as a floating point number.
            VR::UV => words64(bytes, dataset).map(|word| json!(word)).collect(),
            VR::SV => words64(bytes, dataset)
                .map(|word| json!(word.cast_signed()))
                .collect(),
            VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD => self
                .element_numbers(dataset, element)
                .into_iter()
                .map(number_json)
                .collect(),
            VR::DS | VR::IS => texts().split('\\').map(decimal_json).collect(),
            VR::PN => texts().split('\\').map(name_json).collect(),
            // These have one value, in which a backslash is only a character.
            VR::LT | VR::ST | VR::UT | VR::UR => vec![Json::String(trimmed_end(&texts()))],
            _ => texts().split('\\').map(text_json).collect(),
        })
    }
}

fn words64<'b>(bytes: &'b [u8], dataset: &Dataset) -> impl Iterator<Item = u64> + use<'b> {
    let big_endian = dataset.big_endian;
    bytes
        .chunks_exact(8)
        .map(move |word| super::values::u64_at(word, big_endian))
}

fn is_binary(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB | VR::OW | VR::OF | VR::OD | VR::OL | VR::OV | VR::UN
    )
}

fn is_bulk(tag: Tag) -> bool {
    tag == PIXEL_DATA
        || matches!(tag.group(), 0x7FE0 | 0x0002)
        || tag == tags::DATA_SET_TRAILING_PADDING
}

fn trimmed_end(text: &str) -> String {
    text.trim_end_matches(['\0', ' ']).to_owned()
}

fn text_json(text: &str) -> Json {
    let text = text.trim_matches(['\0', ' ']);
    if text.is_empty() {
        Json::Null
    } else {
        Json::String(text.to_owned())
    }
}

fn number_json(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return json!(number as i64);
    }
    // JSON has no word for them; the model allows a string (PS3.18 F.2.3).
    serde_json::Number::from_f64(number)
        .map_or_else(|| Json::String(number.to_string()), Json::Number)
}

fn decimal_json(text: &str) -> Json {
    let text = text.trim_matches(['\0', ' ']);
    if text.is_empty() {
        return Json::Null;
    }
    super::values::number(text).map_or_else(|| Json::String(text.to_owned()), number_json)
}

fn name_json(name: &str) -> Json {
    let mut object = Map::new();
    for (key, group) in ["Alphabetic", "Ideographic", "Phonetic"]
        .iter()
        .zip(name.split('='))
    {
        let group = group.trim_matches(['\0', ' ']);
        if !group.is_empty() {
            object.insert((*key).to_owned(), Json::String(group.to_owned()));
        }
    }
    if object.is_empty() {
        Json::Null
    } else {
        Json::Object(object)
    }
}
