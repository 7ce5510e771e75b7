//! What a patient reads: plain words at the level of a sixth grade, led by the doctor's signed verdict.
//!
//! The wording is a setting ([`crate::settings::PATIENT_WORDING`]), a text in each language. Nothing here
//! decides who sees it: the interface shows it once a signed result is released.

mod texts;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    RiskCategory,
    readability::{flesch_kincaid_grade, wiener_sachtextformel},
    review::UrgencyLevel,
};

/// The highest school grade that a patient's text may ask for.
pub const HIGHEST_GRADE: f64 = 6.0;

/// The notice that a result is there. It may show on a locked telephone, so it holds no clinical word.
pub const RESULT_READY: (&str, &str) = (
    "Your result is ready",
    "A doctor has read your X-ray. Sign in to see the result.",
);

/// The wording in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientWording {
    /// English.
    pub en: PatientTexts,
    /// German.
    pub de: PatientTexts,
}

/// The wording in one language. Each text is a sentence or a few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientTexts {
    /// Who read the film; `{doctor}` is filled in.
    pub read: String,
    /// What the doctor found.
    pub risk: RiskTexts,
    /// How soon something must be done.
    pub urgency: UrgencyTexts,
    /// When there shall be a follow-up.
    pub follow_up: String,
    /// When there shall be one on a day; `{date}` is filled in.
    pub follow_up_date: String,
    /// What the program said before.
    pub program: ProgramTexts,
}

/// A text for each risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskTexts {
    /// For low.
    pub low: String,
    /// For medium.
    pub medium: String,
    /// For high.
    pub high: String,
}

impl RiskTexts {
    fn of(&self, risk: RiskCategory) -> &str {
        match risk {
            RiskCategory::Low => &self.low,
            RiskCategory::Medium => &self.medium,
            RiskCategory::High => &self.high,
        }
    }
}

/// A text for each urgency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UrgencyTexts {
    /// Nothing to do.
    pub routine: String,
    /// Look again later.
    pub follow_up: String,
    /// Act today.
    pub urgent: String,
    /// Act now.
    pub critical: String,
}

impl UrgencyTexts {
    fn of(&self, urgency: UrgencyLevel) -> &str {
        match urgency {
            UrgencyLevel::Routine => &self.routine,
            UrgencyLevel::FollowUp => &self.follow_up,
            UrgencyLevel::Urgent => &self.urgent,
            UrgencyLevel::Critical => &self.critical,
        }
    }
}

/// What is told of the program, after the doctor's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramTexts {
    /// What the program is for, and whose word counts.
    pub about: String,
    /// What it asked for.
    pub risk: RiskTexts,
    /// That it could not judge the film.
    pub not_assessed: String,
    /// Why: the patient's age.
    pub age: String,
    /// Why: the kind of picture.
    pub kind: String,
    /// Why: how the picture came out.
    pub picture: String,
    /// Why: the program itself.
    pub failure: String,
}

/// Why the program said nothing, as far as it matters to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainReason {
    /// The patient's age.
    Age,
    /// The kind of picture.
    Kind,
    /// How the picture came out.
    Picture,
    /// The program itself.
    Failure,
}

impl PlainReason {
    /// The reason behind a code of "not assessed"; codes of decoding are about the picture.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            "outside_age_range" | "age_contradicts" => Self::Age,
            "not_a_chest_film"
            | "not_frontal"
            | "outside_intended_use"
            | "several_frames"
            | "unusual_shape" => Self::Kind,
            "model_failed" | "model_suspended" | "no_model" | "analysis_failed" => Self::Failure,
            _ => Self::Picture,
        }
    }
}

/// What the program said of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A risk.
    Scored(RiskCategory),
    /// Nothing, and why.
    NotAssessed(PlainReason),
}

/// What a signed review tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict<'a> {
    /// Who signed; none when the account is gone.
    pub doctor: Option<&'a str>,
    /// The doctor's risk.
    pub risk: Option<RiskCategory>,
    /// The doctor's urgency.
    pub urgency: Option<UrgencyLevel>,
    /// Whether there shall be a follow-up.
    pub follow_up: bool,
    /// On which day.
    pub follow_up_date: Option<NaiveDate>,
}

