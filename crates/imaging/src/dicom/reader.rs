//! Data elements from bytes (PS3.5 section 7), forgiving where the meaning is still clear.

use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::ImagingError;

/// Nested sequences deeper than this are refused; the standard's own objects stay below 10.
const MAXIMUM_DEPTH: usize = 32;
const UNDEFINED: u32 = 0xFFFF_FFFF;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
pub(crate) const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) explicit: bool,
    pub(crate) big_endian: bool,
}

impl Syntax {
    pub(crate) const IMPLICIT_LE: Self = Self {
        explicit: false,
        big_endian: false,
    };
    pub(crate) const EXPLICIT_LE: Self = Self {
        explicit: true,
        big_endian: false,
    };
    pub(crate) const EXPLICIT_BE: Self = Self {
        explicit: true,
        big_endian: true,
    };
}

/// One data element; values are positions in the file's bytes.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) tag: Tag,
    pub(crate) vr: VR,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Bytes(Range<usize>),
    Items(Vec<Dataset>),
    /// Encapsulated pixel data: the basic offset table and then the fragments (PS3.5 A.4).
    Fragments(Vec<Range<usize>>),
}

/// A data set or an item of a sequence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dataset {
    pub(crate) elements: Vec<Element>,
    pub(crate) big_endian: bool,
}

impl Dataset {
    pub(crate) fn find(&self, tag: Tag) -> Option<&Element> {
        self.elements.iter().find(|element| element.tag == tag)
    }

    /// The position of an element's bytes.
    pub(crate) fn bytes(&self, tag: Tag) -> Option<Range<usize>> {
        match &self.find(tag)?.value {
            Value::Bytes(range) => Some(range.clone()),
            Value::Items(_) | Value::Fragments(_) => None,
        }
    }

    /// The items of a sequence; none for anything else.
    pub(crate) fn items(&self, tag: Tag) -> &[Self] {
        match self.find(tag).map(|element| &element.value) {
            Some(Value::Items(items)) => items,
            _ => &[],
        }
    }
}

/// The head of an element.
struct Head {
    tag: Tag,
    vr: VR,
    length: u32,
    body: usize,
}

