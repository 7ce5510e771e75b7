//! What comes out of one analysis.

use domain::{RiskCategory, RiskProbabilities};
use serde::Serialize;

use crate::{EngineKind, Heatmap, Quality, Region, preprocess::Step, words::words};

/// The outcome of one analysis: a calibrated risk, or a reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Assessment {
    /// The film is inside the intended use and the model answered.
    Scored(Box<Scored>),
    /// The model may not speak or could not. This is never "low".
    NotAssessed(NotAssessed),
}

/// A film that was scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// The category.
    pub risk: RiskCategory,
    /// Calibrated probability, 0 to 1: of the finding (binary head), of the finding that decided
    /// the category (several findings), or of "not low" (softmax over low, medium, high).
    pub probability: f64,
    /// Shares of low, medium and high: from [`domain::risk::RiskThresholds::spread`], or the
    /// softmax itself. They sum to 1 and the largest is that of `risk`.
    pub probabilities: RiskProbabilities,
    /// What the model looked for, most probable first.
    pub findings: Vec<Finding>,
    /// How clearly the case falls into its category: the category's own share, 0 to 1. Exactly on
    /// a threshold it is 0.5.
    pub confidence: f64,
    /// The probability from which risk is medium, that is, from which a film counts as flagged
    /// (the deciding finding's); for a softmax head the largest share among the other classes,
    /// which the winner had to reach.
    pub threshold: f64,
    /// How good the picture is.
    pub quality: Quality,
    /// Where the finding is, when the model says so and anything speaks for it.
    pub heatmap: Option<Heatmap>,
    /// What was done to the picture, in order.
    pub preprocessing_steps: Vec<Step>,
    /// The gate's value, 0 to 1, when the model has one.
    pub scope: Option<f64>,
    /// The model's feature vector (output `features`), when it has one: for drift figures.
    pub features: Option<Vec<f32>>,
    /// SHA-256 of the model file, hexadecimal.
    pub model_sha256: String,
    /// SHA-256 of the preprocessed tensor's little-endian bytes, hexadecimal.
    pub input_sha256: String,
    /// The engine that answered.
    pub engine: EngineKind,
    /// Wall-clock time of preprocessing and model, in milliseconds.
    pub milliseconds: f64,
    /// Name of the model.
    pub model_name: String,
    /// Version of the model.
    pub model_version: String,
}

/// One finding of the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its name from the manifest.
    pub name: String,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
    /// The category that this finding alone gives.
    pub severity: RiskCategory,
    /// Where it is; only from medium severity on, and only with a heatmap for this finding.
    pub region: Option<Region>,
    /// The share of `severity`, 0 to 1, as in [`Scored::confidence`].
    pub confidence: f64,
}

/// A film that was not scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotAssessed {
    /// Why, for programs.
    pub code: NotAssessedCode,
    /// Why, for people: one plain sentence.
    pub reason: String,
    /// How good the picture is, when it got that far.
    pub quality: Option<Quality>,
    /// The gate's value, when it got that far.
    pub scope: Option<f64>,
    /// What was run, when the model was.
    #[serde(skip)]
    pub run: Option<Box<Run>>,
}

/// One run of a model, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// SHA-256 of the model file, hexadecimal.
    pub model_sha256: String,
    /// SHA-256 of the preprocessed tensor's little-endian bytes, hexadecimal.
    pub input_sha256: String,
    /// The engine.
    pub engine: EngineKind,
}

words! {
    /// Why a film was not scored.
    NotAssessedCode {
        /// The patient is younger or older than the intended use.
        OutsideAgeRange = "outside_age_range",
        /// The header names another body part.
        NotAChestFilm = "not_a_chest_film",
        /// The header names a lateral, oblique or decubitus view.
        NotFrontal = "not_frontal",
        /// All one grey.
        BlankImage = "blank_image",
        /// Almost only pure black and pure white.
        ClippedImage = "clipped_image",
        /// A side below 64 pixels.
        TooSmall = "too_small",
        /// A side more than 2.5 times the other.
        UnusualShape = "unusual_shape",
        /// Black and white are swapped: the negative of the picture is a film of the model's kind.
        Inverted = "inverted",
        /// Turned by a quarter or a half: turned back, it is a film of the model's kind.
        Rotated = "rotated",
        /// Another modality or view than intended, or the model's gate says that the picture is
        /// not of its kind.
        OutsideIntendedUse = "outside_intended_use",
        /// The model could not be run or gave no usable numbers.
        ModelFailed = "model_failed",
    }
}

impl NotAssessed {
    pub(crate) fn new(code: NotAssessedCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            quality: None,
            scope: None,
            run: None,
        }
    }
}
