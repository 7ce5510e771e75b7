//! What auditing costs: its share of a request that reads a case, in one run. `cargo run --release -p trail --example cost`.

// An example stops with the reason.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use db::{Actor, audit::Act};
use domain::{
    Role,
    audit::{AuditAction, EntityType},
};
use testkit::{TestApp, chest_film};

const ROUNDS: usize = 1000;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await.user_id();
    let receipt = app
        .client(Role::Radiologist)
        .await
        .upload(
            vec![("film.png", chest_film(1, 64))],
            &[("patient_id", &patient)],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let doctor = app.client(Role::Doctor).await;
    let url = format!(
        "/api/reports/{}",
        receipt["reports"][0]["report_id"].as_str().unwrap()
    );
    let (mut requests, mut audits, mut commits, mut bare) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        doctor.get(&url).await.expect(200);
        requests.push(start.elapsed());

        let mut tx = app.database.begin(&Actor::worker()).await.unwrap();
        let start = Instant::now();
        tx.audit(Act::new(AuditAction::ReadReport, EntityType::Report))
            .await
            .unwrap();
        audits.push(start.elapsed());
        let start = Instant::now();
        tx.commit().await.unwrap();
        commits.push(start.elapsed());
        let tx = app.database.begin(&Actor::worker()).await.unwrap();
        let start = Instant::now();
        tx.commit().await.unwrap();
        bare.push(start.elapsed());
    }
    let (request, audit) = (median(requests), median(audits));
    let commit = median(commits).saturating_sub(median(bare));
    println!(
        "reading a case {request:?}; of it the audit row {audit:?} and its commit {commit:?}: {:.0} %",
        100.0 * (audit + commit).as_secs_f64() / request.as_secs_f64()
    );
    let keys = trail::SigningKeys::in_folder(app.folder().join("keys"));
    let start = Instant::now();
    let sealed = trail::seal(&app.database, &keys).await.unwrap();
    println!(
        "sealing {} rows in the background: {:?}",
        sealed.rows,
        start.elapsed()
    );
}
