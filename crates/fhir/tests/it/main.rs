//! FHIR over real HTTP, with programs' tokens and people's sessions.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod conformance;
mod notices;
mod orders;
mod outcomes;
mod read;
mod rights;
mod search;

use domain::{Role, scope::Scope};
use serde_json::{Value, json};
use testkit::{Answer, Client, TestApp};

/// A scope by its words.
pub(crate) fn scope(words: &str) -> Scope {
    words.parse().unwrap()
}

/// Asks below `/fhir`.
pub(crate) async fn get(client: &Client, path: &str) -> Answer {
    client.get(&format!("/fhir/{path}")).await
}

/// The resources of a page that were found, and those that came beside them.
pub(crate) fn entries(bundle: &Value, mode: &str) -> Vec<Value> {
    bundle["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["search"]["mode"] == mode)
        .map(|entry| entry["resource"].clone())
        .collect()
}

/// The identifiers of what was found.
pub(crate) fn ids(bundle: &Value) -> Vec<String> {
    let found = entries(bundle, "match");
    found
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A link of a page, below the portal's address.
pub(crate) fn link(bundle: &Value, relation: &str) -> Option<String> {
    bundle["link"]
        .as_array()?
        .iter()
        .find(|link| link["relation"] == relation)
        .map(|link| {
            link["url"]
                .as_str()
                .unwrap()
                .trim_start_matches(testkit::PUBLIC_URL)
                .to_owned()
        })
}

/// Somebody with a number, who was born on a day.
pub(crate) async fn patient(staff: &Client, name: &str, number: &str, born: &str) -> String {
    let body = json!({ "name": name, "identifier": number, "issuer": "St. Mary's", "date_of_birth": born, "gender": "female" });
    let made = staff.post("/api/patients", body).await.expect(201);
    made["patient_id"].as_str().unwrap().to_owned()
}

/// A film, analysed: the identifier of its case.
pub(crate) async fn film(
    app: &TestApp,
    sender: &Client,
    patient_id: &str,
    file: Vec<u8>,
) -> String {
    let receipt = sender
        .upload(vec![("film.dcm", file)], &[("patient_id", patient_id)])
        .await
        .expect(201);
    app.run_jobs().await;
    receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Signs a case.
pub(crate) async fn sign(doctor: &Client, report_id: &str) -> String {
    doctor
        .post(
            &format!("/api/reviews/queue/{report_id}/identity"),
            json!({ "note": "asked at the desk" }),
        )
        .await;
    let review = json!({
        "report_id": report_id, "doctor_risk_assessment": "high", "urgency_level": "urgent",
        "clinical_findings": "Opacity in the right lower field.", "recommended_action": "Antibiotics.",
        "review_notes": "Between us: look at the old film.",
        "confirmed_ai_diagnosis": true, "ai_accuracy_rating": 5,
    });
    let signed = doctor.post("/api/reviews", review).await.expect(201);
    signed["review_id"].as_str().unwrap().to_owned()
}

/// An EHR: a program that reads everything as a doctor does.
pub(crate) async fn ehr(app: &TestApp) -> Client {
    app.program(Role::Doctor, &[scope("system/*.rs")]).await
}
