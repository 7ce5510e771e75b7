//! Risk: the three categories, and how three probabilities come from one calibrated one.

crate::text_enum! {
    /// How urgently a human should look.
    RiskCategory("risk category") {
        /// Below the model's medium threshold.
        Low = "low",
        /// Between the two thresholds.
        Medium = "medium",
        /// From the high threshold up.
        High = "high",
    }
}

/// The two calibrated probabilities at which the category changes, with
/// `0 < medium < high < 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskThresholds {
    medium: f64,
    high: f64,
}

/// Thresholds that are not `0 < medium < high < 1`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("thresholds must satisfy 0 < medium < high < 1, but medium is {medium} and high is {high}")]
pub struct InvalidThresholds {
    medium: f64,
    high: f64,
}

impl RiskThresholds {
    /// Checks and takes both thresholds.
    ///
    /// # Errors
    /// When they are not `0 < medium < high < 1`.
    pub fn new(medium: f64, high: f64) -> Result<Self, InvalidThresholds> {
        if 0.0 < medium && medium < high && high < 1.0 {
            Ok(Self { medium, high })
        } else {
            Err(InvalidThresholds { medium, high })
        }
    }

    /// The probability from which risk is medium.
    #[must_use]
    pub const fn medium(self) -> f64 {
        self.medium
    }

    /// The probability from which risk is high.
    #[must_use]
    pub const fn high(self) -> f64 {
        self.high
    }

    /// The category of a calibrated probability in `0..=1`. A value on a threshold takes the
    /// higher category.
    #[must_use]
    pub fn category(self, probability: f64) -> RiskCategory {
        if probability >= self.high {
            RiskCategory::High
        } else if probability >= self.medium {
            RiskCategory::Medium
        } else {
            RiskCategory::Low
        }
    }

    /// Spreads one calibrated probability over the three categories.
    ///
    /// Each category owns an anchor, the middle of its interval, where its share is 1. From an
    /// anchor to the threshold beside it the share falls in a straight line to 1/2, and from the
    /// threshold to the next anchor to 0. So the shares sum to 1, the largest is always that of
    /// [`Self::category`], and both neighbours are even exactly on a threshold.
    #[must_use]
    pub fn spread(self, probability: f64) -> RiskProbabilities {
        let p = probability.clamp(0.0, 1.0);
        let anchors = [
            self.medium / 2.0,
            f64::midpoint(self.medium, self.high),
            f64::midpoint(self.high, 1.0),
        ];
        let share_of_upper = |lower: f64, threshold: f64, upper: f64| {
            if p < threshold {
                0.5 * ((p - lower) / (threshold - lower)).clamp(0.0, 1.0)
            } else {
                0.5 + 0.5 * ((p - threshold) / (upper - threshold)).clamp(0.0, 1.0)
            }
        };
        let (low, medium, high) = if p < anchors[1] {
            let medium = share_of_upper(anchors[0], self.medium, anchors[1]);
            (1.0 - medium, medium, 0.0)
        } else {
            let high = share_of_upper(anchors[1], self.high, anchors[2]);
            (0.0, 1.0 - high, high)
        };
        RiskProbabilities { low, medium, high }
    }
}

/// Shares of the three categories; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct RiskProbabilities {
    /// Share of low, 0 to 1.
    pub low: f64,
    /// Share of medium, 0 to 1.
    pub medium: f64,
    /// Share of high, 0 to 1.
    pub high: f64,
}

impl RiskProbabilities {
    /// Rounds to four decimals, as stored, so that the stored values still sum to exactly 1 and
    /// the largest stays the largest.
    #[must_use]
    pub fn rounded(self) -> Self {
        let round = |value: f64| (value * 10_000.0).round();
        let (mut low, mut medium, mut high) =
            (round(self.low), round(self.medium), round(self.high));
        let largest = if self.high >= self.medium && self.high >= self.low {
            &mut high
        } else if self.medium >= self.low {
            &mut medium
        } else {
            &mut low
        };
        let rest = 10_000.0 - (round(self.low) + round(self.medium) + round(self.high));
        *largest += rest;
        Self {
            low: low / 10_000.0,
            medium: medium / 10_000.0,
            high: high / 10_000.0,
        }
    }

    /// The category with the largest share; the higher one when even.
    #[must_use]
    pub fn category(self) -> RiskCategory {
        if self.high >= self.medium && self.high >= self.low {
            RiskCategory::High
        } else if self.medium >= self.low {
            RiskCategory::Medium
        } else {
            RiskCategory::Low
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thresholds_must_rise_inside_zero_and_one() {
        for (medium, high) in [
            (0.0, 0.5),
            (0.5, 0.5),
            (0.6, 0.5),
            (0.5, 1.0),
            (f64::NAN, 0.5),
            (0.1, f64::NAN),
        ] {
            assert!(
                RiskThresholds::new(medium, high).is_err(),
                "{medium} {high}"
            );
        }
    }

    proptest! {
        #[test]
        fn spread_sums_to_one_and_agrees_with_the_category(
            (medium, high) in (0.001f64..0.998).prop_flat_map(|m| (Just(m), (m + 0.001)..0.9995)),
            p in 0.0f64..=1.0,
        ) {
            let thresholds = RiskThresholds::new(medium, high).unwrap();
            let shares = thresholds.spread(p);
            prop_assert!((shares.low + shares.medium + shares.high - 1.0).abs() < 1e-12);
            prop_assert_eq!(shares.category(), thresholds.category(p));
            for share in [shares.low, shares.medium, shares.high] {
                prop_assert!((0.0..=1.0).contains(&share));
            }
            let stored = shares.rounded();
            prop_assert!((stored.low + stored.medium + stored.high - 1.0).abs() < 1e-9);
        }

        #[test]
        fn more_probability_never_means_less_risk(a in 0.0f64..=1.0, b in 0.0f64..=1.0) {
            let thresholds = RiskThresholds::new(0.2, 0.7).unwrap();
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            prop_assert!(thresholds.category(low) <= thresholds.category(high));
            prop_assert!(thresholds.spread(low).high <= thresholds.spread(high).high + 1e-12);
        }
    }
}
