//! Are scores and pictures still spread as over a model's first cases?
//!
//! Each quantity is cut into bins at the deciles of the reference; the population stability index of
//! the recent cases is `sum((now - then) * ln(now / then))` over the bins' shares, with half a case
//! added to every bin so that empty ones stay finite. Without any drift the index is still not zero:
//! it is about chi-square distributed with bins - 1 degrees of freedom, times `1/n + 1/m` (Yurdakul
//! and Naranjo, "Statistical properties of the population stability index", J. Risk Model Validation
//! 14(4), 2020). So an index counts as drift when it is above the limit that was set *and* above what
//! chance gives once in a thousand.

use db::{case_scores::SeenCase, model_standings::DriftReference};
use domain::model::DriftPolicy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The quantities that are watched: the score, whether the model declined, and what the pictures and
/// patients are like.
pub const QUANTITIES: [&str; 8] = [
    "risk_probability",
    "not_assessed",
    "contrast",
    "exposure",
    "clipping",
    "sharpness",
    "scope",
    "patient_age",
];

/// Bins that a reference is cut into.
const BINS: usize = 10;
/// Fewest values of one quantity that a reference may rest on.
const FEWEST: usize = 30;
/// Standard normal quantile of 0.999.
const ONCE_IN_A_THOUSAND: f64 = 3.090_232_306_167_813;

/// One quantity, then and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuantityDrift {
    /// The quantity.
    pub quantity: String,
    /// Edges between the bins, rising.
    pub edges: Vec<f64>,
    /// Cases a bin in the reference.
    pub reference: Vec<u64>,
    /// Cases a bin now.
    pub recent: Vec<u64>,
    /// Population stability index.
    pub index: f64,
    /// From here on it is drift: the limit set, or what chance explains if that is more.
    pub limit: f64,
    /// Whether it is.
    pub has_drifted: bool,
}

/// The value of a quantity in a case, if it has one.
fn value(case: &SeenCase, quantity: &str) -> Option<f64> {
    match quantity {
        "risk_probability" => case.risk_probability,
        "not_assessed" => Some(f64::from(u8::from(case.risk_probability.is_none()))),
        other => case.input_statistics.get(other)?.as_f64(),
    }
    .filter(|value| value.is_finite())
}

fn values(cases: &[SeenCase], quantity: &str) -> Vec<f64> {
    cases
        .iter()
        .filter_map(|case| value(case, quantity))
        .collect()
}

