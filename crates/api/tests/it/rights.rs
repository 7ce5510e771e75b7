//! Everything about one patient taken away: by the patient, by privacy officers, by nobody else.

use std::io::{Cursor, Read};

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp};
use zip::ZipArchive;

use crate::common::{earlier_study, film};

/// A film of this patient that is read, and released with it.
async fn released(app: &TestApp, patient: &str, seed: u32) -> (String, String) {
    let (report, image) = film(app, patient, seed).await;
    let doctor = app.client(Role::Doctor).await;
    doctor
        .post(
            "/api/reviews",
            json!({ "report_id": report, "doctor_risk_assessment": "low", "urgency_level": "routine",
                    "clinical_findings": "all is <b>well</b>" }),
        )
        .await
        .expect(201);
    (report, image)
}

async fn export(client: &Client, patient: &str, body: Value) -> testkit::Answer {
    client
        .post(&format!("/api/patients/{patient}/export"), body)
        .await
}

struct Taken {
    data: Value,
    page: String,
    films: Vec<(String, Vec<u8>)>,
}

fn opened(bytes: &[u8]) -> Taken {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.push((file.name().unwrap().into_owned(), content));
    }
    let text = |name: &str| {
        let (_, content) = files.iter().find(|(each, _)| each == name).unwrap();
        String::from_utf8(content.clone()).unwrap()
    };
    Taken {
        data: serde_json::from_str(&text("data.json")).unwrap(),
        page: text("index.html"),
        films: files
            .into_iter()
            .filter(|(name, _)| name.starts_with("films/"))
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_take_away_what_is_released_to_them_and_nothing_else() {
    let app = TestApp::start().await;
    let patient = app.client_named(Role::Patient, "Ada").await;
    let other = app.client_named(Role::Patient, "Somebody-Else").await;
    let (report, image) = released(&app, &patient.user_id(), 1).await;
    let (waiting, _) = film(&app, &patient.user_id(), 2).await;
    let (others, _) = released(&app, &other.user_id(), 3).await;

    let answer = export(&patient, &patient.user_id(), json!({ "language": "de" })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/zip");
    let taken = opened(&answer.bytes);
    assert_eq!(taken.data["format"], "medical-portal-record");
    assert_eq!(taken.data["seen_as"], "patient");
    assert_eq!(taken.data["account"][0]["name"], "Ada");
    let reports = taken.data["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0]["report_id"], report.as_str());
    assert_eq!(taken.data["reviews"][0]["report_id"], report.as_str());
    for section in [
        "images",
        "releases",
        "accesses",
        "notifications",
        "sessions",
    ] {
        assert!(
            !taken.data[section].as_array().unwrap().is_empty(),
            "{section} is empty"
        );
    }
    // The film, byte by byte, under the name that the data gives it.
    let original = patient
        .get(&format!("/api/reports/{report}/images/{image}"))
        .await;
    assert_eq!(taken.films.len(), 1);
    assert_eq!(taken.films[0].0, format!("films/{report}/{image}.png"));
    assert_eq!(
        taken.films[0].0,
        taken.data["images"][0]["file"].as_str().unwrap()
    );
    assert_eq!(taken.films[0].1, original.bytes);
    // Nothing that is not released, of anybody else, or secret; nowhere but in who looked at the record, which names
    // reports by their identifiers from the first day on, as the page of it does.
    let mut data = taken.data.clone();
    data.as_object_mut().unwrap().remove("accesses");
    let (before, rest) = taken.page.split_once("<section id=\"accesses\">").unwrap();
    let (_, after) = rest.split_once("</section>").unwrap();
    let all = format!("{data}{before}{after}");
    for hidden in [
        waiting.as_str(),
        others.as_str(),
        "Somebody-Else",
        "password",
        "\"token\"",
    ] {
        assert!(!all.contains(hidden), "{hidden} is in the export");
    }
    // The page reads by itself: in the language asked for, nothing that runs, nothing from elsewhere.
    assert!(taken.page.contains("<html lang=\"de\">") && taken.page.contains("nie eine Diagnose"));
    assert!(taken.page.contains("all is &lt;b&gt;well&lt;/b&gt;"));
    for foreign in ["<script", "<b>well", "http://", "https://", "src="] {
        assert!(!taken.page.contains(foreign), "{foreign} is in the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_privacy_officer_takes_the_whole_record_away_with_a_reason_and_the_patient_sees_that() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let patient = app.client_named(Role::Patient, "Ada").await;
    released(&app, &patient.user_id(), 1).await;
    let (waiting, _) = film(&app, &patient.user_id(), 2).await;

    let found = officer
        .post(
            "/api/privacy/patients",
            json!({ "patient_id": patient.user_id() }),
        )
        .await
        .expect(200);
    assert_eq!(found["patient_id"], patient.user_id());
    let problem = export(&officer, &patient.user_id(), json!({ "reason": "  " }))
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["field"], "reason");
    let body = json!({ "reason": "asked at the desk, passport seen" });
    let answer = export(&officer, &patient.user_id(), body.clone()).await;
    assert_eq!(answer.status, 200);
    let taken = opened(&answer.bytes);
    assert_eq!(taken.data["seen_as"], "privacy_officer");
    let reports = taken.data["reports"].as_array().unwrap();
    assert!(
        reports
            .iter()
            .any(|row| row["report_id"] == waiting.as_str())
    );
    assert_eq!(taken.films.len(), 2);
    assert!(taken.page.contains("<html lang=\"en\">"));

    let looked = patient
        .get(&format!("/api/patients/{}/accesses", patient.user_id()))
        .await
        .expect(200);
    assert!(
        looked["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["action"] == "export_record")
    );
    let mut superuser = app.test_database.superuser().await;
    let reason: Value =
        sqlx::query_scalar("SELECT new_values FROM audit_logs WHERE action = 'export_record'")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert_eq!(reason["reason"], body["reason"]);

    // A proof of who asks is good for some minutes.
    app.advance(Duration::minutes(11));
    let refused = export(&officer, &patient.user_id(), body).await.expect(403);
    assert_eq!(refused["code"], "step_up_required");
    let refused = export(&patient, &patient.user_id(), json!({}))
        .await
        .expect(403);
    assert_eq!(refused["code"], "step_up_required");
}

#[tokio::test]
async fn nobody_else_takes_a_record_away() {
    let app = TestApp::start().await;
    let officer = app.client(Role::Tech).await;
    let patient = app.client(Role::Patient).await;
    let other = app.client(Role::Patient).await;
    export(&other, &patient.user_id(), json!({}))
        .await
        .expect(404);
    let body = json!({ "reason": "curious" });
    for role in [Role::Doctor, Role::Radiologist] {
        let client = app.client(role).await;
        export(&client, &patient.user_id(), body.clone())
            .await
            .expect(403);
        client
            .post(
                "/api/privacy/patients",
                json!({ "patient_id": patient.user_id() }),
            )
            .await
            .expect(403);
    }
    // Who is an officer says the setting: from now on the doctor, and tech no longer.
    let doctor = app.client(Role::Doctor).await;
    officer
        .put(
            "/api/settings/privacy.officers",
            json!({ "setting_value": [doctor.user_id()] }),
        )
        .await
        .expect(200);
    export(&officer, &patient.user_id(), body.clone())
        .await
        .expect(403);
    assert_eq!(
        export(&doctor, &patient.user_id(), body.clone())
            .await
            .status,
        200
    );
    // Neither nobody's record nor that of staff.
    export(&doctor, &officer.user_id(), body.clone())
        .await
        .expect(404);
    let facts = doctor.get("/api/privacy").await.expect(200);
    assert_eq!(facts["is_privacy_officer"], true);
    let facts = officer.get("/api/privacy").await.expect(200);
    assert_eq!(facts["is_privacy_officer"], false);
    // Not even past the interface: the database asks who it is.
    for role in ["portal_doctor", "portal_tech", "portal_radiologist"] {
        let mut superuser = app.test_database.superuser().await;
        let rows: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT set_config('role', $1, false), set_config('portal.actor_id', $2, false)) s,
                    LATERAL portal.personal_data_for_officer($3::uuid, 'account', NULL, NULL, 10)",
        )
        .bind(role)
        .bind(officer.user_id())
        .bind(patient.user_id())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        assert_eq!(rows, 0, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_not_there_any_more_is_named_and_a_damaged_one_breaks_the_file_off() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (report, image) = released(&app, &patient.user_id(), 1).await;
    let digest: String = {
        let mut superuser = app.test_database.superuser().await;
        sqlx::query_scalar(
            "SELECT encode(sha256, 'hex') FROM portal.image_blobs WHERE image_id = $1::uuid",
        )
        .bind(&image)
        .fetch_one(&mut superuser)
        .await
        .unwrap()
    };
    let folder = app.folder().join("blobs");
    let path = find(&folder, &digest).unwrap();
    let content = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let answer = export(&patient, &patient.user_id(), json!({})).await;
    let taken = opened(&answer.bytes);
    assert_eq!(taken.films.len(), 1);
    assert_eq!(
        taken.films[0].0,
        format!("films/{report}/{image}.png.missing.txt")
    );

    let mut damaged = content;
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let request = patient
        .request(
            reqwest::Method::POST,
            &format!("/api/patients/{}/export", patient.user_id()),
        )
        .json(&json!({}));
    let response = request.send().await.unwrap();
    let broken = match response.bytes().await {
        Err(_) => true,
        Ok(bytes) => ZipArchive::new(Cursor::new(bytes)).is_err(),
    };
    assert!(broken, "a damaged film went out as if it were whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_films_of_other_archives_are_in_it_unless_they_may_be_somebody_elses() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let id = patient.user_id();
    let (report, _) = released(&app, &id, 1).await;
    let (_, own) = earlier_study(&app, &report, 7, "{}").await;
    let (_, doubted) = earlier_study(&app, &report, 8, "{name}").await;
    let (waiting, _) = film(&app, &id, 2).await;
    let (_, later) = earlier_study(&app, &waiting, 9, "{}").await;
    let officer = app.client(Role::Tech).await;
    let has = |taken: &Taken, film: &[u8]| taken.films.iter().any(|(_, bytes)| bytes == film);
    let theirs = opened(&export(&patient, &id, json!({})).await.bytes);
    assert!(has(&theirs, &own));
    assert!(!has(&theirs, &doubted));
    assert!(!has(&theirs, &later), "its case is not released yet");
    let studies = theirs.data["priors"].as_array().unwrap();
    assert_eq!(studies.len(), 1);
    assert_eq!(studies[0]["description"], "Thorax 1.2.7");
    assert!(
        theirs
            .page
            .contains("Earlier examinations in other archives")
    );
    let body = json!({ "reason": "the patient asked in writing" });
    let all = opened(&export(&officer, &id, body).await.bytes);
    assert!(has(&all, &own) && has(&all, &later));
    assert!(!has(&all, &doubted), "not even then");
}

/// The file of a blob.
fn find(folder: &std::path::Path, digest: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = find(&path, digest) {
                return Some(found);
            }
        } else if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .contains(&digest[4..])
        {
            return Some(path);
        }
    }
    None
}
