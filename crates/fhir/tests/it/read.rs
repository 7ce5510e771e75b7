//! What records become.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use demo::scored_film;
use domain::Role;
use serde_json::{Value, json};
use testkit::{TestApp, chest_film};

use crate::{ehr, entries, film, get, patient, sign};

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_from_registered_to_amended_and_every_resource_says_so() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client_named(Role::Doctor, "drhouse").await;
    let program = ehr(&app).await;
    let patient_id = patient(&radiologist, "Ada Demo", "MRN-1", "2022-03-04").await;
    let receipt = radiologist
        .upload(
            vec![("film.dcm", scored_film(1, "ACC-1", "MRN-1"))],
            &[("patient_id", &patient_id)],
        )
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = async || {
        get(&program, &format!("DiagnosticReport/{id}"))
            .await
            .expect(200)
    };

    let registered = report().await;
    assert_eq!(registered["status"], "registered");
    assert!(registered.get("result").is_none() && registered.get("conclusion").is_none());
    get(&program, &format!("Observation/{id}"))
        .await
        .expect(404);

    app.run_jobs().await;
    let preliminary = report().await;
    assert_eq!(preliminary["status"], "preliminary");
    assert_eq!(
        preliminary["result"][0]["reference"],
        format!("Observation/{id}")
    );
    assert!(
        preliminary.get("conclusion").is_none(),
        "what the AI says is no conclusion"
    );
    assert_eq!(preliminary["effectiveDateTime"], "2026-03-01");
    assert_eq!(preliminary["identifier"][1]["value"], "ACC-1");
    let observation = get(&program, &format!("Observation/{id}"))
        .await
        .expect(200);
    assert_eq!(observation["status"], "preliminary");
    let risk = observation["valueCodeableConcept"]["coding"][0]["code"]
        .as_str()
        .unwrap();
    let seen = doctor.get(&format!("/api/reports/{id}")).await.expect(200);
    assert_eq!(seen["analysis"]["risk_category"], risk);
    assert_eq!(
        observation["component"][0]["valueQuantity"]["value"],
        seen["analysis"]["risk_probability"]
    );
    let device = observation["device"]["reference"].as_str().unwrap();
    let model = get(&program, device).await.expect(200);
    assert_eq!(model["status"], "active");
    let study = observation["derivedFrom"][0]["reference"].as_str().unwrap();
    let study = get(&program, study).await.expect(200);
    assert_eq!(study["numberOfInstances"], 1);
    assert_eq!(study["series"][0]["modality"]["code"], "DX");
    assert_eq!(
        study["subject"]["reference"],
        format!("Patient/{patient_id}")
    );
    assert_eq!(
        study["contained"][0]["address"],
        format!("{}/dicomweb", testkit::PUBLIC_URL)
    );

    app.advance(chrono::Duration::minutes(5));
    let review_id = sign(&doctor, &id).await;
    let signed = report().await;
    assert_eq!(signed["status"], "final");
    assert_eq!(
        signed["conclusion"],
        "Opacity in the right lower field.\n\nAntibiotics."
    );
    assert_eq!(signed["conclusionCode"][0]["coding"][0]["code"], "high");
    assert_eq!(signed["resultsInterpreter"][0]["display"], "drhouse");
    assert!(signed["meta"]["lastUpdated"].as_str() > preliminary["meta"]["lastUpdated"].as_str());
    let interpreter = signed["resultsInterpreter"][0]["reference"]
        .as_str()
        .unwrap();
    get(&program, interpreter).await.expect(200);
    assert_eq!(
        get(&program, &format!("Observation/{id}"))
            .await
            .expect(200)["status"],
        "final"
    );

    app.advance(chrono::Duration::minutes(5));
    doctor
        .post(
            &format!("/api/reviews/{review_id}/addenda"),
            json!({ "addendum": "Old film seen." }),
        )
        .await
        .expect(201);
    let amended = report().await;
    assert_eq!(amended["status"], "amended");
    assert!(
        amended["conclusion"]
            .as_str()
            .unwrap()
            .ends_with(": Old film seen.")
    );
    assert!(amended["meta"]["lastUpdated"].as_str() > signed["meta"]["lastUpdated"].as_str());

    let document = get(&program, &format!("DocumentReference/{review_id}")).await;
    assert_eq!(
        document.headers["etag"].to_str().unwrap(),
        format!(
            "W/\"{}\"",
            document.json()["meta"]["versionId"].as_str().unwrap()
        )
    );
    let document = document.expect(200);
    let text = document["content"][0]["attachment"]["data"]
        .as_str()
        .unwrap();
    let text = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
    assert!(text.contains("Opacity") && text.contains("Old film seen."));
    assert!(
        !text.contains("Between us"),
        "notes for colleagues left the portal"
    );
    assert!(!signed.to_string().contains("Between us"));
    assert_eq!(
        document["context"]["related"][0]["reference"],
        format!("DiagnosticReport/{id}")
    );
}

