//! JPEG-LS (ITU T.87 | ISO/IEC 14495-1), lossless and near-lossless, all three interleavings.
//!
//! Own code, since `charls` is C++ built by CMake, and the pure crates tried cover one component.
//! Not taken: mapping tables, restart intervals and HP's colour transformation, none of which
//! DICOM allows.

use super::Decoded;
use crate::raster::Samples;
use crate::{ImagingError, Limits};

/// Run lengths' order (T.87 A.2.1).
const J: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];
const REGULAR_CONTEXTS: usize = 365;

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
        width: frame.width as u32,
        height: frame.height as u32,
        components: frame.components as u32,
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

/// Statistics of a context (T.87 A.2.1): `a` magnitudes, `b` bias, `c` correction, `n` occurrences.
#[derive(Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

/// Statistics of a run interruption (T.87 A.7.2).
#[derive(Clone, Copy)]
struct RunContext {
    a: i32,
    n: i32,
    negative: i32,
}

struct Coder<'a> {
    bits: Bits<'a>,
    maximum: i32,
    near: i32,
    /// `2 * near + 1`.
    step: i32,
    /// Number of error values, times `step`.
    span: i32,
    range_bits: u32,
    limit: u32,
    reset: i32,
    thresholds: [i32; 3],
    contexts: [Context; REGULAR_CONTEXTS],
    runs: [RunContext; 2],
}

impl<'a> Coder<'a> {
    fn new(
        bytes: &'a [u8],
        precision: u32,
        near: i32,
        presets: &Presets,
    ) -> Result<Self, ImagingError> {
        let full = (1_i32 << precision) - 1;
        let maximum = if presets.maximum == 0 {
            full
        } else {
            presets.maximum
        };
        if maximum > full || near > maximum / 2 || near > 255 {
            return Err(ImagingError::corrupt(
                "the JPEG-LS parameters contradict each other",
            ));
        }
        let step = 2 * near + 1;
        let range = (maximum + 2 * near) / step + 1;
        let range_bits = ceil_log2(range);
        let value_bits = ceil_log2(maximum + 1).max(2);
        let start = ((range + 32) / 64).max(2);
        let defaults = default_thresholds(maximum, near);
        let pick = |index: usize| {
            if presets.thresholds[index] == 0 {
                defaults[index]
            } else {
                presets.thresholds[index]
            }
        };
        Ok(Self {
            bits: Bits::new(bytes),
            maximum,
            near,
            step,
            span: range * step,
            range_bits,
            limit: 2 * (value_bits + value_bits.max(8)),
            reset: if presets.reset == 0 {
                64
            } else {
                presets.reset.max(3)
            },
            thresholds: [pick(0), pick(1), pick(2)],
            contexts: [Context {
                a: start,
                b: 0,
                c: 0,
                n: 1,
            }; REGULAR_CONTEXTS],
            runs: [RunContext {
                a: start,
                n: 1,
                negative: 0,
            }; 2],
        })
    }

    /// A line of one component.
    fn line(
        &mut self,
        previous: &[i32],
        current: &mut [i32],
        run_index: &mut usize,
    ) -> Result<(), ImagingError> {
        let width = current.len() - 2;
        let mut at = 1;
        while at <= width {
            let (a, b, c, d) = (
                current[at - 1],
                previous[at],
                previous[at - 1],
                previous[at + 1],
            );
            let context = self.context_of(a, b, c, d);
            if context != 0 {
                current[at] = self.regular(context, median(a, b, c))?;
                at += 1;
                continue;
            }
            let run = self.run_length(width + 1 - at, run_index)?;
            current[at..at + run].fill(a);
            at += run;
            if at <= width {
                current[at] = self.interruption(
                    a,
                    previous[at],
                    *run_index,
                    (a - previous[at]).abs() <= self.near,
                )?;
                *run_index = run_index.saturating_sub(1);
                at += 1;
            }
        }
        Ok(())
    }

    /// A line whose pixels hold all components; a run is one of whole pixels.
    fn line_of_pixels(
        &mut self,
        previous: &[i32],
        current: &mut [i32],
        stride: usize,
        run_index: &mut usize,
    ) -> Result<(), ImagingError> {
        let width = stride - 2;
        let lanes = current.len() / stride;
        let mut at = 1;
        while at <= width {
            let mut contexts = [0; 4];
            for (lane, context) in contexts[..lanes].iter_mut().enumerate() {
                let here = lane * stride + at;
                *context = self.context_of(
                    current[here - 1],
                    previous[here],
                    previous[here - 1],
                    previous[here + 1],
                );
            }
            if contexts[..lanes].iter().any(|context| *context != 0) {
                for (lane, context) in contexts[..lanes].iter().enumerate() {
                    let here = lane * stride + at;
                    let predicted = median(current[here - 1], previous[here], previous[here - 1]);
                    current[here] = self.regular(*context, predicted)?;
                }
                at += 1;
                continue;
            }
            let run = self.run_length(width + 1 - at, run_index)?;
            for lane in 0..lanes {
                let here = lane * stride + at;
                let value = current[here - 1];
                current[here..here + run].fill(value);
            }
            at += run;
            if at <= width {
                for lane in 0..lanes {
                    let here = lane * stride + at;
                    current[here] =
                        self.interruption(current[here - 1], previous[here], *run_index, false)?;
                }
                *run_index = run_index.saturating_sub(1);
                at += 1;
            }
        }
        Ok(())
    }

