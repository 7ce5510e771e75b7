//! The tensor a model takes, and how a film gets there.

use serde::Serialize;

use super::{check::Problems, raw};

/// The input tensor: float32 `[batch, channels, size, size]`.
///
/// A grey level g of 0 to 255 becomes `(black + g / 255 * (white - black) - mean) / deviation`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// Name of the graph's input.
    pub name: String,
    /// Side of the square picture, 16 to 1024.
    pub size: usize,
    /// 1, or 3 for the grey picture repeated.
    pub channels: usize,
    /// How a film gets to `size`.
    #[serde(flatten)]
    pub resize: Resize,
    /// The values that black and white map to.
    pub range: [f64; 2],
    /// What is subtracted after that, a number a channel; empty when nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f64>,
    /// What is divided by then, a number a channel; empty when nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviation: Vec<f64>,
}

/// The resizing a model was trained with, always with the triangle filter of
/// [`crate::resize_triangle`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "resize")]
pub enum Resize {
    /// Plain squash to a square. Keeping the aspect ratio would leak it to a model that was
    /// trained on squashed films.
    #[serde(rename = "squash-triangle")]
    Squash,
    /// The square in the middle, its side `crop_share` of the film's shorter side: 1 as
    /// torchxrayvision crops, 0.875 for a resize to 256 followed by a crop to 224.
    #[serde(rename = "crop-triangle")]
    Crop {
        /// Above 0, at most 1.
        crop_share: f64,
    },
    /// The whole film in the middle of a square of its longer side, the rest filled.
    #[serde(rename = "pad-triangle")]
    Pad {
        /// Grey level of what is filled, 0 to 255.
        pad_grey: f64,
    },
}

pub(super) fn check(raw: raw::Input, problems: &mut Problems) -> Option<Input> {
    problems.unless(
        (16..=1024).contains(&raw.size),
        "input.size",
        "must be 16 to 1024",
    );
    problems.unless(
        raw.channels == 1 || raw.channels == 3,
        "input.channels",
        "must be 1 (grey) or 3 (grey repeated)",
    );
    let [low, high] = raw.range;
    problems.unless(
        low.is_finite() && high.is_finite() && low < high,
        "input.range",
        "must be [black, white] with black < white",
    );
    let mut a_channel = |key: &str, values: Option<Vec<f64>>, usable: fn(&f64) -> bool, what| {
        let values = values.unwrap_or_default();
        problems.unless(
            values.is_empty() || (values.len() == raw.channels && values.iter().all(usable)),
            key,
            format!(
                "must be one number {what}for each of the {} channels",
                raw.channels
            ),
        );
        values
    };
    let mean = a_channel("input.mean", raw.mean, |value| value.is_finite(), "");
    let deviation = a_channel(
        "input.deviation",
        raw.deviation,
        |value| value.is_finite() && *value > 0.0,
        "above 0 ",
    );
    let resize = resize(&raw.resize, raw.crop_share, raw.pad_grey, problems)?;
    Some(Input {
        name: raw.name,
        size: raw.size,
        channels: raw.channels,
        resize,
        range: raw.range,
        mean,
        deviation,
    })
}

fn resize(
    word: &str,
    crop_share: Option<f64>,
    pad_grey: Option<f64>,
    problems: &mut Problems,
) -> Option<Resize> {
    for (key, given, owner) in [
        ("input.crop_share", crop_share, "crop-triangle"),
        ("input.pad_grey", pad_grey, "pad-triangle"),
    ] {
        problems.unless(
            given.is_none() || word == owner,
            key,
            format!("belongs to resize = \"{owner}\" only"),
        );
    }
    match word {
        "squash-triangle" => Some(Resize::Squash),
        "crop-triangle" => {
            let crop_share = crop_share.unwrap_or(1.0);
            problems.unless(
                (0.25..=1.0).contains(&crop_share),
                "input.crop_share",
                "must be 0.25 to 1",
            );
            Some(Resize::Crop { crop_share })
        }
        "pad-triangle" => {
            let pad_grey = pad_grey.unwrap_or(0.0);
            problems.unless(
                (0.0..=255.0).contains(&pad_grey),
                "input.pad_grey",
                "must be a grey level from 0 to 255",
            );
            Some(Resize::Pad { pad_grey })
        }
        _ => {
            problems.add(
                "input.resize",
                "must be \"squash-triangle\", \"crop-triangle\" or \"pad-triangle\"",
            );
            None
        }
    }
}