#[tokio::test]
async fn what_the_ai_could_not_assess_has_a_reason_and_no_value() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient_id = patient(&radiologist, "Ada Demo", "MRN-1", "2022-03-04").await;
    let id = film(&app, &radiologist, &patient_id, chest_film(1, 80)).await;
    let program = ehr(&app).await;
    let observation = get(&program, &format!("Observation/{id}"))
        .await
        .expect(200);
    assert!(
        observation.get("valueCodeableConcept").is_none() && observation.get("component").is_none()
    );
    assert_eq!(
        observation["dataAbsentReason"]["coding"][0]["code"],
        "not-performed"
    );
    assert!(!observation.to_string().contains("low"));
    let report = get(&program, &format!("DiagnosticReport/{id}"))
        .await
        .expect(200);
    assert!(
        report.get("imagingStudy").is_none(),
        "a PNG file is of no study"
    );
}

#[tokio::test]
async fn a_patient_is_shown_with_numbers_and_without_made_up_addresses() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let id = patient(&doctor, "Ada Demo", "MRN-1", "2022-03-04").await;
    let shown = get(&ehr(&app).await, &format!("Patient/{id}"))
        .await
        .expect(200);
    assert_eq!(shown["identifier"][0]["value"], "MRN-1");
    assert_eq!(
        shown["identifier"][0]["system"],
        "urn:medical-portal:issuer:St.%20Mary%27s"
    );
    assert_eq!(shown["birthDate"], "2022-03-04");
    assert_eq!(shown["gender"], "female");
    assert!(shown.get("telecom").is_none(), "{shown}");
    let own = app.client(Role::Patient).await;
    let shown = get(&own, &format!("Patient/{}", own.user_id()))
        .await
        .expect(200);
    assert!(
        shown["telecom"][0]["value"]
            .as_str()
            .unwrap()
            .ends_with("@example.com")
    );
}

#[tokio::test]
async fn a_number_of_somebody_unknown_is_shown_as_temporary_and_never_found() {
    let app = TestApp::start().await;
    let sender = app
        .program(Role::Radiologist, &[domain::scope::Scope::DicomwebWrite])
        .await;
    let mut body = b"--b\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
    body.extend_from_slice(&testkit::dicom_film(1, "MRN-9"));
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = sender
        .request(reqwest::Method::POST, "/dicomweb/studies")
        .header(
            "content-type",
            "multipart/related; type=\"application/dicom\"; boundary=b",
        )
        .body(body);
    sender.send(request).await.expect(200);
    let program = ehr(&app).await;
    let all = get(&program, "Patient").await.expect(200);
    let unknown = &entries(&all, "match")[0];
    assert_eq!(unknown["identifier"][0]["use"], "temp");
    assert_eq!(
        get(&program, "Patient?identifier=MRN-9").await.expect(200)["total"],
        0
    );
    let doctor = app.client(Role::Doctor).await;
    let known = patient(&doctor, "Ada Demo", "MRN-7", "2022-03-04").await;
    let unknown_id = unknown["id"].as_str().unwrap();
    doctor
        .post(
            &format!("/api/patients/{unknown_id}/identification"),
            json!({ "identified_as": known }),
        )
        .await
        .expect(200);
    let replaced = get(&program, &format!("Patient/{unknown_id}"))
        .await
        .expect(200);
    assert_eq!(
        replaced["link"][0]["other"]["reference"],
        format!("Patient/{known}")
    );
    assert_eq!(replaced["active"], false);
    let studies = get(&program, &format!("ImagingStudy?patient={known}"))
        .await
        .expect(200);
    assert_eq!(studies["total"], 1);
}

/// Where doctors say what they think before they see what the AI said, FHIR is no way around it.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_ai_said_is_kept_back_here_as_on_the_screen() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient_id = patient(&radiologist, "Ada Demo", "MRN-1", "2022-03-04").await;
    let id = film(
        &app,
        &radiologist,
        &patient_id,
        scored_film(1, "ACC-1", "MRN-1"),
    )
    .await;
    let (doctor, program) = (app.client(Role::Doctor).await, ehr(&app).await);
    let tech = app.client(Role::Tech).await;
    tech.put(
        "/api/settings/review.first_impression_before_ai",
        json!({ "setting_value": true }),
    )
    .await
    .expect(200);
    for client in [&doctor, &program] {
        get(client, &format!("Observation/{id}")).await.expect(404);
        let found = get(client, "Observation?value-concept=high,medium,low")
            .await
            .expect(200);
        assert!(
            found.get("entry").is_none() && found.get("total").is_none(),
            "{found}"
        );
        let report = get(client, &format!("DiagnosticReport/{id}"))
            .await
            .expect(200);
        assert!(report.get("result").is_none());
        let beside = get(client, "Patient?_revinclude=Observation:subject")
            .await
            .expect(200);
        assert_eq!(entries(&beside, "include"), Vec::<Value>::new());
    }
    get(&radiologist, &format!("Observation/{id}"))
        .await
        .expect(200);
    doctor
        .post(&format!("/api/reviews/queue/{id}/claim"), json!({}))
        .await
        .expect(200);
    doctor
        .post(
            &format!("/api/reviews/queue/{id}/impression"),
            json!({ "risk": "low" }),
        )
        .await
        .expect(201);
    get(&doctor, &format!("Observation/{id}")).await.expect(200);
    get(&program, &format!("Observation/{id}"))
        .await
        .expect(404);
}
