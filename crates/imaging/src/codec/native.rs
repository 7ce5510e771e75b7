//! Uncompressed samples (PS3.5 section 8.1).

use crate::ImagingError;
use crate::dicom::pixels::{Photometric, PixelFormat};
use crate::raster::Samples;

/// How native bytes are laid out.
pub(crate) struct Layout {
    pub(crate) big_endian: bool,
    /// 8-bit samples were written as 16-bit words, so that in big endian pairs are swapped.
    pub(crate) words: bool,
}

/// The samples of one frame out of the bytes of all, interleaved by pixel.
pub(crate) fn frame(
    bytes: &[u8],
    frame: u32,
    format: &PixelFormat,
    layout: &Layout,
) -> Result<Samples, ImagingError> {
    if format.bits_allocated == 1 {
        return bits(bytes, frame as usize * format.pixels(), format.pixels());
    }
    let subsampled = format.photometric == Photometric::YbrFull422;
    let per_pixel = if subsampled {
        2
    } else {
        format.samples_per_pixel as usize
    };
    let size = format.bits_allocated as usize / 8;
    let length = format.pixels() * per_pixel * size;
    let start = length * frame as usize;
    if bytes.len() < start + length {
        return Err(ImagingError::truncated(
            "the pixel data",
            start + length,
            bytes.len(),
        ));
    }
    // Pairs of an odd frame reach over its end.
    let swapped = (size == 1 && layout.big_endian && layout.words).then(|| swap_pairs(bytes));
    let bytes = &swapped.as_deref().unwrap_or(bytes)[start..start + length];
    let samples = words(bytes, format, layout.big_endian)?;
    if subsampled {
        return Ok(upsample_422(&samples, format.columns as usize));
    }
    Ok(if format.planar && format.samples_per_pixel == 3 {
        interleave(&samples, format.pixels())
    } else {
        samples
    })
}

fn swap_pairs(bytes: &[u8]) -> Vec<u8> {
    let mut swapped = bytes.to_vec();
    swapped.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    swapped
}

/// Samples of whole bytes, sign and unused bits not yet seen to.
fn words(bytes: &[u8], format: &PixelFormat, big_endian: bool) -> Result<Samples, ImagingError> {
    Ok(match format.bits_allocated {
        8 => Samples::U8(bytes.to_vec()),
        16 => {
            let words = bytes.as_chunks::<2>().0.iter().copied();
            Samples::U16(if big_endian {
                words.map(u16::from_be_bytes).collect()
            } else {
                words.map(u16::from_le_bytes).collect()
            })
        }
        32 => {
            let words = bytes.as_chunks::<4>().0.iter().copied();
            Samples::U32(if big_endian {
                words.map(u32::from_be_bytes).collect()
            } else {
                words.map(u32::from_le_bytes).collect()
            })
        }
        other => {
            return Err(ImagingError::unsupported(format!(
                "{other} bits are allocated to a sample"
            )));
        }
    })
}

/// One bit a sample, the first one lowest; frames follow each other without gaps.
fn bits(bytes: &[u8], first: usize, count: usize) -> Result<Samples, ImagingError> {
    let needed = (first + count).div_ceil(8);
    if bytes.len() < needed {
        return Err(ImagingError::truncated(
            "the pixel data",
            needed,
            bytes.len(),
        ));
    }
    Ok(Samples::U8(
        (first..first + count)
            .map(|index| bytes[index / 8] >> (index % 8) & 1)
            .collect(),
    ))
}

/// Two luminances and the chrominances they share become two pixels.
fn upsample_422(samples: &Samples, columns: usize) -> Samples {
    let Samples::U8(values) = samples else {
        return samples.clone();
    };
    let mut out = Vec::with_capacity(values.len() / 2 * 3);
    for row in values.chunks(columns * 2) {
        for group in row.chunks(4) {
            if let [first, second, blue, red] = *group {
                out.extend_from_slice(&[first, blue, red, second, blue, red]);
            } else {
                // The last column of an odd row has no partner to take its colour from.
                out.extend_from_slice(&[group[0], 128, 128]);
            }
        }
    }
    Samples::U8(out)
}

/// Red plane, green plane, blue plane become pixels.
pub(crate) fn interleave(samples: &Samples, pixels: usize) -> Samples {
    fn mix<T: Copy>(values: &[T], pixels: usize) -> Vec<T> {
        let (first, rest) = values.split_at(pixels.min(values.len()));
        let (second, third) = rest.split_at(pixels.min(rest.len()));
        first
            .iter()
            .zip(second)
            .zip(third)
            .flat_map(|((a, b), c)| [*a, *b, *c])
            .collect()
    }
    match samples {
        Samples::U8(values) => Samples::U8(mix(values, pixels)),
        Samples::U16(values) => Samples::U16(mix(values, pixels)),
        Samples::I16(values) => Samples::I16(mix(values, pixels)),
        Samples::U32(values) => Samples::U32(mix(values, pixels)),
        Samples::I32(values) => Samples::I32(mix(values, pixels)),
    }
}