    /// Quantised gradients as one signed number; 0 begins a run (T.87 A.3).
    #[inline]
    fn context_of(&self, a: i32, b: i32, c: i32, d: i32) -> i32 {
        81 * self.quantise(d - b) + 9 * self.quantise(b - c) + self.quantise(c - a)
    }

    #[inline]
    fn quantise(&self, gradient: i32) -> i32 {
        let [first, second, third] = self.thresholds;
        let size = gradient.abs();
        let level = if size <= self.near {
            0
        } else if size < first {
            1
        } else if size < second {
            2
        } else if size < third {
            3
        } else {
            4
        };
        if gradient < 0 { -level } else { level }
    }

    /// A sample outside a run (T.87 A.4 to A.6).
    #[inline]
    fn regular(&mut self, signed_context: i32, predicted: i32) -> Result<i32, ImagingError> {
        let sign = signed_context.signum();
        let index = signed_context.unsigned_abs() as usize;
        let Context { a, b, c, n } = self.contexts[index];
        let k = golomb_parameter(n, a)?;
        let mapped = self.golomb(k, self.limit)?;
        let folded = (mapped >> 1) as i32;
        let error = if k == 0 && self.near == 0 && 2 * b <= -n {
            if mapped & 1 == 1 { folded } else { -folded - 1 }
        } else if mapped & 1 == 0 {
            folded
        } else {
            -folded - 1
        };
        self.update(index, error);
        let predicted = (predicted + sign * c).clamp(0, self.maximum);
        Ok(self.reconstruct(predicted, sign * error))
    }

    fn update(&mut self, index: usize, error: i32) {
        let step = self.step;
        let reset = self.reset;
        let context = &mut self.contexts[index];
        context.a = context.a.saturating_add(error.saturating_abs());
        context.b = context.b.saturating_add(error.saturating_mul(step));
        if context.n >= reset {
            context.a >>= 1;
            context.b >>= 1;
            context.n >>= 1;
        }
        context.n += 1;
        if context.b <= -context.n {
            context.b = (context.b + context.n).max(1 - context.n);
            context.c = (context.c - 1).max(-128);
        } else if context.b > 0 {
            context.b = (context.b - context.n).min(0);
            context.c = (context.c + 1).min(127);
        }
    }

    #[inline]
    fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        let mut value = predicted.wrapping_add(error.wrapping_mul(self.step));
        if value < -self.near {
            value = value.wrapping_add(self.span);
        } else if value > self.maximum + self.near {
            value = value.wrapping_sub(self.span);
        }
        value.clamp(0, self.maximum)
    }

    /// Samples of a run, at most `left` (T.87 A.7.1).
    fn run_length(&mut self, left: usize, run_index: &mut usize) -> Result<usize, ImagingError> {
        let mut length = 0;
        while self.bits.bit()? == 1 {
            let whole = 1_usize << J[*run_index];
            let taken = whole.min(left - length);
            length += taken;
            if taken == whole && *run_index < 31 {
                *run_index += 1;
            }
            if length == left {
                return Ok(length);
            }
        }
        let order = J[*run_index];
        let rest = if order == 0 {
            0
        } else {
            self.bits.bits(order)? as usize
        };
        if length + rest >= left {
            return Err(ImagingError::corrupt(
                "a JPEG-LS run is longer than its line",
            ));
        }
        Ok(length + rest)
    }

    /// The sample that ends a run (T.87 A.7.2).
    fn interruption(
        &mut self,
        a: i32,
        b: i32,
        run_index: usize,
        alike: bool,
    ) -> Result<i32, ImagingError> {
        let kind = usize::from(alike);
        let RunContext {
            a: sum,
            n,
            negative,
        } = self.runs[kind];
        let measure = if alike {
            sum.saturating_add(n >> 1)
        } else {
            sum
        };
        let k = golomb_parameter(n, measure)?;
        let mapped = self.golomb(k, self.limit - J[run_index] - 1)?;
        let folded = mapped as i32 + kind as i32;
        let odd = folded & 1;
        let size = (folded + odd) / 2;
        let below = (k != 0 || 2 * negative >= n) == (odd == 1);
        let error = if below { -size } else { size };
        let context = &mut self.runs[kind];
        context.negative += i32::from(error < 0);
        context.a = context
            .a
            .saturating_add((mapped as i32 + 1 - kind as i32) >> 1);
        if context.n >= self.reset {
            context.a >>= 1;
            context.n >>= 1;
            context.negative >>= 1;
        }
        context.n += 1;
        Ok(if alike {
            self.reconstruct(a, error)
        } else {
            self.reconstruct(b, error * if b < a { -1 } else { 1 })
        })
    }

    /// A limited-length Golomb code (T.87 A.5.3).
    #[inline]
    fn golomb(&mut self, k: u32, limit: u32) -> Result<u32, ImagingError> {
        let escape = limit - self.range_bits - 1;
        let zeros = self.bits.zeros(escape)?;
        if zeros < escape {
            return Ok(if k == 0 {
                zeros
            } else {
                zeros << k | self.bits.bits(k)?
            });
        }
        Ok(self.bits.bits(self.range_bits)? + 1)
    }
}

