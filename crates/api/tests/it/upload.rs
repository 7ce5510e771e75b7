//! Films on their way in.

use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film, dicom_film};

/// Registers a patient with a hospital's number.
pub(crate) async fn register(client: &Client, number: &str) -> String {
    let body =
        json!({ "name": "Patient Test", "identifier": number, "date_of_birth": "2023-01-01" });
    client.post("/api/patients", body).await.expect(201)["patient_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_dicom_file_finds_its_patient_and_becomes_a_queued_report() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let receipt = radiologist
        .upload(vec![("film.dcm", dicom_film(1, "HOSP-1"))], &[])
        .await
        .expect(201);
    let report = &receipt["reports"][0];
    assert_eq!(
        (&report["status"], &report["duplicate"]),
        (&json!("pending"), &json!(false))
    );
    let id = report["report_id"].as_str().unwrap();
    let detail = radiologist
        .get(&format!("/api/reports/{id}"))
        .await
        .expect(200);
    assert_eq!(detail["report"]["patient_id"], json!(patient));
    assert_eq!(detail["images"][0]["image_format"], "DICOM");
    assert_eq!(detail["images"][0]["width"], 96);
    assert!(detail["images"][0]["dicom_metadata"]["00100020"].is_object());
    let jobs: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM portal.jobs WHERE state = 'queued' AND report_id::text = $1",
    )
    .bind(id)
    .fetch_one(&mut app.test_database.superuser().await)
    .await
    .unwrap();
    assert_eq!(jobs, 1);
}

#[tokio::test]
async fn an_upload_says_exactly_what_is_missing() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let code = |body: &Value| {
        body["rejected"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let unknown_number = radiologist
        .upload(vec![("a.dcm", dicom_film(1, "NOBODY"))], &[])
        .await
        .expect(422);
    assert_eq!(
        (unknown_number["code"].as_str(), code(&unknown_number)),
        (Some("nothing_taken"), "patient_not_matched".to_owned())
    );
    let no_patient = radiologist
        .upload(vec![("a.png", chest_film(1, 80))], &[])
        .await
        .expect(422);
    assert_eq!(code(&no_patient), "patient_missing");
    let stranger = uuid::Uuid::from_u128(7).to_string();
    let unknown_id = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("patient_id", &stranger)],
        )
        .await
        .expect(422);
    assert_eq!(code(&unknown_id), "patient_unknown");
    let nothing = radiologist
        .upload(vec![], &[("patient_id", &stranger)])
        .await
        .expect(422);
    assert_eq!(nothing["errors"][0]["field"], "files");
    assert!(
        !unknown_number.to_string().contains("NOBODY"),
        "what the header says is not repeated"
    );
}

#[tokio::test]
async fn what_is_no_image_is_refused_file_by_file_and_the_others_count() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let files = vec![
        ("good.png", chest_film(1, 80)),
        (
            "page.png",
            b"<html><script>alert(1)</script></html>".to_vec(),
        ),
        (
            "drawing.dcm",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        ),
        ("empty.jpg", Vec::new()),
        ("../../archive.zip", b"PK\x03\x04aaaaaaaaaaaaaaaa".to_vec()),
    ];
    let receipt = radiologist
        .upload(files, &[("patient_id", &patient)])
        .await
        .expect(201);
    assert_eq!(receipt["reports"].as_array().unwrap().len(), 1);
    let rejected: Vec<(&str, &str)> = receipt["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["file"].as_str().unwrap(),
                file["code"].as_str().unwrap(),
            )
        })
        .collect();
    let refused = "not_an_image";
    assert_eq!(
        rejected,
        [
            ("page.png", refused),
            ("drawing.dcm", refused),
            ("empty.jpg", refused),
            ("archive.zip", refused)
        ]
    );
}

