//! Requests for correction: who asks, who decides, who hears of it, and where a patient disagrees.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

use crate::common::told;

async fn ask(client: &Client, body: Value) -> String {
    let made = client.post("/api/corrections", body).await.expect(201);
    made["correction_id"].as_str().unwrap().to_owned()
}

async fn decide(client: &Client, id: &str, accept: bool) -> testkit::Answer {
    client
        .post(
            &format!("/api/corrections/{id}/decision"),
            json!({ "accept": accept, "answer": "as in the passport" }),
        )
        .await
}

async fn seen(client: &Client, query: &str) -> Vec<Value> {
    let list = client
        .get(&format!("/api/corrections?{query}"))
        .await
        .expect(200);
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_patient_asks_an_officer_decides_and_the_patient_hears_of_it() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = app.client(Role::Patient).await;
    let other = app.client(Role::Patient).await;
    let id = ask(
        &patient,
        json!({ "subject": "name", "words": "It is Müller, not Miller." }),
    )
    .await;
    assert_eq!(told(&officer, "correction_requested").await, 1);
    assert_eq!(seen(&patient, "").await.len(), 1);
    assert_eq!(seen(&other, "").await.len(), 0);
    // It is no clinical one: doctors who are no officers neither see nor decide it.
    assert_eq!(seen(&doctor, "").await.len(), 0);
    decide(&doctor, &id, true).await.expect(404);
    decide(&patient, &id, true).await.expect(403);
    other
        .delete(&format!("/api/corrections/{id}"))
        .await
        .expect(404);

    let listed = seen(&officer, "open=true").await;
    assert_eq!(listed[0]["words"], "It is Müller, not Miller.");
    let due = chrono::DateTime::parse_from_rfc3339(listed[0]["due_at"].as_str().unwrap()).unwrap();
    assert_eq!(due, app.now() + Duration::days(30));
    let problem = officer
        .post(
            &format!("/api/corrections/{id}/decision"),
            json!({ "accept": false, "answer": " " }),
        )
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["field"], "answer");
    let decided = decide(&officer, &id, true).await.expect(200);
    assert_eq!(decided["state"], "accepted");
    assert_eq!(told(&patient, "correction_accepted").await, 1);
    // Once.
    let again = decide(&officer, &id, false).await.expect(409);
    assert_eq!(again["code"], "correction_closed");
    let late = patient
        .delete(&format!("/api/corrections/{id}"))
        .await
        .expect(409);
    assert_eq!(late["code"], "correction_closed");
    let refused = patient
        .post(
            &format!("/api/corrections/{id}/disagreement"),
            json!({ "statement": "but" }),
        )
        .await
        .expect(409);
    assert_eq!(refused["code"], "not_refused");
}

