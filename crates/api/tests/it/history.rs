//! Medical histories: who reads and writes them, and what patients propose.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

struct Scene {
    app: TestApp,
    patient: Client,
    doctor: Client,
    path: String,
}

async fn scene() -> Scene {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let doctor = app.client(Role::Doctor).await;
    let path = format!("/api/patients/{}/history", patient.user_id());
    Scene {
        app,
        patient,
        doctor,
        path,
    }
}

async fn notified(client: &Client, kind: &str) -> Vec<Value> {
    client.get("/api/notifications").await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["type"] == kind)
        .cloned()
        .collect()
}

#[tokio::test]
async fn a_history_is_seen_and_changed_by_those_who_may() {
    let Scene {
        app,
        patient,
        doctor,
        path,
    } = scene().await;
    let stranger = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let empty = patient.get(&path).await.expect(200);
    assert_eq!(
        (
            &empty["conditions"],
            &empty["lifestyle"],
            &empty["history_id"]
        ),
        (&json!([]), &json!({}), &Value::Null)
    );
    let wrong = json!({ "conditions": "asthma", "lifestyle": [] });
    let faults = doctor.patch(&path, wrong).await.expect(422);
    assert_eq!(faults["errors"].as_array().unwrap().len(), 2);
    doctor
        .patch(
            &path,
            json!({ "conditions": ["asthma"], "lifestyle": { "smoking": "never" } }),
        )
        .await
        .expect(200);
    let changed = doctor
        .patch(&path, json!({ "allergies": ["penicillin"] }))
        .await
        .expect(200);
    assert_eq!(
        (&changed["conditions"], &changed["allergies"]),
        (&json!(["asthma"]), &json!(["penicillin"]))
    );
    // Patients propose; they do not write.
    patient
        .patch(&path, json!({ "conditions": [] }))
        .await
        .expect(403);
    stranger.get(&path).await.expect(404);
    radiologist.get(&path).await.expect(404);
    radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    assert_eq!(
        radiologist.get(&path).await.expect(200)["may_decide"],
        false
    );
    radiologist
        .patch(&path, json!({ "conditions": [] }))
        .await
        .expect(403);
}

#[tokio::test]
async fn what_a_patient_proposes_counts_once_a_doctor_accepts() {
    let Scene {
        app,
        patient,
        doctor,
        path,
    } = scene().await;
    doctor
        .patch(
            &path,
            json!({ "conditions": ["asthma"], "allergies": ["dust"] }),
        )
        .await
        .expect(200);
    let stranger = app.client(Role::Patient).await;
    let proposals = format!("{path}/proposals");
    stranger
        .post(&proposals, json!({ "allergies": [] }))
        .await
        .expect(404);
    patient.post(&proposals, json!({})).await.expect(422);
    patient
        .post(&proposals, json!({ "allergies": "nuts" }))
        .await
        .expect(422);
    patient
        .post(&proposals, json!({ "allergies": ["first thought"] }))
        .await
        .expect(201);
    app.advance(Duration::minutes(1));
    let proposed = patient
        .post(
            &proposals,
            json!({ "allergies": ["dust", "nuts"], "note": "since last week" }),
        )
        .await
        .expect(201);
    // The record stays; both are to be seen.
    let seen = doctor.get(&path).await.expect(200);
    assert_eq!(seen["allergies"], json!(["dust"]));
    assert_eq!(
        seen["proposal"]["content"],
        json!({ "allergies": ["dust", "nuts"] })
    );
    assert_eq!(seen["proposal"]["note"], "since last week");
    assert_eq!(seen["may_decide"], true);
    assert_eq!(notified(&doctor, "history_proposed").await.len(), 2);

    let id = proposed["proposal"]["proposal_id"].as_str().unwrap();
    let decision = format!("{proposals}/{id}/decision");
    patient
        .post(&decision, json!({ "accept": true }))
        .await
        .expect(403);
    let decided = doctor
        .post(&decision, json!({ "accept": true, "answer": "Thank you." }))
        .await
        .expect(200);
    assert_eq!(decided["allergies"], json!(["dust", "nuts"]));
    assert_eq!(decided["conditions"], json!(["asthma"]));
    assert_eq!(decided["proposal"], Value::Null);
    let again = doctor
        .post(&decision, json!({ "accept": false, "answer": "no" }))
        .await
        .expect(409);
    assert_eq!(again["code"], "proposal_closed");
    let answer = patient.get(&path).await.expect(200);
    assert_eq!(answer["last_decision"]["answer"], "Thank you.");
    assert_eq!(answer["last_decision"]["state"], "accepted");
    assert_eq!(notified(&patient, "history_accepted").await.len(), 1);

    let tech = app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?entity_type=history").await.expect(200);
    let acts: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["action"].as_str())
        .filter(|action| *action != "read_history")
        .collect();
    assert_eq!(
        acts,
        [
            "decide_history",
            "update_history",
            "propose_history",
            // Another patient asked for this history in between.
            "refuse",
            "propose_history",
            "update_history"
        ]
    );
}

