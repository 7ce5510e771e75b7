//! The signed result as a report to read: PDF/A-2a and PDF/UA-1, so that archives keep it and readers of screens read it.
//! Whoever may see the review may have it, the patient too: what doctors write to each other, and what they thought of the
//! AI, is not in it.

mod draw;
mod fonts;
mod layout;

use chrono::{DateTime, Utc};
use domain::{RiskCategory, patient::Gender, review::UrgencyLevel};

pub(crate) use self::fonts::{Face, Fonts};
use self::{
    draw::{About, draw},
    layout::Block,
};
use crate::{DISCLAIMER, ResultError, SignedResult, State, Zone};

const TITLE: &str = "Radiology report";
const INCOMPLETE: &str = "Signs that the fonts of this document do not have are written as their Unicode numbers, such as [U+05D0].";

/// The present state of a result as a PDF file.
///
/// # Errors
/// [`ResultError`].
pub fn report_pdf(result: &SignedResult, zone: Zone) -> Result<Vec<u8>, ResultError> {
    let state = result.present()?;
    let fonts = Fonts::read()?;
    let mut is_complete = true;
    let mut blocks: Vec<Block> = blocks(result, state, zone)
        .into_iter()
        .map(|block| {
            let mut written = |text: String| {
                // Ends of lines are no signs.
                let lines: Vec<String> = text
                    .replace("\r\n", "\n")
                    .split(['\n', '\r'])
                    .map(|line| {
                        let (line, is_all) = fonts.writable(line);
                        is_complete &= is_all;
                        line
                    })
                    .collect();
                lines.join("\n")
            };
            match block {
                Block::Title(text) => Block::Title(written(text)),
                Block::Heading(text) => Block::Heading(written(text)),
                Block::Notice(text) => Block::Notice(written(text)),
                Block::Text { label, text } => Block::Text {
                    label: written(label),
                    text: written(text),
                },
            }
        })
        .collect();
    if !is_complete {
        blocks.push(Block::Notice(INCOMPLETE.to_owned()));
    }
    let footer = fonts.writable(&format!(
        "{} · Report {}",
        result.case.patient.name, result.case.report.report_id
    ));
    let about = About {
        footer: footer.0,
        report_id: result.case.report.report_id,
        number: state.number,
        at: state.at.with_timezone(&zone(state.at)),
    };
    draw(&blocks, &about, &fonts)
}

fn blocks(result: &SignedResult, state: State<'_>, zone: Zone) -> Vec<Block> {
    let mut blocks = vec![Block::Title(TITLE.to_owned())];
    patient(&mut blocks, result);
    examination(&mut blocks, result, zone);
    signed(&mut blocks, state, zone);
    for note in state.addenda {
        let who = note.doctor_name.as_deref().unwrap_or("a doctor");
        blocks.push(Block::Heading("Addendum".to_owned()));
        blocks.push(Block::text(&note.addendum));
        let at = moment(note.created_at, zone);
        blocks.push(Block::labelled("Added by: ", &format!("{who}, {at}")));
    }
    assessed(&mut blocks, result, zone);
    blocks
}

fn patient(blocks: &mut Vec<Block>, result: &SignedResult) {
    let patient = &result.case.patient;
    blocks.push(Block::Heading("Patient".to_owned()));
    blocks.push(Block::labelled("Name: ", &patient.name));
    for number in patient.identifiers.as_array().into_iter().flatten() {
        let text = |name: &str| number[name].as_str().unwrap_or_default();
        let issuer = text("issuer");
        let shown = match issuer {
            "" => text("identifier").to_owned(),
            issuer => format!("{} ({issuer})", text("identifier")),
        };
        blocks.push(Block::labelled("Number: ", &shown));
    }
    if let Some(day) = patient.date_of_birth {
        blocks.push(Block::labelled(
            "Born: ",
            &day.format("%Y-%m-%d").to_string(),
        ));
    }
    let sex = match patient.gender {
        Some(Gender::Female) => "female",
        Some(Gender::Male) => "male",
        Some(Gender::Other) => "other",
        None => return,
    };
    blocks.push(Block::labelled("Sex: ", sex));
}

