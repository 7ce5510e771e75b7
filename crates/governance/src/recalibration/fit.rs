//! Platt scaling of scores, and the threshold for a wanted sensitivity.

/// A signed case with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scored {
    /// Logit of the model's probability.
    pub(super) logit: f64,
    /// Medium or high for the doctor.
    pub(super) positive: bool,
    /// The fold that its patient is in.
    pub(super) fold: u64,
}

/// `p = sigmoid(slope * logit + intercept)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

impl Scale {
    pub(super) fn of(self, logit: f64) -> f64 {
        sigmoid(self.slope * logit + self.intercept)
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Logit of a probability that is stored with four digits: 0 and 1 stand for half a digit.
pub(super) fn logit(probability: f64) -> f64 {
    let inside = probability.clamp(0.000_05, 0.999_95);
    (inside / (1.0 - inside)).ln()
}

/// Largest number of Newton steps; ten are usual.
const STEPS: usize = 100;
/// Weight of the ridge that keeps the slope finite when the classes do not overlap.
const RIDGE: f64 = 1e-3;

/// Platt scaling (Platt 1999) by Newton's method, with his smoothed targets `(n+ + 1)/(n+ + 2)` and
/// `1/(n- + 2)`, so that few cases give no certainty. None when the scores do not rise with the truth.
pub(super) fn platt(cases: &[Scored]) -> Option<Scale> {
    let positives = cases.iter().filter(|case| case.positive).count() as f64;
    let negatives = cases.len() as f64 - positives;
    let target = |positive: bool| {
        if positive {
            (positives + 1.0) / (positives + 2.0)
        } else {
            1.0 / (negatives + 2.0)
        }
    };
    let loss = |scale: Scale| -> f64 {
        let one = |case: &Scored| {
            let x = scale.slope * case.logit + scale.intercept;
            // ln(1 + e^x) - t x, without overflow.
            x.max(0.0) + (-x.abs()).exp().ln_1p() - target(case.positive) * x
        };
        cases.iter().map(one).sum::<f64>() + 0.5 * RIDGE * scale.slope * scale.slope
    };
    let mut scale = Scale {
        slope: 0.0,
        intercept: ((positives + 1.0) / (negatives + 1.0)).ln(),
    };
    let mut now = loss(scale);
    for _ in 0..STEPS {
        let step = newton_step(cases, scale, target);
        // Halved until it helps: Newton's method alone may overshoot.
        let mut size = 1.0;
        let next = loop {
            let next = Scale {
                slope: scale.slope + size * step.slope,
                intercept: scale.intercept + size * step.intercept,
            };
            if loss(next) <= now || size < 1e-6 {
                break next;
            }
            size /= 2.0;
        };
        let after = loss(next);
        scale = next;
        if (now - after).abs() < 1e-10 {
            break;
        }
        now = after;
    }
    (scale.slope > 0.0).then_some(scale)
}

/// The step that solves `hessian * step = -gradient`.
fn newton_step(cases: &[Scored], scale: Scale, target: impl Fn(bool) -> f64) -> Scale {
    let (mut g0, mut g1) = (RIDGE * scale.slope, 0.0);
    let (mut h00, mut h01, mut h11) = (RIDGE, 0.0, 1e-9);
    for case in cases {
        let p = scale.of(case.logit);
        let error = p - target(case.positive);
        let weight = p * (1.0 - p);
        g0 += error * case.logit;
        g1 += error;
        h00 += weight * case.logit * case.logit;
        h01 += weight * case.logit;
        h11 += weight;
    }
    let determinant = (h00 * h11 - h01 * h01).max(1e-12);
    Scale {
        slope: -(h11 * g0 - h01 * g1) / determinant,
        intercept: -(h00 * g1 - h01 * g0) / determinant,
    }
}

/// Cut to the four digits that are stored.
pub(super) fn round_down(probability: f64) -> f64 {
    (probability * 10_000.0).floor() / 10_000.0
}

/// The largest threshold of four digits that flags the wanted share of the positive.
pub(super) fn threshold(cases: &[Scored], scale: Scale, sensitivity: f64) -> f64 {
    let mut positive: Vec<f64> = cases
        .iter()
        .filter(|case| case.positive)
        .map(|case| scale.of(case.logit))
        .collect();
    positive.sort_by(|a, b| b.total_cmp(a));
    let needed = (sensitivity * positive.len() as f64).ceil() as usize;
    let at = positive[needed.clamp(1, positive.len()) - 1];
    round_down(at).clamp(0.0001, 0.9998)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cases(logits: impl Iterator<Item = (f64, bool)>) -> Vec<Scored> {
        logits
            .enumerate()
            .map(|(index, (logit, positive))| Scored {
                logit,
                positive,
                fold: index as u64 % 5,
            })
            .collect()
    }

    /// Scores that are too sure by a factor of two and shifted: the fit finds both.
    #[test]
    fn the_scale_that_spoilt_the_scores_is_found_again() {
        let truth = Scale {
            slope: 0.5,
            intercept: -1.0,
        };
        let cases = cases((0..4000).map(|index| {
            let logit = -6.0 + 12.0 * f64::from(index) / 4000.0;
            let draw = (f64::from(index) * 0.754_877_666_2).fract();
            (logit, draw < truth.of(logit))
        }));
        let found = platt(&cases).unwrap();
        assert!((found.slope - truth.slope).abs() < 0.05, "{found:?}");
        assert!((found.intercept - truth.intercept).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn classes_that_do_not_overlap_give_finite_numbers_and_reversed_ones_none() {
        let apart = cases((0..200).map(|index| {
            if index % 2 == 0 {
                (4.0, true)
            } else {
                (-4.0, false)
            }
        }));
        let scale = platt(&apart).unwrap();
        assert!(scale.slope.is_finite() && scale.slope < 100.0, "{scale:?}");
        let reversed = cases((0..200).map(|index| {
            if index % 2 == 0 {
                (-4.0, true)
            } else {
                (4.0, false)
            }
        }));
        assert_eq!(platt(&reversed), None);
    }

    proptest! {
        #[test]
        fn the_threshold_flags_what_was_wanted(logits in proptest::collection::vec((-5.0f64..5.0, any::<bool>()), 20..200), sensitivity in 0.5f64..0.999) {
            let mut cases = cases(logits.into_iter());
            cases[0].positive = true;
            let scale = Scale { slope: 1.0, intercept: 0.0 };
            let threshold = threshold(&cases, scale, sensitivity);
            let positives: Vec<_> = cases.iter().filter(|case| case.positive).collect();
            let flagged = positives.iter().filter(|case| scale.of(case.logit) >= threshold).count();
            prop_assert!(flagged as f64 >= sensitivity * positives.len() as f64 - 1e-9);
        }
    }
}