/// The references that a model's first cases give. Quantities with too few values, or with one value
/// only, have none: nothing can be said of them.
#[must_use]
pub fn references(cases: &[SeenCase]) -> Vec<DriftReference> {
    let (Some(first), Some(last)) = (cases.first(), cases.last()) else {
        return Vec::new();
    };
    let reference = |quantity: &&str| {
        let mut values = values(cases, quantity);
        if values.len() < FEWEST {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let edges = edges(&values, quantity);
        if edges.is_empty() {
            return None;
        }
        let counts = counts(&edges, &values);
        Some(DriftReference {
            quantity: (*quantity).to_owned(),
            counts: counts
                .iter()
                .map(|count| i64::try_from(*count).unwrap_or(i64::MAX))
                .collect(),
            edges,
            first_at: first.scored_at,
            last_at: last.scored_at,
        })
    };
    QUANTITIES.iter().filter_map(reference).collect()
}

/// The deciles, each once. A value that is an edge belongs above it.
fn edges(sorted: &[f64], quantity: &str) -> Vec<f64> {
    if quantity == "not_assessed" {
        return vec![0.5];
    }
    let mut edges: Vec<f64> = (1..BINS)
        .map(|bin| sorted[sorted.len() * bin / BINS])
        .collect();
    edges.dedup();
    edges.retain(|edge| *edge > sorted[0]);
    edges
}

fn counts(edges: &[f64], values: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for value in values {
        counts[edges.partition_point(|edge| edge <= value)] += 1;
    }
    counts
}

/// Population stability index of counts against a reference of the same bins.
fn stability_index(reference: &[u64], recent: &[u64]) -> f64 {
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64 + counts.len() as f64 / 2.0;
    let (then, now) = (total(reference), total(recent));
    reference
        .iter()
        .zip(recent)
        .map(|(reference, recent)| {
            let then = (*reference as f64 + 0.5) / then;
            let now = (*recent as f64 + 0.5) / now;
            (now - then) * (now / then).ln()
        })
        .sum()
}

/// What the index exceeds by chance once in a thousand: the chi-square quantile after Wilson and
/// Hilferty (1931), times `1/n + 1/m`.
fn by_chance(bins: usize, reference: u64, recent: u64) -> f64 {
    let freedom = (bins.max(2) - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    let quantile = freedom * (1.0 - spread + ONCE_IN_A_THOUSAND * spread.sqrt()).powi(3);
    quantile * (1.0 / reference.max(1) as f64 + 1.0 / recent.max(1) as f64)
}

/// Holds recent cases against the references. Quantities with fewer recent values than the policy
/// wants are left out.
#[must_use]
pub fn against(
    references: &[DriftReference],
    recent: &[SeenCase],
    policy: &DriftPolicy,
) -> Vec<QuantityDrift> {
    let hold = |reference: &DriftReference| {
        let values = values(recent, &reference.quantity);
        if values.len() < policy.minimum_cases as usize {
            return None;
        }
        let then: Vec<u64> = reference
            .counts
            .iter()
            .map(|count| count.unsigned_abs())
            .collect();
        let now = counts(&reference.edges, &values);
        let index = stability_index(&then, &now);
        let chance = by_chance(then.len(), then.iter().sum(), now.iter().sum());
        let limit = policy.index_limit.max(chance);
        Some(QuantityDrift {
            quantity: reference.quantity.clone(),
            edges: reference.edges.clone(),
            reference: then,
            recent: now,
            index,
            limit,
            has_drifted: index > limit,
        })
    };
    references.iter().filter_map(hold).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn seen(index: usize, probability: f64, exposure: f64) -> SeenCase {
        SeenCase {
            risk_probability: (probability >= 0.0).then_some(probability),
            input_statistics: json!({ "exposure": exposure, "patient_age": index % 5 }),
            scored_at: DateTime::from_timestamp(1_795_000_000 + index as i64, 0).unwrap(),
        }
    }

    /// Fixed and spread evenly enough, so that no seed decides a test.
    fn spread(index: usize, from: f64, to: f64) -> f64 {
        from + (to - from) * ((index as f64 * 0.618_033_988_75).fract())
    }

    fn cases(count: usize, exposure: (f64, f64)) -> Vec<SeenCase> {
        (0..count)
            .map(|index| {
                seen(
                    index,
                    spread(index, 0.0, 1.0),
                    spread(index + 7, exposure.0, exposure.1),
                )
            })
            .collect()
    }

    #[test]
    fn another_machine_is_noticed_and_the_same_is_not() {
        let policy = DriftPolicy::default();
        let references = references(&cases(300, (0.4, 0.6)));
        let names: Vec<&str> = references.iter().map(|one| one.quantity.as_str()).collect();
        assert_eq!(
            names,
            [
                "risk_probability",
                "not_assessed",
                "exposure",
                "patient_age"
            ]
        );
        let same = against(&references, &cases(120, (0.4, 0.6)), &policy);
        assert!(same.iter().all(|one| !one.has_drifted), "{same:#?}");
        let other = against(&references, &cases(120, (0.55, 0.8)), &policy);
        let drifted: Vec<&str> = other
            .iter()
            .filter(|one| one.has_drifted)
            .map(|one| one.quantity.as_str())
            .collect();
        assert_eq!(drifted, ["exposure"]);
    }

    #[test]
    fn a_model_that_suddenly_declines_is_noticed() {
        let references = references(&cases(300, (0.4, 0.6)));
        let recent: Vec<SeenCase> = (0..100)
            .map(|index| {
                seen(
                    index,
                    if index % 3 == 0 {
                        -1.0
                    } else {
                        spread(index, 0.0, 1.0)
                    },
                    0.5,
                )
            })
            .collect();
        let drift = against(&references, &recent, &DriftPolicy::default());
        let declined = drift
            .iter()
            .find(|one| one.quantity == "not_assessed")
            .unwrap();
        assert!(declined.has_drifted, "{declined:?}");
    }

    #[test]
    fn too_few_cases_say_nothing() {
        assert_eq!(references(&cases(10, (0.4, 0.6))), []);
        let references = references(&cases(300, (0.4, 0.6)));
        assert_eq!(
            against(&references, &cases(10, (0.9, 1.0)), &DriftPolicy::default()),
            []
        );
    }

    /// Of many windows drawn from the reference's own distribution, hardly one counts as drift.
    #[test]
    fn chance_alone_hardly_ever_raises_an_alarm() {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let uniform = |seed: usize| {
            let mut hasher = DefaultHasher::new();
            seed.hash(&mut hasher);
            (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
        };
        let draw = |from: usize, count: usize| -> Vec<SeenCase> {
            (from..from + count)
                .map(|index| seen(index, uniform(index), 0.5))
                .collect()
        };
        let policy = DriftPolicy {
            index_limit: 0.05,
            ..DriftPolicy::default()
        };
        let references = references(&draw(0, 300));
        let alarms = (0..400)
            .filter(|window| {
                against(&references, &draw(1000 + window * 60, 60), &policy)
                    .iter()
                    .any(|one| one.quantity == "risk_probability" && one.has_drifted)
            })
            .count();
        assert!(alarms <= 8, "{alarms} of 400");
    }

    proptest! {
        #[test]
        fn the_index_is_never_negative_and_zero_for_the_same(counts in proptest::collection::vec(0u64..1000, 2..12), other in proptest::collection::vec(0u64..1000, 12)) {
            prop_assert!(stability_index(&counts, &counts).abs() < 1e-12);
            prop_assert!(stability_index(&counts, &other[..counts.len()]) >= 0.0);
        }
    }
}
