//! The Native DICOM Model (PS3.19 Annex A) of a data set in the DICOM JSON model.

use std::fmt::Write as _;

use dicom_core::{
    Tag,
    dictionary::{DataDictionary, DataDictionaryEntry},
};
use dicom_dictionary_std::StandardDataDictionary;
use serde_json::{Map, Value};

/// The document of one data set.
pub(crate) fn document(dataset: &Value) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\">",
    );
    if let Some(dataset) = dataset.as_object() {
        attributes(&mut out, dataset);
    }
    out.push_str("</NativeDicomModel>");
    out
}

fn attributes(out: &mut String, dataset: &Map<String, Value>) {
    for (tag, element) in dataset {
        let vr = element["vr"].as_str().unwrap_or("UN");
        let _ = write!(
            out,
            "<DicomAttribute tag=\"{}\" vr=\"{}\"",
            escaped(tag),
            escaped(vr)
        );
        if let Some(keyword) = keyword(tag) {
            let _ = write!(out, " keyword=\"{keyword}\"");
        }
        out.push('>');
        if let Some(uri) = element["BulkDataURI"].as_str() {
            let _ = write!(out, "<BulkData uri=\"{}\"/>", escaped(uri));
        }
        if let Some(binary) = element["InlineBinary"].as_str() {
            let _ = write!(out, "<InlineBinary>{}</InlineBinary>", escaped(binary));
        }
        let values = element["Value"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, value) in values.iter().enumerate() {
            one(out, vr, at + 1, value);
        }
        out.push_str("</DicomAttribute>");
    }
}

fn one(out: &mut String, vr: &str, number: usize, value: &Value) {
    match value {
        Value::Object(item) if vr == "SQ" => {
            let _ = write!(out, "<Item number=\"{number}\">");
            attributes(out, item);
            out.push_str("</Item>");
        }
        Value::Object(name) => {
            let _ = write!(out, "<PersonName number=\"{number}\">");
            for group in ["Alphabetic", "Ideographic", "Phonetic"] {
                if let Some(text) = name.get(group).and_then(Value::as_str) {
                    person(out, group, text);
                }
            }
            out.push_str("</PersonName>");
        }
        Value::Null => {}
        Value::String(text) => {
            let _ = write!(out, "<Value number=\"{number}\">{}</Value>", escaped(text));
        }
        other => {
            let _ = write!(out, "<Value number=\"{number}\">{other}</Value>");
        }
    }
}

fn person(out: &mut String, group: &str, text: &str) {
    let _ = write!(out, "<{group}>");
    let parts = [
        "FamilyName",
        "GivenName",
        "MiddleName",
        "NamePrefix",
        "NameSuffix",
    ];
    for (part, text) in parts
        .iter()
        .zip(text.split('^'))
        .filter(|(_, text)| !text.is_empty())
    {
        let _ = write!(out, "<{part}>{}</{part}>", escaped(text));
    }
    let _ = write!(out, "</{group}>");
}

fn keyword(tag: &str) -> Option<&'static str> {
    let number = u32::from_str_radix(tag, 16).ok()?;
    StandardDataDictionary
        .by_tag(Tag((number >> 16) as u16, number as u16))
        .map(DataDictionaryEntry::alias)
}

/// Text between tags and in attributes; what XML cannot hold (section 2.2) is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_sequences_and_texts_are_as_the_model_has_them() {
        let dataset = json!({
            "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "Yamada^Tarou" }] },
            "00081030": { "vr": "LO", "Value": ["<a & \"b\">\u{1}"] },
            "00400275": { "vr": "SQ", "Value": [{ "00400009": { "vr": "SH", "Value": ["x"] } }] },
            "7FE00010": { "vr": "OW", "BulkDataURI": "http://h/a?b&c" },
        });
        let text = document(&dataset);
        for part in [
            "<DicomAttribute tag=\"00100010\" vr=\"PN\" keyword=\"PatientName\"><PersonName number=\"1\"><Alphabetic>\
             <FamilyName>Yamada</FamilyName><GivenName>Tarou</GivenName></Alphabetic></PersonName></DicomAttribute>",
            "<Value number=\"1\">&lt;a &amp; &quot;b&quot;&gt;</Value>",
            "<Item number=\"1\"><DicomAttribute tag=\"00400009\" vr=\"SH\" keyword=\"ScheduledProcedureStepID\"><Value number=\"1\">x</Value>",
            "<BulkData uri=\"http://h/a?b&amp;c\"/>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
