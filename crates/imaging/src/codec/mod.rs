//! Compressed frames to samples. Which decoder is used is decided by the bytes, since transfer
//! syntaxes are often wrong about the kind of JPEG.
//!
//! | bytes | decoder |
//! |---|---|
//! | JPEG baseline, progressive, lossless | `jpeg-decoder` (safe Rust) |
//! | JPEG extended, 12 bits | [`jpeg_extended`], as no crate decodes it |
//! | JPEG-LS | [`jpeg_ls`]; `charls` is C++ and needs CMake to build |
//! | JPEG 2000 | `hayro-jpeg2000` (safe Rust) |
//! | HTJ2K, and JPEG 2000 that the former refuses | `openjp2` (OpenJPEG translated to Rust) |
//! | RLE | [`rle`]; the one of dicom-rs panics on some files and knows neither 1 nor 32 bits |
//! | deflated frames | `flate2` |

pub(crate) mod jpeg;
pub(crate) mod jpeg_2000;
pub(crate) mod jpeg_extended;
pub(crate) mod jpeg_ls;
pub(crate) mod native;
pub(crate) mod rle;

use crate::raster::Samples;

/// What a decoder makes of a frame.
pub(crate) struct Decoded {
    /// Significant bits by the compressed stream's own account.
    pub(crate) bits: u32,
    /// Samples carry their sign already.
    pub(crate) signed: bool,
    /// Colour has become red, green, blue.
    pub(crate) is_rgb: bool,
    /// Interleaved by pixel.
    pub(crate) samples: Samples,
}

#[cfg(test)]
mod tests;
