//! From a film to the tensor the model was trained on.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    GreyPicture,
    manifest::{Input, Resize},
};

/// One thing that was done to the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Stable name, such as `resize`.
    pub name: String,
    /// The parameters in words, such as `512 x 400 to 128 x 128, squash, triangle filter`.
    pub detail: String,
}

/// A picture ready for the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// `[channels, size, size]`, in the manifest's range.
    pub tensor: Vec<f32>,
    /// The resized picture itself, `[size, size]`, 0 to 255.
    pub plane: Vec<f32>,
    /// Which part of the film the plane shows.
    pub frame: Frame,
    /// What was done.
    pub steps: Vec<Step>,
}

/// The part of a film that a model sees, in shares of the film's width and height: 0, 0, 1, 1 is all
/// of it. A padded film lies inside its frame, which then reaches below 0 and above 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Frame {
    /// The whole film.
    pub const WHOLE: Self = Self {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 1.0,
    };
}

impl Prepared {
    /// SHA-256 of the tensor's little-endian float32 bytes, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        tensor_sha256(&self.tensor)
    }
}

/// SHA-256 of a tensor's little-endian float32 bytes, hexadecimal.
#[must_use]
pub fn tensor_sha256(tensor: &[f32]) -> String {
    let mut digest = Sha256::new();
    for value in tensor {
        digest.update(value.to_le_bytes());
    }
    hex::encode(digest.finalize())
}

/// Resizes a picture as the model's manifest says and maps its grey levels to the model's values.
#[must_use]
pub fn prepare(picture: &GreyPicture<'_>, input: &Input) -> Prepared {
    let size = input.size;
    let (plane, frame, how) = match input.resize {
        Resize::Squash => (picture.squashed(size), Frame::WHOLE, "squash".to_owned()),
        Resize::Crop { crop_share } => cropped(picture, size, crop_share),
        Resize::Pad { pad_grey } => padded(picture, size, pad_grey),
    };
    let mut steps = vec![Step {
        name: "resize".into(),
        detail: format!(
            "{} x {} to {size} x {size}, {how}, triangle filter",
            picture.width(),
            picture.height()
        ),
    }];
    if input.range != [0.0, 255.0] {
        steps.push(Step {
            name: "range".into(),
            detail: format!("0..255 to {}..{}", input.range[0], input.range[1]),
        });
    }
    if input.channels > 1 {
        steps.push(Step {
            name: "channels".into(),
            detail: format!("grey repeated {} times", input.channels),
        });
    }
    for (name, values) in [("mean", &input.mean), ("deviation", &input.deviation)] {
        if !values.is_empty() {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            steps.push(Step {
                name: name.into(),
                detail: words.join(", "),
            });
        }
    }
    Prepared {
        tensor: to_tensor(&plane, input),
        plane,
        frame,
        steps,
    }
}

/// The square in the middle whose side is `share` of the shorter side.
fn cropped(picture: &GreyPicture<'_>, size: usize, share: f64) -> (Vec<f32>, Frame, String) {
    let (width, height) = (picture.width(), picture.height());
    let side = ((width.min(height) as f64 * share).round() as usize).max(1);
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    let pixels: Vec<u8> = picture
        .pixels()
        .chunks_exact(width)
        .skip(top)
        .take(side)
        .flat_map(|row| &row[left..left + side])
        .copied()
        .collect();
    let plane = crate::resize_triangle(&pixels, side, side, size, size);
    let frame = Frame {
        x: left as f64 / width as f64,
        y: top as f64 / height as f64,
        width: side as f64 / width as f64,
        height: side as f64 / height as f64,
    };
    (plane, frame, format!("middle {side} x {side}"))
}

