//! The entropy coder and its contexts (T.87 Annex A).

use super::Presets;
use super::bits::Bits;
use crate::ImagingError;

/// Run lengths' order (T.87 A.2.1).
const J: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];
const REGULAR_CONTEXTS: usize = 365;

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

pub(super) struct Coder<'a> {
    pub(super) bits: Bits<'a>,
    maximum: i32,
    near: i32,
    /// `2 * near + 1`.
    step: i32,
    /// Number of error values, times `step`.
    span: i32,
    range_bits: u32,
    limit: u32,
    reset: i32,
    /// Levels of all gradients from `-maximum` to `maximum`.
    levels: Vec<i8>,
    contexts: [Context; REGULAR_CONTEXTS],
    runs: [RunContext; 2],
}

impl<'a> Coder<'a> {
    pub(super) fn new(
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
            levels: (-maximum..=maximum)
                .map(|gradient| level(gradient, near, [pick(0), pick(1), pick(2)]))
                .collect(),
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
    pub(super) fn line(
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
    pub(super) fn line_of_pixels(
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

    /// The level of a gradient, -4 to 4 (T.87 A.3.3), which has at most `maximum` either way.
    #[inline]
    fn quantise(&self, gradient: i32) -> i32 {
        i32::from(self.levels[(gradient + self.maximum) as usize])
    }

    /// A sample outside a run (T.87 A.4 to A.6).
    #[inline]
    fn regular(&mut self, signed_context: i32, predicted: i32) -> Result<i32, ImagingError> {
        // 0 occurs among the components of a pixel and counts as positive.
        let sign = if signed_context < 0 { -1 } else { 1 };
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

fn level(gradient: i32, near: i32, [first, second, third]: [i32; 3]) -> i8 {
    let size = gradient.abs();
    let level = if size <= near {
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
