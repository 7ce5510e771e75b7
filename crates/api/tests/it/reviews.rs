//! The doctors' work: claims, impressions, drafts, signing, addenda, release.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

/// A film of this patient that is analysed.
async fn analysed(app: &TestApp, patient: &Client, seed: u32) -> String {
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(seed, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn review(id: &str) -> Value {
    json!({ "report_id": id, "doctor_risk_assessment": "medium", "urgency_level": "urgent", "clinical_findings": "Opacity." })
}

#[tokio::test]
async fn a_claim_keeps_others_out_until_it_is_given_back_or_runs_out() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (first, second) = (
        app.client_named(Role::Doctor, "first").await,
        app.client_named(Role::Doctor, "second").await,
    );
    let id = analysed(&app, &patient, 1).await;
    let claim = format!("/api/reviews/queue/{id}/claim");
    first.post(&claim, json!({})).await.expect(200);
    let refused = second.post(&claim, json!({})).await.expect(409);
    assert_eq!(refused["code"], "claimed_by_other");
    assert!(refused["detail"].as_str().unwrap().contains("first"));
    assert_eq!(
        second.post("/api/reviews", review(&id)).await.expect(409)["code"],
        "claimed_by_other"
    );
    let seen = second.get("/api/reviews/queue").await.expect(200);
    assert_eq!(seen["items"][0]["claimed_by_name"], "first");
    assert_eq!(seen["summary"]["claimed"], 1);
    first.delete(&claim).await.expect(204);
    second.post(&claim, json!({})).await.expect(200);
    app.advance(Duration::minutes(31));
    first.post(&claim, json!({})).await.expect(200);
    app.advance(Duration::minutes(20));
    second.get("/api/auth/me").await.expect(200);
    first.post(&claim, json!({})).await.expect(200);
    app.advance(Duration::minutes(20));
    second.post(&claim, json!({})).await.expect(409);
    first.post("/api/reviews", review(&id)).await.expect(201);
    assert_eq!(
        second.post(&claim, json!({})).await.expect(409)["code"],
        "already_reviewed"
    );
}

#[tokio::test]
async fn two_doctors_claiming_at_once_do_not_both_get_it() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let id = analysed(&app, &patient, 1).await;
    let mut doctors = Vec::new();
    for number in 0..6 {
        doctors.push(
            app.client_named(Role::Doctor, &format!("doctor-{number}"))
                .await,
        );
    }
    let path = format!("/api/reviews/queue/{id}/claim");
    let claims = doctors.iter().map(|doctor| doctor.post(&path, json!({})));
    let statuses: Vec<u16> = futures::future::join_all(claims)
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_review_says_everything_that_is_wrong_at_once() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let wrong = json!({
        "ai_accuracy_rating": 9,
        "urgency_level": "soon",
        "follow_up_date": "2001-01-01",
        "medication_prescribed": "pills",
    });
    let body = doctor.post("/api/reviews", wrong).await.expect(422);
    let fields: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    for field in [
        "report_id",
        "ai_accuracy_rating",
        "urgency_level",
        "follow_up_date",
        "medication_prescribed",
        "doctor_risk_assessment",
    ] {
        assert!(fields.contains(&field), "{field} is missing in {fields:?}");
    }
    let typed = doctor
        .post("/api/reviews", json!({ "report_id": "no uuid" }))
        .await
        .expect(422);
    assert_eq!(typed["errors"][0]["code"], "wrong_type");
}

#[tokio::test]
async fn a_draft_is_the_doctors_own_and_gives_way_to_the_signed_review() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (writer, colleague) = (
        app.client(Role::Doctor).await,
        app.client(Role::Doctor).await,
    );
    let id = analysed(&app, &patient, 1).await;
    let draft = format!("/api/reviews/drafts/{id}");
    for text in ["first words", "better words"] {
        writer
            .put(&draft, json!({ "clinical_findings": text }))
            .await
            .expect(200);
    }
    let reviews = |body: Value| body["reviews"].as_array().unwrap().clone();
    let own = reviews(writer.get(&format!("/api/reports/{id}")).await.expect(200));
    assert_eq!(
        (
            own.len(),
            &own[0]["clinical_findings"],
            &own[0]["reviewed_at"]
        ),
        (1, &json!("better words"), &Value::Null)
    );
    assert!(
        reviews(
            colleague
                .get(&format!("/api/reports/{id}"))
                .await
                .expect(200)
        )
        .is_empty()
    );
    writer.post("/api/reviews", review(&id)).await.expect(201);
    let signed = reviews(
        colleague
            .get(&format!("/api/reports/{id}"))
            .await
            .expect(200),
    );
    assert_eq!(
        (signed.len(), &signed[0]["clinical_findings"]),
        (1, &json!("Opacity."))
    );
}

#[tokio::test]
async fn a_signed_review_never_changes_and_grows_by_addenda() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (doctor, colleague) = (
        app.client(Role::Doctor).await,
        app.client(Role::Doctor).await,
    );
    let id = analysed(&app, &patient, 1).await;
    let signed = doctor.post("/api/reviews", review(&id)).await.expect(201);
    let addenda = format!(
        "/api/reviews/{}/addenda",
        signed["review_id"].as_str().unwrap()
    );
    doctor
        .post(&addenda, json!({ "addendum": "  " }))
        .await
        .expect(422);
    doctor
        .post(&addenda, json!({ "addendum": "Old film seen meanwhile." }))
        .await
        .expect(201);
    let seen = patient.get(&format!("/api/reports/{id}")).await.expect(200);
    assert_eq!(seen["addenda"][0]["addendum"], "Old film seen meanwhile.");
    let mut second = review(&id);
    assert_eq!(
        colleague
            .post("/api/reviews", second.clone())
            .await
            .expect(409)["code"],
        "already_reviewed"
    );
    second["second_opinion"] = json!(true);
    app.advance(Duration::minutes(5));
    colleague.post("/api/reviews", second).await.expect(201);
    let reviews = doctor.get(&format!("/api/reports/{id}")).await.expect(200)["reviews"].clone();
    assert_eq!(reviews.as_array().unwrap().len(), 2);
    assert_eq!(
        reviews[0]["doctor_id"],
        json!(colleague.user_id()),
        "the latest counts"
    );
}