#[tokio::test]
async fn the_same_file_is_recognised_and_never_lands_on_another_patient() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let (first, second) = (
        register(&radiologist, "HOSP-1").await,
        register(&radiologist, "HOSP-2").await,
    );
    let film = || vec![("a.png", chest_film(1, 80))];
    let original = radiologist
        .upload(film(), &[("patient_id", &first)])
        .await
        .expect(201);
    let again = radiologist
        .upload(film(), &[("patient_id", &first)])
        .await
        .expect(201);
    assert_eq!(again["reports"][0]["duplicate"], true);
    assert_eq!(
        again["reports"][0]["report_id"],
        original["reports"][0]["report_id"]
    );
    let other = radiologist
        .upload(film(), &[("patient_id", &second)])
        .await
        .expect(422);
    assert_eq!(other["rejected"][0]["code"], "duplicate_of_other_patient");
    let colleague = app.client(Role::Radiologist).await;
    assert_eq!(
        colleague.upload(film(), &[]).await.expect(201)["reports"][0]["duplicate"],
        true
    );
}

#[tokio::test]
async fn eight_uploads_of_one_file_at_once_make_one_report() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    register(&radiologist, "HOSP-1").await;
    let uploads = (0..8).map(|_| {
        let radiologist = radiologist.clone();
        async move {
            radiologist
                .upload(vec![("a.dcm", dicom_film(1, "HOSP-1"))], &[])
                .await
                .expect(201)
        }
    });
    let receipts = futures::future::join_all(uploads).await;
    let fresh = receipts
        .iter()
        .filter(|receipt| receipt["reports"][0]["duplicate"] == false)
        .count();
    assert_eq!(fresh, 1);
    let reports: i64 = sqlx::query_scalar("SELECT count(*) FROM medical_reports")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    assert_eq!(reports, 1);
}

#[tokio::test]
async fn images_of_one_study_become_one_report_and_late_ones_another() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let second_instance = || {
        // Another instance of the study of film 1: same study UID, other bytes.
        let mut film = dicom_film(1, "HOSP-1");
        let last = film.len() - 1;
        film[last] ^= 1;
        film
    };
    let one = radiologist
        .upload(
            vec![
                ("1.dcm", dicom_film(1, "HOSP-1")),
                ("x.png", chest_film(1, 80)),
            ],
            &[("patient_id", &patient)],
        )
        .await
        .expect(201);
    assert_eq!(
        one["reports"].as_array().unwrap().len(),
        2,
        "a DICOM study and a picture"
    );
    let study = one["reports"]
        .as_array()
        .unwrap()
        .iter()
        .find(|report| report["files"][0] == "1.dcm")
        .unwrap()["report_id"]
        .clone();
    let more = radiologist
        .upload(vec![("2.dcm", second_instance())], &[])
        .await
        .expect(201);
    assert_eq!(
        more["reports"][0]["report_id"], study,
        "further images join their study"
    );
    app.run_jobs().await;
    let sign =
        json!({ "report_id": study, "doctor_risk_assessment": "low", "urgency_level": "routine" });
    doctor.post("/api/reviews", sign).await.expect(201);
    let mut late = dicom_film(1, "HOSP-1");
    let last = late.len() - 3;
    late[last] ^= 1;
    let after = radiologist
        .upload(vec![("3.dcm", late)], &[])
        .await
        .expect(201);
    assert_ne!(
        after["reports"][0]["report_id"], study,
        "what comes after the review is read anew"
    );
    assert_eq!(after["reports"][0]["status"], "pending");
}

