//! Consents: given and withdrawn by patients, recorded by privacy officers, and what follows from them.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

fn path(of: &Client) -> String {
    format!("/api/patients/{}/consents", of.user_id())
}

fn training(is_given: bool) -> Value {
    json!({ "kind": "training", "is_given": is_given, "text_version": "1" })
}

#[tokio::test]
async fn a_patient_gives_and_withdraws_a_consent_and_every_row_stays() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let other = app.client(Role::Patient).await;
    let before = patient.get(&path(&patient)).await.expect(200);
    assert_eq!(before["kinds"][0]["kind"], "training");
    assert_eq!(before["current"], json!([]));
    let mut body = training(true);
    body["language"] = json!("de");
    patient.post(&path(&patient), body).await.expect(201);
    app.advance(Duration::minutes(1));
    let after = patient
        .post(&path(&patient), training(false))
        .await
        .expect(201);
    assert_eq!(after["current"].as_array().unwrap().len(), 1);
    assert_eq!(after["current"][0]["is_given"], false);
    let history = after["history"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[1]["is_given"], true);
    assert!(history[1]["wording"].as_str().unwrap().starts_with("Meine"));

    // Nobody else's, nothing that is not asked, and no text that was not shown.
    other.get(&path(&patient)).await.expect(404);
    other
        .post(&path(&patient), training(true))
        .await
        .expect(404);
    let unknown = json!({ "kind": "everything", "is_given": true, "text_version": "1" });
    let problem = patient.post(&path(&patient), unknown).await.expect(422);
    assert_eq!(problem["errors"][0]["field"], "kind");
    let old = json!({ "kind": "training", "is_given": true, "text_version": "0" });
    let problem = patient.post(&path(&patient), old).await.expect(409);
    assert_eq!(problem["code"], "consent_text_changed");
    let mut with_evidence = training(true);
    with_evidence["evidence"] = json!("a form");
    patient
        .post(&path(&patient), with_evidence)
        .await
        .expect(422);
}

#[tokio::test]
async fn an_officer_records_what_a_patient_said_with_what_shows_it() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = app.client(Role::Patient).await;
    doctor.get(&path(&patient)).await.expect(403);
    doctor
        .post(&path(&patient), training(true))
        .await
        .expect(403);
    let problem = officer
        .post(&path(&patient), training(true))
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["field"], "evidence");
    officer.get(&path(&officer)).await.expect(404);
    let mut body = training(true);
    body["evidence"] = json!("signed form of today, in the archive");
    officer.post(&path(&patient), body).await.expect(201);
    let own = patient.get(&path(&patient)).await.expect(200);
    assert_eq!(own["current"][0]["is_given"], true);
    assert_eq!(
        own["current"][0]["evidence"],
        "signed form of today, in the archive"
    );
    assert!(own["current"][0]["recorded_by_name"].is_string());
    // Rows are added, never changed: the database grants nothing else, whoever asks.
    let mut superuser = app.test_database.superuser().await;
    let changes: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.role_table_grants
         WHERE table_schema = 'portal' AND table_name = 'consents' AND grantee <> 'portal_owner'
           AND privilege_type NOT IN ('SELECT', 'INSERT')",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!(changes, 0);
}

/// Signs a film of this patient.
async fn signed(app: &TestApp, patient: &Client, seed: u32) {
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(seed, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let report = &receipt["reports"][0]["report_id"];
    doctor
        .post(
            "/api/reviews",
            json!({ "report_id": report, "doctor_risk_assessment": "low", "urgency_level": "routine" }),
        )
        .await
        .expect(201);
}

/// How many pictures leave for training; none: there is nothing to export.
async fn leaving(app: &TestApp, tech: &Client) -> usize {
    let until = app.now() + Duration::days(1);
    let answer = tech
        .post(
            "/api/models/training-set",
            json!({ "reason": "to train", "until": until }),
        )
        .await;
    if answer.status == 409 {
        return 0;
    }
    assert_eq!(answer.status, 200);
    String::from_utf8_lossy(&answer.bytes)
        .matches("images/")
        .count()
        / 2
}

#[tokio::test(flavor = "multi_thread")]
async fn films_leave_for_training_only_of_patients_who_consent_and_no_longer_once_they_withdraw() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let willing = app.client(Role::Patient).await;
    let silent = app.client(Role::Patient).await;
    signed(&app, &willing, 1).await;
    signed(&app, &silent, 2).await;
    assert_eq!(leaving(&app, &tech).await, 0);
    willing
        .post(&path(&willing), training(true))
        .await
        .expect(201);
    assert_eq!(leaving(&app, &tech).await, 1);
    app.advance(Duration::seconds(1));
    willing
        .post(&path(&willing), training(false))
        .await
        .expect(201);
    assert_eq!(leaving(&app, &tech).await, 0);

    // A hospital that needs no consent still leaves out whoever withdrew.
    let settings = tech.get("/api/settings").await.expect(200);
    let mut policy = settings["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["setting_key"] == "privacy.consents")
        .unwrap()["setting_value"]
        .clone();
    policy["training_needs_consent"] = json!(false);
    tech.put(
        "/api/settings/privacy.consents",
        json!({ "setting_value": policy }),
    )
    .await
    .expect(200);
    assert_eq!(leaving(&app, &tech).await, 1);
    silent
        .post(&path(&silent), training(false))
        .await
        .expect(201);
    assert_eq!(leaving(&app, &tech).await, 0);
}
