//! Huffman codes and the bits they are made of.

use super::damaged;
use crate::ImagingError;

/// A canonical Huffman table (T.81 Annex C and F.2.2.3).
pub(super) struct Huffman {
    /// For each length 1 to 16: the first code beyond it, left-aligned to 16 bits, and the offset
    /// from a code to its value.
    lengths: [(u32, i32); 16],
    values: Vec<u8>,
    /// For each 8 leading bits: value and length of a code that fits, or length 0.
    short: Vec<(u8, u8)>,
}

impl Huffman {
    pub(super) fn new(counts: &[u8], values: &[u8]) -> Result<Self, ImagingError> {
        let mut lengths = [(0, 0); 16];
        let mut short = vec![(0, 0); 256];
        let (mut code, mut index) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts).take(16) {
            let count = u32::from(*count);
            lengths[length as usize - 1].1 = index as i32 - code as i32;
            for _ in 0..count {
                if length <= 8 {
                    let from = (code << (8 - length)) as usize;
                    let entries = short
                        .get_mut(from..from + (1 << (8 - length)))
                        .ok_or_else(|| damaged("a Huffman table is overfull"))?;
                    entries.fill((values[index], length as u8));
                }
                code += 1;
                index += 1;
            }
            if code > 1 << length {
                return Err(damaged("a Huffman table is overfull"));
            }
            lengths[length as usize - 1].0 = code << (16 - length);
            code <<= 1;
        }
        Ok(Self {
            lengths,
            values: values.to_vec(),
            short,
        })
    }

    #[inline]
    pub(super) fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, ImagingError> {
        let ahead = bits.peek16();
        let (value, length) = self.short[(ahead >> 8) as usize];
        if length > 0 {
            bits.skip(u32::from(length))?;
            return Ok(value);
        }
        for (length, (beyond, offset)) in (1_u32..).zip(self.lengths) {
            if ahead < beyond {
                bits.skip(length)?;
                let index = (ahead >> (16 - length)) as i32 + offset;
                return usize::try_from(index)
                    .ok()
                    .and_then(|index| self.values.get(index))
                    .copied()
                    .ok_or_else(|| damaged("a code is unknown"));
            }
        }
        Err(damaged("a code is unknown"))
    }
}

/// Entropy-coded bits, stuffed zeros taken out.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    buffer: u64,
    filled: u32,
    invented: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            filled: 0,
            invented: 0,
        }
    }

    #[inline]
    fn fill(&mut self) {
        while self.filled <= 48 {
            let byte = match self.bytes.get(self.at..) {
                Some([0xFF, 0x00, ..]) => {
                    self.at += 2;
                    0xFF
                }
                // A marker or the end: zeros, counted.
                Some([0xFF, ..] | []) | None => {
                    self.invented += 8;
                    0
                }
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.filled);
            self.filled += 8;
        }
    }

    #[inline]
    fn peek16(&mut self) -> u32 {
        if self.filled < 16 {
            self.fill();
        }
        (self.buffer >> 48) as u32
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Result<(), ImagingError> {
        if self.filled < count {
            self.fill();
        }
        self.buffer <<= count;
        self.filled -= count;
        // More invented bits than lie in the buffer have been used.
        if self.invented > self.filled {
            return Err(ImagingError::truncated(
                "the JPEG scan",
                self.at + 1,
                self.bytes.len(),
            ));
        }
        Ok(())
    }

    /// A difference or coefficient of `size` bits (T.81 F.2.2.1).
    #[inline]
    pub(super) fn signed(&mut self, size: u32) -> Result<i32, ImagingError> {
        if size == 0 {
            return Ok(0);
        }
        if size > 16 {
            return Err(damaged("a coefficient has too many bits"));
        }
        let raw = (self.peek16() >> (16 - size)) as i32;
        self.skip(size)?;
        let half = 1 << (size - 1);
        Ok(if raw < half {
            raw - (1 << size) + 1
        } else {
            raw
        })
    }

    /// To the bits behind the next restart marker.
    pub(super) fn restart(&mut self) {
        (self.buffer, self.filled, self.invented) = (0, 0, 0);
        while let Some(pair) = self.bytes.get(self.at..self.at + 2) {
            match pair {
                [0xFF, 0xD0..=0xD7] => {
                    self.at += 2;
                    return;
                }
                // Another marker ends the scan: leave it.
                [0xFF, marker] if !matches!(marker, 0x00 | 0xFF) => return,
                _ => self.at += 1,
            }
        }
    }
}
