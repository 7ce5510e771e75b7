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
    let finding = scored.findings.first();
    let name = finding.map_or("the finding", |finding| finding.name.as_str());
    let place = finding
        .filter(|_| scored.risk != RiskCategory::Low)
        .and_then(|finding| finding.region.as_ref())
        .map(|region| format!(" ({} lung, {} zone)", region.side, region.zone))
        .unwrap_or_default();
    let probability = format!("{:.0} %", scored.probability * 100.0);
    fill(
        template,
        disclaimer,
        &[
            ("{finding}", &format!("{name}{place}")),
            ("{probability}", &probability),
        ],
    )
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
