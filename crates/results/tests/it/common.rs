//! A portal with a signed case, and the readers of others.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, FixedOffset, Utc};
use db::Actor;
use domain::{ReportId, Role};
use results::SignedResult;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

/// The clock of the site in these tests: an hour before UTC.
pub(crate) fn zone(_: DateTime<Utc>) -> FixedOffset {
    FixedOffset::east_opt(3_600).unwrap()
}

/// A case that is signed.
pub(crate) struct Signed {
    pub(crate) app: TestApp,
    pub(crate) doctor: Client,
    pub(crate) sender: Client,
    pub(crate) report: String,
    pub(crate) review: String,
}

/// A film that the model assesses.
pub(crate) fn drawn_film() -> Vec<u8> {
    demo::scored_film(5, "ACC-1", "E-1")
}

/// What the doctor signs.
pub(crate) fn review() -> Value {
    json!({
        "doctor_risk_assessment": "high", "urgency_level": "urgent",
        "clinical_findings": "Verschattung rechts \\ basal.\nNo effusion. Ελληνικά, 肺炎.",
        "recommended_action": "Antibiotics.",
        "review_notes": "Between us: look at the old film.",
    })
}

impl Signed {
    /// A film of somebody with a number, sent in, assessed, and signed.
    pub(crate) async fn new() -> Self {
        Self::of("film.dcm", drawn_film(), review()).await
    }

    pub(crate) async fn of(name: &str, film: Vec<u8>, review: Value) -> Self {
        let app = TestApp::start().await;
        let sender = app.client(Role::Radiologist).await;
        let body = json!({ "name": "Ada King", "identifier": "E-1", "issuer": "St. Mary",
                           "date_of_birth": "2022-03-04", "gender": "female" });
        let patient = sender.post("/api/patients", body).await.expect(201);
        let patient = patient["patient_id"].as_str().unwrap().to_owned();
        Self::signed(app, sender, &patient, name, film, review).await
    }

    /// A film of a patient who signs in, and who gets results a day after the signature.
    pub(crate) async fn for_patient() -> (Self, Client) {
        let app = TestApp::start().await;
        let tech = app.client_named(Role::Tech, "runner").await;
        let later = json!({ "setting_value": { "delay_hours": 24, "reason": "so that you can be called first" } });
        tech.put("/api/settings/release.policy", later)
            .await
            .expect(200);
        let patient = app.client_named(Role::Patient, "owner").await;
        let sender = app.client(Role::Radiologist).await;
        let film = testkit::chest_film(7, 96);
        let of = patient.user_id();
        let signed = Self::signed(app, sender, &of, "film.png", film, review()).await;
        (signed, patient)
    }

    async fn signed(
        app: TestApp,
        sender: Client,
        patient: &str,
        name: &str,
        film: Vec<u8>,
        mut review: Value,
    ) -> Self {
        let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
        let receipt = sender
            .upload(vec![(name, film)], &[("patient_id", patient)])
            .await
            .expect(201);
        app.run_jobs().await;
        let report = receipt["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned();
        doctor
            .post(
                &format!("/api/reviews/queue/{report}/identity"),
                json!({ "note": "asked at the desk" }),
            )
            .await;
        review["report_id"] = json!(report);
        let signed = doctor.post("/api/reviews", review).await.expect(201);
        let review = signed["review_id"].as_str().unwrap().to_owned();
        Self {
            app,
            doctor,
            sender,
            report,
            review,
        }
    }

    pub(crate) async fn result(&self) -> SignedResult {
        let mut tx = self.app.database.begin(&Actor::worker()).await.unwrap();
        let report: ReportId = self.report.parse::<uuid::Uuid>().unwrap().into();
        SignedResult::load(&mut tx, report).await.unwrap().unwrap()
    }

    pub(crate) async fn add(&self, text: &str) {
        self.app.advance(chrono::Duration::minutes(1));
        self.doctor
            .post(
                &format!("/api/reviews/{}/addenda", self.review),
                json!({ "addendum": text }),
            )
            .await
            .expect(201);
    }

    /// A text without what differs from run to run.
    pub(crate) fn plain(&self, text: &str) -> String {
        let mut parts = text.split("2.25.");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain.push_str("2.25.N");
            plain.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
        }
        plain
            .replace(&self.report, "REPORT")
            .replace(&self.doctor.user_id(), "DOCTOR")
    }
}

/// Writes a document into a folder.
pub(crate) fn kept(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What a program says, both ways; `None` with a message where it is not here.
pub(crate) fn said(program: &str, arguments: &[&str]) -> Option<(bool, String, String)> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("skipped: {program} is not here");
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    ))
}

/// A Python that has these modules; `None` with a message where there is none.
pub(crate) fn python(modules: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let places = [
        std::env::var_os("PORTAL_TEST_PYTHON").map(PathBuf::from),
        Some(root.join("target/test-python/bin/python")),
        Some(PathBuf::from("python3")),
    ];
    let found = places.into_iter().flatten().find(|python| {
        Command::new(python)
            .args(["-c", &format!("import {modules}")])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        println!("skipped: no Python with {modules} (PORTAL_TEST_PYTHON names one)");
    }
    found
}
