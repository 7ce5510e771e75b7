//! A finished picture of 8 bits, and what can be made of it.

use std::borrow::Cow;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageBuffer, ImageEncoder, Luma, Rgb, imageops};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use serde::{Deserialize, Serialize};

use crate::{ImagingError, jpeg_grey};

/// 8 bits a channel, one channel (grey) or three (red, green, blue), row by row from the top left
/// as a person should see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    channels: u8,
    pixels: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Picture({} x {} x {})",
            self.width, self.height, self.channels
        )
    }
}

impl Picture {
    /// A grey picture.
    ///
    /// # Panics
    /// When `pixels` are not `width * height`.
    #[must_use]
    pub fn grey(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self::new(width, height, 1, pixels)
    }

    /// A colour picture.
    ///
    /// # Panics
    /// When `pixels` are not `width * height * 3`.
    #[must_use]
    pub fn rgb(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self::new(width, height, 3, pixels)
    }

    fn new(width: u32, height: u32, channels: u8, pixels: Vec<u8>) -> Self {
        let expected = width as usize * height as usize * usize::from(channels);
        assert_eq!(
            pixels.len(),
            expected,
            "a picture holds width x height x channels bytes"
        );
        Self {
            width,
            height,
            channels,
            pixels,
        }
    }

    /// A picture of such channels; `None` unless there are 1 or 3, and the pixels fill the sides.
    #[must_use]
    pub fn from_parts(width: u32, height: u32, channels: u8, pixels: Vec<u8>) -> Option<Self> {
        let expected = u128::from(width) * u128::from(height) * u128::from(channels);
        (matches!(channels, 1 | 3) && pixels.len() as u128 == expected).then_some(Self {
            width,
            height,
            channels,
            pixels,
        })
    }

    /// Columns.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// 1 or 3.
    #[must_use]
    pub const fn channels(&self) -> u8 {
        self.channels
    }

    /// The bytes, `width * height * channels`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, taken out.
    #[must_use]
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The same in grey: Rec. 601 luma, exact where the channels agree.
    #[must_use]
    pub fn to_grey(&self) -> Cow<'_, Self> {
        if self.channels == 1 {
            return Cow::Borrowed(self);
        }
        let luma = |pixel: &[u8]| {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            // The weights sum to 65536.
            ((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16) as u8
        };
        Cow::Owned(Self::grey(
            self.width,
            self.height,
            self.pixels.chunks_exact(3).map(luma).collect(),
        ))
    }

    /// The one value of all bytes, when there is only one: such a picture shows nothing and must
    /// not pass as fine.
    #[must_use]
    pub fn uniform(&self) -> Option<u8> {
        let first = *self.pixels.first()?;
        self.pixels
            .iter()
            .all(|byte| *byte == first)
            .then_some(first)
    }

    /// Shrinks so that no edge exceeds `maximum_edge`, sides in proportion, by averaging areas;
    /// a smaller picture is returned as it is.
    #[must_use]
    pub fn resize_to_fit(&self, maximum_edge: u32) -> Self {
        let longest = self.width.max(self.height);
        if longest <= maximum_edge || maximum_edge == 0 {
            return self.clone();
        }
        let scaled = |side: u32| {
            let side = u64::from(side) * u64::from(maximum_edge) + u64::from(longest) / 2;
            ((side / u64::from(longest)) as u32).max(1)
        };
        self.shrink(scaled(self.width), scaled(self.height))
    }

    /// The part of the picture that is wanted, as large as fits the viewport with its sides in proportion; larger than
    /// it is where the viewport is larger.
    #[must_use]
    pub fn in_viewport(&self, viewport: &Viewport) -> Self {
        let cut = viewport.source.map(|source| self.cut(source));
        let part = cut.as_ref().unwrap_or(self);
        let (width, height) = (f64::from(part.width), f64::from(part.height));
        let share = (f64::from(viewport.width) / width).min(f64::from(viewport.height) / height);
        let side = |side: f64, most: u32| ((side * share).round() as u32).clamp(1, most.max(1));
        let (width, height) = (side(width, viewport.width), side(height, viewport.height));
        if (width, height) == (part.width, part.height) {
            return part.clone();
        }
        if share < 1.0 {
            part.shrink(width, height)
        } else {
            part.grow(width, height)
        }
    }

