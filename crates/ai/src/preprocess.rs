//! From a film to the tensor the model was trained on.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{GreyPicture, manifest};

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
    /// The squashed picture itself, `[size, size]`, 0 to 255.
    pub plane: Vec<f32>,
    /// What was done.
    pub steps: Vec<Step>,
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

/// Squashes a picture to the model's size and maps black and white to the model's range.
#[must_use]
pub fn prepare(picture: &GreyPicture<'_>, input: &manifest::Input) -> Prepared {
    let size = input.size;
    let plane = picture.squashed(size);
    let tensor = to_tensor(&plane, input);
    let mut steps = vec![Step {
        name: "resize".into(),
        detail: format!(
            "{} x {} to {size} x {size}, squash, triangle filter",
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
    Prepared {
        tensor,
        plane,
        steps,
    }
}

/// A plane of grey levels 0 to 255 as the model's tensor `[channels, size, size]`.
pub(crate) fn to_tensor(plane: &[f32], input: &manifest::Input) -> Vec<f32> {
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
    ranged.repeat(input.channels)
}
