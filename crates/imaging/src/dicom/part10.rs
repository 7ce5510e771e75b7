//! The file around a data set (PS3.10 section 7), with everything that real files leave out.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};

use super::reader::{
    Dataset, PIXEL_DATA, Reader, Syntax, Value, dictionary_vr, has_long_form, u16_at, u32_at,
};
use super::text::Charset;
use crate::{ImagingError, Limits};

const GE_PRIVATE_BIG_ENDIAN_PIXELS: &str = "1.2.840.113619.5.2";

/// A DICOM file opened for reading: the data set's elements as positions in its bytes.
#[derive(Debug)]
pub struct DicomFile<'a> {
    pub(crate) data: Cow<'a, [u8]>,
    pub(crate) dataset: Dataset,
    pub(crate) syntax: Syntax,
    pub(crate) charset: Charset,
    transfer_syntax: String,
    meta_sop_class: String,
    meta_sop_instance: String,
    body: usize,
    guessed: bool,
    /// Whether anything is missing of an element within the bytes.
    truncated: bool,
    /// Where elements end as declared that reach behind the end of the bytes.
    beyond: Vec<usize>,
}

impl<'a> DicomFile<'a> {
    /// Opens a file with or without preamble, file head and transfer syntax.
    ///
    /// # Errors
    /// [`ImagingError::TooLarge`], [`ImagingError::NotAnImage`] when it is no DICOM file,
    /// [`ImagingError::Corrupt`] when a deflated data set does not inflate or the nesting or the
    /// number of elements is beyond measure. A file that merely ends too early opens; see
    /// [`Self::is_truncated`].
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, ImagingError> {
        limits.check_bytes(bytes.len())?;
        let start = start_of_elements(bytes).ok_or_else(|| ImagingError::NotAnImage {
            what: crate::sniff::name_of_stranger(bytes).to_owned(),
        })?;
        let mut reader = Reader::new(bytes, limits.maximum_elements);
        let meta_syntax = syntax_at(&bytes[start..]);
        let (meta, body) = reader.file_meta(start, meta_syntax)?;
        let uid = |tag: Tag| {
            meta.bytes(tag)
                .map(|range| uid_text(&bytes[range]))
                .unwrap_or_default()
        };
        let declared = uid(tags::TRANSFER_SYNTAX_UID);
        let meta_sop_class = uid(tags::MEDIA_STORAGE_SOP_CLASS_UID);
        let meta_sop_instance = uid(tags::MEDIA_STORAGE_SOP_INSTANCE_UID);

        let (data, start) = if declared == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN {
            (
                Cow::Owned(inflate(&bytes[body..], limits.maximum_inflated_bytes)?),
                0,
            )
        } else {
            (Cow::Borrowed(bytes), body)
        };
        let (syntax, guessed) = choose_syntax(&declared, &data[start..]);
        let (dataset, truncated, beyond) = {
            let mut reader = Reader::new(&data, limits.maximum_elements);
            let dataset = reader.main(start, syntax)?;
            (dataset, reader.truncated, reader.beyond)
        };
        if dataset.elements.is_empty() && meta.elements.is_empty() {
            return Err(ImagingError::NotAnImage {
                what: "it holds no DICOM element".to_owned(),
            });
        }
        let charset = dataset
            .bytes(tags::SPECIFIC_CHARACTER_SET)
            .map(|range| Charset::of(&data[range]))
            .unwrap_or_default();
        let transfer_syntax = if guessed {
            guessed_uid(syntax).to_owned()
        } else {
            declared
        };
        Ok(Self {
            data,
            dataset,
            syntax,
            charset,
            transfer_syntax,
            meta_sop_class,
            meta_sop_instance,
            body,
            guessed,
            truncated,
            beyond,
        })
    }

    /// Opens a file of `whole` bytes by its first ones, with a header as the whole file has it. None where they are not
    /// enough: where they leave out anything but pixel data with which the file ends, or where something is wrong, which
    /// whoever reads all of it says.
    ///
    /// # Errors
    /// As [`Self::open`], for a file that is there as a whole or too large.
    pub(crate) fn open_start(
        start: &'a [u8],
        whole: u64,
        limits: &Limits,
    ) -> Result<Option<Self>, ImagingError> {
        if start.len() as u64 == whole {
            return Self::open(start, limits).map(Some);
        }
        limits.check_bytes(usize::try_from(whole).unwrap_or(usize::MAX))?;
        Ok(Self::open(start, limits)
            .ok()
            .filter(|file| file.lacks_only_pixels(whole))
            .map(|file| Self {
                beyond: Vec::new(),
                ..file
            }))
    }

