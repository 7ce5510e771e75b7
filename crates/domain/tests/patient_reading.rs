//! Everything that a patient reads, in both languages, at the level of a sixth grade: the wording of
//! results, the notice, and the texts of the patient's pages.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::{collections::BTreeMap, path::Path};

use domain::{
    patient_wording::{HIGHEST_GRADE, PatientWording, RESULT_READY},
    readability::{flesch_kincaid_grade, wiener_sachtextformel},
};

#[test]
fn every_result_is_plain_enough() {
    let mut all = PatientWording::default().every_result();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    eprintln!("hardest of {}: {:?}", all.len(), &all[..2]);
    for (grade, text) in &all {
        assert!(*grade <= HIGHEST_GRADE, "grade {grade:.1}: {text}");
    }
    let notice = format!("{}. {}", RESULT_READY.0, RESULT_READY.1);
    assert!(flesch_kincaid_grade(&notice) <= HIGHEST_GRADE, "{notice}");
}

/// The patient's pages in one language: a question with its answer, and every text by itself that
/// holds a sentence.
fn pages(language: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../web/src/i18n")
        .join(format!("{language}.json"));
    let texts: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut pages = BTreeMap::new();
    for (key, text) in texts {
        let page = match key.split('.').collect::<Vec<_>>().as_slice() {
            ["faq", topic, _] => format!("faq.{topic}"),
            ["result" | "results", ..] if text.contains('.') => key.clone(),
            _ => continue,
        };
        let all: &mut String = pages.entry(page).or_default();
        all.push(' ');
        all.push_str(&text);
    }
    pages
}

#[test]
fn the_patients_pages_are_plain_enough() {
    for (language, grade) in [
        ("en", flesch_kincaid_grade as fn(&str) -> f64),
        ("de", wiener_sachtextformel),
    ] {
        let pages = pages(language);
        assert!(pages.len() >= 14, "{pages:?}");
        let hard: Vec<String> = pages
            .iter()
            .map(|(page, text)| (grade(text), page, text))
            .filter(|(grade, ..)| *grade > HIGHEST_GRADE)
            .map(|(grade, page, text)| format!("{language} {page}, grade {grade:.1}:{text}"))
            .collect();
        assert!(hard.is_empty(), "{hard:#?}");
    }
}