/// A result in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlainResult {
    /// The doctor's verdict, a paragraph each.
    pub verdict: Vec<String>,
    /// What the program said before, a paragraph each; empty when it has not looked.
    pub program: Vec<String>,
}

/// A result in plain words in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlainLanguage {
    /// English.
    pub en: PlainResult,
    /// German.
    pub de: PlainResult,
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

impl PatientWording {
    /// A result in every language.
    #[must_use]
    pub fn tell(&self, verdict: &Verdict<'_>, program: Option<Program>) -> PlainLanguage {
        let month = |names: [&'static str; 12], date: NaiveDate| names[date.month0() as usize];
        let english = |date: NaiveDate| {
            format!(
                "{} {} {}",
                date.day(),
                month(ENGLISH_MONTHS, date),
                date.year()
            )
        };
        let german = |date: NaiveDate| {
            format!(
                "{}. {} {}",
                date.day(),
                month(GERMAN_MONTHS, date),
                date.year()
            )
        };
        PlainLanguage {
            en: self.en.tell(verdict, program, "A doctor", english),
            de: self
                .de
                .tell(verdict, program, "Ein Arzt oder eine Ärztin", german),
        }
    }

    /// Holds every text to the level that patients get, in every way in which texts come together.
    ///
    /// # Errors
    /// In words, with the language and the grade of the first that is too hard, or with the text that
    /// is empty, too long or lacks its place.
    pub fn check(&self) -> Result<(), String> {
        for (language, texts) in [("en", &self.en), ("de", &self.de)] {
            texts
                .check_form()
                .map_err(|wrong| format!("{language}: {wrong}"))?;
        }
        let (grade, told) = self
            .every_result()
            .into_iter()
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .unwrap_or_default();
        if grade > HIGHEST_GRADE {
            return Err(format!(
                "\"{told}\" reads at grade {grade:.1}; patients get at most {HIGHEST_GRADE}: use shorter sentences and words"
            ));
        }
        Ok(())
    }

    /// Every text that a patient may read, with its grade: Flesch-Kincaid for English, Wiener
    /// Sachtextformel for German.
    #[must_use]
    pub fn every_result(&self) -> Vec<(f64, String)> {
        let mut all = Vec::new();
        let (day, programs) = (NaiveDate::from_ymd_opt(2026, 11, 24), every_program());
        for risk in RiskCategory::ALL.iter().copied().map(Some).chain([None]) {
            for urgency in UrgencyLevel::ALL.iter().copied().map(Some).chain([None]) {
                for follow_up_date in [None, day] {
                    for follow_up in [false, true] {
                        let verdict = Verdict {
                            doctor: Some("Dr. Anna Weber"),
                            risk,
                            urgency,
                            follow_up,
                            follow_up_date,
                        };
                        let told = self.tell(&verdict, None);
                        all.push((
                            flesch_kincaid_grade(&told.en.verdict.join(" ")),
                            told.en.verdict.join(" "),
                        ));
                        all.push((
                            wiener_sachtextformel(&told.de.verdict.join(" ")),
                            told.de.verdict.join(" "),
                        ));
                    }
                }
            }
        }
        for program in programs {
            let (english, german) = (
                self.en.program(program).join(" "),
                self.de.program(program).join(" "),
            );
            all.push((flesch_kincaid_grade(&english), english));
            all.push((wiener_sachtextformel(&german), german));
        }
        all
    }
}

fn every_program() -> Vec<Program> {
    let reasons = [
        PlainReason::Age,
        PlainReason::Kind,
        PlainReason::Picture,
        PlainReason::Failure,
    ];
    let scored = RiskCategory::ALL.iter().map(|risk| Program::Scored(*risk));
    scored.chain(reasons.map(Program::NotAssessed)).collect()
}

impl PatientTexts {
    fn tell(
        &self,
        verdict: &Verdict<'_>,
        program: Option<Program>,
        somebody: &str,
        day: impl Fn(NaiveDate) -> String,
    ) -> PlainResult {
        let mut told = vec![
            self.read
                .replace("{doctor}", verdict.doctor.unwrap_or(somebody)),
        ];
        told.extend(verdict.risk.map(|risk| self.risk.of(risk).to_owned()));
        told.extend(
            verdict
                .urgency
                .map(|urgency| self.urgency.of(urgency).to_owned()),
        );
        match verdict.follow_up_date {
            Some(date) => told.push(self.follow_up_date.replace("{date}", &day(date))),
            None if verdict.follow_up => told.push(self.follow_up.clone()),
            None => {}
        }
        PlainResult {
            verdict: told,
            program: program
                .map(|program| self.program(program))
                .unwrap_or_default(),
        }
    }

