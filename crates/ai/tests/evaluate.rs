//! The evaluation figures against hand-computed values and against scikit-learn 1.9, scipy 1.17.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use ai::{
    NotAssessedCode,
    evaluate::{
        Case, Confusion, auroc, auroc_bootstrap, brier, evaluate, expected_calibration_error,
        population_stability_index, reliability, wilson,
    },
};
use proptest::prelude::*;

/// Sixty drawn scores with ties, and their labels.
const DRAWN: [(f64, u8); 60] = [
    (0.45, 1),
    (0.29, 0),
    (0.54, 0),
    (0.48, 0),
    (0.37, 0),
    (0.8, 1),
    (0.03, 1),
    (0.87, 1),
    (0.14, 0),
    (0.0, 0),
    (0.41, 0),
    (0.5, 0),
    (0.55, 1),
    (0.11, 0),
    (0.36, 0),
    (0.34, 0),
    (0.96, 1),
    (0.81, 1),
    (0.39, 0),
    (0.59, 0),
    (0.3, 0),
    (0.15, 0),
    (0.78, 1),
    (0.78, 1),
    (0.3, 0),
    (0.18, 0),
    (0.7, 1),
    (0.1, 1),
    (0.5, 0),
    (0.76, 1),
    (0.29, 1),
    (0.66, 1),
    (0.44, 1),
    (0.52, 0),
    (0.0, 0),
    (0.45, 1),
    (0.81, 1),
    (0.9, 1),
    (0.18, 1),
    (0.24, 0),
    (0.72, 1),
    (0.22, 0),
    (0.7, 0),
    (0.39, 1),
    (0.73, 1),
    (0.12, 0),
    (0.66, 0),
    (0.35, 0),
    (0.27, 0),
    (0.27, 1),
    (1.0, 1),
    (0.82, 1),
    (0.52, 0),
    (0.6, 0),
    (0.43, 0),
    (0.51, 1),
    (0.17, 0),
    (0.17, 0),
    (0.65, 0),
    (0.33, 1),
];

fn drawn() -> Vec<(f64, bool)> {
    DRAWN
        .iter()
        .map(|&(score, label)| (score, label == 1))
        .collect()
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("a figure");
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

#[test]
fn hand_computed_areas() {
    // Positives 0.8 and 0.4 against negatives 0.5 and 0.1: three of four pairs are in order.
    close(
        auroc(&[(0.8, true), (0.4, true), (0.5, false), (0.1, false)]),
        0.75,
    );
    // A tie counts half.
    close(auroc(&[(0.5, true), (0.5, false)]), 0.5);
    close(
        auroc(&[(0.5, true), (0.5, false), (0.9, true), (0.1, false)]),
        0.875,
    );
    close(auroc(&[(0.1, true), (0.9, false)]), 0.0);
    for none in [&[][..], &[(0.3, true)], &[(f64::NAN, true), (0.2, false)]] {
        assert_eq!(auroc(none), None);
    }
}

#[test]
fn figures_as_scikit_learn_has_them() {
    let cases: Vec<Case> = drawn()
        .into_iter()
        .map(|(score, positive)| Case::at(0.5, score, positive))
        .collect();
    let refused = [
        NotAssessedCode::NotFrontal,
        NotAssessedCode::BlankImage,
        NotAssessedCode::NotFrontal,
    ];
    let figures = evaluate(&cases, &refused, 7);
    assert_eq!(
        figures.confusion,
        Confusion {
            true_positives: 17,
            false_positives: 10,
            true_negatives: 23,
            false_negatives: 10,
        }
    );
    assert_eq!((figures.cases, figures.positives), (60, 27));
    close(figures.auroc, 0.766_554_433_221_1);
    close(figures.brier, 0.192_623_333_333_333_3);
    close(figures.expected_calibration_error, 0.153_333_333_333_333_35);
    close(figures.accuracy.map(|rate| rate.value), 2.0 / 3.0);
    close(figures.sensitivity.map(|rate| rate.value), 17.0 / 27.0);
    close(figures.specificity.map(|rate| rate.value), 23.0 / 33.0);
    close(figures.precision.map(|rate| rate.value), 17.0 / 27.0);
    close(figures.f1_score, 17.0 / 27.0);
    assert_eq!(figures.not_assessed[&NotAssessedCode::NotFrontal], 2);
    assert_eq!(figures.not_assessed[&NotAssessedCode::BlankImage], 1);
    // numpy's bootstrap over 20,000 draws gave 0.630 to 0.887.
    let interval = figures.auroc_interval.unwrap();
    assert!((interval.low - 0.630).abs() < 0.015, "{interval:?}");
    assert!((interval.high - 0.887).abs() < 0.015, "{interval:?}");
    // As it is stored: words for reasons, and what was counted comes back.
    let stored = serde_json::to_value(&figures).unwrap();
    assert_eq!(stored["not_assessed"]["not_frontal"], 2);
    let back: ai::evaluate::Figures = serde_json::from_value(stored).unwrap();
    assert_eq!(back.confusion, figures.confusion);
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let interval = |seed| auroc_bootstrap(&drawn(), 300, seed).unwrap();
    assert_eq!(interval(1), interval(1));
    assert_ne!(interval(1), interval(2));
}

#[test]
fn wilson_intervals_as_scipy_has_them() {
    for (count, of, low, high) in [
        (8, 10, 0.490_162_471_536_641_8, 0.943_317_848_545_624_8),
        (0, 20, 0.0, 0.161_125_158_052_819_37),
        (20, 20, 0.838_874_841_947_180_8, 1.0),
        (365, 390, 0.907_084_790_429_971, 0.956_206_750_836_620_8),
        (
            1,
            1000,
            0.000_176_546_370_626_078_09,
            0.005_642_558_597_957_935_5,
        ),
    ] {
        let interval = wilson(count, of).unwrap();
        close(Some(interval.low), low);
        close(Some(interval.high), high);
    }
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(3, 2), None);
}

