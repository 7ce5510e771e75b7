//! Who may do what over FHIR: every path × every kind of caller, and what patients and the trail see.

use db::Actor;
use demo::scored_film;
use domain::{Role, scope::Scope};
use reqwest::Method;
use serde_json::json;
use testkit::{Client, TestApp};

use crate::{ehr, film, get, ids, patient, scope, sign};

/// Nobody, the patient whose released case it is, another patient, the radiologist who sent it in, another one, a
/// doctor, tech, and programs: a doctor's that reads everything, one of DICOMweb only, one whose token is revoked, one
/// that sends patients and orders.
const CALLERS: [&str; 11] = [
    "anonymous",
    "patient",
    "stranger",
    "sender",
    "radiologist",
    "doctor",
    "tech",
    "ehr",
    "dicomweb",
    "revoked",
    "feeder",
];
const OPEN: [u16; 11] = [200; 11];
const SEARCH: [u16; 11] = [401, 200, 200, 200, 200, 200, 403, 200, 403, 401, 403];
/// A case and what hangs on it.
const CASE: [u16; 11] = [401, 200, 404, 200, 404, 200, 403, 200, 403, 401, 403];
/// Staff knows every patient and every order, and everybody knows the doctors of the own record.
const PERSON: [u16; 11] = [401, 200, 404, 200, 200, 200, 403, 200, 403, 401, 403];
const MODEL: [u16; 11] = [401, 403, 403, 200, 200, 200, 200, 200, 403, 401, 403];
const TRAIL: [u16; 11] = [401, 403, 403, 403, 403, 403, 200, 403, 403, 401, 403];
const WRITE: [u16; 11] = [401, 403, 403, 200, 200, 200, 403, 403, 403, 401, 200];

fn verdicts(method: &str, path: &str) -> [u16; 11] {
    match (method, path) {
        (_, "/fhir/metadata") => OPEN,
        ("PUT", _) => WRITE,
        ("POST", path) if !path.ends_with("/_search") => WRITE,
        (_, path) if path.starts_with("/fhir/Device") => MODEL,
        (_, path) if path.starts_with("/fhir/AuditEvent") => TRAIL,
        (_, path) if !path.ends_with('}') => SEARCH,
        (_, path)
            if ["Patient", "Practitioner", "ServiceRequest"]
                .iter()
                .any(|kind| path.starts_with(&format!("/fhir/{kind}/"))) =>
        {
            PERSON
        }
        _ => CASE,
    }
}

