//! Patient records: corrections, and the way to a first password.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{TestApp, dicom_film};

#[tokio::test]
async fn somebody_who_signed_up_is_given_a_number_and_corrected() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let path = format!("/api/patients/{}", patient.user_id());
    let faults = radiologist
        .patch(
            &path,
            json!({ "name": " ", "gender": "male", "date_of_birth": "3000-01-01" }),
        )
        .await
        .expect(422);
    let fields: Vec<&str> = faults["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "date_of_birth", "gender"]);
    let corrected = radiologist
        .patch(
            &path,
            json!({ "name": "Patient Test", "identifier": "H-1", "gender": "male", "date_of_birth": "2020-02-03" }),
        )
        .await
        .expect(200);
    assert_eq!(corrected["identifier"], "H-1");
    assert_eq!(corrected["date_of_birth"], "2020-02-03");
    // From now on films find the patient by the number.
    let receipt = radiologist
        .upload(vec![("a.dcm", dicom_film(3, "H-1"))], &[])
        .await
        .expect(201);
    assert_eq!(receipt["reports"][0]["warnings"], json!([]));
    let listed = radiologist.get("/api/reports").await.expect(200);
    assert_eq!(listed["items"][0]["patient_identifier"], "H-1");
    // A typing error is corrected, not added to.
    let corrected = radiologist
        .patch(&path, json!({ "identifier": "H-2" }))
        .await
        .expect(200);
    assert_eq!(
        (&corrected["identifier"], &corrected["gender"]),
        (&json!("H-2"), &json!("male"))
    );
    let other = app.client(Role::Patient).await;
    let taken = radiologist
        .patch(
            &format!("/api/patients/{}", other.user_id()),
            json!({ "identifier": "H-2" }),
        )
        .await
        .expect(409);
    assert_eq!(taken["code"], "identifier_taken");
    // The address of somebody with a password is theirs.
    let refused = radiologist
        .patch(&path, json!({ "email": "mine@example.com" }))
        .await
        .expect(409);
    assert_eq!(refused["code"], "address_is_the_patients");
    // Staff is no patient.
    radiologist
        .patch(
            &format!("/api/patients/{}", radiologist.user_id()),
            json!({ "name": "X" }),
        )
        .await
        .expect(404);
    let tech = app.client(Role::Tech).await;
    let trail = tech
        .get("/api/audit?action=update_patient")
        .await
        .expect(200);
    assert_eq!(
        trail["items"][0]["old_values"],
        json!({ "identifier": "…" })
    );
    assert_eq!(
        trail["items"][0]["new_values"],
        json!({ "identifier": "…" })
    );
    // The trail itself has it; its page tells tech no patient's number.
    let (old, new): (Value, Value) = sqlx::query_as(
        "SELECT old_values, new_values FROM audit_logs WHERE action = 'update_patient' ORDER BY created_at DESC, log_id DESC LIMIT 1",
    )
    .fetch_one(&mut app.test_database.superuser().await)
    .await
    .unwrap();
    assert_eq!(
        (old, new),
        (
            json!({ "identifier": "H-1" }),
            json!({ "identifier": "H-2" })
        )
    );
}

#[tokio::test]
async fn an_invited_patient_chooses_a_first_password_once() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let registered = doctor
        .post("/api/patients", json!({ "name": "Inga Invited" }))
        .await
        .expect(201);
    let path = format!(
        "/api/patients/{}",
        registered["patient_id"].as_str().unwrap()
    );
    let invitation = format!("{path}/invitation");
    assert_eq!(
        doctor.post(&invitation, json!({})).await.expect(409)["code"],
        "address_missing"
    );
    doctor
        .patch(&path, json!({ "email": "inga@example.com" }))
        .await
        .expect(200);
    let first = doctor.post(&invitation, json!({})).await.expect(201);
    let second = doctor.post(&invitation, json!({})).await.expect(201);
    let visitor = app.anonymous();
    let look = async |code: &Value| {
        visitor
            .post("/api/auth/invitation", json!({ "code": code }))
            .await
    };
    look(&first["code"]).await.expect(404);
    let typed = second["code"]
        .as_str()
        .unwrap()
        .to_lowercase()
        .replace('-', " ");
    assert_eq!(
        look(&json!(typed)).await.expect(200)["name"],
        "Inga Invited"
    );
    let accept = async |password: &str| {
        visitor
            .post(
                "/api/auth/invitation/accept",
                json!({ "code": second["code"], "password": password }),
            )
            .await
    };
    accept("inga").await.expect(422);
    let signed_in = accept("four words make sense").await.expect(201);
    assert_eq!(signed_in["user"]["email"], "inga@example.com");
    accept("four other words here").await.expect(404);
    let mut inga = app.anonymous();
    inga.sign_in("inga@example.com", "four words make sense")
        .await
        .expect(200);
    assert_eq!(
        doctor.post(&invitation, json!({})).await.expect(409)["code"],
        "has_password"
    );
}

#[tokio::test]
async fn a_code_expires_and_guessing_is_slowed_down() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let registered = radiologist
        .post(
            "/api/patients",
            json!({ "name": "Late", "email": "late@example.com" }),
        )
        .await
        .expect(201);
    let path = format!(
        "/api/patients/{}/invitation",
        registered["patient_id"].as_str().unwrap()
    );
    let code = radiologist.post(&path, json!({})).await.expect(201)["code"].clone();
    let visitor = app.anonymous();
    let look = async || {
        visitor
            .post("/api/auth/invitation", json!({ "code": code }))
            .await
    };
    look().await.expect(200);
    app.advance(Duration::days(15));
    for _ in 0..5 {
        look().await.expect(404);
    }
    let slowed = look().await.expect(429);
    assert_eq!(slowed["code"], "too_many_attempts");
}
