//! The rules of a manifest. Every broken one is collected, so that an author mends them in one go.

use domain::risk::RiskThresholds;

use super::{Calibration, Evaluation, IntendedUse, Manifest, Problem, head, input, raw};

/// Collects broken rules.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            key: key.into(),
            message: message.into(),
        });
    }

    pub(super) fn unless(&mut self, holds: bool, key: &str, message: impl Into<String>) {
        if !holds {
            self.add(key, message);
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.unless(!value.trim().is_empty(), key, "must not be empty");
    }

    pub(super) fn platt(&mut self, key: &str, slope: f64, intercept: f64) -> Calibration {
        self.unless(
            slope.is_finite() && slope > 0.0,
            &format!("{key}.slope"),
            "must be above 0",
        );
        self.unless(
            intercept.is_finite(),
            &format!("{key}.intercept"),
            "must be finite",
        );
        Calibration::Platt { slope, intercept }
    }

    pub(super) fn thresholds(
        &mut self,
        key: &str,
        medium: f64,
        high: f64,
    ) -> Option<RiskThresholds> {
        RiskThresholds::new(medium, high)
            .map_err(|error| self.add(key, error.to_string()))
            .ok()
    }
}

pub(super) fn check(raw: raw::Manifest) -> Result<Manifest, Vec<Problem>> {
    let mut problems = Problems::default();
    for (key, value) in [
        ("name", &raw.name),
        ("version", &raw.version),
        ("architecture", &raw.architecture),
        ("framework", &raw.framework),
        ("description", &raw.description),
        ("licence", &raw.licence),
        ("training.dataset_version", &raw.training.dataset_version),
        ("input.name", &raw.input.name),
        ("head.output", &raw.head.output),
    ] {
        problems.text(key, value);
    }
    problems.unless(
        raw.name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
        "name",
        "may only have letters, digits, '-', '_' and '.'",
    );
    let trained_date = day(&raw.trained_date, &mut problems);
    let input = input::check(raw.input, &mut problems);
    let calibration = calibration(&raw.calibration, &mut problems);
    if !matches!(calibration, Some(Calibration::None))
        && matches!(raw.head.kind.as_str(), "softmax" | "findings")
    {
        problems.add(
            "calibration.method",
            "only a head of kind \"binary\" can be calibrated here; use \"none\" (findings have `platt` of their own)",
        );
    }
    let head = head::check(raw.head, raw.thresholds.as_ref(), &mut problems);
    if let Some(gate) = &raw.gate {
        problems.text("gate.output", &gate.output);
        problems.unless(
            0.0 < gate.minimum && gate.minimum < 1.0,
            "gate.minimum",
            "must lie between 0 and 1",
        );
    }
    if let Some(heatmap) = &raw.heatmap {
        problems.text("heatmap.output", &heatmap.output);
    }
    intended_use(raw.intended_use.as_ref(), &mut problems);
    evaluation(raw.evaluation.as_ref(), &mut problems);
    match (input, head, calibration, raw.intended_use, raw.evaluation) {
        (Some(input), Some(head), Some(calibration), Some(intended_use), Some(evaluation))
            if problems.0.is_empty() =>
        {
            Ok(Manifest {
                name: raw.name,
                version: raw.version,
                architecture: raw.architecture,
                framework: raw.framework,
                description: raw.description,
                licence: raw.licence,
                trained_date,
                training: raw.training,
                input,
                head,
                calibration,
                gate: raw.gate,
                heatmap: raw.heatmap,
                intended_use,
                evaluation,
            })
        }
        _ => Err(problems.0),
    }
}

fn day(day: &raw::Day, problems: &mut Problems) -> String {
    let text = match day {
        raw::Day::Text(text) => text.clone(),
        raw::Day::Date(date) => date.to_string(),
    };
    let is_date = text
        .parse::<toml::value::Datetime>()
        .is_ok_and(|date| date.date.is_some() && date.time.is_none());
    problems.unless(is_date, "trained_date", "must be a day like 2025-01-31");
    text
}

fn calibration(raw: &raw::Calibration, problems: &mut Problems) -> Option<Calibration> {
    match (raw.method.as_str(), raw.slope, raw.intercept) {
        ("none", None, None) => Some(Calibration::None),
        ("none", _, _) => {
            problems.add("calibration", "method \"none\" has no slope and intercept");
            None
        }
        ("platt", Some(slope), Some(intercept)) => {
            Some(problems.platt("calibration", slope, intercept))
        }
        ("platt", _, _) => {
            problems.add("calibration", "method \"platt\" needs slope and intercept");
            None
        }
        (other, _, _) => {
            problems.add(
                "calibration.method",
                format!("must be \"platt\" or \"none\", not \"{other}\""),
            );
            None
        }
    }
}

fn intended_use(stated: Option<&IntendedUse>, problems: &mut Problems) {
    let Some(stated) = stated else {
        problems.add(
            "intended_use",
            "is missing; a model without an intended use cannot be gated. State modality, body_part, view, ages and statement",
        );
        return;
    };
    for (key, words) in [
        ("intended_use.modality", &stated.modality),
        ("intended_use.body_part", &stated.body_part),
        ("intended_use.view", &stated.view),
    ] {
        problems.unless(!words.is_empty(), key, "must name at least one");
        problems.unless(
            words.iter().all(|word| !word.trim().is_empty()),
            key,
            "must not have empty words",
        );
    }
    problems.text("intended_use.statement", &stated.statement);
    let (youngest, oldest) = (stated.minimum_age_years, stated.maximum_age_years);
    problems.unless(
        0.0 <= youngest && youngest <= oldest && oldest <= 150.0,
        "intended_use.minimum_age_years",
        "ages must satisfy 0 <= minimum <= maximum <= 150",
    );
}

fn evaluation(figures: Option<&Evaluation>, problems: &mut Problems) {
    let Some(figures) = figures else {
        problems.add(
            "evaluation",
            "is missing; a model needs figures from an independent test set. State dataset, images and the figures",
        );
        return;
    };
    problems.text("evaluation.dataset", &figures.dataset);
    problems.unless(
        figures.images > 0,
        "evaluation.images",
        "must be above 0: there are no independent test figures",
    );
    for (key, value) in [
        ("evaluation.auroc", figures.auroc),
        ("evaluation.sensitivity", figures.sensitivity),
        ("evaluation.specificity", figures.specificity),
        ("evaluation.accuracy", figures.accuracy),
        ("evaluation.precision", figures.precision),
        ("evaluation.f1_score", figures.f1_score),
        (
            "evaluation.expected_calibration_error",
            figures.expected_calibration_error,
        ),
        ("evaluation.brier", figures.brier),
    ] {
        problems.unless(
            (0.0..=1.0).contains(&value),
            key,
            format!("must be 0 to 1, not {value}"),
        );
    }
}
