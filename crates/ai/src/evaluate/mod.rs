//! The figures by which a model is judged, from scores and labels. Pure functions.
//!
//! Definitions: a case is *flagged* when its probability reaches the threshold; sensitivity is the
//! share of the positive that are flagged, specificity the share of the negative that are not.
//! Cases without an assessment are counted by their reason and enter no other figure; a report
//! must show both.

mod calibration;
mod interval;
mod roc;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use calibration::{
    CALIBRATION_BINS, CalibrationBin, brier, expected_calibration_error,
    population_stability_index, reliability,
};
pub use interval::{Interval, wilson};
pub use roc::{auroc, auroc_bootstrap};

use crate::NotAssessedCode;

/// One judged case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
    /// Whether the model flags it.
    pub flagged: bool,
    /// Whether the finding is there in truth.
    pub positive: bool,
}

impl Case {
    /// A case flagged from `threshold` on.
    #[must_use]
    pub fn at(threshold: f64, probability: f64, positive: bool) -> Self {
        Self {
            probability,
            flagged: probability >= threshold,
            positive,
        }
    }
}

/// Counts of flagged and truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Confusion {
    /// Flagged and positive.
    pub true_positives: u64,
    /// Flagged but negative.
    pub false_positives: u64,
    /// Not flagged and negative.
    pub true_negatives: u64,
    /// Not flagged but positive.
    pub false_negatives: u64,
}

impl Confusion {
    /// Counts cases.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            *match (case.flagged, case.positive) {
                (true, true) => &mut counts.true_positives,
                (true, false) => &mut counts.false_positives,
                (false, false) => &mut counts.true_negatives,
                (false, true) => &mut counts.false_negatives,
            } += 1;
        }
        counts
    }

    /// Number of cases.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.true_positives + self.false_positives + self.true_negatives + self.false_negatives
    }

    /// Share of right calls.
    #[must_use]
    pub fn accuracy(&self) -> Option<Rate> {
        Rate::of(self.true_positives + self.true_negatives, self.total())
    }

    /// Share of the positive that are flagged (recall).
    #[must_use]
    pub fn sensitivity(&self) -> Option<Rate> {
        Rate::of(
            self.true_positives,
            self.true_positives + self.false_negatives,
        )
    }

    /// Share of the negative that are not flagged.
    #[must_use]
    pub fn specificity(&self) -> Option<Rate> {
        Rate::of(
            self.true_negatives,
            self.true_negatives + self.false_positives,
        )
    }

    /// Share of the flagged that are positive.
    #[must_use]
    pub fn precision(&self) -> Option<Rate> {
        Rate::of(
            self.true_positives,
            self.true_positives + self.false_positives,
        )
    }

    /// Harmonic mean of precision and sensitivity: `2 TP / (2 TP + FP + FN)`.
    #[must_use]
    pub fn f1_score(&self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        let all = twice + self.false_positives + self.false_negatives;
        (all > 0).then(|| twice as f64 / all as f64)
    }
}

/// A share of counts with its 95 % Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rate {
    /// Counted.
    pub count: u64,
    /// Out of.
    pub of: u64,
    /// The share, 0 to 1.
    pub value: f64,
    /// 95 % Wilson score interval.
    pub interval: Interval,
}

impl Rate {
    /// A share; none without any cases.
    #[must_use]
    pub fn of(count: u64, of: u64) -> Option<Self> {
        let interval = wilson(count, of)?;
        Some(Self {
            count,
            of,
            value: count as f64 / of as f64,
            interval,
        })
    }
}

/// The figures of one evaluation. None where the cases do not allow a figure, such as a
/// sensitivity without positive cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Cases with an assessment.
    pub cases: u64,
    /// Of them, with the finding.
    pub positives: u64,
    /// Flagged against truth.
    pub confusion: Confusion,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Its 95 % bootstrap interval.
    pub auroc_interval: Option<Interval>,
    /// Share of right calls.
    pub accuracy: Option<Rate>,
    /// Share of the positive that are flagged.
    pub sensitivity: Option<Rate>,
    /// Share of the negative that are not flagged.
    pub specificity: Option<Rate>,
    /// Share of the flagged that are positive.
    pub precision: Option<Rate>,
    /// Harmonic mean of precision and sensitivity.
    pub f1_score: Option<f64>,
    /// Expected calibration error over [`CALIBRATION_BINS`] equal-width bins.
    pub expected_calibration_error: Option<f64>,
    /// Mean squared difference of probability and truth.
    pub brier: Option<f64>,
    /// The reliability curve behind the calibration error.
    pub reliability: Vec<CalibrationBin>,
    /// Cases without an assessment, by reason.
    pub not_assessed: BTreeMap<NotAssessedCode, u64>,
}

/// Number of bootstrap samples behind [`Figures::auroc_interval`].
pub const BOOTSTRAP_SAMPLES: usize = 2000;

/// All figures of some cases. The same cases and seed give the same figures.
#[must_use]
pub fn evaluate(cases: &[Case], not_assessed: &[NotAssessedCode], seed: u64) -> Figures {
    let confusion = Confusion::of(cases);
    let pairs: Vec<(f64, bool)> = cases
        .iter()
        .map(|case| (case.probability, case.positive))
        .collect();
    let mut reasons = BTreeMap::new();
    for code in not_assessed {
        *reasons.entry(*code).or_insert(0) += 1;
    }
    Figures {
        cases: confusion.total(),
        positives: confusion.true_positives + confusion.false_negatives,
        auroc: auroc(&pairs),
        auroc_interval: auroc_bootstrap(&pairs, BOOTSTRAP_SAMPLES, seed),
        accuracy: confusion.accuracy(),
        sensitivity: confusion.sensitivity(),
        specificity: confusion.specificity(),
        precision: confusion.precision(),
        f1_score: confusion.f1_score(),
        expected_calibration_error: expected_calibration_error(&pairs),
        brier: brier(&pairs),
        reliability: reliability(&pairs),
        confusion,
        not_assessed: reasons,
    }
}
