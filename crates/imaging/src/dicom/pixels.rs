//! Where the pixels of a frame are and what they mean (PS3.3 C.7.6.3, PS3.5 section 8).

use std::borrow::Cow;
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::part10::DicomFile;
use super::reader::{Dataset, PIXEL_DATA, Reader, Value};
use crate::voi::{LookupTable, Modality};
use crate::{ImagingError, Limits};

/// Photometric Interpretation (0028,0004).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Photometric {
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    YbrFull,
    YbrFull422,
    /// YBR_ICT and YBR_RCT: undone by the JPEG 2000 decoder.
    YbrTransformed,
    Other,
}

/// The Image Pixel module.
#[derive(Debug, Clone)]
pub(crate) struct PixelFormat {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) frames: u32,
    pub(crate) samples_per_pixel: u32,
    pub(crate) bits_allocated: u32,
    pub(crate) bits_stored: u32,
    pub(crate) high_bit: u32,
    pub(crate) signed: bool,
    pub(crate) planar: bool,
    pub(crate) photometric: Photometric,
}

impl PixelFormat {
    pub(crate) fn pixels(&self) -> usize {
        self.rows as usize * self.columns as usize
    }
}

impl DicomFile<'_> {
    /// Whether there are pixels of any kind.
    pub(crate) fn has_pixels(&self) -> bool {
        let there = |tag: Tag| match self.dataset.find(tag).map(|element| &element.value) {
            Some(Value::Bytes(range)) => !range.is_empty(),
            Some(Value::Fragments(fragments)) => fragments.len() > 1,
            _ => false,
        };
        there(PIXEL_DATA) || there(tags::FLOAT_PIXEL_DATA) || there(tags::DOUBLE_FLOAT_PIXEL_DATA)
    }

    /// Reads and checks the Image Pixel module.
    pub(crate) fn pixel_format(&self, limits: &Limits) -> Result<PixelFormat, ImagingError> {
        let number = |tag: Tag| {
            self.integer(tag)
                .and_then(|number| u32::try_from(number).ok())
        };
        let needed = |tag: Tag, name: &'static str| {
            number(tag).ok_or(ImagingError::MissingAttribute { name: name.into() })
        };
        let rows = needed(tags::ROWS, "Rows (0028,0010)")?;
        let columns = needed(tags::COLUMNS, "Columns (0028,0011)")?;
        let frames = self.number_of_frames();
        limits.check_pixels(columns, rows, frames)?;
        let samples_per_pixel = number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let float = self.dataset.find(PIXEL_DATA).is_none();
        let bits_allocated = match number(tags::BITS_ALLOCATED) {
            Some(bits) => bits,
            None if float => 32,
            None => {
                return Err(ImagingError::MissingAttribute {
                    name: "Bits Allocated (0028,0100)".into(),
                });
            }
        };
        if !(1..=64).contains(&bits_allocated) {
            return Err(ImagingError::corrupt(format!(
                "{bits_allocated} bits are allocated to a sample"
            )));
        }
        let bits_stored = number(tags::BITS_STORED)
            .filter(|bits| (1..=bits_allocated).contains(bits))
            .unwrap_or(bits_allocated);
        let high_bit = number(tags::HIGH_BIT)
            .filter(|bit| (bits_stored..=bits_allocated).contains(&(bit + 1)))
            .unwrap_or(bits_stored - 1);
        let photometric = self.photometric(samples_per_pixel);
        let wanted = if matches!(
            photometric,
            Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette
        ) {
            1
        } else {
            3
        };
        if samples_per_pixel != wanted {
            return Err(ImagingError::unsupported(format!(
                "{samples_per_pixel} samples a pixel do not go with the photometric interpretation"
            )));
        }
        Ok(PixelFormat {
            rows,
            columns,
            frames,
            samples_per_pixel,
            bits_allocated,
            bits_stored,
            high_bit,
            signed: number(tags::PIXEL_REPRESENTATION) == Some(1),
            planar: number(tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
        })
    }

    fn photometric(&self, samples_per_pixel: u32) -> Photometric {
        match self
            .first_text(&self.dataset, tags::PHOTOMETRIC_INTERPRETATION)
            .unwrap_or_default()
            .as_str()
        {
            "MONOCHROME1" => Photometric::Monochrome1,
            "MONOCHROME2" => Photometric::Monochrome2,
            "PALETTE COLOR" => Photometric::Palette,
            "RGB" => Photometric::Rgb,
            "YBR_FULL" => Photometric::YbrFull,
            "YBR_FULL_422" => Photometric::YbrFull422,
            "YBR_ICT" | "YBR_RCT" => Photometric::YbrTransformed,
            "" if samples_per_pixel == 1 => Photometric::Monochrome2,
            "" => Photometric::Rgb,
            _ => Photometric::Other,
        }
    }

    /// The item of a macro that applies to a frame: of its own functional group, or of the shared
    /// one (PS3.3 C.7.6.16).
    pub(crate) fn functional_group(&self, sequence: Tag, frame: u32) -> Option<&Dataset> {
        let own = self
            .dataset
            .items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
            .get(frame as usize);
        let shared = self
            .dataset
            .items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
            .first();
        [own, shared]
            .into_iter()
            .flatten()
            .find_map(|group| group.items(sequence).first())
    }

    /// The modality transformation of a frame.
    pub(crate) fn modality(&self, frame: u32, signed: bool) -> Modality {
        if let Some(table) = self
            .dataset
            .items(tags::MODALITY_LUT_SEQUENCE)
            .first()
            .and_then(|item| self.lookup_table(item, signed))
        {
            return Modality::Table(table);
        }
        let group = self.functional_group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, frame);
        let dataset = group.unwrap_or(&self.dataset);
        let slope = self
            .first_number(dataset, tags::RESCALE_SLOPE)
            .filter(|slope| *slope != 0.0)
            .unwrap_or(1.0);
        let intercept = self
            .first_number(dataset, tags::RESCALE_INTERCEPT)
            .unwrap_or(0.0);
        Modality::Rescale { slope, intercept }
    }

    /// The VOI tables of a frame. Their input is signed when the modality's values can be.
    pub(crate) fn voi_tables(&self, frame: u32, signed: bool) -> Vec<LookupTable> {
        let group = self.functional_group(tags::FRAME_VOILUT_SEQUENCE, frame);
        let dataset = group.unwrap_or(&self.dataset);
        dataset
            .items(tags::VOILUT_SEQUENCE)
            .iter()
            .filter_map(|item| self.lookup_table(item, signed))
            .collect()
    }

    /// LUT Descriptor (0028,3002) and LUT Data (0028,3006).
    fn lookup_table(&self, item: &Dataset, signed: bool) -> Option<LookupTable> {
        let (entries, first, bits) = self.descriptor(item, tags::LUT_DESCRIPTOR, signed)?;
        let mut table = self.table(item, tags::LUT_DATA, entries);
        table.truncate(entries);
        LookupTable::new(first, bits, table)
    }

    /// Number of entries, first value mapped, bits of an entry.
    pub(crate) fn descriptor(
        &self,
        item: &Dataset,
        tag: Tag,
        signed: bool,
    ) -> Option<(usize, i64, u8)> {
        let [entries, first, bits] = self.numbers(item, tag)[..] else {
            return None;
        };
        // The three were written as US or as SS, whichever the sender thought right.
        let entries = entries as i64 & 0xFFFF;
        let entries = if entries == 0 {
            65_536
        } else {
            entries as usize
        };
        let first = first as i64 & 0xFFFF;
        let first = if signed && first > 0x7FFF {
            first - 0x1_0000
        } else {
            first
        };
        Some((entries, first, bits as u8))
    }

    /// Stored values that mean nothing was measured (PS3.3 C.7.5.1.1.2).
    pub(crate) fn padding(&self, signed: bool) -> Option<(i64, i64)> {
        let sign = |value: i64| {
            let low = value & 0xFFFF;
            if signed && low > 0x7FFF {
                low - 0x1_0000
            } else {
                low
            }
        };
        let value = sign(self.integer(tags::PIXEL_PADDING_VALUE)?);
        let limit = self
            .integer(tags::PIXEL_PADDING_RANGE_LIMIT)
            .map_or(value, sign);
        Some((value.min(limit), value.max(limit)))
    }

    /// The native bytes of all frames, or the compressed bytes of one.
    pub(crate) fn pixel_bytes(
        &self,
        frame: u32,
        format: &PixelFormat,
        limits: &Limits,
    ) -> Result<PixelBytes<'_>, ImagingError> {
        if frame >= format.frames {
            return Err(ImagingError::FrameOutOfRange {
                frame,
                frames: format.frames,
            });
        }
        let element = self
            .dataset
            .find(PIXEL_DATA)
            .ok_or_else(|| ImagingError::unsupported("they are floating point numbers"))?;
        match &element.value {
            Value::Fragments(fragments) => self
                .frame_of(fragments, frame, format.frames)
                .map(PixelBytes::Encapsulated),
            Value::Items(_) => Err(ImagingError::corrupt("its pixel data is a sequence")),
            Value::Bytes(range) => {
                if let Some(fragments) = self.fragments_within(range, limits)? {
                    return self
                        .frame_of(&fragments, frame, format.frames)
                        .map(PixelBytes::Encapsulated);
                }
                Ok(PixelBytes::Native {
                    bytes: self.slice(range.clone()),
                    words: element.vr != VR::OB,
                })
            }
        }
    }

    /// The fragments of pixel data whose length was written although they are compressed; `None` where they are not.
    pub(crate) fn fragments_within(
        &self,
        pixels: &Range<usize>,
        limits: &Limits,
    ) -> Result<Option<Vec<Range<usize>>>, ImagingError> {
        let begins_with_item = self.data[pixels.clone()].starts_with(&[0xFE, 0xFF, 0x00, 0xE0]);
        if self.is_native() || !begins_with_item {
            return Ok(None);
        }
        let mut reader = Reader::new(&self.data, limits.maximum_elements);
        reader
            .fragments_within(pixels.clone(), self.syntax)
            .map(Some)
    }

    /// Whether the transfer syntax leaves pixels uncompressed.
    fn is_native(&self) -> bool {
        use dicom_dictionary_std::uids;
        #[allow(deprecated)]
        let native = [
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
            uids::EXPLICIT_VR_BIG_ENDIAN,
        ];
        native.contains(&self.transfer_syntax_uid())
    }

    /// The bytes of one frame among fragments, the first of which is the basic offset table.
    fn frame_of(
        &self,
        fragments: &[Range<usize>],
        frame: u32,
        frames: u32,
    ) -> Result<Cow<'_, [u8]>, ImagingError> {
        let Some((table, fragments)) = fragments.split_first() else {
            return Err(ImagingError::truncated("the pixel data", 1, 0));
        };
        let (frame, frames) = (frame as usize, frames as usize);
        if frames == 1 {
            return self.joined(fragments);
        }
        if fragments.len() == frames {
            return self.joined(&fragments[frame..=frame]);
        }
        let offsets = self.offsets(table.clone(), frames);
        let starts = if offsets.len() == frames {
            offsets
        } else {
            self.starts_by_content(fragments)
        };
        let Some(start) = starts.get(frame) else {
            return Err(ImagingError::truncated(
                "the pixel data",
                frames,
                starts.len(),
            ));
        };
        let stop = starts.get(frame + 1).copied().unwrap_or(usize::MAX);
        let origin = fragments.first().map_or(0, |first| first.start);
        let within: Vec<Range<usize>> = fragments
            .iter()
            .filter(|fragment| (*start..stop).contains(&(fragment.start - origin)))
            .cloned()
            .collect();
        self.joined(&within)
    }

    /// Offsets of frames from the first fragment's item: the extended table, or the basic one.
    fn offsets(&self, table: Range<usize>, frames: usize) -> Vec<usize> {
        if let Some(range) = self.dataset.bytes(tags::EXTENDED_OFFSET_TABLE) {
            let offsets: Vec<usize> = self
                .slice(range)
                .chunks_exact(8)
                .map(|word| super::values::u64_at(word, false) as usize)
                .collect();
            if offsets.len() == frames {
                return offsets;
            }
        }
        self.slice(table)
            .chunks_exact(4)
            .map(|word| super::reader::u32_at(word, 0, false) as usize)
            .collect()
    }

    /// Without a table: a fragment that begins like a compressed image begins a frame.
    fn starts_by_content(&self, fragments: &[Range<usize>]) -> Vec<usize> {
        let origin = fragments.first().map_or(0, |first| first.start);
        let begins = |fragment: &&Range<usize>| {
            let bytes = self.slice((*fragment).clone());
            bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
        };
        fragments
            .iter()
            .filter(begins)
            .map(|fragment| fragment.start - origin)
            .collect()
    }

    fn joined(&self, fragments: &[Range<usize>]) -> Result<Cow<'_, [u8]>, ImagingError> {
        match fragments {
            [] => Err(ImagingError::truncated("the pixel data", 1, 0)),
            [one] => Ok(Cow::Borrowed(self.slice(one.clone()))),
            many => Ok(Cow::Owned(
                many.iter()
                    .flat_map(|range| self.slice(range.clone()))
                    .copied()
                    .collect(),
            )),
        }
    }
}

/// Pixels as they lie in the file.
pub(crate) enum PixelBytes<'a> {
    Native {
        /// All frames.
        bytes: &'a [u8],
        /// Written as 16-bit words, which matters for 8-bit samples in big endian.
        words: bool,
    },
    /// One frame.
    Encapsulated(Cow<'a, [u8]>),
}
