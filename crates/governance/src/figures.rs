//! A model's figures against signed reviews.
//!
//! The truth is the doctor's risk in the latest signed review. Two operating points are counted: what
//! the model *flags* (medium or high) against a doctor's medium or high, and what it calls high against
//! a doctor's high. Probabilities are judged against the first. What the model declined enters no
//! rate; it is counted by its reason beside them.

use std::collections::BTreeMap;

use ai::evaluate::{
    self, CalibrationBin, Case, Confusion, Interval, Rate, auroc, auroc_bootstrap, brier,
    expected_calibration_error,
};
use chrono::{DateTime, Utc};
use db::case_scores::JudgedCase;
use domain::RiskCategory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The figures of a model over a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelFigures {
    /// From when on reviews count.
    pub from: DateTime<Utc>,
    /// Until when, not included.
    pub until: DateTime<Utc>,
    /// Signed cases that the model scored.
    pub cases: u64,
    /// Signed cases that it declined, by reason.
    pub not_assessed: BTreeMap<String, u64>,
    /// Medium or high against the doctor's medium or high.
    pub flagged: OperatingPoint,
    /// High against the doctor's high.
    pub high: OperatingPoint,
    /// Area under the ROC curve of the probability against the doctor's medium or high.
    pub auroc: Option<f64>,
    /// Its 95 % bootstrap interval.
    pub auroc_interval: Option<Interval>,
    /// The ROC curve: at most a hundred points of false-positive and true-positive share.
    pub roc: Vec<[f64; 2]>,
    /// Expected calibration error.
    pub expected_calibration_error: Option<f64>,
    /// Mean squared difference of probability and truth.
    pub brier: Option<f64>,
    /// The reliability curve.
    pub reliability: Vec<CalibrationBin>,
    /// By sex and age band, at the flag.
    pub subgroups: Vec<Subgroup>,
    /// Reviews that confirmed the AI, of those that said so or not.
    pub confirmed: Option<Rate>,
    /// What changed when doctors saw the AI, where a first impression was recorded.
    pub first_impression: Option<ImpressionFigures>,
}

/// Counts at one threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatingPoint {
    /// The four counts.
    pub confusion: Confusion,
    /// Share of right calls.
    pub accuracy: Option<Rate>,
    /// Share of the positive that are called so (recall).
    pub sensitivity: Option<Rate>,
    /// Share of the negative that are not.
    pub specificity: Option<Rate>,
    /// Share of those called positive that are.
    pub precision: Option<Rate>,
    /// Harmonic mean of precision and sensitivity.
    pub f1_score: Option<f64>,
}

impl OperatingPoint {
    fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let confusion = Confusion::of(cases);
        Self {
            accuracy: confusion.accuracy(),
            sensitivity: confusion.sensitivity(),
            specificity: confusion.specificity(),
            precision: confusion.precision(),
            f1_score: confusion.f1_score(),
            confusion,
        }
    }
}

/// Figures of some of the cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Subgroup {
    /// By what the cases were divided: `gender` or `age`.
    pub by: String,
    /// Which of them: `female`, `18-39`, `unknown`, ….
    pub group: String,
    /// Number of cases.
    pub cases: u64,
    /// Of them, medium or high for the doctor.
    pub positives: u64,
    /// Share of the positive that are flagged.
    pub sensitivity: Option<Rate>,
    /// Share of the negative that are not.
    pub specificity: Option<Rate>,
}

/// Doctors before and after they saw the AI. "Right" is the signed assessment, so this tells how far
/// the AI moved doctors, not who was right in truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImpressionFigures {
    /// Cases with a first impression and a shown AI verdict.
    pub cases: u64,
    /// First impressions that agreed with what was signed.
    pub alone_agrees: Option<Rate>,
    /// AI verdicts that agreed with what was signed.
    pub ai_agrees: Option<Rate>,
    /// Doctors who changed their mind to the AI's verdict.
    pub moved_to_ai: u64,
    /// Doctors who changed their mind to something else.
    pub moved_elsewhere: u64,
}

/// Seed of the bootstrap: the same cases give the same interval.
const SEED: u64 = 20_261_124;
/// Most points of a ROC curve that are kept.
const ROC_POINTS: usize = 100;

/// A signed case with what the model said of it.
type Scored<'a> = (&'a JudgedCase, RiskCategory, f64);

/// The cases that the model scored.
fn scored(cases: &[JudgedCase]) -> Vec<Scored<'_>> {
    let both = |case| {
        let case: &JudgedCase = case;
        Some((case, case.risk_category?, case.risk_probability?))
    };
    cases.iter().filter_map(both).collect()
}

/// The cases at one operating point: called so by the model, and so in truth, from `least` on.
fn at(scored: &[Scored<'_>], least: RiskCategory) -> Vec<Case> {
    let case = |(judged, risk, probability): &Scored<'_>| Case {
        probability: *probability,
        flagged: *risk >= least,
        positive: judged.doctor_risk >= least,
    };
    scored.iter().map(case).collect()
}

