//! Do probabilities mean what they say?

use serde::{Deserialize, Serialize};

/// Number of equal-width bins of the calibration figures.
pub const CALIBRATION_BINS: usize = 10;

/// One bin of a reliability curve: probabilities from `from` to `from + 0.1`, the upper end not
/// included except in the last bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CalibrationBin {
    /// Lower end.
    pub from: f64,
    /// Number of cases.
    pub cases: u64,
    /// Mean probability; 0 without cases.
    pub mean_probability: f64,
    /// Share of positive cases; 0 without cases.
    pub positive_share: f64,
}

/// The reliability curve over [`CALIBRATION_BINS`] bins, empty ones included.
#[must_use]
pub fn reliability(pairs: &[(f64, bool)]) -> Vec<CalibrationBin> {
    let mut sums = [(0u64, 0.0, 0u64); CALIBRATION_BINS];
    for &(probability, positive) in pairs {
        let bin = (probability.clamp(0.0, 1.0) * CALIBRATION_BINS as f64) as usize;
        let sum = &mut sums[bin.min(CALIBRATION_BINS - 1)];
        sum.0 += 1;
        sum.1 += probability;
        sum.2 += u64::from(positive);
    }
    let bin = |(index, (cases, probabilities, positives)): (usize, (u64, f64, u64))| {
        let over = cases.max(1) as f64;
        CalibrationBin {
            from: index as f64 / CALIBRATION_BINS as f64,
            cases,
            mean_probability: probabilities / over,
            positive_share: positives as f64 / over,
        }
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// Expected calibration error: the mean over all cases of their bin's distance between mean
/// probability and share of positives (Naeini et al. 2015, for the probability of the positive
/// class). None without cases.
#[must_use]
pub fn expected_calibration_error(pairs: &[(f64, bool)]) -> Option<f64> {
    let weighted =
        |bin: &CalibrationBin| bin.cases as f64 * (bin.mean_probability - bin.positive_share).abs();
    let sum: f64 = reliability(pairs).iter().map(weighted).sum();
    (!pairs.is_empty()).then(|| sum / pairs.len() as f64)
}

/// Brier score: mean squared difference of probability and truth (Brier 1950). None without cases.
#[must_use]
pub fn brier(pairs: &[(f64, bool)]) -> Option<f64> {
    let squared = |&(probability, positive): &(f64, bool)| {
        (probability - if positive { 1.0 } else { 0.0 }).powi(2)
    };
    let sum: f64 = pairs.iter().map(squared).sum();
    (!pairs.is_empty()).then(|| sum / pairs.len() as f64)
}

/// Population stability index of values of 0 to 1 against a reference, over ten equal-width bins:
/// `sum((now - then) * ln(now / then))` of the bins' shares, with half a case added to each bin so
/// that empty ones stay finite. Below 0.1 is usually called stable, above 0.25 a shift. None
/// when either side is empty.
#[must_use]
pub fn population_stability_index(reference: &[f64], now: &[f64]) -> Option<f64> {
    if reference.is_empty() || now.is_empty() {
        return None;
    }
    let shares = |values: &[f64]| {
        let mut counts = [0.5f64; CALIBRATION_BINS];
        for value in values {
            let bin = (value.clamp(0.0, 1.0) * CALIBRATION_BINS as f64) as usize;
            counts[bin.min(CALIBRATION_BINS - 1)] += 1.0;
        }
        let total: f64 = counts.iter().sum();
        counts.map(|count| count / total)
    };
    let bins = shares(reference).into_iter().zip(shares(now));
    Some(
        bins.map(|(then, now)| (now - then) * (now / then).ln())
            .sum(),
    )
}