    fn program(&self, program: Program) -> Vec<String> {
        let texts = &self.program;
        let said = match program {
            Program::Scored(risk) => texts.risk.of(risk).to_owned(),
            Program::NotAssessed(reason) => {
                let reason = match reason {
                    PlainReason::Age => &texts.age,
                    PlainReason::Kind => &texts.kind,
                    PlainReason::Picture => &texts.picture,
                    PlainReason::Failure => &texts.failure,
                };
                format!("{} {reason}", texts.not_assessed)
            }
        };
        vec![texts.about.clone(), said]
    }

    fn check_form(&self) -> Result<(), String> {
        let program = &self.program;
        for (name, text, place) in [
            ("read", &self.read, "{doctor}"),
            ("risk.low", &self.risk.low, ""),
            ("risk.medium", &self.risk.medium, ""),
            ("risk.high", &self.risk.high, ""),
            ("urgency.routine", &self.urgency.routine, ""),
            ("urgency.follow_up", &self.urgency.follow_up, ""),
            ("urgency.urgent", &self.urgency.urgent, ""),
            ("urgency.critical", &self.urgency.critical, ""),
            ("follow_up", &self.follow_up, ""),
            ("follow_up_date", &self.follow_up_date, "{date}"),
            ("program.about", &program.about, ""),
            ("program.risk.low", &program.risk.low, ""),
            ("program.risk.medium", &program.risk.medium, ""),
            ("program.risk.high", &program.risk.high, ""),
            ("program.not_assessed", &program.not_assessed, ""),
            ("program.age", &program.age, ""),
            ("program.kind", &program.kind, ""),
            ("program.picture", &program.picture, ""),
            ("program.failure", &program.failure, ""),
        ] {
            if text.trim().is_empty() || text.len() > 1000 {
                return Err(format!("{name}: expected a text of 1 to 1000 bytes"));
            }
            if !text.contains(place) {
                return Err(format!("{name}: must say where {place} goes"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_leads_and_the_program_stands_apart() {
        let verdict = Verdict {
            doctor: Some("Dr. Weber"),
            risk: Some(RiskCategory::High),
            urgency: Some(UrgencyLevel::Urgent),
            follow_up: true,
            follow_up_date: NaiveDate::from_ymd_opt(2026, 3, 4),
        };
        let told =
            PatientWording::default().tell(&verdict, Some(Program::Scored(RiskCategory::Low)));
        assert_eq!(told.en.verdict[0], "Dr. Weber has read your X-ray.");
        assert_eq!(
            told.en.verdict[3],
            "You should be seen again on 4 March 2026."
        );
        assert_eq!(
            told.de.verdict[3],
            "Am 4. März 2026 soll man Sie noch einmal sehen."
        );
        assert_eq!(told.en.program.len(), 2);
        let none = PatientWording::default().tell(&verdict, None);
        assert!(none.en.program.is_empty());
    }

    #[test]
    fn hard_or_empty_texts_are_refused_with_the_reason() {
        let mut wording = PatientWording::default();
        wording.en.risk.medium = "Radiographic opacification of the inferior pulmonary parenchyma \
                                  necessitates immediate multidisciplinary evaluation."
            .into();
        let wrong = wording.check().unwrap_err();
        assert!(
            wrong.contains("Radiographic") && wrong.contains("grade"),
            "{wrong}"
        );
        let mut wording = PatientWording::default();
        wording.de.follow_up_date = "Bald.".into();
        assert_eq!(
            wording.check().unwrap_err(),
            "de: follow_up_date: must say where {date} goes"
        );
        wording.de.follow_up_date = "Am {date}.".into();
        wording.en.program.age = " ".into();
        assert!(wording.check().unwrap_err().starts_with("en: program.age"));
    }
}
