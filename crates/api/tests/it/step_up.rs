//! Acts that want a fresh proof of who holds the session.

use chrono::Duration;
use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Client, PASSWORD, TestApp, chest_film};

use crate::second_factor::set_up;

/// A case that can be signed.
async fn a_case(app: &TestApp, film: u32) -> Value {
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(
            vec![("film.png", chest_film(film, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    receipt["reports"][0]["report_id"].clone()
}

fn review(report_id: &Value) -> Value {
    json!({ "report_id": report_id, "doctor_risk_assessment": "low", "urgency_level": "routine" })
}

async fn prove(client: &Client) {
    client
        .post("/api/auth/step-up", json!({ "password": PASSWORD }))
        .await
        .expect(204);
}

/// Every act of tech and doctor that wants a proof, and what it answers when it is allowed.
fn acts(model: &str, other: &str) -> Vec<(Role, Method, String, Value, u16)> {
    let reason = json!({ "reason": "to see" });
    let decision = json!({ "decision": "approved", "reason": "fine" });
    let nobody = "00000000-0000-0000-0000-00000000dead";
    vec![
        (
            Role::Tech,
            Method::POST,
            format!("/api/models/{model}/promotion"),
            reason.clone(),
            409,
        ),
        (
            Role::Doctor,
            Method::POST,
            format!("/api/models/promotions/{nobody}/decision"),
            decision,
            404,
        ),
        (
            Role::Tech,
            Method::POST,
            "/api/models/rollback".to_owned(),
            reason.clone(),
            409,
        ),
        (
            Role::Tech,
            Method::POST,
            "/api/models/training-set".to_owned(),
            reason,
            409,
        ),
        (
            Role::Tech,
            Method::PATCH,
            format!("/api/users/{other}"),
            json!({ "role": "doctor" }),
            200,
        ),
        (
            Role::Tech,
            Method::PATCH,
            format!("/api/users/{other}"),
            json!({ "password": "a quiet garden" }),
            200,
        ),
        (
            Role::Tech,
            Method::PATCH,
            format!("/api/users/{other}"),
            json!({ "is_active": false }),
            200,
        ),
        (
            Role::Doctor,
            Method::POST,
            "/api/auth/second-factor/totp".to_owned(),
            json!({}),
            200,
        ),
    ]
}

#[tokio::test]
async fn a_sign_in_is_a_proof_for_a_while_and_then_one_is_asked_for() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let other = app
        .create_account("other@example.com", Role::Radiologist, "Other")
        .await
        .to_string();
    let models = tech.get("/api/models").await.expect(200);
    let model = models["items"][0]["model_id"].as_str().unwrap().to_owned();
    let send = async |(role, method, path, body, _): &(Role, Method, String, Value, u16)| {
        let client = if *role == Role::Tech { &tech } else { &doctor };
        client
            .send(client.request(method.clone(), path).json(body))
            .await
    };
    app.advance(Duration::minutes(11));
    for act in acts(&model, &other) {
        let answer = send(&act).await;
        assert_eq!(answer.expect(403)["code"], "step_up_required", "{act:?}");
    }
    // What needs none goes on.
    tech.patch(&format!("/api/users/{other}"), json!({ "name": "Renamed" }))
        .await
        .expect(200);
    prove(&tech).await;
    prove(&doctor).await;
    for act in acts(&model, &other) {
        send(&act).await.expect(act.4);
    }
    app.advance(Duration::minutes(11));
    let act = acts(&model, &other).swap_remove(3);
    send(&act).await.expect(403);
}

#[tokio::test]
async fn a_doctor_signs_for_a_shift_or_proves_each_time_as_the_setting_says() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (first, second) = (a_case(&app, 1).await, a_case(&app, 2).await);
    // Of use all the while, so that the session does not end for want of it.
    for _ in 0..11 {
        app.advance(Duration::minutes(59));
        doctor.get("/api/auth/me").await.expect(200);
    }
    doctor
        .post("/api/reviews", review(&first))
        .await
        .expect(201);

    let setting = "/api/settings/sign_in.step_up_minutes";
    let mut tech = tech;
    tech.sign_in("runner@example.com", PASSWORD)
        .await
        .expect(200);
    tech.put(setting, json!({ "setting_value": { "sign_review": 1441 } }))
        .await
        .expect(422);
    tech.put(setting, json!({ "setting_value": { "sign_review": 0 } }))
        .await
        .expect(200);
    assert_eq!(
        doctor
            .post("/api/reviews", review(&second))
            .await
            .expect(403)["code"],
        "step_up_required"
    );
    prove(&doctor).await;
    // Too late, and then once.
    app.advance(Duration::minutes(3));
    doctor
        .post("/api/reviews", review(&second))
        .await
        .expect(403);
    prove(&doctor).await;
    doctor
        .post("/api/reviews", json!({ "report_id": second }))
        .await
        .expect(422);
    let signed = doctor
        .post("/api/reviews", review(&second))
        .await
        .expect(201);
    let addenda = format!(
        "/api/reviews/{}/addenda",
        signed["review_id"].as_str().unwrap()
    );
    doctor
        .post(&addenda, json!({ "addendum": "more" }))
        .await
        .expect(403);
    prove(&doctor).await;
    doctor
        .post(&addenda, json!({ "addendum": "more" }))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_proof_is_the_code_of_whoever_has_one_and_wrong_ones_are_counted() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let path = "/api/auth/step-up";
    let fault = async |client: &Client, body: Value| {
        client.post(path, body).await.expect(422)["errors"][0].clone()
    };
    assert_eq!(fault(&doctor, json!({})).await["field"], "password");
    assert_eq!(
        fault(&doctor, json!({ "password": "not this one" })).await["code"],
        "wrong_password"
    );
    for _ in 0..4 {
        fault(&doctor, json!({ "password": "not this one" })).await;
    }
    doctor
        .post(path, json!({ "password": PASSWORD }))
        .await
        .expect(429);
    app.advance(Duration::seconds(5));
    prove(&doctor).await;

    let (_, recovery) = set_up(&app, &tech).await;
    assert_eq!(
        fault(&tech, json!({ "password": PASSWORD })).await["field"],
        "code"
    );
    assert_eq!(
        tech.post(path, json!({ "code": "000000" }))
            .await
            .expect(401)["code"],
        "wrong_code"
    );
    tech.post(path, json!({ "code": recovery[0] }))
        .await
        .expect(204);
    tech.post(path, json!({ "code": recovery[0] }))
        .await
        .expect(401);
    let trail = tech
        .get("/api/audit?action=step_up&status=failure")
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 7);
}
