//! One more film, for a demo in which something happens.

use axum::Router;
use chrono::Utc;
use domain::{Clock, ReportId};
use rand::RngExt;

use super::{
    DemoError, RADIOLOGIST, accounts,
    portal::{Session, Upload},
};
use crate::{DemoPatient, Film, FilmClass, FilmModel, Storage, Study, View, randomness};

/// Share of arriving films that are drawn with pneumonia.
const PNEUMONIA_SHARE: f64 = 0.25;
const SYMPTOMS: [&[&str]; 6] = [
    &["cough"],
    &["fever"],
    &["fever", "cough"],
    &["cough for two weeks"],
    &["fever", "fast breathing"],
    &["wheezing"],
];

/// Registers a new made-up child and sends one random film of it as `radiologist@example.com`;
/// about one in four is drawn with pneumonia. The analysis is not waited for. Another seed is
/// another child and film.
///
/// # Errors
/// [`DemoError`], above all when the demo is not filled or has another password.
pub async fn arrive(
    router: &Router,
    clock: &dyn Clock,
    password: &str,
    seed: u64,
) -> Result<ReportId, DemoError> {
    let mut random = randomness::stream("arrival", seed);
    let now = clock.now();
    let patient = DemoPatient::child(&mut random, format!("DEMO-L-{seed:016X}"), now.date_naive());
    let symptoms = SYMPTOMS[random.random_range(0..SYMPTOMS.len())];
    let radiologist = Session::open(router, RADIOLOGIST, password).await?;
    let id = accounts::register(&radiologist, &patient, None).await?;
    let bytes = tokio::task::spawn_blocking(move || draw(&patient, now, seed)).await??;
    let upload = Upload {
        file: "arrival.dcm",
        bytes: &bytes,
        fields: vec![
            ("patient_id", id.to_string()),
            ("symptoms", serde_json::json!(symptoms).to_string()),
        ],
    };
    let report_id = radiologist.upload(&upload).await?;
    radiologist.close().await?;
    Ok(report_id)
}

fn draw(
    patient: &DemoPatient,
    now: chrono::DateTime<Utc>,
    seed: u64,
) -> Result<Vec<u8>, DemoError> {
    let mut random = randomness::stream("arriving film", seed);
    let class = if random.random_bool(PNEUMONIA_SHARE) {
        FilmClass::Pneumonia
    } else {
        FilmClass::Normal
    };
    let film = Film::draw(&FilmModel::load()?, class, random.random());
    let study = Study {
        patient,
        taken_at: now.naive_utc(),
        accession_number: &format!("L{:08X}", seed & 0xFFFF_FFFF),
        view: View::Ap,
        inverted: random.random_ratio(1, 5),
        storage: Storage::Plain,
    };
    Ok(study.dicom(&film)?)
}
