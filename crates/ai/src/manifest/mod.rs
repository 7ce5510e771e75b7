//! What a model package says about itself (`model.toml`): its input, its outputs, where it may
//! speak and how well it did on films nobody trained it on.
//!
//! Reading has two steps: the text must have the right keys and types (the first fault is named
//! with its key), then every rule is checked and all broken ones are named at once.

mod check;
mod head;
mod input;
mod raw;

pub use head::{Activation, FindingRule, Head};
pub use input::{Input, Resize};
use serde::Serialize;

/// The manifest of a model package, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Name of the model, such as `chest-paediatric`.
    pub name: String,
    /// Version of the package, such as `1.0.0`.
    pub version: String,
    /// Network architecture in words.
    pub architecture: String,
    /// Framework it was trained with.
    pub framework: String,
    /// What the model is for, in a sentence or two.
    pub description: String,
    /// Licence of the weights.
    pub licence: String,
    /// Day of training, `YYYY-MM-DD`.
    pub trained_date: String,
    /// What it was trained on.
    pub training: Training,
    /// The tensor it takes.
    pub input: Input,
    /// What its main output means.
    pub head: Head,
    /// How a raw score becomes a probability.
    pub calibration: Calibration,
    /// The output that says whether a picture is of the model's kind.
    pub gate: Option<Gate>,
    /// The output that says where the finding is.
    pub heatmap: Option<HeatmapOutput>,
    /// Where the model may speak.
    pub intended_use: IntendedUse,
    /// Independent test figures.
    pub evaluation: Evaluation,
}

/// The training set, in figures.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Name and version of the data set.
    pub dataset_version: String,
    /// Number of pictures.
    pub images: u64,
    /// Number of people.
    pub patients: u64,
}

/// How a raw score becomes a calibrated probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Calibration {
    /// The activation's value stands.
    None,
    /// Platt scaling: `sigmoid(slope * logit + intercept)` (Platt 1999).
    Platt {
        /// Positive, so that the order of cases stays.
        slope: f64,
        /// Shift on the logit scale.
        intercept: f64,
    },
}

/// The output that says whether a picture is of the model's kind.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Name of the output, `[batch, 1]`, 0 to 1.
    pub output: String,
    /// Below it a picture is not assessed.
    pub minimum: f64,
}

/// The output that says where the finding is.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatmapOutput {
    /// Name of the output, `[batch, 1, h, w]`; positive speaks for the finding.
    pub output: String,
}

/// Where a model may speak.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntendedUse {
    /// DICOM modalities, such as `DX` and `CR`.
    pub modality: Vec<String>,
    /// DICOM body parts, such as `CHEST`.
    pub body_part: Vec<String>,
    /// View positions, such as `AP` and `PA`, or `frontal` for both.
    pub view: Vec<String>,
    /// Youngest age, in years.
    pub minimum_age_years: f64,
    /// Oldest age in completed years: with 5, a child counts until its sixth birthday.
    pub maximum_age_years: f64,
    /// The intended use in a sentence.
    pub statement: String,
}

/// Figures from films of people who were in no training set.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Which films.
    pub dataset: String,
    /// How many.
    pub images: u64,
    /// Area under the ROC curve, 0 to 1.
    pub auroc: f64,
    /// Share of the ill found, 0 to 1.
    pub sensitivity: f64,
    /// Share of the well left alone, 0 to 1.
    pub specificity: f64,
    /// Share of right calls, 0 to 1.
    pub accuracy: f64,
    /// Share of the flagged that are ill, 0 to 1.
    pub precision: f64,
    /// Harmonic mean of precision and sensitivity, 0 to 1.
    pub f1_score: f64,
    /// Expected calibration error, 0 to 1.
    pub expected_calibration_error: f64,
    /// Brier score, 0 to 1.
    pub brier: f64,
}

/// One broken rule of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key, such as `thresholds.medium`.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// A manifest that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML at all.
    #[error("model.toml is not valid TOML: {message}")]
    Syntax {
        /// Line, column and what the reader found there.
        message: String,
    },
    /// A key is missing, unknown or of the wrong type.
    #[error("model.toml, key `{key}`: {message}")]
    Key {
        /// The key or the table it should be in.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// Well formed, but one or more rules are broken.
    #[error("model.toml: {}", join(.problems))]
    Rules {
        /// All of them.
        problems: Vec<Problem>,
    },
}

fn join(problems: &[Problem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

impl Manifest {
    /// Reads and checks the text of a `model.toml`.
    ///
    /// # Errors
    /// [`ManifestError`], which names the key of each fault.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let syntax = |error: toml::de::Error| ManifestError::Syntax {
            message: error.to_string().trim_end().to_owned(),
        };
        let document = toml::Deserializer::parse(text).map_err(syntax)?;
        let raw: raw::Manifest = serde_path_to_error::deserialize(document).map_err(|error| {
            let key = error.path().to_string();
            ManifestError::Key {
                key: if key == "." { "(top)".into() } else { key },
                message: error.into_inner().message().to_owned(),
            }
        })?;
        check::check(raw).map_err(|problems| ManifestError::Rules { problems })
    }
}
