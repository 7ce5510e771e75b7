//! The words on a report, from the templates that a clinician can edit in the settings.

use domain::{
    RiskCategory,
    settings::{AnalysisTemplates, CategoryTemplate},
};
use serde_json::{Value, json};

/// Findings and recommendations, with the disclaimer as the last line.
pub(crate) struct Words {
    pub(crate) findings: String,
    pub(crate) recommendations: Value,
}

/// The words for a score.
pub(crate) fn scored(
    templates: &AnalysisTemplates,
    disclaimer: &str,
    scored: &ai::Scored,
) -> Words {
    let template = match scored.risk {
        RiskCategory::Low => &templates.low,
        RiskCategory::Medium => &templates.medium,
        RiskCategory::High => &templates.high,
    };
    let probability = format!("{:.0} %", scored.probability * 100.0);
    fill(
        template,
        disclaimer,
        &[
            ("{finding}", &named(&scored.findings, scored)),
            ("{probability}", &probability),
        ],
    )
}

/// Most findings that are named in a sentence.
const NAMED: usize = 3;

/// The findings that make the risk what it is, the deciding one first, each with its place.
fn named(findings: &[ai::Finding], scored: &ai::Scored) -> String {
    let mut grave: Vec<&ai::Finding> = findings
        .iter()
        .filter(|finding| finding.severity == scored.risk)
        .collect();
    // The risk's probability is that of the finding that decided it.
    grave.sort_by(|a, b| {
        let gap = |finding: &ai::Finding| (finding.probability - scored.probability).abs();
        gap(a).total_cmp(&gap(b))
    });
    let mut words: Vec<String> = grave
        .iter()
        .take(NAMED)
        .map(|one| with_place(one))
        .collect();
    match grave.len().saturating_sub(NAMED) {
        0 => {}
        1 => words.push("one other finding".to_owned()),
        more => words.push(format!("{more} other findings")),
    }
    match words.split_last() {
        None => "the finding".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) if scored.risk == RiskCategory::Low => {
            format!("{} or {last}", rest.join(", "))
        }
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn with_place(finding: &ai::Finding) -> String {
    match finding.region {
        None => finding.name.clone(),
        Some(region) if region.side == ai::Side::Central => {
            format!("{} (middle, {} zone)", finding.name, region.zone)
        }
        Some(region) => format!(
            "{} ({} lung, {} zone)",
            finding.name, region.side, region.zone
        ),
    }
}

/// The words for "not assessed".
pub(crate) fn not_assessed(templates: &AnalysisTemplates, disclaimer: &str, reason: &str) -> Words {
    fill(
        &templates.not_assessed,
        disclaimer,
        &[("{reason}", reason.trim_end_matches('.'))],
    )
}

fn fill(template: &CategoryTemplate, disclaimer: &str, values: &[(&str, &str)]) -> Words {
    let fill = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (place, value)| {
            text.replace(place, value)
        })
    };
    let mut lines: Vec<String> = template
        .recommendations
        .iter()
        .map(|line| fill(line))
        .collect();
    lines.push(disclaimer.to_owned());
    Words {
        findings: fill(&template.findings),
        recommendations: json!(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(
        name: &str,
        probability: f64,
        severity: RiskCategory,
        side: Option<ai::Side>,
    ) -> ai::Finding {
        ai::Finding {
            name: name.to_owned(),
            probability,
            severity,
            region: side.map(|side| ai::Region {
                side,
                zone: ai::Zone::Lower,
                bounding_box: ai::BoundingBox {
                    x: 0.0,
                    y: 0.7,
                    width: 0.2,
                    height: 0.2,
                },
            }),
            confidence: 0.8,
        }
    }

    fn result(risk: RiskCategory, probability: f64, findings: Vec<ai::Finding>) -> ai::Scored {
        ai::Scored {
            risk,
            probability,
            probabilities: domain::RiskProbabilities {
                low: 0.0,
                medium: 0.0,
                high: 1.0,
            },
            findings,
            confidence: 1.0,
            threshold: 0.5,
            quality: ai::Quality {
                score: 1.0,
                contrast: 1.0,
                exposure: 0.5,
                clipping: 0.0,
                sharpness: 1.0,
            },
            heatmap: None,
            preprocessing_steps: Vec::new(),
            scope: None,
            features: None,
            model_sha256: String::new(),
            input_sha256: String::new(),
            engine: ai::EngineKind::BuiltIn,
            milliseconds: 1.0,
            model_name: "model".to_owned(),
            model_version: "1".to_owned(),
        }
    }

    #[test]
    fn of_several_findings_those_that_make_the_risk_are_named() {
        use RiskCategory::{High, Low, Medium};
        use ai::Side::{Central, Left, Right};
        let templates = AnalysisTemplates::default();
        let words = |risk, probability, findings| {
            super::scored(&templates, "D", &result(risk, probability, findings)).findings
        };
        // "Hernia" is the most probable, but it decides nothing.
        let several = vec![
            finding("Hernia", 0.9, Low, None),
            finding("Effusion", 0.8, High, Some(Left)),
            finding("Mass", 0.7, High, Some(Central)),
            finding("Edema", 0.6, Medium, None),
        ];
        assert_eq!(
            words(High, 0.7, several),
            "Likely: Mass (middle, lower zone) and Effusion (left lung, lower zone) (probability 70 %)."
        );
        let one = vec![finding("Opacity", 0.5, Medium, Some(Right))];
        assert_eq!(
            words(Medium, 0.5, one),
            "Possible: Opacity (right lung, lower zone) (probability 50 %)."
        );
        let low = ["A", "B", "C", "D", "E"].map(|name| finding(name, 0.1, Low, None));
        assert_eq!(
            words(Low, 0.1, low.to_vec()),
            "No sign of: A, B, C or 2 other findings (probability 10 %)."
        );
        assert_eq!(
            words(High, 0.9, Vec::new()),
            "Likely: the finding (probability 90 %)."
        );
    }

    #[test]
    fn the_reason_and_the_disclaimer_are_in_the_words() {
        let words = not_assessed(
            &AnalysisTemplates::default(),
            "No diagnosis.",
            "the film is blank.",
        );
        assert_eq!(words.findings, "Not assessed by the AI: the film is blank.");
        let lines = words.recommendations.as_array().expect("a list of lines");
        assert_eq!(lines.last(), Some(&json!("No diagnosis.")));
    }

    #[test]
    fn a_template_may_repeat_or_leave_out_its_values() {
        let template = CategoryTemplate {
            findings: "{probability}, that is {probability}".to_owned(),
            recommendations: vec!["Nothing.".to_owned()],
        };
        let words = fill(
            &template,
            "D",
            &[("{finding}", "F"), ("{probability}", "7 %")],
        );
        assert_eq!(words.findings, "7 %, that is 7 %");
        assert_eq!(words.recommendations, json!(["Nothing.", "D"]));
    }
}
