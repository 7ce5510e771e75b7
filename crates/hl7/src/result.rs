//! ORU^R01: a signed result for the systems that asked for it. What the AI said goes along as observations of their own,
//! each named as what it is; what counts is what the doctor signed.

use chrono::{DateTime, Utc};
use db::{fhir::observations::Score, hl7::Receiver, results::CaseResult};
use domain::{RiskCategory, patient::Gender, review::UrgencyLevel};

use crate::{
    answer::{APPLICATION, VERSION},
    message::{Field, Writer},
    values,
};

/// LOINC, as HL7 v2 names it (table 0396).
const LOINC: &str = "LN";
/// Codes of the portal's own.
const LOCAL: &str = "99PORTAL";
/// What an OBX is of: code, name, coding system.
type Observed = (&'static str, &'static str, &'static str);
/// LOINC 18782-3, 18783-1 and 55107-7.
const FINDINGS: Observed = ("18782-3", "Radiology Study observation", LOINC);
const RECOMMENDATION: Observed = ("18783-1", "Radiology Study recommendation", LOINC);
const ADDENDUM: Observed = ("55107-7", "Addendum Document", LOINC);
const READER_RISK: Observed = ("reader-risk", "Risk as signed by the doctor", LOCAL);
const URGENCY: Observed = ("urgency", "How soon somebody must act", LOCAL);
const AI_RISK: Observed = ("ai-risk", "Risk as assessed by AI", LOCAL);
const PROBABILITY: Observed = ("risk-probability", "Probability of the finding", LOCAL);
const LOW: Observed = ("low-probability", "Share of low risk", LOCAL);
const MEDIUM: Observed = ("medium-probability", "Share of medium risk", LOCAL);
const HIGH: Observed = ("high-probability", "Share of high risk", LOCAL);
const NOT_ASSESSED: Observed = ("ai-not-assessed", "Why the AI gave no risk", LOCAL);
const PURPOSE: Observed = ("ai-disclaimer", "What the AI is for", LOCAL);

/// The codes of everything that may be observed in a result, for whoever connects a system.
pub const OBSERVED: [&str; 12] = [
    FINDINGS.0,
    RECOMMENDATION.0,
    ADDENDUM.0,
    READER_RISK.0,
    URGENCY.0,
    AI_RISK.0,
    PROBABILITY.0,
    LOW.0,
    MEDIUM.0,
    HIGH.0,
    NOT_ASSESSED.0,
    PURPOSE.0,
];

/// Longest text of one OBX: receivers cut longer ones off.
const LONGEST_TEXT: usize = 16_000;
/// Beside everything that comes from the AI.
const DISCLAIMER: &str = "Decision support by a program; the signed report decides.";

/// The message that tells a receiver of a result.
pub(crate) fn message(
    result: &CaseResult,
    receiver: &Receiver,
    id: &str,
    now: DateTime<Utc>,
) -> String {
    let mut writer = Writer::default();
    writer.segment(
        "MSH",
        &[
            Field::of(APPLICATION),
            Field::empty(),
            Field::of(&receiver.application),
            Field::of(&receiver.facility),
            values::stamp(now),
            Field::empty(),
            Field::components(&["ORU", "R01", "ORU_R01"]),
            Field::of(id),
            Field::of("P"),
            Field::of(VERSION),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::of("UNICODE UTF-8"),
        ],
    );
    writer.segment("PID", &person(result));
    writer.segment("ORC", &control(result));
    writer.segment("OBR", &request(result));
    let mut rows = Rows {
        writer: &mut writer,
        status: status(result),
        at: values::stamp(result.report.updated_at),
        count: 0,
    };
    signed(&mut rows, result);
    assessed(&mut rows, result);
    writer.done()
}

fn person(result: &CaseResult) -> Vec<Field> {
    let patient = &result.patient;
    let numbers: Vec<Field> = patient
        .identifiers
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            Field::components(&[text("identifier"), "", "", text("issuer"), "MR"])
        })
        .collect();
    let numbers = if numbers.is_empty() {
        // The portal's own, so that a message is never about nobody.
        Field::components(&[&patient.id.to_string(), "", "", APPLICATION, "PI"])
    } else {
        Field::repeated(&numbers)
    };
    let sex = match patient.gender {
        Some(Gender::Female) => "F",
        Some(Gender::Male) => "M",
        Some(Gender::Other) => "O",
        None => "U",
    };
    vec![
        Field::of("1"),
        Field::empty(),
        numbers,
        Field::empty(),
        values::name_field(&patient.name),
        Field::empty(),
        Field::maybe(patient.date_of_birth.map(|day| day.format("%Y%m%d"))),
        Field::of(sex),
    ]
}