fn examination(blocks: &mut Vec<Block>, result: &SignedResult, zone: Zone) {
    let report = &result.case.report;
    blocks.push(Block::Heading("Examination".to_owned()));
    let ordered = result.case.order.as_ref();
    let what = ordered
        .map(|order| order.content.procedure_text.clone())
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| report.study_type.replace('_', " "));
    blocks.push(Block::labelled("Of: ", &what));
    if let Some(reason) = ordered.and_then(|order| order.content.reason.as_deref()) {
        blocks.push(Block::labelled("Asked: ", reason));
    }
    if let Some(who) = ordered.and_then(|order| order.content.requester.as_deref()) {
        blocks.push(Block::labelled("Ordered by: ", who));
    }
    if let Some(number) = report.accession_number.as_deref() {
        blocks.push(Block::labelled("Accession number: ", number));
    }
    let made = report.at.date.map_or_else(
        || format!("came in {}", moment(report.upload_date, zone)),
        |day| day.format("%Y-%m-%d").to_string(),
    );
    blocks.push(Block::labelled("Date of the films: ", &made));
    for (number, image) in result.films.iter().enumerate() {
        let header = |tag: &str| {
            let header = image.dicom_metadata.as_ref()?;
            header[tag]["Value"][0].as_str().map(str::to_owned)
        };
        let format = image.image_format.as_str().to_owned();
        let mut said: Vec<String> = [header("00080060"), header("00185101")]
            .into_iter()
            .flatten()
            .chain([format])
            .collect();
        if let (Some(width), Some(height)) = (image.width, image.height) {
            said.push(format!("{width} x {height} pixels"));
        }
        let label = format!("Film {}: ", number + 1);
        blocks.push(Block::labelled(&label, &said.join(", ")));
    }
}

/// What counts.
fn signed(blocks: &mut Vec<Block>, state: State<'_>, zone: Zone) {
    let review = state.review;
    blocks.push(Block::Heading("Result".to_owned()));
    if let Some(risk) = review.doctor_risk_assessment {
        blocks.push(Block::labelled(
            "Risk, as assessed by the doctor: ",
            risk_word(risk),
        ));
    }
    for (label, text) in [
        ("Findings: ", &review.clinical_findings),
        ("Recommendation: ", &review.recommended_action),
        ("Treatment: ", &review.treatment_plan),
    ] {
        if let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) {
            blocks.push(Block::labelled(label, text.trim()));
        }
    }
    if let Some(urgency) = review.urgency_level {
        blocks.push(Block::labelled("Urgency: ", urgency_words(urgency)));
    }
    if let Some(day) = review.follow_up_date {
        let day = day.format("%Y-%m-%d").to_string();
        blocks.push(Block::labelled("Look again on: ", &day));
    }
    let who = review.doctor_name.as_deref().unwrap_or("a doctor");
    let at = moment(review.reviewed_at.unwrap_or(state.at), zone);
    blocks.push(Block::Notice(format!("Signed by {who}, {at}")));
}

/// What the AI said, apart from what counts.
fn assessed(blocks: &mut Vec<Block>, result: &SignedResult, zone: Zone) {
    blocks.push(Block::Heading("What the AI said".to_owned()));
    blocks.push(Block::Notice(DISCLAIMER.to_owned()));
    let Some(analysis) = &result.analysis else {
        let text = match &result.not_assessed {
            Some(not) => format!("The AI could not assess this case: {}", not.reason),
            None => "The case was signed without a result of an AI.".to_owned(),
        };
        blocks.push(Block::text(&text));
        return;
    };
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let category = risk_word(analysis.risk_category);
    blocks.push(Block::labelled("Category: ", category));
    let probability = share(analysis.risk_probability);
    blocks.push(Block::labelled(
        "Probability of the finding: ",
        &probability,
    ));
    let shares = [
        ("low", analysis.low_probability),
        ("medium", analysis.medium_probability),
        ("high", analysis.high_probability),
    ]
    .map(|(word, value)| format!("{word} {}", share(value)));
    blocks.push(Block::labelled(
        "Shares of the categories: ",
        &shares.join(", "),
    ));
    for finding in analysis.findings.as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) =
            (finding["name"].as_str(), finding["probability"].as_f64())
        {
            blocks.push(Block::labelled(&format!("{name}: "), &share(value)));
        }
    }
    let sha256 = analysis.preprocessing_steps["model_sha256"].as_str();
    let sha256 = sha256.map(|sha256| format!(", SHA-256 {sha256}"));
    let model = format!("{}{}", analysis.model_version, sha256.unwrap_or_default());
    blocks.push(Block::labelled("Model: ", &model));
    blocks.push(Block::labelled(
        "Assessed: ",
        &moment(analysis.processed_at, zone),
    ));
}

const fn risk_word(risk: RiskCategory) -> &'static str {
    match risk {
        RiskCategory::Low => "low",
        RiskCategory::Medium => "medium",
        RiskCategory::High => "high",
    }
}

const fn urgency_words(urgency: UrgencyLevel) -> &'static str {
    match urgency {
        UrgencyLevel::Routine => "nothing out of the ordinary",
        UrgencyLevel::FollowUp => "look again on a date",
        UrgencyLevel::Urgent => "act today",
        UrgencyLevel::Critical => "act now",
    }
}

fn moment(at: DateTime<Utc>, zone: Zone) -> String {
    let at = at.with_timezone(&zone(at));
    at.format("%Y-%m-%d %H:%M (UTC%:z)").to_string()
}
