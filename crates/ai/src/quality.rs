//! How good a picture is, from its own numbers.

use serde::Serialize;

use crate::picture::Histogram;

/// Image quality. Each part is a plain number of the picture; each gets a mark of 0 to 1 and the
/// score is the geometric mean of the four marks.
///
/// | part | mark |
/// |---|---|
/// | contrast | `min(1, contrast / 0.6)` |
/// | exposure | `1 - max(0, abs(exposure - 0.5) - 0.15) / 0.35` |
/// | clipping | `1 - max(0, clipping - 0.1) / 0.7` |
/// | sharpness | `min(1, sharpness / 0.035)` |
///
/// The bounds are where 460 children's films of 224 px (Kermany 2018, test part) lie: contrast 0.58
/// to 0.89, exposure 0.36 to 0.60, clipping up to 0.12 and sharpness 0.023 to 0.052 from the 5th
/// to the 95th percentile. The marks describe a picture to people and to drift figures; they are no
/// part of the risk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Geometric mean of the marks, 0 to 1.
    pub score: f64,
    /// `(P98 - P2) / 255` of the grey levels, 0 to 1.
    pub contrast: f64,
    /// Mean grey level over 255, 0 to 1.
    pub exposure: f64,
    /// Share of pure black and pure white pixels, 0 to 1.
    pub clipping: f64,
    /// Mean absolute 4-neighbour Laplacian over 4, divided by the standard deviation, of the
    /// picture as the model sees it (squashed to its input size).
    pub sharpness: f64,
}

/// The quality of a picture from its histogram and its squashed plane of side `size`.
pub(crate) fn quality(histogram: &Histogram, plane: &[f32], size: usize) -> Quality {
    let spread = f64::from(histogram.percentile(0.98)) - f64::from(histogram.percentile(0.02));
    let contrast = spread / 255.0;
    let exposure = histogram.mean() / 255.0;
    let clipping = histogram.clipped();
    let sharpness = sharpness(plane, size);
    let marks = [
        (contrast / 0.6).min(1.0),
        1.0 - ((exposure - 0.5).abs() - 0.15).max(0.0) / 0.35,
        1.0 - (clipping - 0.1).max(0.0) / 0.7,
        (sharpness / 0.035).min(1.0),
    ];
    let product: f64 = marks.iter().map(|mark| mark.clamp(0.0, 1.0)).product();
    Quality {
        score: product.powf(1.0 / marks.len() as f64),
        contrast,
        exposure,
        clipping,
        sharpness,
    }
}

fn sharpness(plane: &[f32], size: usize) -> f64 {
    let count = plane.len().max(1) as f64;
    let mean = plane.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = plane
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2))
        .sum::<f64>()
        / count;
    if size < 3 || variance < 1e-6 {
        return 0.0;
    }
    let mut sum = 0.0;
    for y in 1..size - 1 {
        for x in 1..size - 1 {
            let at = y * size + x;
            let around = plane[at - 1] + plane[at + 1] + plane[at - size] + plane[at + size];
            sum += f64::from((around - 4.0 * plane[at]).abs());
        }
    }
    let inner = ((size - 2) * (size - 2)) as f64;
    sum / inner / 4.0 / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GreyPicture, golden::Formula};

    fn of(pixels: &[u8], size: usize) -> Quality {
        let picture = GreyPicture::new(size, size, pixels).unwrap();
        quality(&picture.histogram(), &picture.squashed(64), 64)
    }

    #[test]
    fn one_grey_has_no_quality() {
        let quality = of(&[128; 64 * 64], 64);
        assert_eq!(quality.score, 0.0);
        assert_eq!(quality.sharpness, 0.0);
    }

    #[test]
    fn half_black_half_white_is_clipped() {
        let disc = Formula::Disc {
            cx: 32,
            cy: 32,
            r: 25,
            inside: 255,
            outside: 0,
        };
        let quality = of(&disc.picture(64, 64), 64);
        assert_eq!(quality.clipping, 1.0);
        assert_eq!(quality.score, 0.0);
    }

    #[test]
    fn blurring_lowers_sharpness() {
        let wave = |period: f64| -> Vec<u8> {
            let value = |x: usize| 128.0 + 80.0 * (x as f64 / period).sin();
            (0..64 * 64).map(|at| value(at % 64) as u8).collect()
        };
        assert!(of(&wave(1.0), 64).sharpness > 4.0 * of(&wave(8.0), 64).sharpness);
    }
}