#[tokio::test]
async fn an_image_that_cannot_be_decoded_is_kept_and_goes_to_a_doctor_unscored() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    register(&radiologist, "HOSP-1").await;
    let mut film = dicom_film(1, "HOSP-1");
    // MPEG2, which nobody here decodes, in place of Explicit VR Little Endian.
    let syntax = b"1.2.840.10008.1.2.1\0";
    let at = film
        .windows(syntax.len())
        .position(|window| window == syntax)
        .unwrap();
    film[at..at + syntax.len()].copy_from_slice(b"1.2.840.10008.1.2.99");
    let sent = film.clone();
    let receipt = radiologist
        .upload(vec![("odd.dcm", film)], &[])
        .await
        .expect(201);
    assert!(
        !receipt["reports"][0]["warnings"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    app.run_jobs().await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    let item = &queue["items"][0];
    assert_eq!(
        (&item["risk_score"], &item["priority_order"]),
        (&Value::Null, &json!(2))
    );
    assert!(item["not_assessed_reason"].is_string());
    let id = item["report_id"].as_str().unwrap();
    let detail = doctor.get(&format!("/api/reports/{id}")).await.expect(200);
    assert_eq!(detail["report"]["status"], "analyzed");
    let original = doctor
        .get(detail["images"][0]["image_url"].as_str().unwrap())
        .await;
    assert_eq!(original.bytes, sent);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_the_others_count() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let tech = app.client(Role::Tech).await;
    let patient = register(&radiologist, "HOSP-1").await;
    tech.put(
        "/api/settings/intake.maximum_file_mebibytes",
        json!({ "setting_value": 1 }),
    )
    .await
    .expect(200);
    let mut large = chest_film(2, 80);
    large.resize(3 << 20, 0);
    let files = vec![("large.png", large), ("small.png", chest_film(1, 80))];
    let receipt = radiologist
        .upload(files, &[("patient_id", &patient)])
        .await
        .expect(201);
    assert_eq!(receipt["rejected"][0]["code"], "too_large");
    assert_eq!(receipt["reports"].as_array().unwrap().len(), 1);
    assert_eq!(
        std::fs::read_dir(app.folder().join("blobs/incoming"))
            .unwrap()
            .count(),
        0,
        "nothing is left behind"
    );
}

#[tokio::test]
async fn a_film_that_the_disk_does_not_take_is_refused_and_the_others_count() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-2").await;
    let (lost, kept) = (chest_film(1, 64), chest_film(2, 64));
    let digest = blobs::Digest::of(&lost).to_string();
    // Where the folder of its blob would be.
    let place = app.folder().join("blobs").join(&digest[..2]);
    std::fs::write(&place, "").unwrap();
    let files = vec![("one.png", lost.clone()), ("one.png", kept)];
    let of = [("patient_id", patient.as_str())];
    let receipt = radiologist.upload(files, &of).await.expect(201);
    assert_eq!(receipt["reports"][0]["files"], json!(["one.png"]));
    assert_eq!(receipt["rejected"][0]["code"], "storage_failed");
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let detail = radiologist.get(&format!("/api/reports/{id}")).await;
    assert_eq!(detail.expect(200)["images"].as_array().unwrap().len(), 1);
    // Sent again when the disk is well, it is taken.
    std::fs::remove_file(&place).unwrap();
    let receipt = radiologist.upload(vec![("one.png", lost)], &of).await;
    let receipt = receipt.expect(201);
    assert_eq!(
        (&receipt["reports"][0]["duplicate"], &receipt["rejected"]),
        (&json!(false), &json!([]))
    );
}

#[tokio::test]
async fn details_are_kept_and_wrong_ones_are_named() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let fields = [
        ("patient_id", patient.as_str()),
        ("patient_age", "3"),
        ("patient_gender", "F"),
        ("symptoms", "cough, fever"),
        ("medical_history", "{\"asthma\": true}"),
        ("study_type", "chest_xray"),
    ];
    let receipt = radiologist
        .upload(vec![("a.png", chest_film(1, 80))], &fields)
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let report = radiologist
        .get(&format!("/api/reports/{id}"))
        .await
        .expect(200)["report"]
        .clone();
    assert_eq!(report["patient_age"], 3);
    assert_eq!(report["patient_gender"], "female");
    assert_eq!(report["symptoms"], json!(["cough", "fever"]));
    assert_eq!(report["medical_history"], json!({ "asthma": true }));
    let wrong = [
        ("patient_age", "old"),
        ("patient_gender", "x"),
        ("patient_id", "me"),
    ];
    let body = radiologist
        .upload(vec![("a.png", chest_film(2, 80))], &wrong)
        .await
        .expect(422);
    assert_eq!(body["errors"].as_array().unwrap().len(), 3);
    let odd = radiologist
        .upload(vec![("a.png", chest_film(2, 80))], &[("risk_score", "low")])
        .await
        .expect(422);
    assert_eq!(odd["errors"][0]["code"], "unknown_field");
}