/// The whole picture in the middle of a square of one grey.
fn padded(picture: &GreyPicture<'_>, size: usize, grey: f64) -> (Vec<f32>, Frame, String) {
    let (width, height) = (picture.width(), picture.height());
    let longer = width.max(height);
    let side = |length: usize| {
        ((length as f64 / longer as f64 * size as f64).round() as usize).clamp(1, size)
    };
    let (inner_width, inner_height) = (side(width), side(height));
    let (left, top) = ((size - inner_width) / 2, (size - inner_height) / 2);
    let inner = crate::resize_triangle(picture.pixels(), width, height, inner_width, inner_height);
    let mut plane = vec![grey as f32; size * size];
    for (row, inner) in plane
        .chunks_exact_mut(size)
        .skip(top)
        .zip(inner.chunks_exact(inner_width))
    {
        row[left..left + inner_width].copy_from_slice(inner);
    }
    let frame = Frame {
        x: -(left as f64) / inner_width as f64,
        y: -(top as f64) / inner_height as f64,
        width: size as f64 / inner_width as f64,
        height: size as f64 / inner_height as f64,
    };
    (plane, frame, format!("padded with grey {grey}"))
}

/// A plane of grey levels 0 to 255 as the model's tensor `[channels, size, size]`.
pub(crate) fn to_tensor(plane: &[f32], input: &Input) -> Vec<f32> {
    let [black, white] = input.range;
    // With the display's own range the values must stay bit for bit as the filter made them.
    let ranged: Vec<f32> = if input.range == [0.0, 255.0] {
        plane.to_vec()
    } else {
        plane
            .iter()
            .map(|&grey| (black + f64::from(grey) / 255.0 * (white - black)) as f32)
            .collect()
    };
    if input.mean.is_empty() && input.deviation.is_empty() {
        return ranged.repeat(input.channels);
    }
    (0..input.channels)
        .flat_map(|channel| {
            let mean = input.mean.get(channel).copied().unwrap_or(0.0);
            let deviation = input.deviation.get(channel).copied().unwrap_or(1.0);
            ranged
                .iter()
                .map(move |&value| ((f64::from(value) - mean) / deviation) as f32)
        })
        .collect()
}

/// A golden picture of the model's size as its tensor.
#[must_use]
pub fn golden_tensor(picture: &[u8], input: &Input) -> Vec<f32> {
    let plane: Vec<f32> = picture.iter().copied().map(f32::from).collect();
    to_tensor(&plane, input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(resize: Resize) -> Input {
        Input {
            name: "image".into(),
            size: 4,
            channels: 3,
            resize,
            range: [0.0, 1.0],
            mean: vec![0.5, 0.25, 0.0],
            deviation: vec![0.5, 0.25, 2.0],
        }
    }

    /// Grey 10 times the column, 8 columns of 4 rows.
    fn wide() -> Vec<u8> {
        (0..32).map(|at| at % 8 * 10).collect()
    }

    #[test]
    fn a_crop_takes_the_square_in_the_middle() {
        let pixels = wide();
        let picture = GreyPicture::new(8, 4, &pixels).unwrap();
        let prepared = prepare(&picture, &input(Resize::Crop { crop_share: 1.0 }));
        assert_eq!(prepared.plane[..4], [20.0, 30.0, 40.0, 50.0]);
        let frame = prepared.frame;
        assert_eq!(
            (frame.x, frame.y, frame.width, frame.height),
            (0.25, 0.0, 0.5, 1.0)
        );
        let half = prepare(&picture, &input(Resize::Crop { crop_share: 0.5 }));
        assert_eq!((half.frame.width, half.frame.height), (0.25, 0.5));
        assert_eq!((half.plane[0], half.plane[3]), (30.0, 40.0));
    }

    #[test]
    fn padding_keeps_the_whole_film_and_its_shape() {
        let pixels = wide();
        let picture = GreyPicture::new(8, 4, &pixels).unwrap();
        let prepared = prepare(&picture, &input(Resize::Pad { pad_grey: 7.0 }));
        assert_eq!(prepared.plane[..4], [7.0; 4]);
        assert_eq!(prepared.plane[12..], [7.0; 4]);
        assert!(prepared.plane[4] < prepared.plane[7]);
        let frame = prepared.frame;
        assert_eq!(
            (frame.x, frame.y, frame.width, frame.height),
            (0.0, -0.5, 1.0, 2.0)
        );
    }

    #[test]
    fn each_channel_has_its_mean_and_deviation() {
        let tensor = to_tensor(&[255.0; 16], &input(Resize::Squash));
        assert_eq!((tensor[0], tensor[16], tensor[32]), (1.0, 3.0, 0.5));
        assert_eq!(tensor.len(), 48);
    }
}
