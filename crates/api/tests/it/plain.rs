//! A result in plain words: for the patient, after release, led by the doctor's verdict, as worded in
//! the settings.

use domain::Role;
use serde_json::{Value, json};
use testkit::{TestApp, chest_film};

#[tokio::test]
async fn patients_read_the_signed_verdict_in_plain_words_once_it_is_released() {
    let app = TestApp::start().await;
    let mut patient = app.client_named(Role::Patient, "patient").await;
    let tech = app.client(Role::Tech).await;
    let doctor = app.client_named(Role::Doctor, "weber").await;
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let path = format!("/api/reports/{id}");
    app.run_jobs().await;
    patient.get(&path).await.expect(404);
    tech.put(
        "/api/settings/release.policy",
        json!({ "setting_value": { "delay_hours": 1, "reason": "the doctor calls first" } }),
    )
    .await
    .expect(200);
    let sign = json!({ "report_id": id, "doctor_risk_assessment": "medium", "urgency_level": "follow_up",
        "clinical_findings": "Patchy.", "follow_up_required": true, "follow_up_date": "2027-01-15" });
    doctor.post("/api/reviews", sign).await.expect(201);
    // Signed, but not released yet.
    patient.get(&path).await.expect(404);
    app.advance(chrono::Duration::minutes(59));
    app.run_chores().await;
    patient.get(&path).await.expect(404);
    app.advance(chrono::Duration::minutes(1));
    app.run_chores().await;
    patient
        .sign_in("patient@example.com", testkit::PASSWORD)
        .await
        .expect(200);
    let told = patient.get(&path).await.expect(200)["plain_language"].clone();
    assert_eq!(
        told["en"]["verdict"],
        json!([
            "weber has read your X-ray.",
            "The doctor saw something that needs a closer look.",
            "The doctor wants to look again later.",
            "You should be seen again on 15 January 2027."
        ])
    );
    assert_eq!(
        told["de"]["verdict"][3],
        "Am 15. Januar 2027 soll man Sie noch einmal sehen."
    );
    // The test film is refused by the gate; that stands apart and after the verdict.
    assert_eq!(
        told["en"]["program"][1],
        "The program could not judge this film. It is not made for this kind of film."
    );
    let doctor = app.client(Role::Doctor).await;
    let detail = doctor.get(&path).await.expect(200);
    assert_eq!(detail["plain_language"], Value::Null);
}

#[tokio::test]
async fn the_patients_words_are_a_setting_held_to_their_level() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let path = "/api/settings/patient.wording";
    let stored = tech.get("/api/settings").await.expect(200);
    let setting = stored["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["setting_key"] == "patient.wording")
        .unwrap()
        .clone();
    let mut value = setting["setting_value"].clone();
    value["en"]["risk"]["low"] = json!("All is well.");
    tech.put(path, json!({ "setting_value": value }))
        .await
        .expect(200);
    value["en"]["risk"]["low"] =
        json!("Radiographic evaluation demonstrates no significant parenchymal abnormality.");
    let refused = tech
        .put(path, json!({ "setting_value": value }))
        .await
        .expect(422);
    assert!(
        refused.to_string().contains("patients get at most 6"),
        "{refused}"
    );
    value["en"]["risk"]["low"] = json!("All is well.");
    value["en"]["read"] = json!("Somebody has read your X-ray.");
    let refused = tech
        .put(path, json!({ "setting_value": value }))
        .await
        .expect(422);
    assert!(refused.to_string().contains("{doctor}"), "{refused}");
}
