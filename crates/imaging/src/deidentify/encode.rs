//! A data set to bytes: explicit VR little endian (PS3.5 7.1.2) within a file (PS3.10 7.1).

use dicom_core::{Tag, VR};

use crate::ImagingError;
use crate::dicom::reader::has_long_form;
use crate::write::file_head;

const UNDEFINED: u32 = u32::MAX;

/// An attribute of the copy.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) tag: Tag,
    pub(super) vr: VR,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Bytes(Vec<u8>),
    Items(Vec<Vec<Element>>),
    /// The basic offset table and the fragments.
    Fragments(Vec<Vec<u8>>),
}

impl Element {
    pub(super) fn text(tag: Tag, vr: VR, text: &str) -> Self {
        Self {
            tag,
            vr,
            value: Value::Bytes(text.as_bytes().to_vec()),
        }
    }

    pub(super) fn number(tag: Tag, number: u16) -> Self {
        Self {
            tag,
            vr: VR::US,
            value: Value::Bytes(number.to_le_bytes().to_vec()),
        }
    }
}

/// Puts an attribute at its place, instead of one that was there.
pub(super) fn put(elements: &mut Vec<Element>, element: Element) {
    match elements.binary_search_by_key(&element.tag, |other| other.tag) {
        Ok(at) => elements[at] = element,
        Err(at) => elements.insert(at, element),
    }
}

/// A whole file.
pub(super) fn file(
    elements: &[Element],
    sop_class: &str,
    transfer_syntax: &str,
) -> Result<Vec<u8>, ImagingError> {
    let instance = super::text_of(elements, dicom_dictionary_std::tags::SOP_INSTANCE_UID);
    let mut out = file_head(sop_class, &instance, transfer_syntax)?;
    dataset(elements, &mut out)?;
    Ok(out)
}

fn dataset(elements: &[Element], out: &mut Vec<u8>) -> Result<(), ImagingError> {
    for Element { tag, vr, value } in elements {
        match value {
            Value::Bytes(bytes) => plain(*tag, *vr, bytes, out)?,
            Value::Items(items) => {
                let mut body = Vec::new();
                for item in items {
                    let mut inner = Vec::new();
                    dataset(item, &mut inner)?;
                    item_head(0xE000, length_of(&inner)?, &mut body);
                    body.append(&mut inner);
                }
                long_head(*tag, VR::SQ, length_of(&body)?, out);
                out.append(&mut body);
            }
            Value::Fragments(fragments) => {
                long_head(*tag, VR::OB, UNDEFINED, out);
                for fragment in fragments {
                    item_head(0xE000, length_of(fragment)? + length_of(fragment)? % 2, out);
                    out.extend_from_slice(fragment);
                    out.extend(std::iter::repeat_n(0, fragment.len() % 2));
                }
                item_head(0xE0DD, 0, out);
            }
        }
    }
    Ok(())
}

fn plain(tag: Tag, vr: VR, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ImagingError> {
    let odd = bytes.len() % 2;
    let length = length_of(bytes)? + u32::try_from(odd).expect("0 or 1");
    match u16::try_from(length) {
        Ok(short) if !has_long_form(vr) => {
            head(tag, vr, out);
            out.extend_from_slice(&short.to_le_bytes());
        }
        // Too long for its representation: written as unknown (PS3.5 6.2.2).
        Err(_) if !has_long_form(vr) => long_head(tag, VR::UN, length, out),
        _ => long_head(tag, vr, length, out),
    }
    out.extend_from_slice(bytes);
    let padding = match vr {
        VR::UI | VR::OB | VR::OW | VR::UN => 0,
        _ => b' ',
    };
    out.extend(std::iter::repeat_n(padding, odd));
    Ok(())
}

fn length_of(bytes: &[u8]) -> Result<u32, ImagingError> {
    u32::try_from(bytes.len())
        .ok()
        .filter(|length| *length < UNDEFINED - 1)
        .ok_or_else(|| ImagingError::corrupt("a value has more than 4 GiB"))
}

fn head(tag: Tag, vr: VR, out: &mut Vec<u8>) {
    out.extend_from_slice(&tag.group().to_le_bytes());
    out.extend_from_slice(&tag.element().to_le_bytes());
    out.extend_from_slice(&vr.to_bytes());
}

fn long_head(tag: Tag, vr: VR, length: u32, out: &mut Vec<u8>) {
    head(tag, vr, out);
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&length.to_le_bytes());
}

fn item_head(element: u16, length: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&0xFFFE_u16.to_le_bytes());
    out.extend_from_slice(&element.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
}
