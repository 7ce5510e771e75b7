//! The trail: what leaves a row, what it holds, and what it never holds.

use domain::Role;
use serde_json::json;
use testkit::{PASSWORD, TestApp, chest_film};

#[tokio::test]
async fn the_trail_answers_who_did_what_from_where() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let tech = app.client(Role::Tech).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    radiologist
        .get(&format!("/api/reports/{id}"))
        .await
        .expect(200);
    let trail = tech
        .get(&format!("/api/audit?entity_id={id}"))
        .await
        .expect(200);
    let rows = trail["items"].as_array().unwrap();
    let actions: Vec<&str> = rows
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["read_report", "upload_report"]);
    assert_eq!(rows[0]["user_id"], json!(radiologist.user_id()));
    assert_eq!(
        (&rows[0]["user_role"], &rows[0]["ip_address"]),
        (&json!("radiologist"), &json!("127.0.0.1"))
    );
    assert!(
        tech.get("/api/audit?action=read_audit").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len()
            == 1,
        "reading it is audited"
    );
}

#[tokio::test]
async fn failed_sign_ins_are_audited_without_what_was_typed() {
    let app = TestApp::start().await;
    app.create_account("known@example.com", Role::Doctor, "Known")
        .await;
    let tech = app.client(Role::Tech).await;
    let mut client = app.anonymous();
    client
        .sign_in("known@example.com", "typed-password-1")
        .await
        .expect(401);
    client.sign_in("typed-password-2", "x").await.expect(401);
    let trail = tech
        .get("/api/audit?action=sign_in&status=failure")
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 2);
    assert!(!trail.to_string().contains("typed-password"));
}

/// No secret of a request is anywhere in the database but as a hash.
#[tokio::test]
async fn no_secret_is_in_the_database() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let new = json!({ "email": "new@example.com", "password": "wonderful marmalade", "role": "doctor", "name": "New" });
    tech.post("/api/users", new).await.expect(201);
    let programs = testkit::cluster().binaries().directory().to_owned();
    let dump = std::process::Command::new(programs.join("pg_dump"))
        .args(["--data-only", "--dbname", &app.test_database.owner().url])
        .output()
        .unwrap();
    let dump = String::from_utf8_lossy(&dump.stdout);
    assert!(dump.contains("new@example.com"), "the dump is whole");
    for secret in [
        "wonderful marmalade",
        PASSWORD,
        tech.token.as_deref().unwrap(),
    ] {
        assert!(!dump.contains(secret), "a secret is stored in the clear");
    }
}

#[tokio::test]
async fn the_act_and_its_row_stand_or_fall_together() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let mut database = app.test_database.superuser().await;
    sqlx::query(
        "ALTER TABLE audit_logs ADD CONSTRAINT full_disk CHECK (action <> 'update_setting')",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let answer = tech
        .put(
            "/api/settings/queue.claim_minutes",
            json!({ "setting_value": 7 }),
        )
        .await;
    assert_eq!(answer.expect(500)["code"], "internal");
    let settings = tech.get("/api/settings").await.expect(200);
    let claim = settings["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["setting_key"] == "queue.claim_minutes")
        .unwrap()
        .clone();
    assert_eq!(
        (&claim["setting_value"], &claim["is_default"]),
        (&json!(30), &json!(true))
    );
}

#[tokio::test]
async fn the_trail_is_taken_away_in_each_form_after_a_proof_and_that_is_audited() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let keys = trail::SigningKeys::in_folder(app.folder().join("signing"));
    keys.rotate(app.now()).unwrap();
    trail::seal(&app.database, &keys).await.unwrap();
    for (format, media, part) in [
        ("csv", "text/csv", "log_id,created_at,"),
        ("fhir", "application/fhir+ndjson", "\"AuditEvent\""),
        ("dicom", "text/plain", "<AuditMessage>"),
        (
            "jsonl",
            "application/x-ndjson",
            "medical-portal audit export 1",
        ),
    ] {
        let answer = tech
            .get(&format!("/api/audit/export?format={format}"))
            .await;
        assert_eq!(answer.status, 200, "{format}");
        assert_eq!(answer.headers["content-type"], media);
        let text = String::from_utf8(answer.bytes).unwrap();
        assert!(text.contains(part), "{format}: {text:.300}");
    }
    let whole = tech.get("/api/audit/export").await;
    let file = app.folder().join("audit.jsonl");
    std::fs::write(&file, &whole.bytes).unwrap();
    let public = trail::PublicKeys::load(&keys.public_path()).unwrap();
    let proof = trail::verify_file(&file, &public).unwrap();
    assert!(
        proof.report.is_sound() && proof.report.rows > 0,
        "{proof:?}"
    );

    let noted = tech.get("/api/audit?action=export_audit").await.expect(200);
    let formats: Vec<&str> = noted["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["new_values"]["format"].as_str().unwrap())
        .collect();
    assert_eq!(formats, ["jsonl", "jsonl", "dicom", "fhir", "csv"]);

    app.advance(chrono::Duration::minutes(11));
    let refused = tech.get("/api/audit/export").await.expect(403);
    assert_eq!(refused["code"], "step_up_required");
    tech.post("/api/auth/step-up", json!({ "password": PASSWORD }))
        .await
        .expect(204);
    assert_eq!(tech.get("/api/audit/export").await.status, 200);
    let unknown = tech.get("/api/audit/export?format=pdf").await.expect(422);
    assert_eq!(unknown["errors"][0]["field"], "format");
}
