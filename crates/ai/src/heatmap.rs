//! Where the finding is: the model's map, and a picture of it to lay over the film.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::{engine::Tensor, preprocess::Frame};

/// A coarse map of what speaks for the finding, over the whole picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heatmap {
    /// Cells across.
    pub width: usize,
    /// Cells down.
    pub height: usize,
    /// Row by row: 0 where nothing speaks for the finding, 255 at the peak, in proportion
    /// between.
    pub values: Vec<u8>,
    /// The raw value at the peak, in the model's own units (above 0).
    pub peak: f64,
    /// Calibrated probability of the finding, 0 to 1. The overlay is drawn that strongly, so that
    /// the map of an unremarkable film, which has a peak too, stays faint.
    pub strength: f64,
}

impl Heatmap {
    /// One as it was serialised; none where that is not of its form.
    #[must_use]
    pub fn read_stored(stored: &Value) -> Option<Self> {
        let side = |name: &str| {
            let side = stored.get(name)?.as_u64()?;
            usize::try_from(side).ok()
        };
        let values = stored.get("values")?.as_array()?;
        let cell = |value: &Value| value.as_u64().and_then(|value| u8::try_from(value).ok());
        Some(Self {
            width: side("width")?,
            height: side("height")?,
            values: values.iter().map(cell).collect::<Option<_>>()?,
            peak: stored.get("peak")?.as_f64()?,
            strength: stored.get("strength")?.as_f64()?,
        })
    }
}

/// A heatmap that could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum HeatmapError {
    /// The wanted size is zero or too large.
    #[error("a heatmap of {width} x {height} pixels cannot be drawn; sides must be 1 to 4096")]
    Size {
        /// Wanted width.
        width: u32,
        /// Wanted height.
        height: u32,
    },
    /// The heatmap's values do not fill its sides.
    #[error("the heatmap is empty or its values do not fill its sides")]
    Shape,
    /// The PNG writer failed.
    #[error("the heatmap could not be written as PNG: {0}")]
    Png(#[from] png::EncodingError),
}

/// Number of channels of a map output: one for all findings, or one for each.
pub(crate) fn channels(tensor: &Tensor) -> usize {
    tensor.shape.get(1).copied().unwrap_or(0)
}