#[tokio::test]
async fn where_a_patient_disagrees_stands_with_the_record_for_everybody_who_reads_it() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let officer = app.client(Role::Doctor).await;
    tech.put(
        "/api/settings/privacy.officers",
        json!({ "setting_value": [officer.user_id()] }),
    )
    .await
    .expect(200);
    let doctor = app.client(Role::Doctor).await;
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let stranger = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    let body = json!({ "subject": "report_assignment", "words": "This film is not mine.", "report_id": report });
    // Not released yet, so there is no such report for the patient.
    patient
        .post("/api/corrections", body.clone())
        .await
        .expect(404);
    let clinical = ask(
        &patient,
        json!({ "subject": "report_text", "words": "It was the left side." }),
    )
    .await;
    let personal = ask(
        &patient,
        json!({ "subject": "date_of_birth", "words": "1971, not 1917." }),
    )
    .await;
    assert_eq!(told(&doctor, "correction_requested").await, 1);
    assert_eq!(told(&officer, "correction_requested").await, 2);
    assert_eq!(seen(&radiologist, "").await.len(), 0);

    // A doctor decides on what is clinical.
    let declined = decide(&doctor, &clinical, false).await.expect(200);
    assert_eq!(declined["state"], "declined");
    decide(&officer, &personal, false).await.expect(200);
    for id in [&clinical, &personal] {
        let path = format!("/api/corrections/{id}/disagreement");
        let body = json!({ "statement": "I was there." });
        doctor.post(&path, body.clone()).await.expect(403);
        let attached = patient.post(&path, body.clone()).await.expect(200);
        assert_eq!(attached["disagreement"], "I was there.");
        // It stays as it is.
        patient.post(&path, body).await.expect(409);
    }
    let query = format!("disagreed=true&patient_id={}", patient.user_id());
    for reader in [&doctor, &officer, &radiologist] {
        assert_eq!(seen(reader, &query).await.len(), 2);
    }
    assert_eq!(seen(&stranger, &query).await.len(), 0);
    assert_eq!(seen(&tech, &query).await.len(), 0);
    let access = stranger
        .post(
            "/api/emergency-accesses",
            json!({ "patient_id": patient.user_id(), "reason": "unconscious in the emergency room" }),
        )
        .await
        .expect(201);
    let record = stranger
        .get(&format!(
            "/api/emergency-accesses/{}/record",
            access["access_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(record["disagreements"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn staff_asks_on_a_patients_behalf_and_only_who_may() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let doctor = app.client(Role::Doctor).await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = app.client(Role::Patient).await;
    let other = app.client(Role::Patient).await;
    let body = |whose: &Client| json!({ "patient_id": whose.user_id(), "subject": "contact", "words": "moved" });
    radiologist
        .post("/api/corrections", body(&patient))
        .await
        .expect(403);
    other
        .post("/api/corrections", body(&patient))
        .await
        .expect(404);
    for asks in [&officer, &doctor] {
        asks.post("/api/corrections", body(&officer))
            .await
            .expect(404);
        let without = json!({ "subject": "contact", "words": "moved" });
        let problem = asks.post("/api/corrections", without).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], "patient_id");
        ask(asks, body(&patient)).await;
    }
    let own = seen(&patient, "").await;
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|row| row["requested_by_name"].is_string()));
    // What waits can be taken back by whose record it is; and not more than a desk can look at waits.
    let id = own[0]["correction_id"].as_str().unwrap();
    patient
        .delete(&format!("/api/corrections/{id}"))
        .await
        .expect(204);
    for _ in 0..19 {
        ask(&patient, json!({ "subject": "other", "words": "more" })).await;
    }
    let full = patient
        .post(
            "/api/corrections",
            json!({ "subject": "other", "words": "more" }),
        )
        .await
        .expect(409);
    assert_eq!(full["code"], "too_many_open");
}

#[tokio::test]
async fn officers_are_reminded_every_day_in_the_last_week_until_it_is_decided() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let patient = app.client(Role::Patient).await;
    let id = ask(
        &patient,
        json!({ "subject": "name", "words": "It is Ada." }),
    )
    .await;
    app.advance(Duration::days(22));
    app.maintenance.hourly().await.unwrap();
    assert_eq!(told_directly(&app, &officer).await, 0);
    app.advance(Duration::days(1));
    app.maintenance.hourly().await.unwrap();
    app.maintenance.hourly().await.unwrap();
    assert_eq!(told_directly(&app, &officer).await, 1);
    app.advance(Duration::hours(25));
    app.maintenance.hourly().await.unwrap();
    assert_eq!(told_directly(&app, &officer).await, 2);
    let mut superuser = app.test_database.superuser().await;
    sqlx::query("UPDATE portal.correction_requests SET state = 'withdrawn', decided_at = now() WHERE correction_id = $1::uuid")
        .bind(&id)
        .execute(&mut superuser)
        .await
        .unwrap();
    app.advance(Duration::hours(25));
    app.maintenance.hourly().await.unwrap();
    assert_eq!(told_directly(&app, &officer).await, 2);
}

/// Sessions are over by now, so the table is asked.
async fn told_directly(app: &TestApp, officer: &Client) -> i64 {
    let mut superuser = app.test_database.superuser().await;
    sqlx::query_scalar(
        "SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'correction_due'",
    )
    .bind(officer.user_id())
    .fetch_one(&mut superuser)
    .await
    .unwrap()
}
