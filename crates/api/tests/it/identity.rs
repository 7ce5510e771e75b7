//! Films whose header disagrees with the record: seen everywhere, and confirmed before a signature.

use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, dicom_film};

/// A film of "Test^Patient" sent for somebody of another name.
async fn disagreeing(app: &TestApp) -> (Client, String) {
    let radiologist = app.client(Role::Radiologist).await;
    let patient = radiologist
        .post(
            "/api/patients",
            json!({ "name": "Other Name", "identifier": "ID-7" }),
        )
        .await
        .expect(201);
    let receipt = radiologist
        .upload(
            vec![("a.dcm", dicom_film(1, "ID-7"))],
            &[("patient_id", patient["patient_id"].as_str().unwrap())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    (radiologist, report.to_owned())
}

fn review(report_id: &str) -> Value {
    json!({ "report_id": report_id, "doctor_risk_assessment": "low", "urgency_level": "routine" })
}

async fn second_doctor(app: &TestApp, detail: &str) -> Value {
    app.client(Role::Doctor).await.get(detail).await.expect(200)
}

#[tokio::test]
async fn no_review_is_signed_before_the_identity_is_confirmed() {
    let app = TestApp::start().await;
    let (radiologist, report_id) = disagreeing(&app).await;
    let doctor = app.client(Role::Doctor).await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(queue["items"][0]["identity_disagreement"], json!(["name"]));
    assert_eq!(queue["items"][0]["identity_confirmed"], false);
    assert_eq!(queue["items"][0]["patient_identifier"], "ID-7");
    let detail = format!("/api/reports/{report_id}");
    let seen = doctor.get(&detail).await.expect(200);
    assert_eq!(seen["identity"]["record"]["name"], "Other Name");
    assert_eq!(seen["identity"]["confirmation_needed"], true);
    assert_eq!(
        radiologist.get(&detail).await.expect(200)["identity"]["disagreement"],
        json!(["name"])
    );

    let refused = doctor
        .post("/api/reviews", review(&report_id))
        .await
        .expect(409);
    assert_eq!(refused["code"], "identity_unconfirmed");

    let path = format!("/api/reviews/queue/{report_id}/identity");
    let confirmed = doctor
        .post(&path, json!({ "note": "asked the ward" }))
        .await
        .expect(201);
    assert_eq!(confirmed["confirmation_needed"], false);
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(queue["items"][0]["identity_confirmed"], true);
    // The note is for whoever reads the case: its sender sees it with the signed review.
    let note = |seen: &Value| seen["identity"]["confirmations"][0]["note"].clone();
    assert_eq!(note(&second_doctor(&app, &detail).await), "asked the ward");
    let sent = radiologist.get(&detail).await.expect(200);
    assert_eq!(note(&sent), Value::Null);
    assert!(sent["identity"]["confirmations"][0]["doctor_name"].is_string());
    // Whoever signs has to have made sure in person.
    let second = app.client(Role::Doctor).await;
    assert_eq!(
        second
            .post("/api/reviews", review(&report_id))
            .await
            .expect(409)["code"],
        "identity_unconfirmed"
    );
    doctor
        .post("/api/reviews", review(&report_id))
        .await
        .expect(201);
    assert_eq!(
        note(&radiologist.get(&detail).await.expect(200)),
        "asked the ward"
    );
    let tech = app.client(Role::Tech).await;
    let trail = tech
        .get("/api/audit?action=confirm_identity")
        .await
        .expect(200);
    assert_eq!(trail["items"][0]["new_values"]["note"], "asked the ward");
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_later_film_with_another_identity_asks_anew() {
    let app = TestApp::start().await;
    let (radiologist, report_id) = disagreeing(&app).await;
    let doctor = app.client(Role::Doctor).await;
    let path = format!("/api/reviews/queue/{report_id}/identity");
    doctor.post(&path, json!({})).await.expect(201);
    app.advance(chrono::Duration::minutes(1));
    // Another image of the same study.
    let mut film = dicom_film(1, "ID-7");
    let last = film.len() - 1;
    film[last] ^= 1;
    let receipt = radiologist
        .upload(vec![("b.dcm", film)], &[])
        .await
        .expect(201);
    assert_eq!(receipt["reports"][0]["report_id"], report_id.as_str());
    app.run_jobs().await;
    assert_eq!(
        doctor
            .post("/api/reviews", review(&report_id))
            .await
            .expect(409)["code"],
        "identity_unconfirmed"
    );
    doctor.post(&path, json!({})).await.expect(201);
    doctor
        .post("/api/reviews", review(&report_id))
        .await
        .expect(201);
}

#[tokio::test]
async fn where_film_and_record_agree_there_is_nothing_to_confirm() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    radiologist
        .post(
            "/api/patients",
            json!({ "name": "Patient Test", "identifier": "ID-8" }),
        )
        .await
        .expect(201);
    let receipt = radiologist
        .upload(vec![("a.dcm", dicom_film(2, "ID-8"))], &[])
        .await
        .expect(201);
    app.run_jobs().await;
    let report_id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let doctor = app.client(Role::Doctor).await;
    let refused = doctor
        .post(
            &format!("/api/reviews/queue/{report_id}/identity"),
            json!({}),
        )
        .await
        .expect(409);
    assert_eq!(refused["code"], "identity_agrees");
    doctor
        .post("/api/reviews", review(report_id))
        .await
        .expect(201);
}
