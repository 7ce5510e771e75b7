//! Two models side by side on the cases that both saw.

use ai::evaluate::{Case, Confusion, Rate, auroc};
use chrono::{DateTime, Utc};
use db::{Actor, Database, DbError, case_scores, case_scores::SharedCase};
use domain::{ModelId, RiskCategory};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most cases that are looked at: the newest.
const MOST_CASES: i64 = 20_000;

/// Two models on the same cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The first model.
    pub model_id: ModelId,
    /// The second.
    pub other_model_id: ModelId,
    /// Since when cases count.
    pub since: DateTime<Utc>,
    /// Cases that both saw.
    pub cases: u64,
    /// Counts: row by what the first said, column by what the second said, both as low, medium, high,
    /// not assessed.
    pub answers: [[u64; 4]; 4],
    /// Same answer.
    pub agreement: Option<Rate>,
    /// Cases that both scored and a doctor signed.
    pub signed: u64,
    /// The first on those.
    pub first: SideFigures,
    /// The second on those.
    pub second: SideFigures,
    /// Signed cases that only the first called rightly (flagged or not).
    pub only_first_right: u64,
    /// Signed cases that only the second called rightly.
    pub only_second_right: u64,
    /// McNemar's exact two-sided probability of a difference at least this large if both were equally
    /// good (McNemar 1947); none without signed cases on which they differ.
    pub p_value: Option<f64>,
}

/// One side's figures at the flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SideFigures {
    /// The four counts.
    pub confusion: Confusion,
    /// Share of the positive that are flagged.
    pub sensitivity: Option<Rate>,
    /// Share of the negative that are not.
    pub specificity: Option<Rate>,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
}

/// Compares two models on the cases since a moment.
///
/// # Errors
/// When the database does not answer.
pub async fn compare(
    database: &Database,
    model_id: ModelId,
    other_model_id: ModelId,
    since: DateTime<Utc>,
) -> Result<Comparison, DbError> {
    // Reviews are not tech's to read; what comes out are counts.
    let mut tx = database.begin(&Actor::worker()).await?;
    let cases = case_scores::shared(&mut tx, model_id, other_model_id, since, MOST_CASES).await?;
    Ok(of(&cases, model_id, other_model_id, since))
}

fn of(
    cases: &[SharedCase],
    model_id: ModelId,
    other_model_id: ModelId,
    since: DateTime<Utc>,
) -> Comparison {
    let place = |risk: Option<RiskCategory>| match risk {
        Some(RiskCategory::Low) => 0,
        Some(RiskCategory::Medium) => 1,
        Some(RiskCategory::High) => 2,
        None => 3,
    };
    let mut answers = [[0; 4]; 4];
    for case in cases {
        answers[place(case.risk_category)][place(case.other_risk_category)] += 1;
    }
    let total = cases.len() as u64;
    let same = (0..4).map(|index| answers[index][index]).sum();
    let signed: Vec<[Case; 2]> = cases.iter().filter_map(both_sides).collect();
    let is_right = |case: &Case| case.flagged == case.positive;
    let only = |this: usize, that: usize| {
        signed
            .iter()
            .filter(|pair| is_right(&pair[this]) && !is_right(&pair[that]))
            .count() as u64
    };
    let side = |index: usize| {
        let cases: Vec<Case> = signed.iter().map(|pair| pair[index]).collect();
        let confusion = Confusion::of(&cases);
        let pairs: Vec<(f64, bool)> = cases
            .iter()
            .map(|case| (case.probability, case.positive))
            .collect();
        SideFigures {
            confusion,
            sensitivity: confusion.sensitivity(),
            specificity: confusion.specificity(),
            auroc: auroc(&pairs),
        }
    };
    let (only_first_right, only_second_right) = (only(0, 1), only(1, 0));
    Comparison {
        model_id,
        other_model_id,
        since,
        cases: total,
        answers,
        agreement: Rate::of(same, total),
        signed: signed.len() as u64,
        first: side(0),
        second: side(1),
        only_first_right,
        only_second_right,
        p_value: mcnemar(only_first_right, only_second_right),
    }
}

/// Both answers to a case that both scored and a doctor signed.
fn both_sides(case: &SharedCase) -> Option<[Case; 2]> {
    let positive = case.doctor_risk? >= RiskCategory::Medium;
    let side = |risk: Option<RiskCategory>, probability: Option<f64>| {
        Some(Case {
            probability: probability?,
            flagged: risk? >= RiskCategory::Medium,
            positive,
        })
    };
    Some([
        side(case.risk_category, case.risk_probability)?,
        side(case.other_risk_category, case.other_risk_probability)?,
    ])
}

/// Exact two-sided binomial probability of a split at least as uneven, with one half each.
fn mcnemar(first: u64, second: u64) -> Option<f64> {
    let total = first + second;
    if total == 0 {
        return None;
    }
    // Through logarithms: one half to the power of a thousand is no number any more.
    let mut log_term = -(total as f64) * std::f64::consts::LN_2;
    let mut tail = log_term.exp();
    for count in 0..first.min(second) {
        log_term += ((total - count) as f64 / (count + 1) as f64).ln();
        tail += log_term.exp();
    }
    Some((2.0 * tail).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcnemar_agrees_with_the_binomial_table() {
        for (first, second, expected) in [
            (0, 5, 0.0625),
            (1, 9, 0.021_484_375),
            (5, 5, 1.0),
            (10, 20, 0.098_737),
        ] {
            let found = mcnemar(first, second).unwrap();
            assert!((found - expected).abs() < 1e-5, "{first} {second}: {found}");
            assert_eq!(mcnemar(second, first), Some(found));
        }
        assert_eq!(mcnemar(0, 0), None);
        assert!(mcnemar(2000, 2600).unwrap() < 1e-10);
    }

    #[test]
    fn answers_are_crossed_and_only_signed_cases_are_judged() {
        use RiskCategory::{High, Low, Medium};
        let case = |first: Option<RiskCategory>, second: Option<RiskCategory>, doctor| SharedCase {
            risk_category: first,
            risk_probability: first.map(|risk| f64::from(risk as u8) / 4.0),
            other_risk_category: second,
            other_risk_probability: second.map(|risk| f64::from(risk as u8) / 4.0),
            doctor_risk: doctor,
        };
        let cases = [
            case(Some(Low), Some(High), Some(High)),
            case(Some(High), Some(High), Some(Low)),
            case(Some(Medium), None, Some(High)),
            case(Some(Low), Some(Low), None),
        ];
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let id = ModelId::new_at(now);
        let comparison = of(&cases, id, id, now);
        assert_eq!(comparison.answers[0], [1, 0, 1, 0]);
        assert_eq!(comparison.answers[1][3], 1);
        assert_eq!(comparison.agreement.unwrap().count, 2);
        assert_eq!(comparison.signed, 2);
        assert_eq!(
            (comparison.only_first_right, comparison.only_second_right),
            (0, 1)
        );
        assert_eq!(comparison.second.sensitivity.unwrap().count, 1);
        assert_eq!(comparison.first.sensitivity.unwrap().count, 0);
    }
}
