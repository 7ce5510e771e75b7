//! JPEG 2000 and High-Throughput JPEG 2000 (ISO/IEC 15444-1 and -15).

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::Decoded;
use crate::raster::Samples;
use crate::{ImagingError, Limits};

const CODESTREAM: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51];
const JP2: &[u8] = b"\x00\x00\x00\x0CjP  ";

/// What the main header of a codestream says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct J2kHeader {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u32,
    pub(crate) precision: u32,
    pub(crate) signed: bool,
    /// Part 15 block coding.
    high_throughput: bool,
    /// The multiple component transformation is used, so that colour comes out as RGB.
    colour_transform: bool,
    /// The 9-7 transformation in floating point numbers.
    irreversible: bool,
}

/// Whether the bytes are a codestream, bare or in a JP2 file.
pub(crate) fn is_jpeg_2000(bytes: &[u8]) -> bool {
    bytes.starts_with(CODESTREAM) || bytes.starts_with(JP2)
}

/// Reads the SIZ and COD segments (15444-1 A.5.1, A.6.1).
pub(crate) fn header(bytes: &[u8]) -> Result<J2kHeader, ImagingError> {
    // A JP2 file is not allowed in DICOM and yet sent: its codestream is inside.
    let start = if bytes.starts_with(JP2) {
        bytes.windows(4).position(|four| four == CODESTREAM)
    } else {
        Some(0)
    };
    let bytes = bytes.get(start.unwrap_or(0)..).unwrap_or(&[]);
    let cut = || ImagingError::truncated("the JPEG 2000 header", 64, bytes.len());
    if !bytes.starts_with(CODESTREAM) {
        return Err(ImagingError::corrupt(
            "a JPEG 2000 codestream does not begin with its marker",
        ));
    }
    let four = |at: usize| {
        bytes
            .get(at..at + 4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
            .ok_or_else(cut)
    };
    let two = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|b| u16::from_be_bytes([b[0], b[1]]))
            .ok_or_else(cut)
    };
    let (right, bottom, left, top) = (four(8)?, four(12)?, four(16)?, four(20)?);
    let (tile_width, tile_height) = (four(24)?, four(28)?);
    let components = u32::from(two(40)?);
    let depth = *bytes.get(42).ok_or_else(cut)?;
    let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
    // A header of a few bytes can declare millions of tiles, each of which costs memory.
    let tiles = u64::from(width.div_ceil(tile_width.max(1)))
        * u64::from(height.div_ceil(tile_height.max(1)));
    if components == 0 || tiles > 65_535 {
        return Err(ImagingError::corrupt(
            "a JPEG 2000 header declares no component or too many tiles",
        ));
    }
    let mut found = J2kHeader {
        width,
        height,
        components,
        precision: u32::from(depth & 0x7F) + 1,
        signed: depth & 0x80 != 0,
        high_throughput: two(6)? & 0x4000 != 0,
        colour_transform: false,
        irreversible: false,
    };
    let mut at = 4 + usize::from(two(4)?);
    // Main header segments end at the first tile part.
    while let (Ok(marker), Ok(length)) = (two(at), two(at + 2)) {
        match marker {
            0xFF52 => {
                found.colour_transform = bytes.get(at + 8) == Some(&1);
                found.irreversible = bytes.get(at + 13) == Some(&0);
            }
            0xFF50 => found.high_throughput = true,
            0xFF90 | 0xFFD9 => break,
            _ => {}
        }
        at += 2 + usize::from(length);
    }
    Ok(found)
}

/// Decodes a frame. HTJ2K, what the safe decoder refuses, and the irreversible transformation go by OpenJPEG's
/// translation: the standard leaves its roundings open, and OpenJPEG's are those that other readers show.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImagingError> {
    let header = header(bytes)?;
    limits.check_pixels(header.width, header.height, 1)?;
    if !matches!(header.components, 1 | 3) || header.precision > 31 {
        return Err(ImagingError::unsupported(format!(
            "the JPEG 2000 stream has {} components of {} bits",
            header.components, header.precision
        )));
    }
    let samples = if header.high_throughput {
        by_openjpeg(bytes, &header)?
    } else if header.irreversible {
        by_openjpeg(bytes, &header).or_else(|error| by_hayro(bytes, &header).map_err(|_| error))?
    } else {
        by_hayro(bytes, &header).or_else(|_| by_openjpeg(bytes, &header))?
    };
    Ok(Decoded {
        bits: header.precision,
        signed: header.signed,
        is_rgb: header.colour_transform && header.components == 3,
        samples,
    })
}

fn by_hayro(bytes: &[u8], header: &J2kHeader) -> Result<Samples, String> {
    let settings = DecodeSettings {
        resolve_palette_indices: false,
        strict: false,
        target_resolution: None,
    };
    let image = Image::new(bytes, &settings).map_err(|error| error.to_string())?;
    let mut context = DecoderContext::default();
    let decoded = image
        .decode(&mut context)
        .map_err(|error| error.to_string())?;
    let planes: Vec<&[f32]> = decoded
        .components()
        .iter()
        .map(hayro_jpeg2000::ComponentData::samples)
        .collect();
    // It adds half the range to every component, signed ones included.
    let excess = if header.signed {
        1 << (header.precision - 1)
    } else {
        0
    };
    interleaved(&planes, header, |value| value.round() as i32 - excess)
}

fn by_openjpeg(bytes: &[u8], header: &J2kHeader) -> Result<Samples, ImagingError> {
    // Its sums are checked in release builds too (see the root Cargo.toml), and damaged packets make
    // them overflow.
    let image = std::panic::catch_unwind(|| jpeg2k::Image::from_bytes(bytes))
        .map_err(|_| ImagingError::decoder("JPEG 2000", "its packets contradict each other"))?
        .map_err(|error| ImagingError::decoder("JPEG 2000", error.to_string()))?;
    let planes: Vec<&[i32]> = image
        .components()
        .iter()
        .map(jpeg2k::ImageComponent::data)
        .collect();
    interleaved(&planes, header, |value| value)
        .map_err(|reason| ImagingError::decoder("JPEG 2000", reason))
}

fn interleaved<T: Copy>(
    planes: &[&[T]],
    header: &J2kHeader,
    number: impl Fn(T) -> i32,
) -> Result<Samples, String> {
    let pixels = header.width as usize * header.height as usize;
    if planes.len() != header.components as usize
        || planes.iter().any(|plane| plane.len() != pixels)
    {
        return Err("components are subsampled or missing".to_owned());
    }
    let (low, high) = if header.signed {
        (
            -(1_i64 << (header.precision - 1)),
            (1_i64 << (header.precision - 1)) - 1,
        )
    } else {
        (0, (1_i64 << header.precision) - 1)
    };
    // Both ends fit: the precision is at most 31 bits.
    let (low, high) = (low as i32, high as i32);
    let values = (0..pixels)
        .flat_map(|pixel| planes.iter().map(move |plane| plane[pixel]))
        .map(|value| number(value).clamp(low, high));
    Ok(match (header.signed, header.precision) {
        (false, ..=8) => Samples::U8(values.map(|value| value as u8).collect()),
        (false, ..=16) => Samples::U16(values.map(|value| value as u16).collect()),
        (true, ..=16) => Samples::I16(values.map(|value| value as i16).collect()),
        (false, _) => Samples::U32(values.map(i32::cast_unsigned).collect()),
        (true, _) => Samples::I32(values.collect()),
    })
}