/// The smallest `k` with `n * 2^k >= a`.
#[inline]
fn golomb_parameter(n: i32, a: i32) -> Result<u32, ImagingError> {
    let mut k = 0;
    while (i64::from(n) << k) < i64::from(a) {
        k += 1;
    }
    if k > 16 {
        return Err(ImagingError::corrupt(
            "a JPEG-LS context grew out of bounds",
        ));
    }
    Ok(k)
}

#[inline]
fn median(a: i32, b: i32, c: i32) -> i32 {
    if c >= a.max(b) {
        a.min(b)
    } else if c <= a.min(b) {
        a.max(b)
    } else {
        a + b - c
    }
}

fn ceil_log2(value: i32) -> u32 {
    i32::BITS - (value - 1).leading_zeros()
}

/// T.87 C.2.4.1.1.
fn default_thresholds(maximum: i32, near: i32) -> [i32; 3] {
    let bounded = |value: i32, least: i32| {
        if value > maximum || value < least {
            least
        } else {
            value
        }
    };
    if maximum >= 128 {
        let factor = (maximum.min(4095) + 128) / 256;
        let first = bounded(factor + 2 + 3 * near, near + 1);
        let second = bounded(4 * factor + 3 + 5 * near, first);
        [first, second, bounded(17 * factor + 4 + 7 * near, second)]
    } else {
        let factor = 256 / (maximum + 1);
        let first = bounded((3 / factor + 3 * near).max(2), near + 1);
        let second = bounded((7 / factor + 5 * near).max(3), first);
        [
            first,
            second,
            bounded((21 / factor + 7 * near).max(4), second),
        ]
    }
}

/// Bits of a scan; after a byte of ones the next byte's first bit is stuffing (T.87 9.1).
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    filled: u32,
    /// Bits that were made up behind the end; more than are left in the buffer were used.
    invented: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            filled: 0,
            invented: 0,
        }
    }

    /// Fills the buffer to more than 48 bits, left-aligned.
    #[inline]
    fn fill(&mut self) {
        while self.filled <= 48 {
            let after_ones = self.at > 0 && self.bytes.get(self.at - 1) == Some(&0xFF);
            match self.bytes.get(self.at) {
                Some(byte) if !(after_ones && *byte >= 0x80) => {
                    let width = if after_ones { 7 } else { 8 };
                    self.buffer |= u64::from(*byte) << (64 - width - self.filled);
                    self.filled += width;
                    self.at += 1;
                }
                // A marker or the end: read-ahead is no fault, use of it is.
                _ => {
                    self.invented += 8;
                    self.filled += 8;
                }
            }
        }
    }

    #[inline]
    fn check(&self) -> Result<(), ImagingError> {
        if self.invented > self.filled {
            return Err(ImagingError::truncated(
                "the JPEG-LS scan",
                self.at + 1,
                self.bytes.len(),
            ));
        }
        Ok(())
    }

    #[inline]
    fn bits(&mut self, count: u32) -> Result<u32, ImagingError> {
        if self.filled < count {
            self.fill();
        }
        let value = (self.buffer >> (64 - count)) as u32;
        self.buffer <<= count;
        self.filled -= count;
        self.check()?;
        Ok(value)
    }

    #[inline]
    fn bit(&mut self) -> Result<u32, ImagingError> {
        self.bits(1)
    }

    /// Zeros before the next one, which is taken too; at most `most`, then nothing more is taken
    /// than the zeros and their one.
    #[inline]
    fn zeros(&mut self, most: u32) -> Result<u32, ImagingError> {
        let mut count = 0;
        loop {
            if self.filled < 32 {
                self.fill();
            }
            let run = self.buffer.leading_zeros().min(self.filled);
            if run < self.filled {
                count += run;
                self.buffer <<= run + 1;
                self.filled -= run + 1;
                break;
            }
            count += run;
            self.buffer = 0;
            self.filled = 0;
            if count > most {
                break;
            }
        }
        self.check()?;
        if count > most {
            return Err(ImagingError::corrupt(
                "a JPEG-LS code is longer than its limit",
            ));
        }
        Ok(count)
    }

    /// Bytes behind which the next marker may begin.
    fn used(&self) -> usize {
        // Read-ahead is less than eight bytes; markers are looked for from before it.
        self.at.saturating_sub(self.filled as usize / 8 + 1)
    }
}