    /// The transfer syntax of the file head, or the one its bytes speak for.
    #[must_use]
    pub fn transfer_syntax_uid(&self) -> &str {
        &self.transfer_syntax
    }

    /// Where the data set begins in the file, behind its head; deflated where its transfer syntax says so.
    #[must_use]
    pub fn data_set_at(&self) -> usize {
        self.body
    }

    /// Whether the transfer syntax had to be guessed.
    #[must_use]
    pub fn is_transfer_syntax_guessed(&self) -> bool {
        self.guessed
    }

    /// Whether an element ended before its declared length.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated || !self.beyond.is_empty()
    }

    /// Whether nothing is missing of a file of so many bytes, of which these are the first, but what follows in the value
    /// of its pixel data, with which it ends.
    fn lacks_only_pixels(&self, whole: u64) -> bool {
        let ends_with_pixels = self.dataset.elements.last().is_some_and(|last| {
            let begun = matches!(&last.value, Value::Bytes(range)
                if !range.is_empty() && range.end == self.data.len());
            begun && last.tag == PIXEL_DATA && matches!(last.vr, VR::OB | VR::OW | VR::UN)
        });
        // A deflated data set lies elsewhere than in the file.
        matches!(self.data, Cow::Borrowed(_))
            && ends_with_pixels
            && !self.truncated
            && matches!(self.beyond[..], [end] if end as u64 == whole)
    }

    /// The SOP class, from the data set or else from the file head; empty when neither has it.
    #[must_use]
    pub fn sop_class_uid(&self) -> String {
        self.uid(tags::SOP_CLASS_UID)
            .unwrap_or_else(|| self.meta_sop_class.clone())
    }

    /// The SOP instance, from the data set or else from the file head; empty when neither has it.
    #[must_use]
    pub fn sop_instance_uid(&self) -> String {
        self.uid(tags::SOP_INSTANCE_UID)
            .unwrap_or_else(|| self.meta_sop_instance.clone())
    }

    /// Native pixels are big endian.
    pub(crate) fn pixels_big_endian(&self) -> bool {
        self.syntax.big_endian || self.transfer_syntax == GE_PRIVATE_BIG_ENDIAN_PIXELS
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.data[range]
    }

    fn uid(&self, tag: Tag) -> Option<String> {
        let uid = uid_text(self.slice(self.dataset.bytes(tag)?));
        (!uid.is_empty()).then_some(uid)
    }
}

