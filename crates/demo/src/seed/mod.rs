//! An example portal: accounts and cases in every state, made by driving the portal's own HTTP
//! interface, so that each has its audit trail, notifications and events like any other.
//!
//! [`fill`] goes on where an earlier call was cut off: films are recognised by their bytes, and
//! every other step first looks at what is there. The account `tech@example.com` is made last; where
//! it is, nothing is done any more.

mod accounts;
mod arrive;
mod cases;
mod error;
mod portal;
mod reading;
mod sending;

use std::time::Duration;

use axum::{Router, http::Method};
use db::Database;
use serde_json::{Value, json};

pub use accounts::{DOCTOR, DemoLogin, LOGINS, PATIENT, RADIOLOGIST, TECH};
pub use arrive::arrive;
pub use error::DemoError;

use accounts::Found;
use portal::Session;

/// Longest wait for the analyses.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What [`fill`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Everything was there already; nothing was done.
    Already,
    /// The demo is complete now.
    Now,
}

/// Fills an empty portal. A worker must be running beside, since the films are waited for, at most
/// 60 seconds. `progress` is told in a few words what is being done.
///
/// # Errors
/// [`DemoError`]; a later call goes on from there. A portal with other accounts is refused.
pub async fn fill(
    router: &Router,
    database: &Database,
    password: &str,
    progress: impl Fn(&str),
) -> Result<Filled, DemoError> {
    if let Found::Complete = accounts::look(database).await? {
        return Ok(Filled::Already);
    }
    progress("making accounts");
    let hash = accounts::hash(password).await?;
    let began = accounts::ensure(database, RADIOLOGIST, &hash).await?;
    accounts::ensure(database, DOCTOR, &hash).await?;

    let radiologist = Session::open(router, RADIOLOGIST, password).await?;
    let sent = sending::send_all(&radiologist, began.date_naive(), &progress).await?;
    accounts::let_patient_in(database, &hash).await?;
    progress("waiting for the analyses");
    sending::wait(&radiologist, &sent, LONGEST_WAIT).await?;
    radiologist.close().await?;

    progress("reading films as the doctor");
    let doctor = Session::open(router, DOCTOR, password).await?;
    let today = database.clock().now().date_naive();
    reading::read_all(&doctor, &sent, today).await?;
    write_history(&doctor, &sent).await?;
    doctor.close().await?;

    progress("writing the patient's history");
    let patient = Session::open(router, PATIENT, password).await?;
    propose_history(&patient, &sent).await?;
    consent(&patient, &sent).await?;
    patient.close().await?;

    accounts::ensure(database, TECH, &hash).await?;
    Ok(Filled::Now)
}

/// The patient lets the drawn films train models.
async fn consent(patient: &Session<'_>, sent: &sending::Sent) -> Result<(), DemoError> {
    let path = format!("/api/patients/{}/consents", sent.account_holder);
    let recorded: Value = patient.json(Method::GET, &path, None).await?;
    if recorded["current"]
        .as_array()
        .is_none_or(|current| !current.is_empty())
    {
        return Ok(());
    }
    let consent = json!({ "kind": "training", "is_given": true, "text_version": "1" });
    patient.act(Method::POST, &path, Some(&consent)).await
}

async fn write_history(doctor: &Session<'_>, sent: &sending::Sent) -> Result<(), DemoError> {
    let path = format!("/api/patients/{}/history", sent.account_holder);
    let recorded: Value = doctor.json(Method::GET, &path, None).await?;
    if !recorded["history_id"].is_null() {
        return Ok(());
    }
    let history = json!({
        "conditions": ["Pneumonia (five months ago, treated)", "Atopic dermatitis"],
        "allergies": ["Peanut (rash)"],
        "medications": ["Vitamin D"],
        "family_history": ["Asthma (father)"],
        "lifestyle": { "smoking": "nobody at home smokes", "exercise": "kindergarten sports" },
        "previous_procedures": ["Removal of the adenoids at the age of 3"],
    });
    doctor.act(Method::PATCH, &path, Some(&history)).await
}

/// The patient's side: a change that waits for a decision.
async fn propose_history(patient: &Session<'_>, sent: &sending::Sent) -> Result<(), DemoError> {
    let path = format!("/api/patients/{}/history", sent.account_holder);
    let recorded: Value = patient.json(Method::GET, &path, None).await?;
    if !recorded["proposal"].is_null() || !recorded["last_decision"].is_null() {
        return Ok(());
    }
    let proposal = json!({
        "allergies": ["Peanut (rash)", "Penicillin (rash after the last treatment)"],
        "note": "The rash came on the third day of the antibiotic. (Demo entry.)",
    });
    patient
        .act(Method::POST, &format!("{path}/proposals"), Some(&proposal))
        .await
}
