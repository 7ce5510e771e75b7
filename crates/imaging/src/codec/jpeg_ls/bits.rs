//! Bits of a scan.

use crate::ImagingError;

/// Bits of a scan; after a byte of ones the next byte's first bit is stuffing (T.87 9.1).
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    filled: u32,
    /// Bits that were made up behind the end; more than are left in the buffer were used.
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
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, ImagingError> {
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
    pub(super) fn bit(&mut self) -> Result<u32, ImagingError> {
        self.bits(1)
    }

    /// Zeros before the next one, which is taken too; at most `most`, then nothing more is taken
    /// than the zeros and their one.
    #[inline]
    pub(super) fn zeros(&mut self, most: u32) -> Result<u32, ImagingError> {
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
    pub(super) fn used(&self) -> usize {
        // Read-ahead is less than eight bytes; markers are looked for from before it.
        self.at.saturating_sub(self.filled as usize / 8 + 1)
    }
}