/// The number of whoever ordered, and of the portal: its case.
fn numbers(result: &CaseResult) -> (Field, Field) {
    let placer = result.order.as_ref().map(|order| {
        let number = order.content.placer_number.as_deref().unwrap_or_default();
        Field::components(&[number, &order.content.placer_issuer])
    });
    let filler = Field::components(&[&result.report.report_id.to_string(), APPLICATION]);
    (placer.unwrap_or_default(), filler)
}

fn control(result: &CaseResult) -> Vec<Field> {
    let (placer, filler) = numbers(result);
    vec![
        Field::of("RE"),
        placer,
        filler,
        Field::empty(),
        Field::of("CM"),
    ]
}

/// Final, or corrected where it was signed anew or something was added.
fn status(result: &CaseResult) -> &'static str {
    let is_changed = result.report.signed > 1
        || result
            .report
            .addenda
            .as_array()
            .is_some_and(|notes| !notes.is_empty());
    if is_changed { "C" } else { "F" }
}

fn request(result: &CaseResult) -> Vec<Field> {
    let (placer, filler) = numbers(result);
    let report = &result.report;
    let procedure = match &result.order {
        Some(order) if !order.content.procedure_code.is_empty() => Field::components(&[
            &order.content.procedure_code,
            &order.content.procedure_text,
            &order.content.procedure_system,
        ]),
        _ => Field::components(&["18748-4", &report.study_type.replace('_', " "), LOINC]),
    };
    let made = report.at.date.map_or_else(
        || values::stamp(report.upload_date),
        |day| Field::of(day.format("%Y%m%d")),
    );
    let mut fields = vec![Field::empty(); 47];
    let mut put = |number: usize, field: Field| fields[number - 1] = field;
    put(1, Field::of("1"));
    put(2, placer);
    put(3, filler);
    put(4, procedure);
    put(7, made);
    if let Some(order) = &result.order {
        put(
            16,
            order
                .content
                .requester
                .as_deref()
                .map_or_else(Field::empty, |name| Field::components(&["", name])),
        );
    }
    put(18, Field::maybe(report.accession_number.as_deref()));
    put(22, values::stamp(report.updated_at));
    put(24, Field::of("RAD"));
    put(25, Field::of(status(result)));
    let doctor = result.review.doctor_name.as_deref().unwrap_or_default();
    put(
        32,
        Field::components(&[&result.review.doctor_id.to_string(), doctor]),
    );
    fields
}

/// OBX segments, numbered.
struct Rows<'w> {
    writer: &'w mut Writer,
    status: &'static str,
    at: Field,
    count: usize,
}