/// Probability and truth of each case.
fn pairs(cases: &[Case]) -> Vec<(f64, bool)> {
    cases
        .iter()
        .map(|case| (case.probability, case.positive))
        .collect()
}

/// What a row of `model_metrics` holds: the counts at "high", and the area under the ROC curve. Without
/// the bootstrap of [`of`], which takes seconds for tens of thousands of cases.
#[must_use]
pub fn of_day(cases: &[JudgedCase]) -> (Confusion, Option<f64>) {
    let scored = scored(cases);
    let flagged = at(&scored, RiskCategory::Medium);
    let high = at(&scored, RiskCategory::High);
    (Confusion::of(&high), auroc(&pairs(&flagged)))
}

/// The figures of some signed cases.
#[must_use]
pub fn of(cases: &[JudgedCase], from: DateTime<Utc>, until: DateTime<Utc>) -> ModelFigures {
    let scored = scored(cases);
    let at = |least| at(&scored, least);
    let flagged = at(RiskCategory::Medium);
    let pairs = pairs(&flagged);
    let mut not_assessed = BTreeMap::new();
    for code in cases
        .iter()
        .filter_map(|case| case.not_assessed_code.as_ref())
    {
        *not_assessed.entry(code.clone()).or_insert(0) += 1;
    }
    let said: Vec<bool> = cases.iter().filter_map(|case| case.confirmed).collect();
    ModelFigures {
        from,
        until,
        cases: scored.len() as u64,
        not_assessed,
        high: OperatingPoint::of(&at(RiskCategory::High)),
        auroc: auroc(&pairs),
        auroc_interval: auroc_bootstrap(&pairs, evaluate::BOOTSTRAP_SAMPLES, SEED),
        roc: roc_curve(&pairs),
        expected_calibration_error: expected_calibration_error(&pairs),
        brier: brier(&pairs),
        reliability: evaluate::reliability(&pairs),
        subgroups: subgroups(&scored, &flagged),
        confirmed: Rate::of(
            said.iter().filter(|confirmed| **confirmed).count() as u64,
            said.len() as u64,
        ),
        first_impression: first_impression(cases),
        flagged: OperatingPoint::of(&flagged),
    }
}

/// The ROC curve from (0, 0) to (1, 1), thinned to [`ROC_POINTS`]; empty without cases of both kinds.
fn roc_curve(pairs: &[(f64, bool)]) -> Vec<[f64; 2]> {
    let positives = pairs.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = pairs.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return Vec::new();
    }
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut misses) = (0.0, 0.0);
    let mut points = vec![[0.0, 0.0]];
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let of_them = tied.iter().filter(|(_, positive)| *positive).count() as f64;
        hits += of_them;
        misses += tied.len() as f64 - of_them;
        points.push([misses / negatives, hits / positives]);
    }
    let step = points.len().div_ceil(ROC_POINTS);
    let last = points[points.len() - 1];
    let mut thinned: Vec<[f64; 2]> = points.into_iter().step_by(step).collect();
    if thinned.last() != Some(&last) {
        thinned.push(last);
    }
    thinned
}

/// The age bands that subgroups are counted by, in completed years.
const AGE_BANDS: [(i32, i32, &str); 7] = [
    (0, 0, "0"),
    (1, 5, "1-5"),
    (6, 17, "6-17"),
    (18, 39, "18-39"),
    (40, 64, "40-64"),
    (65, 79, "65-79"),
    (80, i32::MAX, "80+"),
];

fn age_band(age: Option<i32>) -> &'static str {
    let band = |age| {
        AGE_BANDS
            .iter()
            .find(|(from, to, _)| (*from..=*to).contains(&age))
    };
    age.and_then(band).map_or("unknown", |(_, _, name)| name)
}

