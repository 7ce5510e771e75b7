//! From the raw numbers of a model's main output to calibrated probabilities and a category.

use domain::{RiskCategory, RiskProbabilities};

use crate::manifest::{Activation, Calibration, Head, Manifest};

/// What the main output says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) risk: RiskCategory,
    pub(crate) probability: f64,
    pub(crate) probabilities: RiskProbabilities,
    pub(crate) threshold: f64,
    /// In the manifest's order.
    pub(crate) findings: Vec<FindingReading>,
    /// Which of `findings` decided the category.
    pub(crate) deciding: Option<usize>,
}

/// One finding's probability and the category it gives alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FindingReading {
    pub(crate) name: String,
    /// Its column in the main output, and its channel in a map that has one for each.
    pub(crate) column: usize,
    pub(crate) probability: f64,
    pub(crate) severity: RiskCategory,
    pub(crate) probabilities: RiskProbabilities,
    threshold: f64,
}

/// The share that a category has.
pub(crate) fn share(probabilities: RiskProbabilities, category: RiskCategory) -> f64 {
    match category {
        RiskCategory::Low => probabilities.low,
        RiskCategory::Medium => probabilities.medium,
        RiskCategory::High => probabilities.high,
    }
}

/// Reads one member of the main output.
///
/// # Errors
/// In words, when the values are not usable numbers.
pub(crate) fn read(values: &[f32], manifest: &Manifest) -> Result<Reading, String> {
    let head = &manifest.head;
    if values.len() != head.columns() {
        return Err(format!(
            "output `{}` has {} values, not {}",
            head.output(),
            values.len(),
            head.columns()
        ));
    }
    if let Some(odd) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("output `{}` has the value {odd}", head.output()));
    }
    match head {
        Head::Binary {
            activation,
            finding,
            thresholds,
            ..
        } => {
            let probability = probability(values[0], *activation, manifest.calibration)?;
            let only = FindingReading {
                name: finding.clone(),
                column: 0,
                probability,
                severity: thresholds.category(probability),
                probabilities: thresholds.spread(probability),
                threshold: thresholds.medium(),
            };
            Ok(decide(vec![only], 0))
        }
        Head::Findings {
            activation,
            findings,
            ..
        } => {
            let mut readings = Vec::with_capacity(findings.len());
            for rule in findings {
                let value = values[rule.column];
                let probability = probability(value, *activation, rule.calibration)?;
                readings.push(FindingReading {
                    name: rule.name.clone(),
                    column: rule.column,
                    probability,
                    severity: rule.category(probability),
                    probabilities: rule.spread(probability),
                    threshold: rule.thresholds.medium(),
                });
            }
            let deciding = highest(&readings).ok_or("the head has no findings")?;
            Ok(decide(readings, deciding))
        }
        Head::Softmax {
            activation,
            columns,
            ..
        } => classes(values, *activation, *columns),
    }
}

/// The finding with the highest severity; among equals the one furthest towards high.
fn highest(readings: &[FindingReading]) -> Option<usize> {
    let rank = |reading: &FindingReading| {
        let shares = reading.probabilities;
        (
            reading.severity,
            shares.high,
            shares.medium,
            reading.probability,
        )
    };
    (0..readings.len()).max_by(|&a, &b| {
        rank(&readings[a])
            .partial_cmp(&rank(&readings[b]))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(b.cmp(&a))
    })
}

fn decide(findings: Vec<FindingReading>, deciding: usize) -> Reading {
    let chosen = &findings[deciding];
    Reading {
        risk: chosen.severity,
        probability: chosen.probability,
        probabilities: chosen.probabilities,
        threshold: chosen.threshold,
        deciding: Some(deciding),
        findings,
    }
}

/// Logistic function.
pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn probability(raw: f32, activation: Activation, calibration: Calibration) -> Result<f64, String> {
    let raw = f64::from(raw);
    let is_probability = activation == Activation::None;
    // An engine may be a rounding error outside.
    if is_probability && !(-1e-6..=1.0 + 1e-6).contains(&raw) {
        return Err(format!("a probability has the value {raw}"));
    }
    let logit = |p: f64| {
        let p = p.clamp(1e-7, 1.0 - 1e-7);
        (p / (1.0 - p)).ln()
    };
    let value = match (calibration, is_probability) {
        (Calibration::None, true) => raw.clamp(0.0, 1.0),
        (Calibration::None, false) => sigmoid(raw),
        (Calibration::Platt { slope, intercept }, true) => sigmoid(slope * logit(raw) + intercept),
        (Calibration::Platt { slope, intercept }, false) => sigmoid(slope * raw + intercept),
    };
    Ok(value)
}

fn classes(values: &[f32], activation: Activation, columns: [usize; 3]) -> Result<Reading, String> {
    let picked = columns.map(|column| f64::from(values[column]));
    let shares = if activation == Activation::Softmax {
        let greatest = picked.into_iter().fold(f64::NEG_INFINITY, f64::max);
        picked.map(|value| (value - greatest).exp())
    } else {
        picked
    };
    let sum: f64 = shares.iter().sum();
    let is_distribution = shares.iter().all(|share| *share >= -1e-6) && (sum - 1.0).abs() <= 1e-3;
    if activation == Activation::None && !is_distribution {
        return Err(format!(
            "the class probabilities {shares:?} do not sum to 1"
        ));
    }
    let [low, medium, high] = shares.map(|share| (share / sum).clamp(0.0, 1.0));
    let probabilities = RiskProbabilities { low, medium, high };
    let risk = probabilities.category();
    let others = RiskCategory::ALL
        .iter()
        .filter(|category| **category != risk);
    Ok(Reading {
        risk,
        probability: (1.0 - low).clamp(0.0, 1.0),
        probabilities,
        threshold: others
            .map(|&other| share(probabilities, other))
            .fold(0.0, f64::max),
        findings: Vec::new(),
        deciding: None,
    })
}
