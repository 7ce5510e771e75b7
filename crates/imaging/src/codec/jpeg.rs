//! JPEG streams (ITU T.81): their header, and decoding by `jpeg-decoder`.

use jpeg_decoder::{ColorTransform, Decoder, PixelFormat as Layout};

use super::Decoded;
use crate::ImagingError;
use crate::dicom::pixels::Photometric;
use crate::raster::Samples;

/// The kind of a frame, by its start-of-frame marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// SOF0: baseline.
    Baseline,
    /// SOF1: extended sequential.
    Extended,
    /// SOF2: progressive.
    Progressive,
    /// SOF3: lossless.
    Lossless,
    /// SOF55: JPEG-LS (ITU T.87).
    LosslessLs,
    /// Hierarchical or arithmetic coding, by its marker.
    Other(u8),
}

/// What the markers before the first scan say.
#[derive(Debug, Clone)]
pub(crate) struct JpegHeader<'a> {
    pub(crate) process: Process,
    pub(crate) precision: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u32,
    /// Component identifiers spell RGB.
    pub(crate) named_rgb: bool,
    /// Transform flag of an Adobe APP14 segment.
    pub(crate) adobe_transform: Option<u8>,
    pub(crate) has_jfif: bool,
    /// The TIFF block of an Exif APP1 segment.
    pub(crate) exif: Option<&'a [u8]>,
}

/// Walks the markers up to the first scan.
pub(crate) fn header(bytes: &[u8]) -> Result<JpegHeader<'_>, ImagingError> {
    let cut = |at: usize| ImagingError::truncated("the JPEG header", at, bytes.len());
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err(ImagingError::corrupt(
            "a JPEG stream does not begin with its marker",
        ));
    }
    let (mut adobe_transform, mut has_jfif, mut exif) = (None, false, None);
    let mut at = 2;
    loop {
        if *bytes.get(at).ok_or_else(|| cut(at + 1))? != 0xFF {
            return Err(ImagingError::corrupt(
                "a JPEG stream has no marker where one is due",
            ));
        }
        let marker = *bytes.get(at + 1).ok_or_else(|| cut(at + 2))?;
        match marker {
            // Fill bytes.
            0xFF => {
                at += 1;
                continue;
            }
            0x01 | 0xD0..=0xD8 => {
                at += 2;
                continue;
            }
            0xD9 | 0xDA => return Err(ImagingError::corrupt("a JPEG stream has no frame header")),
            _ => {}
        }
        let head = bytes.get(at + 2..at + 4).ok_or_else(|| cut(at + 4))?;
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        if length < 2 {
            return Err(ImagingError::corrupt(
                "a JPEG segment is shorter than its own length",
            ));
        }
        let body = bytes
            .get(at + 4..at + 2 + length)
            .ok_or_else(|| cut(at + 2 + length))?;
        match marker {
            0xE0 => has_jfif |= body.starts_with(b"JFIF\0"),
            0xE1 if exif.is_none() => exif = body.strip_prefix(b"Exif\0\0"),
            0xEE if body.starts_with(b"Adobe") => adobe_transform = body.get(11).copied(),
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF | 0xF7 => {
                let frame = frame_header(marker, body).ok_or_else(|| cut(at + 4 + length))?;
                return Ok(JpegHeader {
                    adobe_transform,
                    has_jfif,
                    exif,
                    ..frame
                });
            }
            _ => {}
        }
        at += 2 + length;
    }
}

fn frame_header(marker: u8, body: &[u8]) -> Option<JpegHeader<'static>> {
    let pair = |at: usize| {
        Some(u32::from(u16::from_be_bytes([
            *body.get(at)?,
            *body.get(at + 1)?,
        ])))
    };
    let components = u32::from(*body.get(5)?);
    let named = |index: usize, name: u8| body.get(6 + index * 3) == Some(&name);
    Some(JpegHeader {
        process: match marker {
            0xC0 => Process::Baseline,
            0xC1 => Process::Extended,
            0xC2 => Process::Progressive,
            0xC3 => Process::Lossless,
            0xF7 => Process::LosslessLs,
            other => Process::Other(other),
        },
        precision: u32::from(*body.first()?),
        height: pair(1)?,
        width: pair(3)?,
        components,
        named_rgb: components == 3 && named(0, b'R') && named(1, b'G') && named(2, b'B'),
        adobe_transform: None,
        has_jfif: false,
        exif: None,
    })
}

/// Whether three components are luminance and chrominance. The Adobe segment knows; failing that
/// the component names, JFIF, and last what DICOM says, which is often wrong about it.
pub(crate) fn is_ycbcr(header: &JpegHeader<'_>, photometric: Photometric) -> bool {
    if header.components != 3 {
        return false;
    }
    match header.adobe_transform {
        Some(transform) => transform != 0,
        None if header.named_rgb => false,
        None if header.has_jfif => true,
        None => photometric != Photometric::Rgb,
    }
}

/// Decodes baseline, progressive and lossless streams.
pub(crate) fn decode(
    bytes: &[u8],
    header: &JpegHeader<'_>,
    photometric: Photometric,
) -> Result<Decoded, ImagingError> {
    if !matches!(header.components, 1 | 3) {
        return Err(ImagingError::unsupported(format!(
            "the JPEG has {} components (CMYK has 4)",
            header.components
        )));
    }
    let mut decoder = Decoder::new(bytes);
    // `ColorTransform::None` of jpeg-decoder 0.3.2 leaves planes behind each other; `RGB` keeps
    // the values and interleaves. Lossless streams are never transformed: T.81 Annex H has no colour model.
    let transform = is_ycbcr(header, photometric) && header.process != Process::Lossless;
    decoder.set_color_transform(if transform {
        ColorTransform::YCbCr
    } else {
        ColorTransform::RGB
    });
    decoder.set_max_decoding_buffer_size(
        header.width as usize * header.height as usize * header.components as usize * 2 + 4096,
    );
    let data = decoder
        .decode()
        .map_err(|error| ImagingError::decoder("JPEG", error.to_string()))?;
    let info = decoder
        .info()
        .ok_or_else(|| ImagingError::decoder("JPEG", "it gives no size"))?;
    let samples = match info.pixel_format {
        Layout::L8 | Layout::RGB24 => Samples::U8(data),
        Layout::L16 => Samples::U16(
            data.chunks_exact(2)
                .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
                .collect(),
        ),
        Layout::CMYK32 => return Err(ImagingError::unsupported("the JPEG is CMYK")),
    };
    Ok(Decoded {
        bits: header.precision,
        signed: false,
        is_rgb: transform,
        samples,
    })
}