/// A UID's text without its padding; none where it is no UID, since what is left of two garbled ones could be the same
/// and bring films of two studies together.
pub(crate) fn uid_text(bytes: &[u8]) -> String {
    let is_padding = |character: char| character == '\0' || character.is_ascii_whitespace();
    std::str::from_utf8(bytes)
        .map(|text| text.trim_matches(is_padding))
        .ok()
        .filter(|text| text.len() <= 64)
        .filter(|text| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
        .unwrap_or_default()
        .to_owned()
}

/// Whether the first bytes are those of a DICOM file.
pub(crate) fn looks_like_dicom(head: &[u8]) -> bool {
    start_of_elements(head).is_some()
}

/// Where the first element begins.
fn start_of_elements(bytes: &[u8]) -> Option<usize> {
    if bytes.get(128..132) == Some(b"DICM") {
        return Some(132);
    }
    if bytes.starts_with(b"DICM") {
        return Some(4);
    }
    if begins_a_dataset(bytes) {
        return Some(0);
    }
    // A preamble, and the magic word forgotten.
    bytes
        .get(128..)
        .filter(|rest| bytes[..128].iter().all(|byte| *byte == 0) && begins_a_dataset(rest))
        .map(|_| 128)
}

/// Two elements in ascending order, the first from group 0002 or 0008, both ones the dictionary
/// knows and of a believable length. Random bytes pass with a chance below 1 in 10^12.
fn begins_a_dataset(bytes: &[u8]) -> bool {
    let syntax = syntax_at(bytes);
    let Some((first, next)) = believable_element(bytes, 0, syntax) else {
        return false;
    };
    if !matches!(first.group(), 0x0002 | 0x0008) {
        return false;
    }
    // The head may end inside the first value; then the first element has to do.
    let Some(next) = next else {
        return syntax.explicit;
    };
    if next == bytes.len() {
        return true;
    }
    let second_syntax = syntax_at(&bytes[next..]);
    let syntax = if first.group() == 2 {
        second_syntax
    } else {
        syntax
    };
    believable_element(bytes, next, syntax).is_some_and(|(second, _)| second > first)
}

/// Tag of an element that the dictionary knows, and the position behind its value when that lies
/// within the bytes.
fn believable_element(bytes: &[u8], at: usize, syntax: Syntax) -> Option<(Tag, Option<usize>)> {
    let head = bytes.get(at..at + 8)?;
    let tag = Tag(
        u16_at(head, 0, syntax.big_endian),
        u16_at(head, 2, syntax.big_endian),
    );
    let expected = dictionary_vr(tag);
    if expected == VR::UN {
        return None;
    }
    let (length, body) = if syntax.explicit {
        let vr = VR::from_binary([head[4], head[5]])?;
        if has_long_form(vr) {
            let bytes = bytes.get(at + 8..at + 12)?;
            (u32_at(bytes, 0, syntax.big_endian), at + 12)
        } else {
            (u32::from(u16_at(head, 6, syntax.big_endian)), at + 8)
        }
    } else {
        (u32_at(head, 4, false), at + 8)
    };
    let believable =
        length == u32::MAX && expected == VR::SQ || length < 0x1_0000 && length.is_multiple_of(2);
    if !believable {
        return None;
    }
    let end = body.saturating_add(length as usize);
    Some((tag, (end <= bytes.len()).then_some(end)))
}

/// How the element at the start of these bytes is written.
fn syntax_at(bytes: &[u8]) -> Syntax {
    let Some(head) = bytes.get(..8) else {
        return Syntax::EXPLICIT_LE;
    };
    let explicit = VR::from_binary([head[4], head[5]]).is_some();
    // The first group of a data set is small: 0x0008 read with the wrong end first is 0x0800.
    let big_endian = explicit && head[0] == 0 && head[1] != 0;
    Syntax {
        explicit,
        big_endian,
    }
}

/// The syntax to read with, and whether it is a guess. A declared one that its own first element
/// contradicts is not believed.
fn choose_syntax(declared: &str, dataset: &[u8]) -> (Syntax, bool) {
    let seen = syntax_at(dataset);
    let stated = match declared {
        "" => return (seen, true),
        uids::IMPLICIT_VR_LITTLE_ENDIAN | GE_PRIVATE_BIG_ENDIAN_PIXELS => Syntax::IMPLICIT_LE,
        #[allow(deprecated)]
        uids::EXPLICIT_VR_BIG_ENDIAN => Syntax::EXPLICIT_BE,
        // Everything else, compressed or not, known or not, is explicit little endian (PS3.5 A.4).
        _ => Syntax::EXPLICIT_LE,
    };
    if seen == stated || dataset.len() < 8 || !begins_a_dataset(dataset) {
        return (stated, false);
    }
    // Compressed pixels keep their declared syntax; only how the header is written was wrong.
    let native = [
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    ]
    .contains(&declared)
        || stated == Syntax::EXPLICIT_BE;
    (seen, native)
}

fn guessed_uid(syntax: Syntax) -> &'static str {
    match (syntax.explicit, syntax.big_endian) {
        #[allow(deprecated)]
        (true, true) => uids::EXPLICIT_VR_BIG_ENDIAN,
        (true, false) => uids::EXPLICIT_VR_LITTLE_ENDIAN,
        (false, _) => uids::IMPLICIT_VR_LITTLE_ENDIAN,
    }
}

/// Inflates a raw deflate stream (PS3.5 A.5), or one that a writer wrapped in zlib by mistake.
pub(crate) fn inflate(bytes: &[u8], maximum: u64) -> Result<Vec<u8>, ImagingError> {
    let attempt = |reader: &mut dyn Read| {
        let mut out = Vec::new();
        reader.take(maximum + 1).read_to_end(&mut out).map(|_| out)
    };
    let raw = attempt(&mut flate2::read::DeflateDecoder::new(bytes));
    let out = raw
        .or_else(|_| attempt(&mut flate2::read::ZlibDecoder::new(bytes)))
        .map_err(|error| ImagingError::decoder("deflate", error.to_string()))?;
    if out.len() as u64 > maximum {
        return Err(ImagingError::TooLarge {
            bytes: out.len() as u64,
            maximum,
        });
    }
    Ok(out)
}
