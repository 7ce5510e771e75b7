//! Records opened in an emergency: by whom, for how long, who hears of it, who reviews it.

use chrono::Duration;
use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

use crate::common::{film, told};

const REASON: &str = "unconscious in the emergency room, allergies unknown";

async fn open(client: &Client, patient: &str) -> Value {
    client
        .post(
            "/api/emergency-accesses",
            json!({ "patient_id": patient, "reason": REASON }),
        )
        .await
        .expect(201)
}

#[tokio::test]
async fn tech_opens_one_record_for_an_hour_and_everybody_concerned_hears_of_it() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let officer = app.client(Role::Tech).await;
    let patient = app.client(Role::Patient).await;
    let other = app.client(Role::Patient).await;
    let (report, image) = film(&app, &patient.user_id(), 1).await;
    let (others_report, others_image) = film(&app, &other.user_id(), 2).await;
    tech.get(&format!("/api/reports/{report}"))
        .await
        .expect(403);

    let access = open(&tech, &patient.user_id()).await;
    let path = format!(
        "/api/emergency-accesses/{}",
        access["access_id"].as_str().unwrap()
    );
    let record = tech.get(&format!("{path}/record")).await.expect(200);
    assert_eq!(record["patient"]["patient_id"], patient.user_id());
    assert_eq!(record["reports"][0]["report_id"], report.as_str());
    tech.get(&format!("{path}/reports/{report}"))
        .await
        .expect(200);
    let picture = tech
        .get(&format!("{path}/reports/{report}/images/{image}"))
        .await;
    picture.expect(200);
    assert_eq!(picture.headers["content-type"], "image/png");
    // That patient and no other; by who opened it and nobody else.
    tech.get(&format!("{path}/reports/{others_report}"))
        .await
        .expect(404);
    tech.get(&format!(
        "{path}/reports/{others_report}/images/{others_image}"
    ))
    .await
    .expect(404);
    officer.get(&format!("{path}/record")).await.expect(404);
    tech.get(&format!("/api/reports/{report}"))
        .await
        .expect(403);

    // At once: the patient by a notification and in the list of who looked, the officers by a notification.
    assert_eq!(told(&patient, "emergency_access").await, 1);
    assert_eq!(told(&officer, "emergency_access").await, 1);
    assert_eq!(told(&tech, "emergency_access").await, 0);
    let looked = patient
        .get(&format!("/api/patients/{}/accesses", patient.user_id()))
        .await
        .expect(200);
    let acts: Vec<&str> = looked["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    for act in [
        "open_emergency_access",
        "read_emergency_record",
        "read_report",
        "read_image",
    ] {
        assert!(acts.contains(&act), "{act}: {acts:?}");
    }
    // Every read names the access.
    let trail = officer
        .get(&format!("/api/audit?user_id={}&limit=200", tech.user_id()))
        .await
        .expect(200);
    for act in [
        "open_emergency_access",
        "read_emergency_record",
        "read_report",
        "read_image",
    ] {
        let row = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["action"] == act)
            .unwrap()
            .clone();
        assert_eq!(row["new_values"]["access_id"], access["access_id"], "{act}");
    }
    // It ends by itself.
    app.advance(Duration::minutes(59));
    tech.get(&format!("{path}/record")).await.expect(200);
    app.advance(Duration::minutes(2));
    tech.get(&format!("{path}/record")).await.expect(404);
    tech.get(&format!("{path}/reports/{report}/images/{image}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn an_access_ends_by_hand_and_is_reviewed_by_another_officer_once() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (tech, officer) = (app.client(Role::Tech).await, app.client(Role::Tech).await);
    let doctor = app.client(Role::Doctor).await;
    let access = open(&tech, &patient.user_id()).await;
    let path = format!(
        "/api/emergency-accesses/{}",
        access["access_id"].as_str().unwrap()
    );
    let review =
        json!({ "outcome": "not_justified", "note": "no emergency was known on the ward" });
    let refused = officer
        .post(&format!("{path}/review"), review.clone())
        .await
        .expect(409);
    assert_eq!(refused["code"], "still_running");
    tech.post(&format!("{path}/end"), json!({}))
        .await
        .expect(200);
    tech.get(&format!("{path}/record")).await.expect(404);
    tech.post(&format!("{path}/end"), json!({}))
        .await
        .expect(404);
    let refused = tech
        .post(&format!("{path}/review"), review.clone())
        .await
        .expect(409);
    assert_eq!(refused["code"], "second_person");
    // A doctor is no officer until the setting says so; then all of tech is none any more.
    doctor
        .post(&format!("{path}/review"), review.clone())
        .await
        .expect(404);
    tech.put(
        "/api/settings/privacy.officers",
        json!({ "setting_value": [doctor.user_id()] }),
    )
    .await
    .expect(200);
    officer
        .post(&format!("{path}/review"), review.clone())
        .await
        .expect(404);
    let waiting = doctor
        .get("/api/emergency-accesses?to_review=true")
        .await
        .expect(200);
    assert_eq!(waiting["is_privacy_officer"], true);
    assert_eq!(waiting["items"][0]["reason"], REASON);
    let empty = doctor
        .post(
            &format!("{path}/review"),
            json!({ "outcome": "justified", "note": " " }),
        )
        .await
        .expect(422);
    assert_eq!(empty["errors"][0]["field"], "note");
    let reviewed = doctor
        .post(&format!("{path}/review"), review.clone())
        .await
        .expect(200);
    assert_eq!(reviewed["outcome"], "not_justified");
    assert_eq!(reviewed["reviewed_by"], doctor.user_id());
    let again = doctor
        .post(&format!("{path}/review"), review)
        .await
        .expect(409);
    assert_eq!(again["code"], "already_reviewed");
    let waiting = doctor
        .get("/api/emergency-accesses?to_review=true")
        .await
        .expect(200);
    assert_eq!(waiting["items"], json!([]));
}

#[tokio::test]
async fn officers_are_reminded_every_day_until_it_is_reviewed() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (tech, officer) = (app.client(Role::Tech).await, app.client(Role::Tech).await);
    let access = open(&tech, &patient.user_id()).await;
    app.maintenance.hourly().await.unwrap();
    assert_eq!(told(&officer, "emergency_review").await, 0, "it still runs");
    app.advance(Duration::minutes(61));
    for _ in 0..2 {
        app.maintenance.hourly().await.unwrap();
    }
    let mut officer = officer;
    let email = officer.user["email"].as_str().unwrap().to_owned();
    officer.sign_in(&email, testkit::PASSWORD).await.expect(200);
    assert_eq!(told(&officer, "emergency_review").await, 1);
    app.advance(Duration::hours(25));
    app.maintenance.hourly().await.unwrap();
    officer.sign_in(&email, testkit::PASSWORD).await.expect(200);
    assert_eq!(told(&officer, "emergency_review").await, 2);
    let path = format!(
        "/api/emergency-accesses/{}/review",
        access["access_id"].as_str().unwrap()
    );
    officer
        .post(
            &path,
            json!({ "outcome": "justified", "note": "was unconscious" }),
        )
        .await
        .expect(200);
    app.advance(Duration::hours(25));
    app.maintenance.hourly().await.unwrap();
    officer.sign_in(&email, testkit::PASSWORD).await.expect(200);
    assert_eq!(told(&officer, "emergency_review").await, 2);
}

