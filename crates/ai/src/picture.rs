//! The picture as the analysis sees it.

use crate::resize::resize_triangle;

/// A grey picture in display orientation: row by row, 8 bits, white = dense (bone bright, air
/// dark), as a reader sees the film.
#[derive(Debug, Clone, Copy)]
pub struct GreyPicture<'a> {
    width: usize,
    height: usize,
    pixels: &'a [u8],
}

/// A picture whose pixels do not fill its sides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a picture of {width} x {height} needs {} pixels of one byte, but {found} were given",
    width * height
)]
pub struct PictureError {
    width: usize,
    height: usize,
    found: usize,
}

impl<'a> GreyPicture<'a> {
    /// Takes a picture. Sides of zero are allowed here: the gate answers them.
    ///
    /// # Errors
    /// When the number of pixels is not width × height.
    pub fn new(width: usize, height: usize, pixels: &'a [u8]) -> Result<Self, PictureError> {
        if width.checked_mul(height) == Some(pixels.len()) {
            Ok(Self {
                width,
                height,
                pixels,
            })
        } else {
            Err(PictureError {
                width,
                height,
                found: pixels.len(),
            })
        }
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// The pixels, row by row.
    #[must_use]
    pub const fn pixels(&self) -> &'a [u8] {
        self.pixels
    }

    /// How often each grey level occurs.
    pub(crate) fn histogram(&self) -> Histogram {
        // Four tables, because films have long runs of one value and a single table would wait
        // for its own last store.
        let mut tables = [[0u32; 256]; 4];
        let (blocks, rest) = self.pixels.as_chunks::<4>();
        for block in blocks {
            for (table, &value) in tables.iter_mut().zip(block) {
                table[usize::from(value)] += 1;
            }
        }
        for &value in rest {
            tables[0][usize::from(value)] += 1;
        }
        let mut counts = [0u64; 256];
        for table in tables {
            for (sum, count) in counts.iter_mut().zip(table) {
                *sum += u64::from(count);
            }
        }
        Histogram { counts }
    }

    /// The picture squashed to `size` × `size`, grey levels 0 to 255, unrounded.
    pub(crate) fn squashed(&self, size: usize) -> Vec<f32> {
        resize_triangle(self.pixels, self.width, self.height, size, size)
    }
}

/// Grey-level counts of one picture.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: [u64; 256],
}

impl Histogram {
    /// Number of pixels.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Mean grey level; 0 without pixels.
    pub(crate) fn mean(&self) -> f64 {
        let sum: f64 = self.weighted(|level| level);
        sum / self.total().max(1) as f64
    }

    /// Standard deviation of the grey levels.
    pub(crate) fn deviation(&self) -> f64 {
        let mean = self.mean();
        (self.weighted(|level| (level - mean).powi(2)) / self.total().max(1) as f64).sqrt()
    }

    /// The smallest level that `share` (0 to 1) of the pixels do not exceed.
    pub(crate) fn percentile(&self, share: f64) -> u8 {
        let wanted = (share * self.total() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (level, count) in (0u8..=255).zip(self.counts) {
            seen += count;
            if seen >= wanted {
                return level;
            }
        }
        255
    }

    /// Share of the pixels that are pure black or pure white, 0 to 1.
    pub(crate) fn clipped(&self) -> f64 {
        (self.counts[0] + self.counts[255]) as f64 / self.total().max(1) as f64
    }

    fn weighted(&self, value: impl Fn(f64) -> f64) -> f64 {
        (0u8..=255)
            .zip(self.counts)
            .map(|(level, count)| value(f64::from(level)) * count as f64)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_must_fill_its_sides() {
        assert!(GreyPicture::new(3, 2, &[0; 6]).is_ok());
        let error = GreyPicture::new(3, 2, &[0; 5]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a picture of 3 x 2 needs 6 pixels of one byte, but 5 were given"
        );
    }

    #[test]
    fn histogram_figures_of_a_ramp() {
        let ramp: Vec<u8> = (0..=255).collect();
        let histogram = GreyPicture::new(16, 16, &ramp).unwrap().histogram();
        assert_eq!(histogram.total(), 256);
        assert!((histogram.mean() - 127.5).abs() < 1e-9);
        // Population deviation of 0..=255: sqrt((256^2 - 1) / 12).
        assert!((histogram.deviation() - (65535.0f64 / 12.0).sqrt()).abs() < 1e-9);
        assert_eq!(histogram.percentile(0.5), 127);
        assert_eq!(histogram.percentile(1.0), 255);
        assert!((histogram.clipped() - 2.0 / 256.0).abs() < 1e-12);
    }
}
