//! What the AI said, as measurements.

use chrono::FixedOffset;
use db::analyses::Analysis;
use serde_json::Value;

use super::{
    codes::{self, Code},
    content::device,
    item::{As, Item},
};
use crate::{SignedResult, head::Film, uids::uid_of};

/// What the AI said: of the case as a whole, and of each finding (TID 1501, and TID 1410 where a place is known).
pub(super) fn measured(
    result: &SignedResult,
    analysis: &Analysis,
    films: &[Film<'_>],
    offset: FixedOffset,
) -> Vec<Item> {
    // The one film that the score is of, where that is known.
    let scored = analysis.attention_maps.as_ref();
    let scored = scored
        .and_then(|maps| maps["image_id"].as_str())
        .and_then(|id| {
            let mut films = films.iter().copied();
            films.find(|film| film.image.image_id.to_string() == id)
        });
    let sources: Vec<Film<'_>> = match scored {
        Some(film) => vec![film],
        None => films.to_vec(),
    };
    let number =
        |name: &Code, value: f64| Item::number(As::Contains, name, value, &codes::NO_UNITS);
    let case = group(result, analysis, "case", "AI result of the case")
        .with(
            [
                number(&codes::PROBABILITY, analysis.risk_probability),
                number(&codes::LOW, analysis.low_probability),
                number(&codes::MEDIUM, analysis.medium_probability),
                number(&codes::HIGH, analysis.high_probability),
            ]
            .map(|item| item.at(analysis.processed_at, offset)),
        )
        .with(
            analysis
                .confidence_threshold
                .map(|threshold| number(&codes::THRESHOLD, threshold)),
        )
        .with([Item::code(
            As::Contains,
            &codes::AI_RISK,
            &codes::risk(analysis.risk_category),
        )
        .at(analysis.processed_at, offset)])
        .with(
            sources
                .iter()
                .map(|film| Item::image(As::Contains, Some(&codes::SOURCE), *film)),
        );
    let findings = analysis.findings.as_array().into_iter().flatten();
    let findings = findings
        .enumerate()
        .filter_map(|(at, finding)| found(result, analysis, finding, at + 1, scored));
    [case].into_iter().chain(findings).collect()
}

/// The head of a measurement group: what it is called, who observed and by which algorithm (TID 4019).
fn group(result: &SignedResult, analysis: &Analysis, key: &str, title: &str) -> Item {
    let case = result.case.report.report_id;
    let uid = uid_of(&[b"tracking", case.as_bytes(), key.as_bytes()]);
    let (model, version) = result.model().unwrap_or_default();
    let steps = &analysis.preprocessing_steps;
    let parameters = [("model SHA-256", "model_sha256"), ("engine", "engine")]
        .into_iter()
        .filter_map(|(label, key)| {
            let value = steps[key].as_str()?;
            Some(Item::text(
                As::Modifier,
                &codes::ALGORITHM_PARAMETERS,
                &format!("{label}: {value}"),
            ))
        });
    Item::container(&codes::GROUP)
        .with([
            Item::text(As::ObservationContext, &codes::TRACKING, title),
            Item::uid(As::ObservationContext, &codes::TRACKING_UID, &uid),
        ])
        .with(device(result, analysis))
        .with([
            Item::text(As::Modifier, &codes::ALGORITHM_NAME, model),
            Item::text(As::Modifier, &codes::ALGORITHM_VERSION, version),
            Item::code(
                As::Modifier,
                &codes::ALGORITHM_FAMILY,
                &codes::ARTIFICIAL_INTELLIGENCE,
            ),
        ])
        .with(parameters)
}

fn found(
    result: &SignedResult,
    analysis: &Analysis,
    finding: &Value,
    number: usize,
    film: Option<Film<'_>>,
) -> Option<Item> {
    let name = finding["name"].as_str()?;
    let title = format!("AI finding {number}");
    let mut item = group(result, analysis, &title, &title).with([Item::code(
        As::Contains,
        &codes::FINDING,
        &Code::word(name, name),
    )]);
    if let Some(probability) = finding["probability"].as_f64() {
        item = item.with([Item::number(
            As::Contains,
            &codes::PROBABILITY,
            rounded(probability),
            &codes::NO_UNITS,
        )]);
    }
    if let Some(risk) = finding["severity"]
        .as_str()
        .and_then(|word| word.parse().ok())
    {
        item = item.with([Item::code(
            As::Contains,
            &codes::FINDING_RISK,
            &codes::risk(risk),
        )]);
    }
    let outline = film.and_then(|film| Some((film, outline(film, &finding["region"])?)));
    if let Some((film, outline)) = outline {
        let source = Item::image(As::SelectedFrom, Some(&codes::SOURCE_IMAGE), film);
        item = item.with([Item::rectangle(&codes::REGION, outline).with([source])]);
    } else if let Some(film) = film {
        item = item.with([Item::image(As::Contains, Some(&codes::SOURCE), film)]);
    }
    Some(item)
}

/// With four decimals, as the case's probability is kept.
fn rounded(probability: f64) -> f64 {
    (probability * 10_000.0).round() / 10_000.0
}

/// The box around a finding in the film's columns and rows.
fn outline(film: Film<'_>, region: &Value) -> Option<[f32; 4]> {
    let share = |name: &str| region["bounding_box"][name].as_f64();
    let (x, y) = (share("x")?, share("y")?);
    let (across, down) = (share("width")?, share("height")?);
    let (width, height) = (f64::from(film.image.width?), f64::from(film.image.height?));
    let corner = |at: f64, side: f64| (at.clamp(0.0, 1.0) * side) as f32;
    Some([
        corner(x, width),
        corner(y, height),
        corner(x + across, width),
        corner(y + down, height),
    ])
}