/// What is sent to a path of writing, other for each caller.
fn body(path: &str, at: usize, owner: &str, order_id: &str) -> serde_json::Value {
    let mut body = match path {
        "/fhir" => crate::orders::message(&format!("T-{at}"), &format!("T-{at}")),
        path if path.contains("Patient") => crate::orders::person("Ada", &format!("P-{at}")),
        path if path.ends_with('}') => {
            crate::orders::order(&format!("Patient/{owner}"), "O-1", "ORDER-1")
        }
        path => {
            let number = format!("O-{}-{at}", path.len());
            crate::orders::order(&format!("Patient/{owner}"), &number, &number)
        }
    };
    match path {
        "/fhir/Patient/{patient_id}" => {
            body["id"] = json!(owner);
            body["identifier"] = json!([]);
        }
        "/fhir/ServiceRequest/{order_id}" => body["id"] = json!(order_id),
        // By POST one number, by PUT another.
        "/fhir/Patient" => body["identifier"] = json!([]),
        _ => {}
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_gets_its_verdict_on_every_path() {
    let app = TestApp::start().await;
    let owner = app.client(Role::Patient).await;
    let (sender, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let report_id = film(
        &app,
        &sender,
        &owner.user_id(),
        scored_film(1, "ACC-1", "MRN-1"),
    )
    .await;
    let review_id = sign(&doctor, &report_id).await;
    doctor
        .post(&format!("/api/reports/{report_id}/release"), json!({}))
        .await;
    let program = ehr(&app).await;
    let observation = get(&program, &format!("Observation/{report_id}"))
        .await
        .expect(200);
    let named = |element: &serde_json::Value| {
        element["reference"]
            .as_str()
            .unwrap()
            .split_once('/')
            .unwrap()
            .1
            .to_owned()
    };
    let model_id = named(&observation["device"]);
    let study = named(&observation["derivedFrom"][0]);
    let tech = app.client(Role::Tech).await;
    let revoked = ehr(&app).await;
    let tokens = tech.get("/api/program-tokens").await.expect(200);
    let newest = tokens["items"][0]["token_id"].as_str().unwrap();
    tech.delete(&format!("/api/program-tokens/{newest}"))
        .await
        .expect(204);
    let feeder = app
        .program(
            Role::Radiologist,
            &[
                scope("system/Patient.cu"),
                scope("system/ServiceRequest.cu"),
            ],
        )
        .await;
    let clients: [Client; 11] = [
        app.anonymous(),
        owner.clone(),
        app.client(Role::Patient).await,
        sender,
        app.client(Role::Radiologist).await,
        doctor.clone(),
        tech,
        program,
        app.program(Role::Doctor, &[Scope::DicomwebRead]).await,
        revoked,
        feeder,
    ];
    let made = body("/fhir/ServiceRequest/{order_id}", 0, &owner.user_id(), "");
    let request = clients[3]
        .request(Method::POST, "/fhir/ServiceRequest")
        .header("content-type", "application/fhir+json")
        .body(made.to_string());
    let order_id = clients[3].send(request).await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let trail = clients[6].get("/api/audit").await.expect(200);
    let log_id = trail["items"][0]["log_id"].as_str().unwrap().to_owned();
    let mut wrong = Vec::new();
    for (method, path) in fhir::PATHS {
        let named = path
            .replace("{patient_id}", &owner.user_id())
            .replace("{practitioner_id}", &doctor.user_id())
            .replace("{study}", &study)
            .replace("{report_id}", &report_id)
            .replace("{model_id}", &model_id)
            .replace("{review_id}", &review_id)
            .replace("{order_id}", &order_id)
            .replace("{log_id}", &log_id);
        for (at, client) in clients.iter().enumerate() {
            let due = verdicts(method, path)[at];
            let is_writing = verdicts(method, path) == WRITE;
            let concrete = match *method {
                "PUT" if !path.ends_with('}') => format!("{named}?identifier=urn:none|{at}"),
                _ => named.clone(),
            };
            let mut request = client.request(method.parse().unwrap(), &concrete);
            if is_writing {
                let body = body(path, at, &owner.user_id(), &order_id);
                // A condition finds nobody, so that a number of its own is needed.
                let body = match *method {
                    "PUT" => body.to_string().replace("O-20-", "O-put-"),
                    _ => body.to_string(),
                };
                request = request
                    .header("content-type", "application/fhir+json")
                    .body(body);
            }
            let answer = client.send(request).await;
            let got = answer.status.as_u16();
            // What is made is 201, what is changed 200.
            if got != due && !(is_writing && due == 200 && got == 201) {
                wrong.push(format!(
                    "{}: {method} {path}: expected {due}, got {got}",
                    CALLERS[at]
                ));
            }
            let shape = &answer.json()["resourceType"];
            assert_eq!(*shape == "OperationOutcome", got >= 400, "{path}");
            assert_eq!(
                answer.headers.contains_key("www-authenticate"),
                due == 401,
                "{path}"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is there and not for them is in the trail.
    let refused = clients[6].get("/api/audit?action=refuse").await.expect(200);
    let refused: Vec<String> = refused["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| {
            row["entity_id"] == json!(report_id) || row["entity_id"] == json!(owner.user_id())
        })
        .map(|row| row["user_role"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        refused.contains(&"patient".to_owned()) && refused.contains(&"radiologist".to_owned()),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_find_their_own_results_once_they_are_released_and_nothing_that_leads_nowhere() {
    let app = TestApp::start().await;
    let owner = app.client(Role::Patient).await;
    let stranger = app.client(Role::Patient).await;
    let (sender, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let tech = app.client(Role::Tech).await;
    let waits =
        json!({ "setting_value": { "delay_hours": 24, "reason": "the doctor calls first" } });
    tech.put("/api/settings/release.policy", waits)
        .await
        .expect(200);
    let report_id = film(
        &app,
        &sender,
        &owner.user_id(),
        scored_film(1, "ACC-1", "MRN-1"),
    )
    .await;
    sign(&doctor, &report_id).await;
    let kinds = [
        "DiagnosticReport",
        "Observation",
        "ImagingStudy",
        "DocumentReference",
        "Practitioner",
    ];
    for kind in kinds {
        assert_eq!(get(&owner, kind).await.expect(200)["total"], 0, "{kind}");
    }
    doctor
        .post(&format!("/api/reports/{report_id}/release"), json!({}))
        .await
        .expect(200);
    for kind in kinds {
        let bundle = get(&owner, kind).await.expect(200);
        assert_eq!(bundle["total"], 1, "{kind}");
        for reference in references(&bundle) {
            get(&owner, &reference).await.expect(200);
        }
        assert_eq!(get(&stranger, kind).await.expect(200)["total"], 0, "{kind}");
    }
    assert_eq!(
        ids(&get(&owner, "Patient").await.expect(200)),
        [owner.user_id()]
    );
    let found = get(&owner, &format!("Patient?_id={}", stranger.user_id()))
        .await
        .expect(200);
    assert_eq!(found["total"], 0);
}

/// Every reference of a body that is not within it.
fn references(body: &serde_json::Value) -> Vec<String> {
    match body {
        serde_json::Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if name == "reference" && !text.starts_with('#') => {
                    vec![text.to_owned()]
                }
                _ => references(value),
            })
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_bound_what_a_token_opens_includes_too() {
    let app = TestApp::start().await;
    let sender = app.client(Role::Radiologist).await;
    let patient_id = patient(&sender, "Ada Demo", "MRN-1", "2022-03-04").await;
    film(&app, &sender, &patient_id, scored_film(1, "ACC-1", "MRN-1")).await;
    let reports = app
        .program(
            Role::Doctor,
            &[
                scope("system/DiagnosticReport.rs"),
                scope("system/Patient.s"),
            ],
        )
        .await;
    get(&reports, "DiagnosticReport").await.expect(200);
    get(&reports, "Patient").await.expect(200);
    get(&reports, &format!("Patient/{patient_id}"))
        .await
        .expect(403);
    get(
        &reports,
        "DiagnosticReport?_include=DiagnosticReport:subject",
    )
    .await
    .expect(403);
    get(&reports, "Patient?_revinclude=Observation:subject")
        .await
        .expect(403);
    get(&reports, "Observation").await.expect(403);
    let uploads = reports.get("/dicomweb/studies").await;
    assert_eq!(
        uploads.status, 403,
        "a scope of FHIR opens nothing of DICOMweb"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_case_that_is_told_of_is_in_the_trail_and_on_the_patients_page() {
    let app = TestApp::start().await;
    let owner = app.client(Role::Patient).await;
    let (sender, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let report_id = film(
        &app,
        &sender,
        &owner.user_id(),
        scored_film(1, "ACC-1", "MRN-1"),
    )
    .await;
    sign(&doctor, &report_id).await;
    doctor
        .post(&format!("/api/reports/{report_id}/release"), json!({}))
        .await;
    let program = ehr(&app).await;
    get(
        &program,
        "DiagnosticReport?patient.identifier=MRN-1&status=final",
    )
    .await
    .expect(200);
    get(
        &program,
        &format!("Observation?patient={}", owner.user_id()),
    )
    .await
    .expect(200);
    get(&program, &format!("Patient/{}", owner.user_id()))
        .await
        .expect(200);
    let tech = app.client(Role::Tech).await;
    let read = tech.get("/api/audit?action=read_report").await.expect(200);
    let row = &read["items"][0];
    assert_eq!(row["entity_id"], report_id);
    assert_eq!(row["new_values"]["form"], "fhir Observation");
    assert!(row["new_values"]["token_id"].is_string());
    assert!(
        !read.to_string().contains("MRN-1"),
        "the trail repeats whom was searched for"
    );
    let own = owner
        .get(&format!("/api/patients/{}/accesses", owner.user_id()))
        .await
        .expect(200);
    let looks = own["items"].as_array().unwrap();
    assert!(looks.iter().any(|row| row["report_id"] == report_id));
}

#[tokio::test]
async fn tech_reads_the_trail_page_by_page_as_it_is_exported() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let tech = app.client(Role::Tech).await;
    for at in 0..3 {
        app.advance(chrono::Duration::seconds(1));
        patient(&doctor, "Ada Demo", &format!("MRN-{at}"), "2022-03-04").await;
    }
    let by_doctor = format!(
        "AuditEvent?agent={}&subtype=create_patient",
        doctor.user_id()
    );
    let all = get(&tech, &by_doctor).await.expect(200);
    assert_eq!(all["total"], 3);
    let event = &crate::entries(&all, "match")[0];
    assert_eq!(event["subtype"][0]["code"], "create_patient");
    let alone = get(
        &tech,
        &format!("AuditEvent/{}", event["id"].as_str().unwrap()),
    )
    .await
    .expect(200);
    assert_eq!(alone, *event);
    let mut path = format!("/fhir/{by_doctor}&_count=2");
    let mut seen = Vec::new();
    loop {
        let page = tech.get(&path).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = crate::link(&page, "next") else {
            break;
        };
        path = next;
    }
    assert_eq!(seen, ids(&all));
    for (query, count) in [
        ("&outcome=0", 3),
        ("&outcome=8", 0),
        ("&subtype=sign_in", 0),
        ("&date=lt2001", 0),
        ("&entity=urn:uuid:00000000-0000-4000-8000-000000000000", 0),
    ] {
        let found = get(&tech, &format!("{by_doctor}{query}")).await.expect(200);
        assert_eq!(found["total"], count, "{query}");
    }
    // So does a program, such as one that gathers what all systems note.
    let collector = app
        .program(Role::Tech, &[scope("system/AuditEvent.rs")])
        .await;
    assert_eq!(get(&collector, &by_doctor).await.expect(200), all);
    get(&collector, "Device").await.expect(403);
    collector.get("/api/audit").await.expect(401);
    let looks = tech.get("/api/audit?action=read_audit").await.expect(200);
    assert!(
        looks["items"][0]["new_values"]["form"]
            .as_str()
            .unwrap()
            .starts_with("fhir AuditEvent")
    );
    get(
        &tech,
        "AuditEvent?_cursor=00000000-0000-4000-8000-000000000000",
    )
    .await
    .expect(400);
}

#[tokio::test]
async fn a_program_is_nobody_to_be_told_of_a_case_an_alarm_or_an_emergency() {
    let app = TestApp::start().await;
    for role in [Role::Doctor, Role::Tech] {
        app.program(role, &[scope("system/*.rs")]).await;
    }
    let doctor = app.client(Role::Doctor).await.user_id();
    let tech = app.client(Role::Tech).await.user_id();
    let mut tx = app.database.begin(&Actor::worker()).await.unwrap();
    let doctors = db::notifications::active_doctors(&mut tx).await.unwrap();
    assert_eq!(doctors, [doctor.parse().unwrap()]);
    let of_tech = db::notifications::active_tech(&mut tx).await.unwrap();
    assert_eq!(of_tech, [tech.parse().unwrap()]);
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    let officers = db::emergency::officers(&mut tx).await.unwrap();
    assert_eq!(officers, [tech.parse().unwrap()]);
}
