//! A model that fails while it works: its cases go to a human, tech is told once, the queue goes on.

use chrono::Duration;
use db::Actor;
use domain::Role;
use onnx_kit::mean_grey;
use serde_json::Value;
use testkit::{Client, TestApp, TestOptions, chest_film};

/// A picture of one mean grey with some structure, different for each seed.
fn film(grey: u8, seed: u8) -> Vec<u8> {
    let pixels = (0..100 * 100u32)
        .map(|at| grey - 20 + ((at * 7 + at / 100 * 3 + u32::from(seed)) % 41) as u8)
        .collect();
    imaging::Picture::grey(100, 100, pixels)
        .encode_png()
        .unwrap()
}

/// Puts a model to work that fails on films darker than 25.
async fn with_mean_grey(app: &TestApp) {
    let folder = tempfile::tempdir().unwrap();
    mean_grey(25.0).write(folder.path()).unwrap();
    let package = ai::Package::open(folder.path()).unwrap();
    let models = app.folder().join("models");
    let actor = Actor::command_line();
    let id = analysis::registry::register(&app.database, &actor, &package, &models)
        .await
        .unwrap();
    let mut tx = app.database.begin(&actor).await.unwrap();
    analysis::registry::activate_first(&mut tx, id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn send(app: &TestApp, film: Vec<u8>) -> String {
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(vec![("a.png", film)], &[("patient_id", &patient.user_id())])
        .await
        .expect(201);
    receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn report(doctor: &Client, id: &str) -> Value {
    doctor.get(&format!("/api/reports/{id}")).await.expect(200)
}

/// How often tech, one person here, was told.
async fn alarms(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM notifications WHERE type = 'model_alarm'")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_model_whose_file_is_damaged_raises_one_alarm_and_the_queue_goes_on() {
    let app = TestApp::start().await;
    app.client(Role::Tech).await;
    let doctor = app.client(Role::Doctor).await;
    let mut tx = app.database.begin(&Actor::worker()).await.unwrap();
    let model = db::models::active(&mut tx).await.unwrap().unwrap();
    drop(tx);
    let file = app
        .folder()
        .join("models")
        .join(&model.model_file_url)
        .join("model.onnx");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let mut ids = Vec::new();
    for seed in 0..3 {
        ids.push(send(&app, chest_film(seed, 90)).await);
    }
    app.run_jobs().await;
    for id in &ids {
        let detail = report(&doctor, id).await;
        assert_eq!(detail["report"]["status"], "analyzed");
        assert_eq!(detail["report"]["risk_score"], Value::Null);
        assert_eq!(detail["not_assessed"]["code"], "model_failed");
    }
    assert_eq!(alarms(&app).await, 1);
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(queue["items"].as_array().unwrap().len(), 3);

    // It stands: hours later nothing new is told.
    app.advance(Duration::hours(5));
    send(&app, chest_film(7, 90)).await;
    app.run_jobs().await;
    assert_eq!(alarms(&app).await, 1);

    // The file is put back, and the next film is looked at.
    std::fs::write(&file, &whole).unwrap();
    let id = send(&app, chest_film(8, 90)).await;
    app.run_jobs().await;
    let doctor = app.client(Role::Doctor).await;
    let code = &report(&doctor, &id).await["not_assessed"]["code"];
    assert_eq!(code, "outside_intended_use");
}

#[tokio::test]
async fn a_film_that_breaks_the_model_costs_only_itself() {
    let app = TestApp::start_with(TestOptions {
        without_model: true,
        ..TestOptions::default()
    })
    .await;
    with_mean_grey(&app).await;
    let mut tech = app.client_named(Role::Tech, "tech").await;
    let doctor = app.client(Role::Doctor).await;
    let mut ids = Vec::new();
    for seed in 0..12u8 {
        let grey = if seed % 5 == 2 { 22 } else { 100 + seed };
        ids.push((grey, send(&app, film(grey, seed)).await));
    }
    // All wait at once, so that they reach the model together.
    let stop = tokio_util::sync::CancellationToken::new();
    let working = tokio::spawn(app.worker.clone().run(stop.clone()));
    for (grey, id) in &ids {
        let detail = loop {
            let detail = report(&doctor, id).await;
            if detail["report"]["status"] == "analyzed" {
                break detail;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        if *grey == 22 {
            assert_eq!(detail["not_assessed"]["code"], "model_failed", "{detail}");
            continue;
        }
        let probability = detail["analysis"]["risk_probability"].as_f64().unwrap();
        // sigmoid(ln(x)) = x / (1 + x)
        let odds = (f64::from(*grey) - 25.0) / 40.0;
        assert!(
            (probability - odds / (1.0 + odds)).abs() < 0.01,
            "{grey} {probability}"
        );
    }
    stop.cancel();
    working.await.unwrap();
    assert_eq!(alarms(&app).await, 1);

    // The alarm is over once the model scores and has not failed for an hour.
    send(&app, film(130, 90)).await;
    send(&app, film(22, 91)).await;
    app.run_jobs().await;
    assert_eq!(alarms(&app).await, 1);
    app.advance(Duration::hours(2));
    send(&app, film(130, 93)).await;
    app.run_jobs().await;
    send(&app, film(22, 92)).await;
    app.run_jobs().await;
    assert_eq!(alarms(&app).await, 2);

    let mut tx = app.database.begin(&Actor::worker()).await.unwrap();
    let from = tx.now() - Duration::hours(24);
    let failures = db::model_failures::since(&mut tx, from).await.unwrap();
    assert_eq!(failures.films, 4);
    assert!(failures.last_reason.unwrap().contains("logit"));
    let hour_ago = tx.now() - Duration::hours(1);
    let recent = db::model_failures::since(&mut tx, hour_ago).await.unwrap();
    assert_eq!(recent.films, 1);
    tech.sign_in("tech@example.com", testkit::PASSWORD)
        .await
        .expect(200);
    let told: Value = tech.get("/api/notifications").await.expect(200)["items"][0].clone();
    assert_eq!(told["action_url"], "/models");
    assert_eq!(told["priority"], "urgent");
}
