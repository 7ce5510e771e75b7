//! RLE (PS3.5 Annex G): one PackBits segment for each byte of each sample, high bytes first.

use crate::ImagingError;
use crate::dicom::pixels::PixelFormat;
use crate::dicom::reader::u32_at;
use crate::raster::Samples;

const HEADER: usize = 64;

/// Decodes one frame to samples interleaved by pixel.
pub(crate) fn decode(bytes: &[u8], format: &PixelFormat) -> Result<Samples, ImagingError> {
    if bytes.len() < HEADER {
        return Err(ImagingError::truncated(
            "the RLE header",
            HEADER,
            bytes.len(),
        ));
    }
    let single_bit = format.bits_allocated == 1;
    let bytes_per_sample = (format.bits_allocated as usize).div_ceil(8);
    let components = format.samples_per_pixel as usize;
    let segments = u32_at(bytes, 0, false) as usize;
    if segments != components * bytes_per_sample
        || segments > 15
        || !matches!(bytes_per_sample, 1 | 2 | 4)
    {
        return Err(ImagingError::corrupt(format!(
            "the RLE frame has {segments} segments where {} are due",
            components * bytes_per_sample
        )));
    }
    let plane = if single_bit {
        format.pixels().div_ceil(8)
    } else {
        format.pixels()
    };
    let mut planes = vec![0_u8; plane * segments];
    for (index, out) in planes.chunks_exact_mut(plane).enumerate() {
        let start = u32_at(bytes, 4 + index * 4, false) as usize;
        let stop = if index + 1 < segments {
            u32_at(bytes, 8 + index * 4, false) as usize
        } else {
            bytes.len()
        };
        let segment = bytes
            .get(start..stop.min(bytes.len()))
            .ok_or_else(|| ImagingError::corrupt("an RLE segment lies outside its frame"))?;
        unpack(segment, out)?;
    }
    if single_bit {
        return Ok(Samples::U8(
            (0..format.pixels())
                .map(|index| planes[index / 8] >> (index % 8) & 1)
                .collect(),
        ));
    }
    let pixels = format.pixels();
    let byte = |component: usize, part: usize, pixel: usize| {
        planes[(component * bytes_per_sample + part) * pixels + pixel]
    };
    let positions =
        || (0..pixels).flat_map(|pixel| (0..components).map(move |component| (component, pixel)));
    Ok(match bytes_per_sample {
        1 if components == 1 => Samples::U8(planes),
        1 => Samples::U8(
            positions()
                .map(|(component, pixel)| byte(component, 0, pixel))
                .collect(),
        ),
        2 if components == 1 => {
            let (high, low) = planes.split_at(pixels);
            Samples::U16(
                high.iter()
                    .zip(low)
                    .map(|(high, low)| u16::from_be_bytes([*high, *low]))
                    .collect(),
            )
        }
        2 => Samples::U16(
            positions()
                .map(|(c, pixel)| u16::from_be_bytes([byte(c, 0, pixel), byte(c, 1, pixel)]))
                .collect(),
        ),
        _ => Samples::U32(
            positions()
                .map(|(c, pixel)| {
                    u32::from_be_bytes([
                        byte(c, 0, pixel),
                        byte(c, 1, pixel),
                        byte(c, 2, pixel),
                        byte(c, 3, pixel),
                    ])
                })
                .collect(),
        ),
    })
}

/// PackBits (PS3.5 G.3.2); more than enough is ignored, too little is an error.
fn unpack(mut segment: &[u8], out: &mut [u8]) -> Result<(), ImagingError> {
    let mut at = 0;
    while at < out.len() {
        let short = |found: usize| ImagingError::truncated("an RLE segment", out.len(), found);
        let (&control, rest) = segment.split_first().ok_or_else(|| short(at))?;
        match control {
            0..=127 => {
                let wanted = usize::from(control) + 1;
                let count = wanted.min(out.len() - at);
                let literal = rest
                    .get(..count)
                    .ok_or_else(|| short(at + rest.len().min(count)))?;
                out[at..at + count].copy_from_slice(literal);
                at += count;
                segment = rest.get(wanted..).unwrap_or(&[]);
            }
            129..=255 => {
                let count = (257 - usize::from(control)).min(out.len() - at);
                let (&value, rest) = rest.split_first().ok_or_else(|| short(at))?;
                out[at..at + count].fill(value);
                at += count;
                segment = rest;
            }
            128 => segment = rest,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Apple's technical note 1023.
    #[test]
    fn packbits() {
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let expected = [
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22,
            0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        ];
        let mut out = [0; 24];
        unpack(&packed, &mut out).unwrap();
        assert_eq!(out, expected);
        assert_eq!(
            unpack(&packed[..14], &mut out).unwrap_err().code(),
            "truncated"
        );
    }
}
