//! The shape of `model.toml` as written, before its rules are checked.

use serde::Deserialize;

use super::{Evaluation, Gate, HeatmapOutput, IntendedUse, Training};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
    pub(super) framework: String,
    pub(super) description: String,
    pub(super) licence: String,
    pub(super) trained_date: Day,
    pub(super) training: Training,
    pub(super) input: Input,
    pub(super) head: Head,
    pub(super) calibration: Calibration,
    pub(super) thresholds: Option<Thresholds>,
    pub(super) gate: Option<Gate>,
    pub(super) heatmap: Option<HeatmapOutput>,
    // Optional here so that their absence is named together with every other broken rule.
    pub(super) intended_use: Option<IntendedUse>,
    pub(super) evaluation: Option<Evaluation>,
}

/// A day, written as a TOML date or as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Day {
    Text(String),
    Date(toml::value::Datetime),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) size: usize,
    pub(super) channels: usize,
    pub(super) resize: String,
    pub(super) crop_share: Option<f64>,
    pub(super) pad_grey: Option<f64>,
    pub(super) range: [f64; 2],
    pub(super) mean: Option<Vec<f64>>,
    pub(super) deviation: Option<Vec<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) kind: String,
    pub(super) output: String,
    pub(super) activation: String,
    pub(super) finding: Option<String>,
    pub(super) classes: Option<Vec<String>>,
    pub(super) columns: Option<usize>,
    pub(super) findings: Option<Vec<Finding>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding {
    pub(super) name: String,
    pub(super) column: Option<usize>,
    pub(super) medium: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) highest: Option<String>,
    pub(super) platt: Option<Platt>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Platt {
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calibration {
    pub(super) method: String,
    pub(super) slope: Option<f64>,
    pub(super) intercept: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thresholds {
    pub(super) medium: f64,
    pub(super) high: f64,
}
