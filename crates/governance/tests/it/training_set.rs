//! What leaves the hospital holds nothing that tells who it is.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::scene::Scene;

fn unpack(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(tar);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(
            (
                entry.header().mtime().unwrap(),
                entry.header().uid().unwrap()
            ),
            (0, 0)
        );
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

#[tokio::test]
async fn a_training_set_holds_pictures_and_labels_and_no_identity() {
    let scene = Scene::set().await;
    let path = "/api/models/training-set";
    let wish = json!({ "reason": "version 2" });
    assert_eq!(
        scene.tech.post(path, wish.clone()).await.expect(409)["code"],
        "nothing_to_export"
    );

    let patient = scene
        .radiologist
        .post("/api/patients", json!({ "name": "Unmistakable Name", "identifier": "PN-4711", "date_of_birth": "2022-03-04" }))
        .await
        .expect(201);
    let patient_id = patient["patient_id"].as_str().unwrap();
    scene
        .tech
        .post(
            &format!("/api/patients/{patient_id}/consents"),
            json!({ "kind": "training", "is_given": true, "text_version": "1", "evidence": "signed form" }),
        )
        .await
        .expect(201);
    let film = testkit::dicom_film(7, "PN-4711");
    let receipt = scene
        .radiologist
        .upload(
            vec![
                ("a.dcm", film),
                ("b.png", scene.film(demo::FilmClass::Normal, 3)),
            ],
            &[("patient_id", patient_id)],
        )
        .await
        .expect(201);
    scene.app.run_jobs().await;
    let mut reports = Vec::new();
    for report in receipt["reports"].as_array().unwrap() {
        let report_id = report["report_id"].as_str().unwrap().to_owned();
        let confirm = format!("/api/reviews/queue/{report_id}/identity");
        // The DICOM film names somebody else; the drawn one names nobody.
        scene
            .doctor
            .post(&confirm, json!({ "note": "asked" }))
            .await;
        scene.sign(&report_id, "low").await;
        reports.push(report_id);
    }
    assert_eq!(reports.len(), 2);
    scene.app.advance(chrono::Duration::minutes(1));

    scene.doctor.post(path, wish.clone()).await.expect(403);
    scene
        .tech
        .post(path, json!({ "reason": " " }))
        .await
        .expect(422);
    let answer = scene.tech.post(path, wish.clone()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/x-tar");
    let files = unpack(&answer.bytes);
    let list = String::from_utf8(files["manifest.csv"].clone()).unwrap();
    let mut rows = csv::Reader::from_reader(list.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "{list}");
    for row in &rows {
        let bytes = &files[&row["file"]];
        assert_eq!(row["sha256"], hex::encode(Sha256::digest(bytes)));
        assert_eq!(
            (row["label"].as_str(), row["risk"].as_str()),
            ("NORMAL", "low")
        );
        assert!(bytes.starts_with(b"\x89PNG"));
    }
    assert_eq!(
        rows[0]["patient"], rows[1]["patient"],
        "one patient's pictures stay together"
    );
    assert_eq!(rows[0]["split"], rows[1]["split"]);

    // Nothing of the patient, the study or the time is anywhere in it.
    let today = scene.app.now().format("%Y-%m-%d").to_string();
    let study_uid: Option<String> = sqlx::query_scalar(
        "SELECT study_uid FROM medical_reports WHERE study_uid IS NOT NULL LIMIT 1",
    )
    .fetch_optional(&mut scene.app.test_database.superuser().await)
    .await
    .unwrap();
    let mut secrets = vec![
        "Unmistakable".to_owned(),
        "PN-4711".to_owned(),
        patient_id.to_owned(),
        "2022-03-04".to_owned(),
        today,
        study_uid.unwrap(),
    ];
    secrets.extend(reports);
    for secret in secrets {
        let found = answer
            .bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }

    // Another export has other codes, so two cannot be joined.
    let other = unpack(&scene.tech.post(path, wish).await.bytes);
    let other = String::from_utf8(other["manifest.csv"].clone()).unwrap();
    assert!(!other.contains(rows[0]["patient"].as_str()));
    let acts = scene
        .tech
        .get("/api/audit?action=export_training_set")
        .await
        .expect(200);
    assert_eq!(acts["items"][0]["new_values"]["reason"], "version 2");
}
