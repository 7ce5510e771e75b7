//! JPEG-LS (ITU T.87 | ISO/IEC 14495-1), lossless and near-lossless, all three interleavings.
//!
//! Own code, since `charls` is C++ built by CMake, and the pure crates tried cover one component.
//! Not taken: mapping tables, restart intervals and HP's colour transformation, none of which
//! DICOM allows.

mod bits;
mod coder;

use coder::Coder;

use super::Decoded;
use crate::raster::Samples;
use crate::{ImagingError, Limits};

#[derive(Debug, Clone, Copy, Default)]
struct Presets {
    maximum: i32,
    thresholds: [i32; 3],
    reset: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interleave {
    None,
    Line,
    Sample,
}

struct Frame {
    width: usize,
    height: usize,
    components: usize,
    precision: u32,
}

/// Decodes a stream.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImagingError> {
    let mut markers = Markers { bytes, at: 2 };
    let mut presets = Presets::default();
    let mut frame: Option<Frame> = None;
    let mut values: Vec<u16> = Vec::new();
    let mut done = 0;
    while let Some((marker, body)) = markers.next()? {
        match marker {
            0xF7 => {
                let found = frame_header(body)?;
                limits.check_pixels(found.width as u32, found.height as u32, 1)?;
                values = vec![0; found.width * found.height * found.components];
                frame = Some(found);
            }
            0xF8 => presets = preset_parameters(body)?,
            0xDD if body.iter().any(|byte| *byte != 0) => {
                return Err(ImagingError::unsupported(
                    "the JPEG-LS stream has restart intervals",
                ));
            }
            0xE8 if body.starts_with(b"mrfx")
                && body.get(4).is_some_and(|transform| *transform != 0) =>
            {
                return Err(ImagingError::unsupported(
                    "the JPEG-LS stream uses a colour transformation outside the standard",
                ));
            }
            0xDA => {
                let frame = frame.as_ref().ok_or_else(|| {
                    ImagingError::corrupt("a JPEG-LS scan comes before its frame")
                })?;
                let scan = ScanHeader::of(body, frame)?;
                let used = decode_scan(
                    &bytes[markers.at..],
                    frame,
                    &scan,
                    &presets,
                    done,
                    &mut values,
                )?;
                markers.at += used;
                done += scan.components;
                if done >= frame.components {
                    break;
                }
            }
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| ImagingError::corrupt("a JPEG-LS stream has no frame"))?;
    if done < frame.components {
        return Err(ImagingError::truncated(
            "the JPEG-LS stream",
            frame.components,
            done,
        ));
    }
    Ok(Decoded {
        bits: frame.precision,
        signed: false,
        is_rgb: false,
        samples: if frame.precision <= 8 {
            Samples::U8(values.into_iter().map(|value| value as u8).collect())
        } else {
            Samples::U16(values)
        },
    })
}

struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    /// The next marker segment; `None` at the end of the image.
    fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, ImagingError> {
        let cut = |at: usize| ImagingError::truncated("the JPEG-LS stream", at, self.bytes.len());
        while let Some(pair) = self.bytes.get(self.at..self.at + 2) {
            match pair {
                [0xFF, 0xFF] => self.at += 1,
                [0xFF, 0xD9] => return Ok(None),
                [0xFF, marker] if *marker >= 0xC0 => {
                    let marker = *marker;
                    let head = self
                        .bytes
                        .get(self.at + 2..self.at + 4)
                        .ok_or_else(|| cut(self.at + 4))?;
                    let end = self.at + 2 + usize::from(u16::from_be_bytes([head[0], head[1]]));
                    let body = self.bytes.get(self.at + 4..end).ok_or_else(|| cut(end))?;
                    self.at = end;
                    return Ok(Some((marker, body)));
                }
                // What a scan left over.
                _ => self.at += 1,
            }
        }
        Ok(None)
    }
}