fn subgroups(scored: &[Scored<'_>], flagged: &[Case]) -> Vec<Subgroup> {
    let mut groups: BTreeMap<(&str, usize, &str), Vec<Case>> = BTreeMap::new();
    for ((judged, _, _), case) in scored.iter().zip(flagged) {
        let gender = judged.patient_gender.as_deref().unwrap_or("unknown");
        groups.entry(("gender", 0, gender)).or_default().push(*case);
        let band = age_band(judged.patient_age);
        let place = AGE_BANDS.iter().position(|(_, _, name)| *name == band);
        groups
            .entry(("age", place.unwrap_or(AGE_BANDS.len()), band))
            .or_default()
            .push(*case);
    }
    let group = |((by, _, group), cases): ((&str, usize, &str), Vec<Case>)| {
        let confusion = Confusion::of(&cases);
        Subgroup {
            by: by.to_owned(),
            group: group.to_owned(),
            cases: confusion.total(),
            positives: confusion.true_positives + confusion.false_negatives,
            sensitivity: confusion.sensitivity(),
            specificity: confusion.specificity(),
        }
    };
    groups.into_iter().map(group).collect()
}

fn first_impression(cases: &[JudgedCase]) -> Option<ImpressionFigures> {
    let both: Vec<(RiskCategory, RiskCategory, RiskCategory)> = cases
        .iter()
        .filter_map(|case| {
            Some((
                case.first_impression_risk?,
                case.shown_risk?,
                case.doctor_risk,
            ))
        })
        .collect();
    let count = |rule: &dyn Fn(&(RiskCategory, RiskCategory, RiskCategory)) -> bool| {
        both.iter().filter(|case| rule(case)).count() as u64
    };
    let total = both.len() as u64;
    (total > 0).then(|| ImpressionFigures {
        cases: total,
        alone_agrees: Rate::of(count(&|(first, _, signed)| first == signed), total),
        ai_agrees: Rate::of(count(&|(_, shown, signed)| shown == signed), total),
        moved_to_ai: count(&|(first, shown, signed)| first != signed && shown == signed),
        moved_elsewhere: count(&|(first, shown, signed)| first != signed && shown != signed),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{ReportId, UserId};

    use super::*;

    /// A case that the model scored and a doctor signed.
    pub(crate) fn judged(index: u32, probability: f64, doctor: RiskCategory) -> JudgedCase {
        let at = DateTime::from_timestamp(1_795_000_000 + i64::from(index), 0).unwrap();
        let risk = match probability {
            p if p >= 0.9 => RiskCategory::High,
            p if p >= 0.3 => RiskCategory::Medium,
            _ => RiskCategory::Low,
        };
        JudgedCase {
            report_id: ReportId::new_at(at),
            patient_id: UserId::new_at(at),
            risk_category: Some(risk),
            risk_probability: Some(probability),
            not_assessed_code: None,
            doctor_risk: doctor,
            first_impression_risk: None,
            shown_risk: Some(risk),
            confirmed: Some(risk == doctor),
            patient_age: Some(i32::try_from(index % 90).unwrap()),
            patient_gender: (!index.is_multiple_of(3)).then(|| "female".to_owned()),
            reviewed_at: at,
        }
    }

    fn figures(cases: &[JudgedCase]) -> ModelFigures {
        let moment = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        of(cases, moment, moment)
    }

    #[test]
    fn the_two_operating_points_are_counted_apart_and_declined_cases_beside_them() {
        use RiskCategory::{High, Low, Medium};
        let mut cases = vec![
            judged(0, 0.95, High),
            judged(1, 0.95, Medium),
            judged(2, 0.5, Medium),
            judged(3, 0.5, Low),
            judged(4, 0.1, High),
            judged(5, 0.1, Low),
        ];
        let mut declined = judged(6, 0.1, High);
        declined.risk_category = None;
        declined.risk_probability = None;
        declined.not_assessed_code = Some("inverted".to_owned());
        cases.push(declined);
        let figures = figures(&cases);
        assert_eq!((figures.cases, figures.not_assessed["inverted"]), (6, 1));
        let counts = |point: &OperatingPoint| {
            let c = point.confusion;
            [
                c.true_positives,
                c.false_positives,
                c.true_negatives,
                c.false_negatives,
            ]
        };
        assert_eq!(counts(&figures.flagged), [3, 1, 1, 1]);
        assert_eq!(counts(&figures.high), [1, 1, 3, 1]);
        assert_eq!(figures.roc.first(), Some(&[0.0, 0.0]));
        assert_eq!(figures.roc.last(), Some(&[1.0, 1.0]));
        assert_eq!(figures.confirmed.unwrap().count, 3);
        let ages: Vec<&str> = figures
            .subgroups
            .iter()
            .filter(|group| group.by == "age")
            .map(|group| group.group.as_str())
            .collect();
        assert_eq!(ages, ["0", "1-5"]);
    }

    #[test]
    fn what_doctors_changed_after_the_ai_is_counted() {
        use RiskCategory::{High, Low, Medium};
        let with = |first, doctor| JudgedCase {
            first_impression_risk: Some(first),
            ..judged(0, 0.95, doctor)
        };
        let cases = [
            with(Low, High),
            with(High, High),
            with(Low, Medium),
            judged(1, 0.95, High),
        ];
        let first = figures(&cases).first_impression.unwrap();
        assert_eq!(
            (first.cases, first.moved_to_ai, first.moved_elsewhere),
            (3, 1, 1)
        );
        assert_eq!(first.alone_agrees.unwrap().count, 1);
        assert_eq!(first.ai_agrees.unwrap().count, 2);
    }

    #[test]
    fn no_cases_give_no_figures_and_no_fault() {
        let figures = figures(&[]);
        assert_eq!(
            (figures.cases, figures.auroc, figures.brier),
            (0, None, None)
        );
        assert_eq!(figures.flagged.sensitivity, None);
        assert!(figures.roc.is_empty() && figures.subgroups.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn the_curve_rises_and_spans_the_square(scores in proptest::collection::vec((0.0f64..1.0, proptest::bool::ANY), 2..400)) {
            let curve = roc_curve(&scores);
            proptest::prop_assert!(curve.len() <= ROC_POINTS + 2);
            for pair in curve.windows(2) {
                proptest::prop_assert!(pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1]);
            }
            if !curve.is_empty() {
                proptest::prop_assert_eq!(curve[curve.len() - 1], [1.0, 1.0]);
            }
        }
    }
}