impl Rows<'_> {
    fn add(&mut self, kind: &str, of: Observed, value: Field, unit: &str, model: Option<&Field>) {
        self.count += 1;
        let mut fields = vec![Field::empty(); 18];
        let mut put = |number: usize, field: Field| fields[number - 1] = field;
        put(1, Field::of(self.count));
        put(2, Field::of(kind));
        put(3, Field::components(&[of.0, of.1, of.2]));
        put(5, value);
        put(6, Field::of(unit));
        put(11, Field::of(self.status));
        put(14, self.at.clone());
        put(18, model.cloned().unwrap_or_default());
        self.writer.segment("OBX", &fields);
    }

    fn text(&mut self, of: Observed, text: &str) {
        for part in parts(text) {
            self.add("TX", of, Field::of(part), "", None);
        }
    }

    fn word(&mut self, of: Observed, (value, text): (&str, &str), model: Option<&Field>) {
        let value = Field::components(&[value, text, LOCAL]);
        self.add("CWE", of, value, "", model);
    }
}

/// A text in pieces that receivers take whole, cut between words.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while rest.len() > LONGEST_TEXT {
        let mut end = LONGEST_TEXT;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let cut = rest[..end].rfind(char::is_whitespace).filter(|at| *at > 0);
        let (part, after) = rest.split_at(cut.unwrap_or(end));
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn signed(rows: &mut Rows<'_>, result: &CaseResult) {
    let review = &result.review;
    rows.text(
        FINDINGS,
        review.clinical_findings.as_deref().unwrap_or_default(),
    );
    rows.text(
        RECOMMENDATION,
        review.recommended_action.as_deref().unwrap_or_default(),
    );
    for note in result.report.addenda.as_array().into_iter().flatten() {
        let of = |name: &str| note[name].as_str().unwrap_or_default();
        let day = of("at").get(..10).unwrap_or_default();
        rows.text(ADDENDUM, &format!("Addendum of {day}: {}", of("text")));
    }
    if let Some(risk) = review.doctor_risk_assessment {
        rows.word(READER_RISK, risk_words(risk), None);
    }
    if let Some(urgency) = review.urgency_level {
        rows.word(URGENCY, urgency_words(urgency), None);
    }
}

fn assessed(rows: &mut Rows<'_>, result: &CaseResult) {
    let Some(assessment) = &result.assessment else {
        return;
    };
    match (&assessment.score, &assessment.not_assessed) {
        (Some(score), _) => scored(rows, score),
        (None, reason) => {
            let reason = reason.as_ref().map_or(
                ("unknown", "The AI could not assess this case"),
                |(code, text)| (code.as_str(), text.as_str()),
            );
            rows.word(NOT_ASSESSED, reason, None);
        }
    }
    rows.add("ST", PURPOSE, Field::of(DISCLAIMER), "", None);
}

fn scored(rows: &mut Rows<'_>, score: &Score) {
    // OBX-18: which device said so.
    let model = Field::components(&[&score.model_version, APPLICATION]);
    rows.word(AI_RISK, risk_words(score.category), Some(&model));
    let [low, medium, high] = score.shares;
    let values = [
        (PROBABILITY, score.probability),
        (LOW, low),
        (MEDIUM, medium),
        (HIGH, high),
    ];
    for (of, value) in values {
        rows.add("NM", of, Field::of(value), "1", Some(&model));
    }
}

fn risk_words(category: RiskCategory) -> (&'static str, &'static str) {
    let text = match category {
        RiskCategory::Low => "Low risk",
        RiskCategory::Medium => "Medium risk",
        RiskCategory::High => "High risk",
    };
    (category.as_str(), text)
}

fn urgency_words(urgency: UrgencyLevel) -> (&'static str, &'static str) {
    let text = match urgency {
        UrgencyLevel::Routine => "Nothing out of the ordinary",
        UrgencyLevel::FollowUp => "Look again on a date",
        UrgencyLevel::Urgent => "Act today",
        UrgencyLevel::Critical => "Act now",
    };
    (urgency.as_str(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_words_and_nothing_is_lost() {
        let text = "Wörter und mehr ".repeat(5_000);
        let parts = parts(&text);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= LONGEST_TEXT));
        assert_eq!(parts.join(" "), text.trim());
        assert_eq!(super::parts(&"x".repeat(40_000)).concat().len(), 40_000);
        assert!(super::parts("  ").is_empty());
    }
}