    /// The rectangle, as far as it lies within.
    fn cut(&self, [left, top, width, height]: [u32; 4]) -> Self {
        let left = left.min(self.width - 1);
        let top = top.min(self.height - 1);
        let width = width.clamp(1, self.width - left);
        let height = height.clamp(1, self.height - top);
        let channels = usize::from(self.channels);
        let row = self.width as usize * channels;
        let pixels = (top..top + height)
            .flat_map(|y| {
                let start = y as usize * row + left as usize * channels;
                &self.pixels[start..start + width as usize * channels]
            })
            .copied()
            .collect();
        Self::new(width, height, self.channels, pixels)
    }

    fn grow(&self, width: u32, height: u32) -> Self {
        const HOLDS: &str = "a picture holds width x height x channels bytes";
        let filter = imageops::FilterType::Triangle;
        let pixels = if self.channels == 1 {
            let view =
                ImageBuffer::<Luma<u8>, &[u8]>::from_raw(self.width, self.height, &self.pixels[..])
                    .expect(HOLDS);
            imageops::resize(&view, width, height, filter).into_raw()
        } else {
            let view =
                ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(self.width, self.height, &self.pixels[..])
                    .expect(HOLDS);
            imageops::resize(&view, width, height, filter).into_raw()
        };
        Self::new(width, height, self.channels, pixels)
    }

    fn shrink(&self, width: u32, height: u32) -> Self {
        const HOLDS: &str = "a picture holds width x height x channels bytes";
        let pixels = if self.channels == 1 {
            let view =
                ImageBuffer::<Luma<u8>, &[u8]>::from_raw(self.width, self.height, &self.pixels[..])
                    .expect(HOLDS);
            imageops::thumbnail(&view, width, height).into_raw()
        } else {
            let view =
                ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(self.width, self.height, &self.pixels[..])
                    .expect(HOLDS);
            imageops::thumbnail(&view, width, height).into_raw()
        };
        Self::new(width, height, self.channels, pixels)
    }

    fn colour_type(&self) -> ExtendedColorType {
        if self.channels == 1 {
            ExtendedColorType::L8
        } else {
            ExtendedColorType::Rgb8
        }
    }

    /// As PNG, without loss.
    ///
    /// # Errors
    /// [`ImagingError::EncodeFailed`].
    pub fn encode_png(&self) -> Result<Vec<u8>, ImagingError> {
        let mut out = Vec::with_capacity(self.pixels.len() / 2 + 1024);
        PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive)
            .write_image(&self.pixels, self.width, self.height, self.colour_type())
            .map_err(|error| ImagingError::EncodeFailed {
                format: "PNG".into(),
                reason: error.to_string(),
            })?;
        Ok(out)
    }

    /// As baseline JPEG; `quality` from 1 to 100.
    ///
    /// # Errors
    /// [`ImagingError::EncodeFailed`], for sides beyond 65,535 among others.
    pub fn encode_jpeg(&self, quality: u8) -> Result<Vec<u8>, ImagingError> {
        let failed = |reason: String| ImagingError::EncodeFailed {
            format: "JPEG".into(),
            reason,
        };
        let side = |side: u32| {
            u16::try_from(side).map_err(|_| failed("a side is longer than 65,535".into()))
        };
        let (width, height) = (side(self.width)?, side(self.height)?);
        if self.channels == 1 && width > 0 && height > 0 {
            return Ok(jpeg_grey::encode(&self.pixels, width, height, quality));
        }
        let mut out = Vec::with_capacity(self.pixels.len() / 4 + 1024);
        let mut encoder = Encoder::new(&mut out, quality.clamp(1, 100));
        // Colours as fine as the picture.
        encoder.set_sampling_factor(SamplingFactor::F_1_1);
        let colour = match self.channels {
            1 => ColorType::Luma,
            _ => ColorType::Rgb,
        };
        encoder
            .encode(&self.pixels, width, height, colour)
            .map_err(|error| failed(error.to_string()))?;
        Ok(out)
    }
}

/// Where a picture is shown, and which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewport {
    /// Columns there are.
    pub width: u32,
    /// Rows there are.
    pub height: u32,
    /// The part of the picture: left, top, width, height; all of it when none.
    pub source: Option<[u32; 4]>,
}

/// A small copy whose longer edge is at most `edge`.
#[must_use]
pub fn thumbnail(picture: &Picture, edge: u32) -> Picture {
    picture.resize_to_fit(edge)
}