/// Reads one file.
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    elements_left: usize,
    /// Something ended before its declared length.
    pub(crate) truncated: bool,
    /// Where the values end that reach behind the end of the bytes, as declared.
    pub(crate) beyond: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(data: &'a [u8], maximum_elements: usize) -> Self {
        Self {
            data,
            elements_left: maximum_elements,
            truncated: false,
            beyond: Vec::new(),
        }
    }

    /// The main data set, from `start` to the end of the bytes.
    pub(crate) fn main(&mut self, start: usize, syntax: Syntax) -> Result<Dataset, ImagingError> {
        Ok(self.dataset(start, self.data.len(), syntax, 0)?.0)
    }

    /// Elements of group 0002 from `start`; they end with the group, whatever its length says.
    pub(crate) fn file_meta(
        &mut self,
        start: usize,
        syntax: Syntax,
    ) -> Result<(Dataset, usize), ImagingError> {
        let mut meta = Dataset {
            elements: Vec::new(),
            big_endian: syntax.big_endian,
        };
        let mut at = start;
        while let Some(head) = self.head(at, self.data.len(), syntax) {
            if head.tag.group() != 2 || head.length == UNDEFINED {
                break;
            }
            self.spend()?;
            let end = self.clip(head.body, head.length, self.data.len());
            meta.elements.push(Element {
                tag: head.tag,
                vr: head.vr,
                value: Value::Bytes(head.body..end),
            });
            at = end;
        }
        Ok((meta, at))
    }

    fn spend(&mut self) -> Result<(), ImagingError> {
        self.elements_left = self
            .elements_left
            .checked_sub(1)
            .ok_or_else(|| ImagingError::corrupt("it holds more DICOM elements than allowed"))?;
        Ok(())
    }

    fn clip(&mut self, body: usize, length: u32, end: usize) -> usize {
        let wanted = body.saturating_add(length as usize);
        if wanted > self.data.len() {
            self.beyond.push(wanted);
        } else if wanted > end {
            self.truncated = true;
        }
        wanted.min(end)
    }

    fn dataset(
        &mut self,
        start: usize,
        end: usize,
        syntax: Syntax,
        depth: usize,
    ) -> Result<(Dataset, usize), ImagingError> {
        if depth > MAXIMUM_DEPTH {
            return Err(ImagingError::corrupt("its sequences are nested too deeply"));
        }
        let mut dataset = Dataset {
            elements: Vec::new(),
            big_endian: syntax.big_endian,
        };
        let mut at = start;
        while at < end {
            let Some(head) = self.head(at, end, syntax) else {
                // Padding to an even or a block length is no loss.
                self.truncated |= self.data[at..end].iter().any(|byte| *byte != 0);
                return Ok((dataset, end));
            };
            match head.tag {
                ITEM_END if depth > 0 => return Ok((dataset, head.body)),
                ITEM_END | SEQUENCE_END | ITEM => {
                    // A stray delimiter carries nothing.
                    at = head.body;
                    continue;
                }
                Tag(0, 0) if head.length == 0 => return Ok((dataset, end)),
                _ => {}
            }
            self.spend()?;
            let (value, next) = self.value(&head, end, syntax, depth)?;
            dataset.elements.push(Element {
                tag: head.tag,
                vr: if matches!(value, Value::Items(_)) {
                    VR::SQ
                } else {
                    head.vr
                },
                value,
            });
            at = next;
        }
        Ok((dataset, at))
    }

    fn value(
        &mut self,
        head: &Head,
        end: usize,
        syntax: Syntax,
        depth: usize,
    ) -> Result<(Value, usize), ImagingError> {
        if head.length == UNDEFINED {
            if head.tag == PIXEL_DATA && head.vr != VR::SQ {
                return self.fragments(head.body, end, syntax);
            }
            // CP-246: an unknown of undefined length is a sequence in implicit little endian.
            let inner = if head.vr == VR::UN {
                Syntax::IMPLICIT_LE
            } else {
                syntax
            };
            return self.items(head.body, end, inner, depth);
        }
        let stop = self.clip(head.body, head.length, end);
        let hidden_sequence =
            head.vr == VR::UN && head.length >= 8 && dictionary_vr(head.tag) == VR::SQ;
        if head.vr == VR::SQ || hidden_sequence {
            let inner = if hidden_sequence {
                Syntax::IMPLICIT_LE
            } else {
                syntax
            };
            let (items, _) = self.items(head.body, stop, inner, depth)?;
            return Ok((items, stop));
        }
        Ok((Value::Bytes(head.body..stop), stop))
    }

    fn items(
        &mut self,
        start: usize,
        end: usize,
        syntax: Syntax,
        depth: usize,
    ) -> Result<(Value, usize), ImagingError> {
        let mut items = Vec::new();
        let mut at = start;
        while at < end {
            let Some((tag, length)) = self.item_head(at, end, syntax.big_endian) else {
                self.truncated = true;
                return Ok((Value::Items(items), end));
            };
            match tag {
                ITEM => {
                    self.spend()?;
                    let body = at + 8;
                    let stop = if length == UNDEFINED {
                        end
                    } else {
                        self.clip(body, length, end)
                    };
                    let (item, after) = self.dataset(body, stop, syntax, depth + 1)?;
                    items.push(item);
                    at = if length == UNDEFINED { after } else { stop };
                }
                SEQUENCE_END => return Ok((Value::Items(items), at + 8)),
                // An item end left over from an item of defined length.
                ITEM_END => at += 8,
                _ => {
                    self.truncated = true;
                    return Ok((Value::Items(items), end));
                }
            }
        }
        Ok((Value::Items(items), at))
    }

    fn fragments(
        &mut self,
        start: usize,
        end: usize,
        syntax: Syntax,
    ) -> Result<(Value, usize), ImagingError> {
        let mut fragments = Vec::new();
        let mut at = start;
        loop {
            let Some((tag, length)) = self.item_head(at, end, syntax.big_endian) else {
                self.truncated = true;
                return Ok((Value::Fragments(fragments), end));
            };
            match tag {
                ITEM => {
                    self.spend()?;
                    let stop = self.clip(at + 8, length, end);
                    fragments.push(at + 8..stop);
                    at = stop;
                }
                SEQUENCE_END => return Ok((Value::Fragments(fragments), at + 8)),
                _ => {
                    self.truncated = true;
                    return Ok((Value::Fragments(fragments), end));
                }
            }
        }
    }

    /// Fragments inside pixel data whose length was written although it is encapsulated.
    pub(crate) fn fragments_within(
        &mut self,
        range: Range<usize>,
        syntax: Syntax,
    ) -> Result<Vec<Range<usize>>, ImagingError> {
        match self.fragments(range.start, range.end, syntax)?.0 {
            Value::Fragments(fragments) => Ok(fragments),
            Value::Bytes(_) | Value::Items(_) => Ok(Vec::new()),
        }
    }

    fn item_head(&self, at: usize, end: usize, big_endian: bool) -> Option<(Tag, u32)> {
        let bytes = self.data[..end].get(at..at + 8)?;
        let tag = Tag(u16_at(bytes, 0, big_endian), u16_at(bytes, 2, big_endian));
        Some((tag, u32_at(bytes, 4, big_endian)))
    }

    fn head(&self, at: usize, end: usize, syntax: Syntax) -> Option<Head> {
        let (tag, length) = self.item_head(at, end, syntax.big_endian)?;
        if tag.group() == 0xFFFE {
            return Some(Head {
                tag,
                vr: VR::UN,
                length,
                body: at + 8,
            });
        }
        let code = [self.data[at + 4], self.data[at + 5]];
        // Some writers fall back to implicit elements in the middle of an explicit file.
        if !syntax.explicit || !code.iter().all(u8::is_ascii_uppercase) {
            return Some(Head {
                tag,
                vr: dictionary_vr(tag),
                length,
                body: at + 8,
            });
        }
        let known = VR::from_binary(code);
        let short = u32::from(u16_at(self.data, at + 6, syntax.big_endian));
        let long_form = match known {
            Some(vr) => has_long_form(vr),
            // A value representation of the future has the long form (PS3.5 7.1.2).
            None => short == 0,
        };
        if !long_form {
            return Some(Head {
                tag,
                vr: known.unwrap_or(VR::UN),
                length: short,
                body: at + 8,
            });
        }
        let bytes = self.data[..end].get(at + 8..at + 12)?;
        let length = u32_at(bytes, 0, syntax.big_endian);
        Some(Head {
            tag,
            vr: match known {
                Some(vr) if vr != VR::UN => vr,
                // Written by a tool that did not know the tag, or was made to forget it; the bytes
                // are those of implicit little endian (PS3.5 6.2.2 note 2).
                _ if length == UNDEFINED || syntax.big_endian || tag == PIXEL_DATA => VR::UN,
                _ => match dictionary_vr(tag) {
                    VR::SQ => VR::UN,
                    vr => vr,
                },
            },
            length,
            body: at + 12,
        })
    }
}

/// Whether an explicit element of this kind has a length of 32 bits (PS3.5 table 7.1-1).
pub(crate) fn has_long_form(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}

/// The value representation the dictionary gives; unknown and private tags are `UN`.
pub(crate) fn dictionary_vr(tag: Tag) -> VR {
    if tag.element() == 0 {
        return VR::UL;
    }
    match StandardDataDictionary
        .by_tag(tag)
        .map(DataDictionaryEntry::vr)
    {
        Some(VirtualVr::Exact(vr)) => vr,
        Some(VirtualVr::Xs) => VR::US,
        Some(VirtualVr::Ox | VirtualVr::Px | VirtualVr::Lt) => VR::OW,
        _ if tag.group() % 2 == 1 && (0x10..=0xFF).contains(&tag.element()) => VR::LO,
        _ => VR::UN,
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> u16 {
    let pair = [bytes[at], bytes[at + 1]];
    if big_endian {
        u16::from_be_bytes(pair)
    } else {
        u16::from_le_bytes(pair)
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big_endian {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    }
}
