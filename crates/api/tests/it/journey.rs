//! The whole way: upload → analysed → queue → claim → review → released → the patient reads it.

use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, TestOptions, dicom_film, shared_folder};

use crate::upload::register;

/// Walks a film through the portal with real tokens over HTTP. The answer is the report's id.
async fn walk(app: &TestApp, film: (&str, Vec<u8>), patient: &Client) -> String {
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let patient_id = patient.user_id();

    let receipt = radiologist
        .upload(
            vec![film],
            &[("patient_id", &patient_id), ("patient_age", "4")],
        )
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = format!("/api/reports/{id}");
    assert_eq!(
        radiologist.get(&report).await.expect(200)["report"]["status"],
        "pending"
    );
    patient.get(&report).await.expect(404);

    assert!(app.run_jobs().await >= 1);
    let analysed = doctor.get(&report).await.expect(200);
    assert_eq!(analysed["report"]["status"], "analyzed");
    assert!(
        analysed["analysis"].is_object() != analysed["not_assessed"].is_object(),
        "either a score or a reason"
    );
    patient.get(&report).await.expect(404);

    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert!(
        queue["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["report_id"] == json!(id))
    );
    assert!(queue["summary"]["total"].as_i64().unwrap() >= 1);
    let claim = doctor
        .post(&format!("/api/reviews/queue/{id}/claim"), json!({}))
        .await
        .expect(200);
    assert_eq!(claim["doctor_id"], json!(doctor.user_id()));

    let review = json!({
        "report_id": id,
        "clinical_findings": "Clear lungs.",
        "review_notes": "For colleagues only.",
        "confirmed_ai_diagnosis": true,
        "ai_accuracy_rating": 4,
        "doctor_risk_assessment": "low",
        "urgency_level": "routine",
        "recommended_action": "None.",
        "follow_up_required": false,
    });
    if analysed["identity"].is_object() {
        let path = format!("/api/reviews/queue/{id}/identity");
        doctor.post(&path, json!({})).await.expect(201);
    }
    let signed = doctor
        .post("/api/reviews", review.clone())
        .await
        .expect(201);
    assert_eq!(signed["status"], "reviewed");
    assert!(signed["release"]["released_at"].is_string());
    assert_eq!(
        doctor.post("/api/reviews", review).await.expect(409)["code"],
        "already_reviewed"
    );

    let result = patient.get(&report).await.expect(200);
    assert_eq!(result["report"]["status"], "reviewed");
    assert_eq!(result["reviews"][0]["clinical_findings"], "Clear lungs.");
    assert_eq!(
        result["reviews"][0]["review_notes"],
        Value::Null,
        "notes for colleagues are not the patient's"
    );
    let image = patient
        .get(result["images"][0]["image_url"].as_str().unwrap())
        .await;
    assert_eq!(image.status, 200);
    let notifications = patient.get("/api/notifications").await.expect(200);
    assert_eq!(notifications["items"][0]["type"], "result_released");
    assert_eq!(
        radiologist.get("/api/notifications").await.expect(200)["items"][0]["type"],
        "report_reviewed"
    );
    let accesses = patient
        .get(&format!("/api/patients/{patient_id}/accesses"))
        .await
        .expect(200);
    assert!(
        accesses["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|access| access["action"] == "sign_review")
    );
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert!(
        !queue["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["report_id"] == json!(id))
    );
    id
}

#[tokio::test]
async fn a_generated_film_travels_the_whole_way_and_every_step_is_audited() {
    let app = TestApp::start().await;
    let patient = app.client_named(Role::Patient, "traveller").await;
    let id = walk(&app, ("film.dcm", dicom_film(1, "ANY")), &patient).await;
    let actions: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT action FROM audit_logs WHERE entity_id::text = $1 AND status = 'success' ORDER BY action",
    )
    .bind(&id)
    .fetch_all(&mut app.test_database.superuser().await)
    .await
    .unwrap();
    for action in [
        "claim_report",
        "read_image",
        "read_report",
        "release_report",
        "sign_review",
        "upload_report",
    ] {
        assert!(
            actions.iter().any(|found| found == action),
            "{action} is not audited: {actions:?}"
        );
    }
    assert!(
        actions
            .iter()
            .any(|found| found == "complete_analysis" || found == "decline_analysis"),
        "{actions:?}"
    );
}

/// Real radiographs, where they are at hand.
#[tokio::test]
async fn real_dicom_films_travel_the_whole_way() {
    let Some(folder) = shared_folder("dicom") else {
        return;
    };
    let app = TestApp::start().await;
    let patient = app.client_named(Role::Patient, "traveller").await;
    let mut walked = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Radiographs of the collection: computed radiography, mammography, chest films.
        if [
            "RG1",
            "RG3_JPLL",
            "gdcm-CR-MONO1",
            "1.2.276",
            "CR-ModalitySequenceLUT",
        ]
        .iter()
        .any(|part| name.contains(part))
        {
            walk(
                &app,
                (&name, std::fs::read(entry.path()).unwrap()),
                &patient,
            )
            .await;
            walked += 1;
        }
    }
    assert!(walked >= 3, "only {walked} films were found");
}

/// Real chest films of children: the model speaks, and puts pneumonia before normal.
#[tokio::test]
async fn real_chest_films_are_scored_and_the_sick_ones_come_first() {
    let Some(folder) = shared_folder("cxr") else {
        return;
    };
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let mut sick = Vec::new();
    for (class, count) in [("NORMAL", 4), ("PNEUMONIA", 4)] {
        let mut files: Vec<_> = std::fs::read_dir(folder.join("kermany2018").join(class))
            .unwrap()
            .flatten()
            .map(|file| file.path())
            .collect();
        files.sort();
        for file in files.iter().take(count) {
            let film = vec![("film.jpeg", std::fs::read(file).unwrap())];
            let receipt = radiologist
                .upload(film, &[("patient_id", &patient)])
                .await
                .expect(201);
            if class == "PNEUMONIA" {
                sick.push(receipt["reports"][0]["report_id"].clone());
            }
        }
    }
    app.run_jobs().await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    let items = queue["items"].as_array().unwrap();
    let scored = items
        .iter()
        .filter(|item| item["risk_score"].is_string())
        .count();
    assert!(scored >= 7, "only {scored} of 8 were scored");
    let sick_first = items
        .iter()
        .take(4)
        .filter(|item| sick.contains(&item["report_id"]))
        .count();
    assert!(
        sick_first >= 3,
        "only {sick_first} of the first four are films of pneumonia"
    );
    let first = items[0]["report_id"].as_str().unwrap();
    let analysis = doctor
        .get(&format!("/api/ai/analysis/{first}"))
        .await
        .expect(200);
    let sum: f64 = ["low", "medium", "high"]
        .iter()
        .map(|class| analysis[format!("{class}_probability")].as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let heatmap = doctor
        .get(&format!(
            "/api/ai/analysis/{first}/heatmap?width=64&height=64"
        ))
        .await;
    assert_eq!(
        (heatmap.status.as_u16(), &heatmap.bytes[..4]),
        (200, &b"\x89PNG"[..])
    );
}

/// With workers running as in `serve`, the score arrives by itself.
#[tokio::test(flavor = "multi_thread")]
async fn workers_in_the_background_pick_new_films_up() {
    let app = TestApp::start_with(TestOptions {
        background: true,
        ..TestOptions::default()
    })
    .await;
    let radiologist = app.client(Role::Radiologist).await;
    register(&radiologist, "HOSP-1").await;
    let receipt = radiologist
        .upload(vec![("a.dcm", dicom_film(1, "HOSP-1"))], &[])
        .await
        .expect(201);
    let path = format!(
        "/api/reports/{}",
        receipt["reports"][0]["report_id"].as_str().unwrap()
    );
    for _ in 0..200 {
        if radiologist.get(&path).await.expect(200)["report"]["status"] == "analyzed" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the film was not analysed in ten seconds");
}

#[tokio::test]
async fn without_a_model_every_film_still_reaches_a_doctor() {
    let app = TestApp::start_with(TestOptions {
        without_model: true,
        ..TestOptions::default()
    })
    .await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    register(&radiologist, "HOSP-1").await;
    radiologist
        .upload(vec![("a.dcm", dicom_film(1, "HOSP-1"))], &[])
        .await
        .expect(201);
    app.run_jobs().await;
    let item = doctor.get("/api/reviews/queue").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&item["risk_score"], &item["priority_order"]),
        (&Value::Null, &json!(2))
    );
}