#[tokio::test]
async fn a_delayed_release_waits_for_its_time_or_for_the_doctor() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (doctor, tech) = (app.client(Role::Doctor).await, app.client(Role::Tech).await);
    let setting =
        json!({ "setting_value": { "delay_hours": 24, "reason": "the doctor calls first" } });
    tech.put("/api/settings/release.policy", setting)
        .await
        .expect(200);
    let (waits, called) = (
        analysed(&app, &patient, 1).await,
        analysed(&app, &patient, 2).await,
    );
    for id in [&waits, &called] {
        let signed = doctor.post("/api/reviews", review(id)).await.expect(201);
        assert_eq!(
            (
                &signed["release"]["released_at"],
                &signed["release"]["reason"]
            ),
            (&Value::Null, &json!("the doctor calls first"))
        );
        patient.get(&format!("/api/reports/{id}")).await.expect(404);
    }
    for _ in 0..2 {
        doctor
            .post(&format!("/api/reports/{called}/release"), json!({}))
            .await
            .expect(200);
    }
    patient
        .get(&format!("/api/reports/{called}"))
        .await
        .expect(200);
    assert_eq!(
        patient.get("/api/notifications").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    app.advance(Duration::minutes(30));
    app.run_chores().await;
    patient
        .get(&format!("/api/reports/{waits}"))
        .await
        .expect(404);
    let sessions_last_an_hour = Duration::minutes(45);
    for _ in 0..14 {
        app.advance(sessions_last_an_hour);
        patient.get("/api/auth/me").await.expect(200);
    }
    app.advance(Duration::hours(14));
    app.run_chores().await;
    let mut again = app.anonymous();
    let email = patient.user["email"].as_str().unwrap();
    again.sign_in(email, testkit::PASSWORD).await.expect(200);
    again
        .get(&format!("/api/reports/{waits}"))
        .await
        .expect(200);
    assert_eq!(
        again.get("/api/notifications").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn with_the_setting_the_ai_stays_hidden_until_the_first_impression() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (doctor, tech) = (app.client(Role::Doctor).await, app.client(Role::Tech).await);
    let id = analysed(&app, &patient, 1).await;
    tech.put(
        "/api/settings/review.first_impression_before_ai",
        json!({ "setting_value": true }),
    )
    .await
    .expect(200);
    let path = format!("/api/reports/{id}");
    let hidden = doctor.get(&path).await.expect(200);
    assert_eq!(hidden["ai_hidden"], true);
    for field in ["analysis", "not_assessed"] {
        assert_eq!(hidden[field], Value::Null, "{field}");
    }
    assert_eq!(hidden["report"]["findings"], Value::Null);
    assert_eq!(
        doctor.get("/api/reviews/queue").await.expect(200)["items"][0]["not_assessed_reason"],
        Value::Null
    );
    let impression = format!("/api/reviews/queue/{id}/impression");
    doctor
        .post(&impression, json!({ "risk": "perhaps" }))
        .await
        .expect(422);
    doctor
        .post(&impression, json!({ "risk": "high", "note": "left base" }))
        .await
        .expect(201);
    assert_eq!(
        doctor
            .post(&impression, json!({ "risk": "low" }))
            .await
            .expect(409)["code"],
        "impression_recorded"
    );
    let shown = doctor.get(&path).await.expect(200);
    assert_eq!(
        (&shown["ai_hidden"], &shown["first_impression"]["risk"]),
        (&json!(false), &json!("high"))
    );
    assert!(shown["report"]["findings"].is_string());
}

#[tokio::test]
async fn annotations_come_back() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let doctor = app.client(Role::Doctor).await;
    let id = analysed(&app, &patient, 1).await;
    let path = format!("/api/reports/{id}/annotations");
    doctor
        .put(&path, json!({ "content": "text" }))
        .await
        .expect(422);
    let marks = json!({ "length": [[1.5, 2.0], [3.0, 4.0]] });
    doctor
        .put(&path, json!({ "content": { "old": true } }))
        .await
        .expect(204);
    doctor
        .put(&path, json!({ "content": marks }))
        .await
        .expect(204);
    let back = doctor.get(&format!("/api/reports/{id}")).await.expect(200)["annotations"].clone();
    assert_eq!(
        (back.as_array().unwrap().len(), &back[0]["content"]),
        (1, &marks)
    );
}

#[tokio::test]
async fn a_case_can_be_signed_before_the_ai_is_done_and_the_ai_changes_nothing_afterwards() {
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
    doctor.post("/api/reviews", review(id)).await.expect(201);
    app.run_jobs().await;
    let report = doctor.get(&format!("/api/reports/{id}")).await.expect(200);
    assert_eq!(
        (
            &report["report"]["status"],
            &report["report"]["analysis_date"]
        ),
        (&json!("reviewed"), &Value::Null)
    );
    assert_eq!(
        radiologist
            .post(&format!("/api/ai/analyze/{id}"), json!({}))
            .await
            .expect(409)["code"],
        "already_reviewed"
    );
}