fn frame_header(body: &[u8]) -> Result<Frame, ImagingError> {
    let [precision, y1, y2, x1, x2, components, ..] = *body else {
        return Err(ImagingError::truncated(
            "the JPEG-LS frame header",
            6,
            body.len(),
        ));
    };
    let frame = Frame {
        width: usize::from(u16::from_be_bytes([x1, x2])),
        height: usize::from(u16::from_be_bytes([y1, y2])),
        components: usize::from(components),
        precision: u32::from(precision),
    };
    let sampled = body[6..]
        .chunks_exact(3)
        .any(|component| component[1] != 0x11);
    if !(2..=16).contains(&frame.precision) || !matches!(frame.components, 1 | 3) || sampled {
        return Err(ImagingError::unsupported(format!(
            "the JPEG-LS stream has {components} components of {precision} bits"
        )));
    }
    Ok(frame)
}

fn preset_parameters(body: &[u8]) -> Result<Presets, ImagingError> {
    match body.first() {
        Some(1) if body.len() >= 11 => {
            let word = |index: usize| {
                i32::from(u16::from_be_bytes([
                    body[1 + index * 2],
                    body[2 + index * 2],
                ]))
            };
            Ok(Presets {
                maximum: word(0),
                thresholds: [word(1), word(2), word(3)],
                reset: word(4),
            })
        }
        _ => Err(ImagingError::unsupported(
            "the JPEG-LS stream has mapping tables or oversize dimensions",
        )),
    }
}

struct ScanHeader {
    components: usize,
    near: i32,
    interleave: Interleave,
}

impl ScanHeader {
    fn of(body: &[u8], frame: &Frame) -> Result<Self, ImagingError> {
        let cut = || ImagingError::truncated("the JPEG-LS scan header", 6, body.len());
        let components = usize::from(*body.first().ok_or_else(cut)?);
        let tail = body
            .get(1 + components * 2..4 + components * 2)
            .ok_or_else(cut)?;
        if components == 0 || components > frame.components || tail[2] != 0 {
            return Err(ImagingError::corrupt(
                "a JPEG-LS scan has a wrong number of components or a point transform",
            ));
        }
        let interleave = match (tail[1], components) {
            (0, 1) | (1 | 2, 1) => Interleave::None,
            (1, _) => Interleave::Line,
            (2, _) => Interleave::Sample,
            _ => {
                return Err(ImagingError::corrupt(
                    "a JPEG-LS scan has an unknown interleaving",
                ));
            }
        };
        Ok(Self {
            components,
            near: i32::from(tail[0]),
            interleave,
        })
    }
}

/// Decodes one scan into `values`, which are interleaved by pixel; returns the bytes used.
fn decode_scan(
    bytes: &[u8],
    frame: &Frame,
    scan: &ScanHeader,
    presets: &Presets,
    first: usize,
    values: &mut [u16],
) -> Result<usize, ImagingError> {
    let mut coder = Coder::new(bytes, frame.precision, scan.near, presets)?;
    let lanes = scan.components;
    let width = frame.width;
    // One guard sample on either side (T.87 A.2.1); lanes follow each other.
    let stride = width + 2;
    let mut previous = vec![0_i32; stride * lanes];
    let mut current = vec![0_i32; stride * lanes];
    let mut run_index = [0_usize; 4];
    for row in 0..frame.height {
        for lane in 0..lanes {
            let start = lane * stride;
            previous[start + width + 1] = previous[start + width];
            current[start] = previous[start + 1];
        }
        if scan.interleave == Interleave::Sample {
            coder.line_of_pixels(&previous, &mut current, stride, &mut run_index[0])?;
        } else {
            for (lane, run_index) in run_index.iter_mut().enumerate().take(lanes) {
                let range = lane * stride..(lane + 1) * stride;
                coder.line(&previous[range.clone()], &mut current[range], run_index)?;
            }
        }
        let row = &mut values[row * width * frame.components..(row + 1) * width * frame.components];
        for lane in 0..lanes {
            let line = &current[lane * stride + 1..lane * stride + 1 + width];
            for (pixel, value) in row.chunks_exact_mut(frame.components).zip(line) {
                pixel[first + lane] = *value as u16;
            }
        }
        std::mem::swap(&mut previous, &mut current);
    }
    Ok(coder.bits.used())
}
