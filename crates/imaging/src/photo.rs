//! PNG and JPEG: plain pictures of films. Exif orientation is applied, so that rows and columns
//! are those a person sees.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits as AllocationLimits};

use crate::codec::jpeg::{self, Process};
use crate::raster::{GreyRaster, Raster, RgbRaster, Samples};
use crate::voi::Modality;
use crate::{ImagingError, Limits};

/// What a header tells.
pub(crate) struct PhotoHeader {
    /// As stored.
    pub(crate) width: u32,
    /// As stored.
    pub(crate) height: u32,
    /// Bits of a sample.
    pub(crate) bits: u8,
    pub(crate) orientation: Orientation,
    /// Bytes behind the end of the picture, where the end can be told from the structure.
    pub(crate) trailing_bytes: u64,
}

impl PhotoHeader {
    /// Width and height as a person sees them.
    pub(crate) fn displayed(&self) -> (u32, u32) {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        match self.orientation {
            Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH => (self.height, self.width),
            _ => (self.width, self.height),
        }
    }
}

/// Reads a PNG's chunks, no pixel decoded.
pub(crate) fn png_header(bytes: &[u8]) -> Result<PhotoHeader, ImagingError> {
    let four = |at: usize| {
        bytes
            .get(at..at + 4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
            .ok_or_else(|| ImagingError::truncated("the PNG", at + 4, bytes.len()))
    };
    if bytes.get(12..16) != Some(b"IHDR") {
        return Err(ImagingError::corrupt(
            "a PNG does not begin with its header",
        ));
    }
    let (width, height) = (four(16)?, four(20)?);
    let depth = *bytes
        .get(24)
        .ok_or_else(|| ImagingError::truncated("the PNG", 25, bytes.len()))?;
    let mut orientation = Orientation::NoTransforms;
    let mut trailing_bytes = 0;
    let mut at = 8_usize;
    while let (Ok(length), Some(name)) = (four(at), bytes.get(at + 4..at + 8)) {
        let end = at.saturating_add(12).saturating_add(length as usize);
        match name {
            b"eXIf" => {
                let chunk = bytes.get(at + 8..end.saturating_sub(4)).unwrap_or(&[]);
                orientation = Orientation::from_exif_chunk(chunk).unwrap_or(orientation);
            }
            b"IEND" => {
                trailing_bytes = bytes.len().saturating_sub(end) as u64;
                break;
            }
            _ => {}
        }
        at = end;
    }
    Ok(PhotoHeader {
        width,
        height,
        bits: if depth == 16 { 16 } else { 8 },
        orientation,
        trailing_bytes,
    })
}

/// Reads a JPEG's markers, no pixel decoded.
pub(crate) fn jpeg_header(bytes: &[u8]) -> Result<PhotoHeader, ImagingError> {
    let header = jpeg::header(bytes)?;
    let orientation = header
        .exif
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms);
    // The last end marker: previews inside APP segments have ends of their own.
    let end = bytes
        .windows(2)
        .rposition(|pair| pair == [0xFF, 0xD9])
        .map_or(bytes.len(), |at| at + 2);
    Ok(PhotoHeader {
        width: header.width,
        height: header.height,
        bits: header.precision as u8,
        orientation,
        trailing_bytes: (bytes.len() - end) as u64,
    })
}

pub(crate) fn decode_png(bytes: &[u8], limits: &Limits) -> Result<Raster, ImagingError> {
    let header = png_header(bytes)?;
    limits.check_pixels(header.width, header.height, 1)?;
    let allocation = allocation_limits(&header);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), allocation)
        .map_err(|error| ImagingError::decoder("PNG", error.to_string()))?;
    decoded("PNG", decoder, header.orientation)
}

pub(crate) fn decode_jpeg(bytes: &[u8], limits: &Limits) -> Result<Raster, ImagingError> {
    let marker = jpeg::header(bytes)?;
    limits.check_pixels(marker.width, marker.height, 1)?;
    if !matches!(marker.components, 1 | 3) {
        return Err(ImagingError::unsupported(format!(
            "the JPEG has {} components (CMYK has 4)",
            marker.components
        )));
    }
    if !matches!(
        marker.process,
        Process::Baseline | Process::Extended | Process::Progressive
    ) || marker.precision != 8
    {
        return Err(ImagingError::unsupported(format!(
            "the JPEG has {} bits or is lossless; such belong into DICOM",
            marker.precision
        )));
    }
    let header = jpeg_header(bytes)?;
    let decoder = JpegDecoder::new(Cursor::new(bytes))
        .map_err(|error| ImagingError::decoder("JPEG", error.to_string()))?;
    decoded("JPEG", decoder, header.orientation)
}

fn allocation_limits(header: &PhotoHeader) -> AllocationLimits {
    let mut allocation = AllocationLimits::no_limits();
    // Four 16-bit channels, and room for rows and chunks.
    allocation.max_alloc =
        Some(u64::from(header.width) * u64::from(header.height) * 8 + (16 << 20));
    allocation
}

fn decoded(
    name: &'static str,
    decoder: impl ImageDecoder,
    orientation: Orientation,
) -> Result<Raster, ImagingError> {
    let mut picture = DynamicImage::from_decoder(decoder)
        .map_err(|error| ImagingError::decoder(name, error.to_string()))?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    Ok(match picture {
        DynamicImage::ImageLuma8(pixels) => grey(width, height, Samples::U8(pixels.into_raw())),
        DynamicImage::ImageLuma16(pixels) => grey(width, height, Samples::U16(pixels.into_raw())),
        DynamicImage::ImageLumaA8(pixels) => {
            let samples = pixels
                .pixels()
                .map(|pixel| over_black(pixel.0[0], pixel.0[1]))
                .collect();
            grey(width, height, Samples::U8(samples))
        }
        DynamicImage::ImageLumaA16(pixels) => {
            let samples = pixels
                .pixels()
                .map(|pixel| (u32::from(pixel.0[0]) * u32::from(pixel.0[1]) / 65_535) as u16)
                .collect();
            grey(width, height, Samples::U16(samples))
        }
        DynamicImage::ImageRgb8(pixels) => colour(width, height, pixels.into_raw()),
        DynamicImage::ImageRgba8(pixels) => {
            let over = pixels
                .pixels()
                .flat_map(|pixel| [0, 1, 2].map(|channel| over_black(pixel.0[channel], pixel.0[3])))
                .collect();
            colour(width, height, over)
        }
        other => colour(width, height, other.into_rgb8().into_raw()),
    })
}

/// Films are read on black, so that is what shows through.
fn over_black(value: u8, alpha: u8) -> u8 {
    (u16::from(value) * u16::from(alpha) / 255) as u8
}

/// Colour, or grey where all channels agree throughout, as films saved in colour do.
fn colour(width: u32, height: u32, pixels: Vec<u8>) -> Raster {
    if pixels
        .as_chunks::<3>()
        .0
        .iter()
        .all(|[red, green, blue]| red == green && green == blue)
    {
        return grey(
            width,
            height,
            Samples::U8(pixels.into_iter().step_by(3).collect()),
        );
    }
    Raster::Rgb8(RgbRaster {
        width,
        height,
        pixels,
    })
}

fn grey(width: u32, height: u32, samples: Samples) -> Raster {
    let bits_stored = if matches!(samples, Samples::U8(_)) {
        8
    } else {
        16
    };
    Raster::Grey(GreyRaster {
        width,
        height,
        samples,
        bits_stored,
        signed: false,
        inverted: false,
        modality: Modality::IDENTITY,
        voi_tables: Vec::new(),
        windows: Vec::new(),
        padding: None,
    })
}