#[tokio::test]
async fn an_emergency_needs_a_reason_a_patient_a_fresh_proof_and_a_role_that_may() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let tech = app.client(Role::Tech).await;
    let radiologist = app.client(Role::Radiologist).await;
    let send =
        async |client: &Client, body: Value| client.post("/api/emergency-accesses", body).await;
    let short = send(
        &tech,
        json!({ "patient_id": patient.user_id(), "reason": "because" }),
    )
    .await
    .expect(422);
    assert_eq!(short["errors"][0]["field"], "reason");
    for body in [
        json!({ "reason": REASON }),
        json!({ "patient_id": patient.user_id(), "email": "a@example.com", "reason": REASON }),
    ] {
        let refused = send(&tech, body).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "incomplete");
    }
    for unknown in [
        json!({ "email": "nobody@example.com" }),
        json!({ "identifier": "0" }),
        json!({ "patient_id": tech.user_id() }),
    ] {
        let mut body = unknown;
        body["reason"] = json!(REASON);
        send(&tech, body).await.expect(404);
    }
    let by_address = json!({ "email": patient.user["email"], "reason": REASON });
    send(&radiologist, by_address).await.expect(201);
    tech.put(
        "/api/settings/emergency.access",
        json!({ "setting_value": { "roles": ["radiologist"] } }),
    )
    .await
    .expect(200);
    let body = json!({ "patient_id": patient.user_id(), "reason": REASON });
    send(&tech, body.clone()).await.expect(403);
    let too_long = json!({ "setting_value": { "minutes": 241 } });
    tech.put("/api/settings/emergency.access", too_long)
        .await
        .expect(422);
    app.advance(Duration::minutes(11));
    let stale = send(&radiologist, body).await.expect(403);
    assert_eq!(stale["code"], "step_up_required");
    let count = radiologist
        .send(radiologist.request(Method::GET, "/api/emergency-accesses"))
        .await
        .expect(200);
    assert_eq!(count["items"].as_array().unwrap().len(), 1);
}