#[tokio::test]
async fn a_broken_upload_stores_nothing() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\nhalf a fi";
    let request = radiologist
        .request(reqwest::Method::POST, "/api/reports/upload")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body);
    assert_eq!(
        radiologist.send(request).await.expect(400)["code"],
        "malformed"
    );
    assert_eq!(
        std::fs::read_dir(app.folder().join("blobs/incoming"))
            .unwrap()
            .count(),
        0
    );
}

/// A film that is scored low does not speak for another one of its report that nobody assessed.
#[tokio::test]
async fn a_report_with_an_unassessed_image_is_never_low() {
    let Some(folder) = testkit::shared_folder("cxr") else {
        return;
    };
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let mut normal: Vec<_> = std::fs::read_dir(folder.join("kermany2018/NORMAL"))
        .unwrap()
        .flatten()
        .map(|file| std::fs::read(file.path()).unwrap())
        .collect();
    normal.sort();
    let low = async |film: Vec<u8>, other: Option<Vec<u8>>| {
        let mut files = vec![("a.jpeg", film)];
        files.extend(other.map(|other| ("b.png", other)));
        let receipt = radiologist
            .upload(files, &[("patient_id", &patient)])
            .await
            .expect(201);
        app.run_jobs().await;
        let id = receipt["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned();
        doctor.get(&format!("/api/reports/{id}")).await.expect(200)["report"]["risk_score"].clone()
    };
    let mut mixed = 0;
    for (seed, film) in normal.iter().take(6).enumerate() {
        // The same picture cut off is assessed by nobody, and another film beside it changes that.
        let cut = film[..film.len() * 9 / 10].to_vec();
        assert_eq!(
            low(cut, None).await,
            Value::Null,
            "a file that is cut off is not judged"
        );
        if low(film.clone(), Some(chest_film(seed as u32, 80))).await == Value::Null {
            mixed += 1;
        }
    }
    assert!(
        mixed >= 5,
        "only {mixed} of 6 reports with an unassessed image were left unscored"
    );
}

#[tokio::test]
async fn a_character_that_cannot_be_stored_costs_one_field_and_no_film() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    register(&radiologist, "HOSP-1").await;
    let mut film = dicom_film(1, "HOSP-1");
    let at = film
        .windows(5)
        .position(|window| window == b"CHEST")
        .unwrap();
    film[at + 2] = 0;
    radiologist
        .upload(
            vec![("odd.dcm", film), ("fine.dcm", dicom_film(2, "HOSP-1"))],
            &[],
        )
        .await
        .expect(201);
    for path in ["/api/reports?search=%00", "/api/patients?search=%00"] {
        assert_eq!(
            radiologist.get(path).await.expect(422)["errors"][0]["code"],
            "nul",
            "{path}"
        );
    }
    let name = radiologist
        .post("/api/patients", json!({ "name": "a\u{0}b" }))
        .await
        .expect(400);
    assert_eq!(name["code"], "malformed");
    let field = radiologist
        .upload(
            vec![("a.png", chest_film(1, 80))],
            &[("symptoms", "a\u{0}b")],
        )
        .await
        .expect(422);
    assert_eq!(field["errors"][0]["code"], "nul");
}

#[tokio::test]
async fn a_field_sent_twice_and_ages_that_contradict_are_noticed() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let twice = [
        ("patient_id", patient.as_str()),
        ("patient_id", patient.as_str()),
    ];
    let body = radiologist
        .upload(vec![("a.png", chest_film(1, 80))], &twice)
        .await
        .expect(422);
    assert_eq!(body["errors"][0]["code"], "repeated");
    let fields = [("patient_id", patient.as_str()), ("patient_age", "40")];
    let receipt = radiologist
        .upload(vec![("a.dcm", dicom_film(1, "HOSP-1"))], &fields)
        .await
        .expect(201);
    app.run_jobs().await;
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let detail = doctor.get(&format!("/api/reports/{id}")).await.expect(200);
    assert_eq!(detail["not_assessed"]["code"], "age_contradicts");
    assert_eq!(
        detail["report"]["report_image_url"],
        detail["images"][0]["image_url"]
    );
}
