//! Models, settings, jobs, notifications.

use std::sync::Arc;

use domain::Role;
use serde_json::{Value, json};
use testkit::{TestApp, chest_film};

#[tokio::test]
async fn the_bundled_model_is_registered_and_at_work() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let models = tech.get("/api/models").await.expect(200);
    let model = &models["items"][0];
    assert_eq!(
        (&model["model_name"], &model["is_active"]),
        (&json!("chest-paediatric"), &json!(true))
    );
    assert!(model["baseline_accuracy"].as_f64().unwrap() > 0.9);
    assert!(
        !model.to_string().contains(app.folder().to_str().unwrap()),
        "no path of the machine is told"
    );
    let metrics = format!(
        "/api/models/{}/metrics",
        model["model_id"].as_str().unwrap()
    );
    assert_eq!(tech.get(&metrics).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn settings_are_checked_stored_in_force_and_audited() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let settings = tech.get("/api/settings").await.expect(200);
    assert_eq!(
        settings["items"].as_array().unwrap().len(),
        domain::settings::ALL.len()
    );
    let path = "/api/settings/queue.maximum_wait_minutes";
    for wrong in [
        json!(1),
        json!({ "high": 1 }),
        json!({ "high": 0, "unscored": 1, "medium": 1, "low": 1 }),
    ] {
        let body = tech
            .put(path, json!({ "setting_value": wrong }))
            .await
            .expect(422);
        assert_eq!(body["errors"][0]["field"], "setting_value");
    }
    let value = json!({ "high": 1, "unscored": 2, "medium": 3, "low": 4 });
    tech.put(path, json!({ "setting_value": value }))
        .await
        .expect(200);
    tech.put("/api/settings/no.such", json!({ "setting_value": 1 }))
        .await
        .expect(404);
    let wait: String = sqlx::query_scalar("SELECT portal.maximum_wait(4)::text")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    assert_eq!(wait, "00:04:00");
    let trail = tech
        .get("/api/audit?action=update_setting")
        .await
        .expect(200);
    assert_eq!(trail["items"][0]["new_values"]["setting_value"], value);
}

/// A film that makes the worker fail again and again ends in front of a doctor, and tech is told.
#[tokio::test]
async fn a_poisonous_job_dies_and_its_case_goes_to_a_doctor() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor, tech) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
        app.client(Role::Tech).await,
    );
    let film = chest_film(1, 80);
    let digest = blobs::Digest::of(&film);
    let receipt = radiologist
        .upload(
            vec![("a.png", film.clone())],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    std::fs::remove_file(app.blobs.path(digest)).unwrap();
    for _ in 0..10 {
        app.run_jobs().await;
        app.advance(chrono::Duration::minutes(5));
    }
    let dead = tech.get("/api/jobs?state=dead").await.expect(200);
    assert_eq!(dead["items"].as_array().unwrap().len(), 1);
    let item = doctor.get("/api/reviews/queue").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&item["report_id"], &item["risk_score"]),
        (&receipt["reports"][0]["report_id"], &Value::Null)
    );
    assert_eq!(
        tech.get("/api/notifications").await.expect(200)["items"][0]["type"],
        "job_dead"
    );

    assert_eq!(app.blobs.put(&film).unwrap(), digest);
    let retry = format!(
        "/api/jobs/{}/retry",
        dead["items"][0]["job_id"].as_str().unwrap()
    );
    tech.post(&retry, json!({})).await.expect(204);
    tech.post(&retry, json!({})).await.expect(404);
    app.run_jobs().await;
    assert_eq!(
        tech.get("/api/jobs?state=dead").await.expect(200)["items"],
        json!([])
    );
    tech.get("/api/jobs?state=lost").await.expect(422);
}

/// A worker killed in the middle: its lease runs out, another one does the work, once.
#[tokio::test]
async fn a_worker_that_is_lost_loses_nothing_and_nothing_is_analysed_twice() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    // The lost worker: it has taken the job and is never heard of again.
    let mut tx = app.database.begin(&db::Actor::worker()).await.unwrap();
    let lost = db::jobs::lease(&mut tx, &["analyze_report".to_owned()], "lost", 30)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.run_jobs().await, 0);
    app.advance(chrono::Duration::seconds(31));
    app.run_chores().await;
    app.advance(chrono::Duration::seconds(5));
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(
        doctor.get(&format!("/api/reports/{id}")).await.expect(200)["report"]["status"],
        "analyzed"
    );
    // It comes back from the dead and tries to write.
    let models = Arc::new(analysis::ModelCache::new(
        ai::EnginePreference::BuiltIn,
        app.folder().join("models"),
    ));
    let job = analysis::AnalysisJob::new(
        app.database.clone(),
        app.blobs.clone(),
        models,
        decoding::Decoders::in_threads(),
        "lost",
        1,
    );
    jobs::Handler::run(&job, &lost).await.unwrap();
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM portal.inference_records")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    assert_eq!(records, 1, "the lost worker wrote something");
}

#[tokio::test]
async fn notifications_are_marked_as_read_by_their_owner_only() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    let sign = json!({ "report_id": receipt["reports"][0]["report_id"], "doctor_risk_assessment": "low", "urgency_level": "critical" });
    doctor.post("/api/reviews", sign).await.expect(201);
    let mine = radiologist
        .get("/api/notifications?unread=true")
        .await
        .expect(200);
    assert_eq!(mine["items"][0]["priority"], "urgent");
    let path = format!(
        "/api/notifications/{}/read",
        mine["items"][0]["notification_id"].as_str().unwrap()
    );
    patient.patch(&path, json!({})).await.expect(404);
    assert_eq!(
        radiologist.patch(&path, json!({})).await.expect(200)["is_read"],
        true
    );
    assert_eq!(
        radiologist
            .get("/api/notifications?unread=true")
            .await
            .expect(200)["items"],
        json!([])
    );
    assert_eq!(
        radiologist.get("/api/auth/me").await.expect(200)["unread_notifications"],
        0
    );
}

/// A film that the model's own gate declines was shown to the model all the same: the record says to
/// which one, and what it saw.
#[tokio::test]
async fn the_record_of_a_declined_film_names_the_model_and_its_input() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    radiologist
        .upload(
            vec![("film.png", chest_film(3, 128))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let (outcome, model, input, engine): (String, String, String, String) = sqlx::query_as(
        "SELECT output ->> 'outcome', model_sha256, input_sha256, engine FROM portal.inference_records",
    )
    .fetch_one(&mut app.test_database.superuser().await)
    .await
    .unwrap();
    assert_eq!(outcome, "not_assessed");
    assert_eq!((model.len(), input.len()), (64, 64));
    assert!(!engine.is_empty());
}
