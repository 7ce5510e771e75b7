//! What a model's main output means.

use domain::{
    RiskCategory,
    risk::{RiskProbabilities, RiskThresholds},
};
use serde::Serialize;

use super::{Calibration, check::Problems, raw};

/// Most columns of a main output.
const MOST_COLUMNS: usize = 1000;

/// A function over a raw output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The output is already a probability.
    None,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `e^x` over the sum of all classes.
    Softmax,
}

/// What the main output means.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Head {
    /// One score `[batch, 1]` for one finding.
    Binary {
        /// Name of the output.
        output: String,
        /// None or sigmoid.
        activation: Activation,
        /// What the score speaks for.
        finding: String,
        /// The probabilities at which risk becomes medium and high.
        #[serde(serialize_with = "thresholds_as_numbers")]
        thresholds: RiskThresholds,
    },
    /// Three scores `[batch, 3]`: low, medium, high.
    Softmax {
        /// Name of the output.
        output: String,
        /// None or softmax.
        activation: Activation,
        /// Column of low, medium and high in the output.
        columns: [usize; 3],
    },
    /// One score a finding, `[batch, columns]`; the risk is the highest of them.
    Findings {
        /// Name of the output.
        output: String,
        /// None or sigmoid.
        activation: Activation,
        /// Columns of the output; those that no finding names are ignored.
        columns: usize,
        /// The findings.
        findings: Vec<FindingRule>,
    },
}

impl Head {
    /// Name of the main output.
    #[must_use]
    pub fn output(&self) -> &str {
        match self {
            Self::Binary { output, .. }
            | Self::Softmax { output, .. }
            | Self::Findings { output, .. } => output,
        }
    }

    /// Number of columns of the main output.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self {
            Self::Binary { .. } => 1,
            Self::Softmax { .. } => 3,
            Self::Findings { columns, .. } => *columns,
        }
    }
}

/// One finding of several and what it does to the risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRule {
    /// Name of the finding.
    pub name: String,
    /// Its column in the output, from 0.
    pub column: usize,
    /// The probabilities at which it makes the risk medium and high.
    #[serde(serialize_with = "thresholds_as_numbers")]
    pub thresholds: RiskThresholds,
    /// The highest risk that this finding alone gives: low for one that is only told.
    pub highest: RiskCategory,
    /// How its score becomes a probability.
    pub calibration: Calibration,
}

impl FindingRule {
    /// The risk that a probability of this finding gives.
    #[must_use]
    pub fn category(&self, probability: f64) -> RiskCategory {
        self.thresholds.category(probability).min(self.highest)
    }

    /// The shares of the three categories: what lies above the highest counts to the highest.
    #[must_use]
    pub fn spread(&self, probability: f64) -> RiskProbabilities {
        let RiskProbabilities { low, medium, high } = self.thresholds.spread(probability);
        match self.highest {
            RiskCategory::High => RiskProbabilities { low, medium, high },
            RiskCategory::Medium => RiskProbabilities {
                low,
                medium: medium + high,
                high: 0.0,
            },
            RiskCategory::Low => RiskProbabilities {
                low: 1.0,
                medium: 0.0,
                high: 0.0,
            },
        }
    }
}

fn thresholds_as_numbers<S: serde::Serializer>(
    thresholds: &RiskThresholds,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut out = serializer.serialize_struct("Thresholds", 2)?;
    out.serialize_field("medium", &thresholds.medium())?;
    out.serialize_field("high", &thresholds.high())?;
    out.end()
}

pub(super) fn check(
    raw: raw::Head,
    thresholds: Option<&raw::Thresholds>,
    problems: &mut Problems,
) -> Option<Head> {
    let kind = raw.kind.as_str();
    if !matches!(kind, "binary" | "softmax" | "findings") {
        problems.add(
            "head.kind",
            format!("must be \"binary\", \"softmax\" or \"findings\", not \"{kind}\""),
        );
        return None;
    }
    for (key, present, owner, needed) in [
        ("head.finding", raw.finding.is_some(), "binary", true),
        ("head.classes", raw.classes.is_some(), "softmax", true),
        ("head.findings", raw.findings.is_some(), "findings", true),
        ("head.columns", raw.columns.is_some(), "findings", false),
        ("thresholds", thresholds.is_some(), "binary", true),
    ] {
        if present && kind != owner {
            problems.add(key, format!("belongs to a head of kind \"{owner}\" only"));
        }
        if needed && !present && kind == owner {
            problems.add(key, format!("a head of kind \"{owner}\" needs it"));
        }
    }
    match kind {
        "binary" => {
            let activation = activation(&raw.activation, Activation::Sigmoid, problems);
            let finding = raw.finding.unwrap_or_default();
            let thresholds =
                problems.thresholds("thresholds", thresholds?.medium, thresholds?.high);
            Some(Head::Binary {
                output: raw.output,
                activation: activation?,
                finding,
                thresholds: thresholds?,
            })
        }
        "softmax" => {
            let activation = activation(&raw.activation, Activation::Softmax, problems);
            let columns = class_columns(&raw.classes?, problems);
            Some(Head::Softmax {
                output: raw.output,
                activation: activation?,
                columns: columns?,
            })
        }
        "findings" => {
            let activation = activation(&raw.activation, Activation::Sigmoid, problems);
            let findings = raw.findings?;
            let columns = raw.columns.unwrap_or(findings.len());
            let findings = finding_rules(findings, columns, problems);
            Some(Head::Findings {
                output: raw.output,
                activation: activation?,
                columns,
                findings,
            })
        }
        _ => None,
    }
}

