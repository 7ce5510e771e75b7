//! Squashing a picture as the training did: a separable triangle filter whose support grows with
//! the ratio of the sizes, horizontal pass first, in floating point without rounding.
//!
//! The coefficients follow Pillow's `Image.resize(…, BILINEAR)` on mode "F" images
//! (`src/libImaging/Resample.c`, `precompute_coeffs`); a parity test holds this file to it.

/// The source pixels that make one target pixel, and their weights (they sum to 1).
struct Span {
    start: usize,
    weights: Vec<f32>,
}

/// One span for each of `target` pixels along an axis of `source` pixels.
fn spans(source: usize, target: usize) -> Vec<Span> {
    let scale = source as f64 / target as f64;
    let support = scale.max(1.0);
    (0..target)
        .map(|index| {
            let centre = (index as f64 + 0.5) * scale;
            let start = ((centre - support + 0.5).max(0.0)) as usize;
            let end = ((centre + support + 0.5) as usize).min(source);
            let raw: Vec<f64> = (start..end)
                .map(|pixel| (1.0 - ((pixel as f64 - centre + 0.5) / support).abs()).max(0.0))
                .collect();
            let sum: f64 = raw.iter().sum();
            let weights = raw.iter().map(|weight| (weight / sum) as f32).collect();
            Span { start, weights }
        })
        .collect()
}

/// Resizes 8-bit pixels to `target_width` × `target_height`, row by row, values 0 to 255.
///
/// An empty source or target gives no pixels.
///
/// # Panics
/// When `pixels` is shorter than `width * height`.
#[must_use]
pub fn resize_triangle(
    pixels: &[u8],
    width: usize,
    height: usize,
    target_width: usize,
    target_height: usize,
) -> Vec<f32> {
    if width == 0 || height == 0 || target_width == 0 || target_height == 0 {
        return Vec::new();
    }
    let columns = spans(width, target_width);
    let mut narrowed = Vec::with_capacity(target_width * height);
    let mut row = vec![0f32; width];
    for source in pixels[..width * height].chunks_exact(width) {
        for (value, &pixel) in row.iter_mut().zip(source) {
            *value = f32::from(pixel);
        }
        narrowed.extend(
            columns
                .iter()
                .map(|span| dot(&row[span.start..][..span.weights.len()], &span.weights)),
        );
    }
    shorten(&narrowed, target_width, height, target_height)
}

/// The vertical pass: whole rows are added at once, so it runs along memory.
fn shorten(narrowed: &[f32], width: usize, height: usize, target_height: usize) -> Vec<f32> {
    let mut out = vec![0f32; width * target_height];
    for (target, span) in out
        .chunks_exact_mut(width)
        .zip(spans(height, target_height))
    {
        let rows = narrowed[span.start * width..].chunks_exact(width);
        for (row, weight) in rows.zip(&span.weights) {
            for (sum, value) in target.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    out
}

/// Sum of products in eight lanes, so that it can be vectorised.
fn dot(values: &[f32], weights: &[f32]) -> f32 {
    let (values, values_rest) = values.as_chunks::<8>();
    let (weights, weights_rest) = weights.as_chunks::<8>();
    let mut lanes = [0f32; 8];
    for (value, weight) in values.iter().zip(weights) {
        for lane in 0..8 {
            lanes[lane] += value[lane] * weight[lane];
        }
    }
    let rest: f32 = values_rest
        .iter()
        .zip(weights_rest)
        .map(|(value, weight)| value * weight)
        .sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_size_changes_nothing() {
        let pixels: Vec<u8> = (0..35).map(|value| value * 7).collect();
        let out = resize_triangle(&pixels, 7, 5, 7, 5);
        let same: Vec<f32> = pixels.iter().map(|&value| f32::from(value)).collect();
        assert_eq!(out, same);
    }

    #[test]
    fn halving_weighs_four_neighbours_as_the_triangle_does() {
        // Support 2 around centre 3: weights 1/8, 3/8, 3/8, 1/8 for an inner pixel.
        let pixels = [0u8, 8, 16, 64, 128, 8, 8, 8];
        let out = resize_triangle(&pixels, 8, 1, 4, 1);
        let expected = (8.0 + 3.0 * 16.0 + 3.0 * 64.0 + 128.0) / 8.0;
        assert!((out[1] - expected).abs() < 1e-4, "{out:?}");
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(resize_triangle(&[], 0, 5, 4, 4).is_empty());
        assert!(resize_triangle(&[1], 1, 1, 0, 4).is_empty());
    }

    proptest! {
        #[test]
        fn a_constant_stays_constant(
            value: u8, width in 1usize..90, height in 1usize..90, to in 1usize..80,
        ) {
            let pixels = vec![value; width * height];
            for out in resize_triangle(&pixels, width, height, to, to) {
                prop_assert!((out - f32::from(value)).abs() < 1e-3);
            }
        }

        #[test]
        fn no_value_leaves_the_range_of_the_source(
            (width, height, pixels) in (1usize..40, 1usize..40).prop_flat_map(|(w, h)| {
                (Just(w), Just(h), prop::collection::vec(any::<u8>(), w * h))
            }),
            to in 1usize..60,
        ) {
            let low = f32::from(*pixels.iter().min().unwrap());
            let high = f32::from(*pixels.iter().max().unwrap());
            let out = resize_triangle(&pixels, width, height, to, to);
            prop_assert_eq!(out.len(), to * to);
            for value in out {
                prop_assert!(value >= low - 1e-3 && value <= high + 1e-3);
            }
        }

        #[test]
        fn mirroring_before_is_mirroring_after(
            (width, pixels) in (1usize..60).prop_flat_map(|w| {
                (Just(w), prop::collection::vec(any::<u8>(), w * 3))
            }),
            to in 1usize..40,
        ) {
            let mirrored: Vec<u8> = pixels
                .chunks_exact(width)
                .flat_map(|row| row.iter().rev().copied())
                .collect();
            let plain = resize_triangle(&pixels, width, 3, to, 3);
            let out = resize_triangle(&mirrored, width, 3, to, 3);
            for (row, other) in plain.chunks_exact(to).zip(out.chunks_exact(to)) {
                for (a, b) in row.iter().rev().zip(other) {
                    prop_assert!((a - b).abs() < 1e-2, "{a} {b}");
                }
            }
        }
    }
}
