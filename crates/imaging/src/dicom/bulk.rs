//! Values by themselves: bulk data, and frames as they are stored or as plain little-endian samples.

use std::borrow::Cow;

use dicom_core::{Tag, VR};

use super::part10::DicomFile;
use super::pixels::PixelBytes;
use super::reader::{Dataset, PIXEL_DATA, Value};
use crate::decode::stored_samples;
use crate::raster::Samples;
use crate::{ImagingError, Limits};

/// A frame as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFrame<'a> {
    /// Compressed as the file's transfer syntax says; else samples in little endian.
    pub encapsulated: bool,
    /// Its bytes: those of the file where it lies there as it is.
    pub bytes: Cow<'a, [u8]>,
}

impl DicomFile<'_> {
    /// The value at a path of [`DicomFile::full_json`], such as `00281201` or `54000100/0/54001010`, in little endian.
    /// None where there is no such value, or where it is a sequence or compressed pixel data.
    #[must_use]
    pub fn bulk(&self, path: &str) -> Option<Vec<u8>> {
        let mut dataset: &Dataset = &self.dataset;
        let mut parts = path.split('/');
        loop {
            let tag = tag_of(parts.next()?)?;
            let element = dataset.find(tag)?;
            match (&element.value, parts.next()) {
                (Value::Bytes(range), None) => {
                    let bytes = self.slice(range.clone());
                    return Some(little_endian(bytes, element.vr, dataset.big_endian));
                }
                (Value::Items(items), Some(at)) => {
                    dataset = items.get(at.parse::<usize>().ok()?)?;
                }
                _ => return None,
            }
        }
    }

    /// A frame as it lies in the file: compressed, or in little endian.
    ///
    /// # Errors
    /// As [`crate::decode`].
    pub fn stored_frame(
        &self,
        frame: u32,
        limits: &Limits,
    ) -> Result<StoredFrame<'_>, ImagingError> {
        let format = self.pixel_format(limits)?;
        let (bytes, words) = match self.pixel_bytes(frame, &format, limits)? {
            PixelBytes::Encapsulated(bytes) => {
                return Ok(StoredFrame {
                    encapsulated: true,
                    bytes,
                });
            }
            PixelBytes::Native { bytes, words } => (bytes, words),
        };
        let samples = match format.photometric {
            super::pixels::Photometric::YbrFull422 => 2,
            _ => format.samples_per_pixel as usize,
        };
        let bits = format.pixels() * samples * format.bits_allocated as usize;
        if !bits.is_multiple_of(8) && format.frames > 1 {
            return Err(ImagingError::unsupported(
                "its frames of single bits do not begin at bytes",
            ));
        }
        let length = bits.div_ceil(8);
        let start = length * frame as usize;
        let end = start + length;
        if bytes.len() < end {
            return Err(ImagingError::truncated("the pixel data", end, bytes.len()));
        }
        // Bytes of words are swapped before a frame is cut out: an odd one ends in the middle of a word.
        let vr = match format.bits_allocated {
            ..=8 if words => VR::OW,
            ..=8 => VR::OB,
            9..=16 => VR::OW,
            17..=32 => VR::OL,
            _ => VR::OV,
        };
        let bytes = if self.pixels_big_endian() {
            Cow::Owned(little_endian(bytes, vr, true)[start..end].to_vec())
        } else {
            Cow::Borrowed(&bytes[start..end])
        };
        Ok(StoredFrame {
            encapsulated: false,
            bytes,
        })
    }

    /// A frame as uncompressed samples in little endian, each as wide as the header says. Colour of 8 bits
    /// that was compressed comes as red, green and blue.
    ///
    /// # Errors
    /// As [`crate::decode`].
    pub fn plain_frame(
        &self,
        frame: u32,
        limits: &Limits,
    ) -> Result<StoredFrame<'_>, ImagingError> {
        let stored = self.stored_frame(frame, limits)?;
        if !stored.encapsulated {
            return Ok(stored);
        }
        let bits = self.pixel_format(limits)?.bits_allocated;
        Ok(StoredFrame {
            encapsulated: false,
            bytes: Cow::Owned(as_wide(&stored_samples(self, frame, limits)?, bits)),
        })
    }

    /// Whether the pixels are compressed.
    #[must_use]
    pub fn is_encapsulated(&self) -> bool {
        matches!(
            self.dataset.find(PIXEL_DATA).map(|element| &element.value),
            Some(Value::Fragments(_))
        )
    }
}

/// Samples in little endian, each of so many bits; what does not fit is cut, as it was when it was stored.
fn as_wide(samples: &Samples, bits: u32) -> Vec<u8> {
    let width = match bits {
        ..=8 => 1,
        9..=16 => 2,
        _ => 4,
    };
    let cut = |value: i64| value.to_le_bytes().into_iter().take(width);
    crate::raster::each_kind!(samples, values => values.iter().flat_map(|value| cut(i64::from(*value))).collect())
}

fn tag_of(text: &str) -> Option<Tag> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(text, 16).ok()?;
    Some(Tag((number >> 16) as u16, number as u16))
}

/// Bytes of a value as explicit little endian has them.
pub(crate) fn little_endian(bytes: &[u8], vr: VR, big_endian: bool) -> Vec<u8> {
    let width = match vr {
        VR::OW | VR::US | VR::SS | VR::AT => 2,
        VR::OF | VR::OL | VR::UL | VR::SL | VR::FL => 4,
        VR::OD | VR::OV | VR::UV | VR::SV | VR::FD => 8,
        _ => 1,
    };
    let mut bytes = bytes.to_vec();
    if big_endian && width > 1 {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    bytes
}