fn activation(found: &str, allowed: Activation, problems: &mut Problems) -> Option<Activation> {
    match (found, allowed) {
        ("none", _) => Some(Activation::None),
        ("sigmoid", Activation::Sigmoid) | ("softmax", Activation::Softmax) => Some(allowed),
        _ => {
            let word = match allowed {
                Activation::Softmax => "softmax",
                Activation::Sigmoid | Activation::None => "sigmoid",
            };
            problems.add(
                "head.activation",
                format!("must be \"{word}\" or \"none\" for this kind of head, not \"{found}\""),
            );
            None
        }
    }
}

fn class_columns(classes: &[String], problems: &mut Problems) -> Option<[usize; 3]> {
    let column = |word: &str| classes.iter().position(|class| class == word);
    if let (3, Some(low), Some(medium), Some(high)) = (
        classes.len(),
        column("low"),
        column("medium"),
        column("high"),
    ) {
        return Some([low, medium, high]);
    }
    problems.add(
        "head.classes",
        "must be \"low\", \"medium\" and \"high\", in the order of the output's columns",
    );
    None
}

fn finding_rules(
    findings: Vec<raw::Finding>,
    columns: usize,
    problems: &mut Problems,
) -> Vec<FindingRule> {
    problems.unless(
        !findings.is_empty(),
        "head.findings",
        "needs at least one finding",
    );
    problems.unless(
        (findings.len()..=MOST_COLUMNS).contains(&columns),
        "head.columns",
        format!("must be the output's number of columns: at least as many as findings, at most {MOST_COLUMNS}"),
    );
    let numbered = findings.iter().filter(|one| one.column.is_some()).count();
    problems.unless(
        numbered == findings.len() || (numbered == 0 && columns == findings.len()),
        "head.findings",
        "either every finding names its `column`, or none does and they stand for all columns in order",
    );
    let mut rules: Vec<FindingRule> = Vec::new();
    for (index, finding) in findings.into_iter().enumerate() {
        let key = format!("head.findings[{index}]");
        problems.text(&format!("{key}.name"), &finding.name);
        if rules.iter().any(|rule| rule.name == finding.name) {
            problems.add(format!("{key}.name"), "is there twice");
        }
        let column = finding.column.unwrap_or(index);
        problems.unless(
            column < columns,
            &format!("{key}.column"),
            format!("must be below the number of columns, {columns}"),
        );
        if rules.iter().any(|rule| rule.column == column) {
            problems.add(
                format!("{key}.column"),
                "belongs to another finding already",
            );
        }
        rules.extend(finding_rule(&key, column, finding, problems));
    }
    rules
}

/// A finding that is never high needs no threshold for it, one that is only told needs none at all;
/// what is not given is put where it does no harm.
fn finding_rule(
    key: &str,
    column: usize,
    finding: raw::Finding,
    problems: &mut Problems,
) -> Option<FindingRule> {
    let Ok(highest) = finding.highest.as_deref().unwrap_or("high").parse() else {
        problems.add(
            format!("{key}.highest"),
            "must be \"low\", \"medium\" or \"high\"",
        );
        return None;
    };
    for (word, given, from) in [
        ("medium", finding.medium, RiskCategory::Medium),
        ("high", finding.high, RiskCategory::High),
    ] {
        if given.is_none() && highest >= from {
            problems.add(
                format!("{key}.{word}"),
                "is missing: the probability from which the risk is that",
            );
        }
    }
    let medium = finding.medium.unwrap_or(0.5);
    let high = finding.high.unwrap_or(f64::midpoint(medium, 1.0));
    let calibration = match finding.platt {
        None => Calibration::None,
        Some(platt) => problems.platt(&format!("{key}.platt"), platt.slope, platt.intercept),
    };
    Some(FindingRule {
        name: finding.name,
        column,
        thresholds: problems.thresholds(key, medium, high)?,
        highest,
        calibration,
    })
}
