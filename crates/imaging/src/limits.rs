//! How much one picture may cost.

use serde::{Deserialize, Serialize};

use crate::ImagingError;

/// Bounds that are checked from headers, before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of a file. Default 200 MiB.
    pub maximum_bytes: u64,
    /// Pixels of a picture, all frames together. Default 100 million.
    pub maximum_pixels: u64,
    /// Bytes of a deflated data set once inflated. Default 400 MiB.
    pub maximum_inflated_bytes: u64,
    /// Elements of a DICOM data set, nested ones and fragments included. Default 500,000.
    pub maximum_elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            maximum_bytes: 200 << 20,
            maximum_pixels: 100_000_000,
            maximum_inflated_bytes: 400 << 20,
            maximum_elements: 500_000,
        }
    }
}

impl Limits {
    /// # Errors
    /// [`ImagingError::TooLarge`].
    pub fn check_bytes(&self, bytes: usize) -> Result<(), ImagingError> {
        let bytes = bytes as u64;
        if bytes > self.maximum_bytes {
            return Err(ImagingError::TooLarge {
                bytes,
                maximum: self.maximum_bytes,
            });
        }
        Ok(())
    }

    /// # Errors
    /// [`ImagingError::TooManyPixels`], or [`ImagingError::Corrupt`] when a side is 0.
    pub fn check_pixels(&self, width: u32, height: u32, frames: u32) -> Result<(), ImagingError> {
        if width == 0 || height == 0 {
            return Err(ImagingError::corrupt(format!(
                "the image measures {width} x {height} pixels"
            )));
        }
        let (width, height, frames) = (u64::from(width), u64::from(height), u64::from(frames));
        // At most 2^64: 2^32 * 2^32 does not fit, so the last product is checked.
        let pixels = (width * height).checked_mul(frames);
        if pixels.is_none_or(|pixels| pixels > self.maximum_pixels) {
            return Err(ImagingError::TooManyPixels {
                width,
                height,
                frames,
                maximum: self.maximum_pixels,
            });
        }
        Ok(())
    }
}