/// Reads channel `channel` of the first member of a map output `[1, channels, h, w]`, which covers
/// the frame, as a map of the whole film. None when nothing speaks for the finding.
///
/// # Errors
/// In words, when the output has another shape or holds values that are no numbers.
pub(crate) fn read(
    tensor: &Tensor,
    channel: usize,
    frame: Frame,
    strength: f64,
) -> Result<Option<Heatmap>, String> {
    let &[_, channels, height, width] = tensor.shape.as_slice() else {
        return Err(format!(
            "the map has shape {:?}, not [batch, 1, h, w]",
            tensor.shape
        ));
    };
    let channel = if channels == 1 { 0 } else { channel };
    let cells = width * height;
    let map = tensor
        .member(0)
        .and_then(|member| member.get(channel * cells..(channel + 1) * cells))
        .filter(|map| !map.is_empty())
        .ok_or_else(|| {
            format!(
                "the map of shape {:?} has no channel {channel}",
                tensor.shape
            )
        })?;
    if let Some(odd) = map.iter().find(|value| !value.is_finite()) {
        return Err(format!("the map has the value {odd}"));
    }
    let (map, width, height) = if frame == Frame::WHOLE {
        (Cow::Borrowed(map), width, height)
    } else {
        let (map, width, height) = onto_film(map, width, height, frame);
        (Cow::Owned(map), width, height)
    };
    let peak = f64::from(map.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    if peak <= 0.0 {
        return Ok(None);
    }
    let scaled = |value: f32| (f64::from(value) / peak * 255.0).round().clamp(0.0, 255.0) as u8;
    Ok(Some(Heatmap {
        width,
        height,
        values: map.iter().map(|&value| scaled(value)).collect(),
        peak,
        strength,
    }))
}

/// A map of a frame as a map of the whole film with cells about half as wide; nothing speaks for a
/// finding where the model did not look.
fn onto_film(map: &[f32], width: usize, height: usize, frame: Frame) -> (Vec<f32>, usize, usize) {
    let cells = |count: usize, share: f64| ((2.0 * count as f64 / share).round() as usize).max(1);
    let (across, down) = (cells(width, frame.width), cells(height, frame.height));
    // The place in the map of a place on the film, in cells from the first cell's centre.
    let place = |at: usize, cells: usize, from: f64, length: f64, count: usize| {
        let inside = ((at as f64 + 0.5) / cells as f64 - from) / length;
        (0.0..=1.0)
            .contains(&inside)
            .then(|| (inside * count as f64 - 0.5).clamp(0.0, (count - 1) as f64))
    };
    let value = |x: f64, y: f64| {
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
        let (near, low) = ((x - left as f64) as f32, (y - top as f64) as f32);
        let row = |y: usize| map[y * width + left] * (1.0 - near) + map[y * width + right] * near;
        row(top) * (1.0 - low) + row(bottom) * low
    };
    let mut film = Vec::with_capacity(across * down);
    for row in 0..down {
        let y = place(row, down, frame.y, frame.height, height);
        for column in 0..across {
            let x = place(column, across, frame.x, frame.width, width);
            film.push(x.zip(y).map_or(0.0, |(x, y)| value(x, y)));
        }
    }
    (film, across, down)
}

/// Share of the peak from which the overlay shows anything.
const VISIBLE: f32 = 0.25;
/// Share of the peak at which the contour runs, as in [`crate::Region`].
const CONTOUR: f32 = 0.5;
/// Opacity of the overlay at the peak of a certain finding.
const OPACITY: f32 = 0.6;

/// Draws the heatmap as an RGBA PNG of `width` × `height` pixels to lay over the film: the
/// perceptually even "inferno" ramp, see-through where little speaks for the finding, and a
/// contour at half the peak.
///
/// # Errors
/// [`HeatmapError`].
pub fn heatmap_png(heatmap: &Heatmap, width: u32, height: u32) -> Result<Vec<u8>, HeatmapError> {
    if !(1..=4096).contains(&width) || !(1..=4096).contains(&height) {
        return Err(HeatmapError::Size { width, height });
    }
    if heatmap.values.is_empty() || heatmap.values.len() != heatmap.width * heatmap.height {
        return Err(HeatmapError::Shape);
    }
    let (across, down) = (width as usize, height as usize);
    let smooth = enlarge(heatmap, across, down);
    let pixels = paint(&smooth, across, heatmap.strength.clamp(0.0, 1.0) as f32);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(out)
}

/// Bilinear enlargement between the cells' centres, values 0 to 1.
fn enlarge(heatmap: &Heatmap, width: usize, height: usize) -> Vec<f32> {
    let columns = places(heatmap.width, width);
    let mut out = Vec::with_capacity(width * height);
    for (top, bottom, low) in places(heatmap.height, height) {
        let row = |y: usize| &heatmap.values[y * heatmap.width..][..heatmap.width];
        let (top, bottom) = (row(top), row(bottom));
        for &(left, right, near) in &columns {
            let blend =
                |row: &[u8]| f32::from(row[left]) * (1.0 - near) + f32::from(row[right]) * near;
            out.push((blend(top) * (1.0 - low) + blend(bottom) * low) / 255.0);
        }
    }
    out
}

/// For each of `target` pixels, the two cells of `source` beside it and the share of the second.
fn places(source: usize, target: usize) -> Vec<(usize, usize, f32)> {
    let last = source - 1;
    (0..target)
        .map(|pixel| {
            let at = (pixel as f64 + 0.5) * source as f64 / target as f64 - 0.5;
            let at = at.clamp(0.0, last as f64);
            let first = at as usize;
            (first, (first + 1).min(last), (at - first as f64) as f32)
        })
        .collect()
}

fn paint(smooth: &[f32], width: usize, strength: f32) -> Vec<u8> {
    use colorgrad::Gradient;
    let ramp: Vec<[u8; 4]> = {
        let inferno = colorgrad::preset::inferno();
        (0..=255)
            .map(|step| inferno.at(step as f32 / 255.0).to_rgba8())
            .collect()
    };
    let height = smooth.len() / width;
    let reach = (width.max(height) / 256).max(1);
    let mut pixels = Vec::with_capacity(smooth.len() * 4);
    for (at, &value) in smooth.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        let edge = value >= CONTOUR
            && [
                (x >= reach).then(|| at - reach),
                (x + reach < width).then(|| at + reach),
                (y >= reach).then(|| at - reach * width),
                (y + reach < height).then(|| at + reach * width),
            ]
            .into_iter()
            .flatten()
            .any(|beside| smooth[beside] < CONTOUR);
        let [red, green, blue, _] = ramp[(value * 255.0).round().clamp(0.0, 255.0) as usize];
        let opacity = if edge {
            0.9
        } else {
            OPACITY * ((value - VISIBLE) / (1.0 - VISIBLE)).max(0.0)
        };
        let alpha = (opacity * strength * 255.0).round() as u8;
        pixels.extend(if edge {
            [255, 255, 255, alpha]
        } else {
            [red, green, blue, alpha]
        });
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], values: &[f32]) -> Tensor {
        Tensor {
            shape: shape.to_vec(),
            values: values.to_vec(),
        }
    }

    fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgba);
        (info.width, info.height, pixels)
    }

    #[test]
    fn values_are_scaled_to_the_peak_and_what_speaks_against_is_nothing() {
        let map = read(
            &tensor(&[1, 1, 2, 2], &[-3.0, 1.0, 2.0, 4.0]),
            0,
            Frame::WHOLE,
            0.5,
        )
        .unwrap()
        .unwrap();
        assert_eq!(map.values, [0, 64, 128, 255]);
        assert_eq!(map.peak, 4.0);
        let against = tensor(&[1, 1, 1, 2], &[-3.0, -1.0]);
        assert_eq!(read(&against, 0, Frame::WHOLE, 0.5).unwrap(), None);
    }

    #[test]
    fn odd_maps_are_faults() {
        assert!(read(&tensor(&[1, 4], &[0.0; 4]), 0, Frame::WHOLE, 0.5).is_err());
        assert!(
            read(
                &tensor(&[1, 1, 1, 2], &[0.0, f32::NAN]),
                0,
                Frame::WHOLE,
                0.5
            )
            .is_err()
        );
        assert!(read(&tensor(&[1, 2, 1, 1], &[0.0; 2]), 2, Frame::WHOLE, 0.5).is_err());
    }

    #[test]
    fn with_a_channel_a_finding_the_wanted_one_is_read() {
        let two = tensor(&[1, 2, 1, 2], &[1.0, 0.0, 0.0, 5.0]);
        assert_eq!(
            read(&two, 1, Frame::WHOLE, 1.0).unwrap().unwrap().values,
            [0, 255]
        );
    }

    #[test]
    fn a_map_of_a_crop_lies_where_the_model_looked() {
        // The right half of a film twice as wide as high.
        let frame = Frame {
            x: 0.5,
            y: 0.0,
            width: 0.5,
            height: 1.0,
        };
        let map = tensor(&[1, 1, 2, 2], &[0.0, 0.0, 0.0, 6.0]);
        let film = read(&map, 0, frame, 1.0).unwrap().unwrap();
        assert_eq!((film.width, film.height), (8, 4));
        let peak = film.values.iter().position(|&value| value == 255).unwrap();
        assert_eq!((peak % 8, peak / 8), (7, 3));
        let left: Vec<u8> = film
            .values
            .chunks(8)
            .flat_map(|row| &row[..4])
            .copied()
            .collect();
        assert_eq!(left, [0; 16]);
    }

    #[test]
    fn a_map_of_a_padded_film_loses_what_lies_beside_it() {
        // A film twice as wide as high, padded above and below: the peak lies in the padding.
        let frame = Frame {
            x: 0.0,
            y: -0.5,
            width: 1.0,
            height: 2.0,
        };
        let map = tensor(&[1, 1, 4, 1], &[9.0, 1.0, 3.0, -2.0]);
        let film = read(&map, 0, frame, 1.0).unwrap().unwrap();
        assert_eq!((film.width, film.height), (2, 4));
        // A quarter of 9 and three quarters of 1, between the two cells' centres.
        assert!((film.peak - 3.0).abs() < 1e-6, "{film:?}");
    }

    #[test]
    fn a_planted_peak_shows_at_its_place_only() {
        let mut values = vec![0; 64];
        values[8 * 6 + 1] = 255; // column 1, row 6 of 8
        let mut map = Heatmap {
            width: 8,
            height: 8,
            values,
            peak: 2.0,
            strength: 1.0,
        };
        let (width, height, pixels) = decoded(&heatmap_png(&map, 400, 320).unwrap());
        assert_eq!((width, height), (400, 320));
        let alpha = |x: usize, y: usize, pixels: &[u8]| pixels[(y * 400 + x) * 4 + 3];
        assert!(
            alpha(75, 260, &pixels) > 140,
            "the centre of the planted cell"
        );
        assert_eq!(alpha(300, 260, &pixels), 0);
        assert_eq!(alpha(75, 60, &pixels), 0);
        let contour = pixels
            .chunks_exact(4)
            .filter(|p| p[..3] == [255; 3] && p[3] > 200);
        assert!(contour.count() > 100);
        map.strength = 0.1;
        let (_, _, faint) = decoded(&heatmap_png(&map, 400, 320).unwrap());
        assert!(alpha(75, 260, &faint) < 20);
    }

    #[test]
    fn sizes_that_cannot_be_drawn_are_refused() {
        let map = Heatmap {
            width: 2,
            height: 2,
            values: vec![0; 4],
            peak: 1.0,
            strength: 1.0,
        };
        for (width, height) in [(0, 10), (10, 0), (5000, 10)] {
            assert!(matches!(
                heatmap_png(&map, width, height),
                Err(HeatmapError::Size { .. })
            ));
        }
        let broken = Heatmap { width: 3, ..map };
        assert!(matches!(
            heatmap_png(&broken, 9, 9),
            Err(HeatmapError::Shape)
        ));
    }
}
