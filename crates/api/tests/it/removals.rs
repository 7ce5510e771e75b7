//! What goes and what stays: legal holds, erasure by two officers, terms.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

struct Scene {
    app: TestApp,
    first: Client,
    second: Client,
    patient: Client,
    report: String,
    digest: String,
}

impl Scene {
    /// A patient with a signed and released film, and two privacy officers whose sessions last.
    async fn set() -> Self {
        let app = TestApp::start().await;
        let first = app.client_named(Role::Tech, "first").await;
        let patient = app.client_named(Role::Patient, "ada").await;
        let radiologist = app.client(Role::Radiologist).await;
        let receipt = radiologist
            .upload(
                vec![("a.png", chest_film(1, 80))],
                &[("patient_id", &patient.user_id())],
            )
            .await
            .expect(201);
        app.run_jobs().await;
        let report = receipt["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let doctor = app.client(Role::Doctor).await;
        let review = doctor
            .post(
                "/api/reviews",
                json!({ "report_id": report, "doctor_risk_assessment": "low", "urgency_level": "routine" }),
            )
            .await
            .expect(201);
        let path = format!(
            "/api/reviews/{}/addenda",
            review["review_id"].as_str().unwrap()
        );
        doctor
            .post(&path, json!({ "addendum": "seen again" }))
            .await
            .expect(201);
        doctor
            .patch(
                &format!("/api/patients/{}/history", patient.user_id()),
                json!({ "conditions": ["asthma"] }),
            )
            .await
            .expect(200);
        let second = app.client_named(Role::Tech, "second").await;
        let mut scene = Self {
            app,
            first,
            second,
            patient,
            report,
            digest: String::new(),
        };
        scene.digest = scene
            .text("SELECT encode(sha256, 'hex') FROM portal.image_blobs LIMIT 1")
            .await
            .unwrap();
        scene
    }

    async fn text(&self, query: &'static str) -> Option<String> {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar(query)
            .fetch_optional(&mut superuser)
            .await
            .unwrap()
    }

    async fn count(&self, query: &'static str) -> i64 {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar(query)
            .fetch_one(&mut superuser)
            .await
            .unwrap()
    }

    /// Lets eleven years go by; officers sign in anew.
    async fn eleven_years_later(&mut self) {
        self.app.advance(Duration::days(11 * 366));
        self.first = self.app.client_named(Role::Tech, "third").await;
        self.second = self.app.client_named(Role::Tech, "fourth").await;
    }

    async fn ask(&self) -> testkit::Answer {
        let body = json!({ "patient_id": self.patient.user_id(), "reason": "asked in writing" });
        self.first.post("/api/erasures", body).await
    }

    fn is_stored(&self) -> bool {
        self.app.blobs.contains(self.digest.parse().unwrap())
    }
}

fn decision(erasure: &Value) -> String {
    format!(
        "/api/erasures/{}/decision",
        erasure["erasure_id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn two_officers_erase_a_patient_once_the_law_lets_them_and_the_trail_stays() {
    let mut scene = Scene::set().await;
    let early = scene.ask().await.expect(409);
    assert_eq!(early["code"], "retention_not_over");
    assert!(
        early["detail"].as_str().unwrap().contains("2036"),
        "{early}"
    );
    let doctor = scene.app.client(Role::Doctor).await;
    let body = json!({ "patient_id": scene.patient.user_id(), "reason": "curious" });
    doctor.post("/api/erasures", body.clone()).await.expect(403);
    doctor.get("/api/erasures").await.expect(403);

    let order = json!({
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": { "text": "Chest X-ray" },
        "subject": { "reference": format!("Patient/{}", scene.patient.user_id()) },
    });
    let request = doctor
        .request(reqwest::Method::POST, "/fhir/ServiceRequest")
        .header("content-type", "application/fhir+json")
        .body(order.to_string());
    doctor.send(request).await.expect(201);
    assert_eq!(scene.count("SELECT count(*) FROM portal.orders").await, 1);

    scene.eleven_years_later().await;
    let asked = scene.ask().await.expect(201);
    assert_eq!(scene.ask().await.expect(409)["code"], "erasure_open");
    // Nothing happened yet, and whoever asked does not confirm.
    let own = scene
        .first
        .post(&decision(&asked), json!({ "confirm": true }))
        .await
        .expect(409);
    assert_eq!(own["code"], "second_person");
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 1);
    let trail = "SELECT count(*) FROM audit_logs WHERE action = 'upload_report'";
    let before = scene.count(trail).await;

    let done = scene
        .second
        .post(&decision(&asked), json!({ "confirm": true }))
        .await
        .expect(200);
    assert_eq!(done["state"], "confirmed");
    assert_eq!(done["reports"], 1);
    for table in [
        "SELECT count(*) FROM medical_reports",
        "SELECT count(*) FROM report_images",
        "SELECT count(*) FROM doctor_reviews",
        "SELECT count(*) FROM portal.review_addenda",
        "SELECT count(*) FROM portal.report_releases",
        "SELECT count(*) FROM patient_medical_history",
        "SELECT count(*) FROM portal.orders",
        "SELECT count(*) FROM users WHERE name ILIKE 'ada%' OR email::text ILIKE 'ada%'",
    ] {
        assert_eq!(scene.count(table).await, 0, "{table}");
    }
    assert!(
        scene
            .text("SELECT name FROM users WHERE email::text LIKE '%@erased.invalid'")
            .await
            .unwrap()
            .starts_with("Patient ")
    );
    assert_eq!(scene.count(trail).await, before);
    assert_eq!(
        scene
            .count("SELECT count(*) FROM audit_logs WHERE action = 'erase_patient'")
            .await,
        1
    );
    // What the portal removed is no tampering.
    assert_eq!(
        scene
            .count("SELECT count(*) FROM portal.content_faults('-infinity')")
            .await,
        0
    );
    let again = scene
        .second
        .post(&decision(&asked), json!({ "confirm": true }))
        .await
        .expect(409);
    assert_eq!(again["code"], "erasure_closed");

    // The film is set aside, and a day later it is gone for good.
    scene.app.run_chores().await;
    assert!(!scene.is_stored());
    let aside = scene.app.folder().join("blobs/removed");
    assert_eq!(std::fs::read_dir(&aside).unwrap().count(), 1);
    scene.app.advance(Duration::hours(25));
    scene.app.run_chores().await;
    assert_eq!(std::fs::read_dir(&aside).unwrap().count(), 0);
    assert_eq!(
        scene
            .count("SELECT count(*) FROM portal.blob_removals")
            .await,
        0
    );
}

#[tokio::test]
async fn a_film_that_comes_in_again_is_put_back() {
    let mut scene = Scene::set().await;
    scene.eleven_years_later().await;
    let asked = scene.ask().await.expect(201);
    scene
        .second
        .post(&decision(&asked), json!({ "confirm": true }))
        .await
        .expect(200);
    scene.app.run_chores().await;
    assert!(!scene.is_stored());
    let patient = scene.app.client(Role::Patient).await;
    let radiologist = scene.app.client(Role::Radiologist).await;
    radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    scene.app.run_chores().await;
    assert!(scene.is_stored());
    scene.app.advance(Duration::hours(25));
    scene.app.run_chores().await;
    assert!(scene.is_stored());
}

#[tokio::test]
async fn a_legal_hold_keeps_a_record_whatever_its_term_until_it_is_lifted() {
    let mut scene = Scene::set().await;
    scene.eleven_years_later().await;
    let doctor = scene.app.client(Role::Doctor).await;
    let body = json!({ "patient_id": scene.patient.user_id(), "reason": "lawsuit 12/34" });
    doctor
        .post("/api/legal-holds", body.clone())
        .await
        .expect(403);
    let nobody = json!({ "patient_id": doctor.user_id(), "reason": "lawsuit 12/34" });
    scene
        .first
        .post("/api/legal-holds", nobody)
        .await
        .expect(404);
    let held = scene.first.post("/api/legal-holds", body).await.expect(201);
    assert_eq!(scene.ask().await.expect(409)["code"], "legal_hold");
    for (key, value) in [
        ("retention.reports_years", 10),
        ("retention.empty_accounts_months", 12),
    ] {
        scene
            .first
            .put(
                &format!("/api/settings/{key}"),
                json!({ "setting_value": value }),
            )
            .await
            .expect(200);
    }
    privacy::remove_beyond(&scene.app.database).await.unwrap();
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 1);

    let path = format!(
        "/api/legal-holds/{}/lift",
        held["hold_id"].as_str().unwrap()
    );
    let lifted = scene
        .second
        .post(&path, json!({ "reason": "settled" }))
        .await
        .expect(200);
    assert_eq!(lifted["lift_reason"], "settled");
    let again = scene
        .second
        .post(&path, json!({ "reason": "settled" }))
        .await
        .expect(409);
    assert_eq!(again["code"], "hold_lifted");
    // A proof of who asks is good for some minutes.
    scene.app.advance(Duration::minutes(11));
    let refused = scene.ask().await.expect(403);
    assert_eq!(refused["code"], "step_up_required");
    privacy::remove_beyond(&scene.app.database).await.unwrap();
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 0);
    assert_eq!(
        scene
            .count("SELECT count(*) FROM audit_logs WHERE action = 'remove_report' AND user_role = 'worker'")
            .await,
        1
    );
    assert!(
        scene
            .text("SELECT name FROM users WHERE email::text LIKE '%@erased.invalid'")
            .await
            .is_some()
    );
}

#[tokio::test]
async fn clinical_records_are_kept_for_ever_unless_a_setting_says_otherwise_and_never_below_the_laws_minimum()
 {
    let mut scene = Scene::set().await;
    scene.app.advance(Duration::days(9 * 366));
    let tech = scene.app.client_named(Role::Tech, "later").await;
    privacy::remove_beyond(&scene.app.database).await.unwrap();
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 1);
    tech.put(
        "/api/settings/retention.reports_years",
        json!({ "setting_value": 1 }),
    )
    .await
    .expect(200);
    privacy::remove_beyond(&scene.app.database).await.unwrap();
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 1);
    scene.eleven_years_later().await;
    privacy::remove_beyond(&scene.app.database).await.unwrap();
    assert_eq!(scene.count("SELECT count(*) FROM medical_reports").await, 0);
    assert!(
        scene
            .count("SELECT count(*) FROM audit_logs WHERE entity_id IS NOT NULL")
            .await
            > 0,
        "{}",
        scene.report
    );
}