#[test]
fn without_one_kind_the_figure_is_missing_and_not_zero() {
    let only_positive = [Case::at(0.5, 0.9, true), Case::at(0.5, 0.2, true)];
    let figures = evaluate(&only_positive, &[], 1);
    assert_eq!(figures.auroc, None);
    assert_eq!(figures.auroc_interval, None);
    assert_eq!(figures.specificity, None);
    close(figures.sensitivity.map(|rate| rate.value), 0.5);
    let nothing = evaluate(&[], &[], 1);
    assert_eq!(
        (nothing.brier, nothing.accuracy, nothing.f1_score),
        (None, None, None)
    );
}

#[test]
fn calibration_by_hand() {
    // Bin 0.2: mean 0.25, no positive. Last bin: mean 0.975, all positive; 1.0 belongs to it.
    let pairs = [(0.2, false), (0.3 - 1e-9, false), (0.95, true), (1.0, true)];
    let bins = reliability(&pairs);
    assert_eq!(bins.len(), 10);
    assert_eq!((bins[2].cases, bins[9].cases), (2, 2));
    let error = expected_calibration_error(&pairs).unwrap();
    assert!((error - (0.5 * 0.25 + 0.5 * 0.025)).abs() < 1e-6, "{error}");
    close(brier(&[(0.8, true), (0.3, false)]), (0.04 + 0.09) / 2.0);
    assert_eq!(brier(&[]), None);
}

#[test]
fn a_shift_of_the_scores_shows() {
    let even: Vec<f64> = (0..1000).map(|n| f64::from(n) / 1000.0).collect();
    let shifted: Vec<f64> = even.iter().map(|value| value.powi(3)).collect();
    let same = population_stability_index(&even, &even).unwrap();
    assert!(same.abs() < 1e-12);
    assert!(population_stability_index(&even, &shifted).unwrap() > 0.25);
    assert_eq!(population_stability_index(&[], &even), None);
}

proptest! {
    #[test]
    fn turning_the_scores_around_turns_the_area_around(
        pairs in prop::collection::vec((0u8..20, any::<bool>()), 2..80),
    ) {
        let pairs: Vec<(f64, bool)> = pairs.iter().map(|&(s, l)| (f64::from(s), l)).collect();
        let turned: Vec<(f64, bool)> = pairs.iter().map(|&(s, l)| (-s, l)).collect();
        match (auroc(&pairs), auroc(&turned)) {
            (Some(area), Some(other)) => prop_assert!((area + other - 1.0).abs() < 1e-12),
            (None, None) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order(
        pairs in prop::collection::vec((0u8..9, any::<bool>()), 2..40),
    ) {
        let (mut wins, mut all) = (0.0, 0.0);
        for &(positive, _) in pairs.iter().filter(|pair| pair.1) {
            for &(negative, _) in pairs.iter().filter(|pair| !pair.1) {
                all += 1.0;
                wins += match positive.cmp(&negative) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        let scores: Vec<(f64, bool)> = pairs.iter().map(|&(s, l)| (f64::from(s), l)).collect();
        match auroc(&scores) {
            Some(area) => prop_assert!((area - wins / all).abs() < 1e-12),
            None => prop_assert_eq!(all, 0.0),
        }
    }

    #[test]
    fn a_wilson_interval_holds_its_share(of in 1u64..5000, part in 0.0f64..=1.0) {
        let count = (part * of as f64) as u64;
        let interval = wilson(count, of).unwrap();
        let share = count as f64 / of as f64;
        prop_assert!(interval.low <= share && share <= interval.high);
        prop_assert!((0.0..=1.0).contains(&interval.low) && (0.0..=1.0).contains(&interval.high));
    }
}