#[tokio::test]
async fn a_proposal_is_declined_with_a_word_or_taken_back() {
    let Scene {
        patient,
        doctor,
        path,
        app: _app,
    } = scene().await;
    let proposals = format!("{path}/proposals");
    let propose = async || {
        patient
            .post(&proposals, json!({ "conditions": ["flu"] }))
            .await
            .expect(201)["proposal"]["proposal_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let id = propose().await;
    let decision = format!("{proposals}/{id}/decision");
    doctor
        .post(&decision, json!({ "accept": false }))
        .await
        .expect(422);
    doctor
        .post(
            &decision,
            json!({ "accept": false, "answer": "That was a cold." }),
        )
        .await
        .expect(200);
    assert_eq!(notified(&patient, "history_declined").await.len(), 1);
    assert_eq!(
        patient.get(&path).await.expect(200)["conditions"],
        json!([])
    );
    let id = propose().await;
    patient.delete(&proposals).await.expect(204);
    patient.delete(&proposals).await.expect(404);
    let late = doctor
        .post(
            &format!("{proposals}/{id}/decision"),
            json!({ "accept": true }),
        )
        .await
        .expect(409);
    assert_eq!(late["code"], "proposal_closed");
}

#[tokio::test]
async fn the_radiologist_who_registered_the_patient_decides_and_no_other() {
    let app = TestApp::start().await;
    let registrar = app.client(Role::Radiologist).await;
    let other = app.client(Role::Radiologist).await;
    let registered = registrar
        .post(
            "/api/patients",
            json!({ "name": "Reg", "email": "reg@example.com" }),
        )
        .await
        .expect(201);
    let patient_id = registered["patient_id"].as_str().unwrap();
    let invitation = registrar
        .post(&format!("/api/patients/{patient_id}/invitation"), json!({}))
        .await
        .expect(201);
    let mut patient = app.anonymous();
    patient
        .post(
            "/api/auth/invitation/accept",
            json!({ "code": invitation["code"], "password": testkit::PASSWORD }),
        )
        .await
        .expect(201);
    patient
        .sign_in("reg@example.com", testkit::PASSWORD)
        .await
        .expect(200);
    let path = format!("/api/patients/{patient_id}/history");
    let proposed = patient
        .post(
            &format!("{path}/proposals"),
            json!({ "medications": ["vitamin D"] }),
        )
        .await
        .expect(201);
    let id = proposed["proposal"]["proposal_id"].as_str().unwrap();
    let decision = format!("{path}/proposals/{id}/decision");
    other
        .post(&decision, json!({ "accept": true }))
        .await
        .expect(404);
    assert_eq!(notified(&registrar, "history_proposed").await.len(), 1);
    let decided = registrar
        .post(&decision, json!({ "accept": true }))
        .await
        .expect(200);
    assert_eq!(decided["medications"], json!(["vitamin D"]));
}
