//! Patients and orders in: transactions, one at a time, again, and what films make of them.

use demo::scored_film;
use domain::{Role, scope::Scope};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestApp};

use crate::{ehr, entries, get, ids, patient, scope};

/// A program that may send patients and orders, and read them.
async fn feeder(app: &TestApp) -> Client {
    let scopes = [
        scope("system/Patient.crus"),
        scope("system/ServiceRequest.crus"),
    ];
    app.program(Role::Radiologist, &scopes).await
}

async fn send(client: &Client, method: Method, path: &str, body: &Value) -> Answer {
    let request = client
        .request(method, &format!("/fhir{path}"))
        .header("content-type", "application/fhir+json")
        .body(body.to_string());
    client.send(request).await
}

pub(crate) fn person(name: &str, number: &str) -> Value {
    json!({
        "resourceType": "Patient", "name": [{ "family": "Demo", "given": [name] }], "gender": "female",
        "birthDate": "2022-03-04", "identifier": [{ "system": "urn:oid:1.2.3", "value": number }],
    })
}

pub(crate) fn order(subject: &str, number: &str, accession: &str) -> Value {
    json!({
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "urgent",
        "identifier": [
            { "system": "urn:ehr:orders", "value": number },
            { "type": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN" }] }, "value": accession },
        ],
        "code": { "coding": [{ "system": "urn:ehr:procedures", "code": "XR-CHEST", "display": "Chest X-ray" }] },
        "orderDetail": [{ "coding": [{ "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "DX" }] }],
        "performer": [{ "type": "Device", "identifier": { "system": "urn:medical-portal:ae-title", "value": "CR1" } }],
        "subject": { "reference": subject }, "occurrenceDateTime": "2026-11-20T09:00:00+01:00",
        "requester": { "display": "Dr Ward" }, "reasonCode": [{ "text": "Cough" }, { "text": "Fever" }],
    })
}

const NAME: &str = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";

/// Somebody and an examination of theirs, as an EHR sends them and sends them again.
pub(crate) fn message(number: &str, accession: &str) -> Value {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "resource": order(NAME, number, accession),
          "request": { "method": "PUT", "url": format!("ServiceRequest?identifier=urn:ehr:orders|{number}") } },
        { "fullUrl": NAME, "resource": person("Ada", "E-1"),
          "request": { "method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:oid:1.2.3|E-1" } },
    ] })
}

fn statuses(answer: &Value) -> Vec<&str> {
    let entries = answer["entry"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap())
        .collect()
}

async fn audited(app: &TestApp, action: &str) -> usize {
    let tech = app.client(Role::Tech).await;
    let rows = tech
        .get(&format!("/api/audit?action={action}"))
        .await
        .expect(200);
    rows["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_transaction_makes_patient_and_order_once_however_often_it_comes() {
    let app = TestApp::start().await;
    let feeder = feeder(&app).await;
    let first = send(&feeder, Method::POST, "", &message("O-1", "ACC-1"))
        .await
        .expect(200);
    assert_eq!(first["type"], "transaction-response");
    assert_eq!(statuses(&first), ["201 Created", "201 Created"]);
    app.advance(chrono::Duration::minutes(1));
    let again = send(&feeder, Method::POST, "", &message("O-1", "ACC-1"))
        .await
        .expect(200);
    assert_eq!(statuses(&again), ["200 OK", "200 OK"]);
    for at in 0..2 {
        assert_eq!(
            again["entry"][at]["response"]["location"],
            first["entry"][at]["response"]["location"]
        );
        assert_eq!(
            again["entry"][at]["response"]["etag"],
            first["entry"][at]["response"]["etag"]
        );
    }
    assert_eq!(
        (
            audited(&app, "create_patient").await,
            audited(&app, "create_order").await
        ),
        (1, 1)
    );
    assert_eq!(
        audited(&app, "update_order").await,
        0,
        "the same again is no change"
    );

    let place = first["entry"][0]["response"]["location"].as_str().unwrap();
    let kept = get(&feeder, place).await.expect(200);
    let patient_id = first["entry"][1]["response"]["location"].as_str().unwrap();
    assert_eq!(
        kept["subject"],
        json!({ "reference": patient_id, "display": "Ada Demo" })
    );
    let mut sent = order(patient_id, "O-1", "ACC-1");
    for part in [
        "status",
        "intent",
        "priority",
        "orderDetail",
        "performer",
        "requester",
    ] {
        assert_eq!(kept[part], sent[part], "{part}");
    }
    assert_eq!(kept["occurrenceDateTime"], "2026-11-20T08:00:00.000Z");
    assert_eq!(kept["reasonCode"][0]["text"], "Cough; Fever");
    assert_eq!(kept["code"]["coding"][0]["code"], "XR-CHEST");
    assert_eq!(kept["code"]["text"], "Chest X-ray");
    assert_eq!(kept["identifier"][1]["value"], "ACC-1");
    let kept_patient = get(&feeder, patient_id).await.expect(200);
    assert_eq!(kept_patient["name"][0]["text"], "Ada Demo");
    assert_eq!(kept_patient["identifier"][0]["system"], "urn:oid:1.2.3");
    assert_eq!(kept_patient["gender"], "female");

    for (query, count) in [
        ("identifier=ACC-1", 1),
        ("identifier=urn:ehr:orders|O-1", 1),
        ("identifier=urn:other|O-1", 0),
        ("patient.identifier=E-1", 1),
        ("status=active&priority=urgent", 1),
        ("status=revoked", 0),
        ("intent=plan", 0),
        ("code=XR-CHEST", 1),
        ("code=urn:ehr:procedures|XR-CHEST", 1),
        ("code=CT", 0),
        ("occurrence=2026-11-20", 1),
        ("occurrence=gt2026-11-20", 0),
        ("authored=ge2001", 0),
    ] {
        let found = get(&feeder, &format!("ServiceRequest?{query}"))
            .await
            .expect(200);
        assert_eq!(found["total"], count, "{query}");
    }
    let beside = get(&feeder, "ServiceRequest?_include=ServiceRequest:patient")
        .await
        .expect(200);
    assert_eq!(entries(&beside, "include").len(), 1);

    sent["status"] = json!("revoked");
    sent["id"] = kept["id"].clone();
    let revoked = send(&feeder, Method::PUT, &format!("/{place}"), &sent)
        .await
        .expect(200);
    assert_eq!(revoked["status"], "revoked");
    assert_eq!(audited(&app, "update_order").await, 1);
    sent["status"] = json!("active");
    let refused = send(&feeder, Method::PUT, &format!("/{place}"), &sent)
        .await
        .expect(409);
    assert_eq!(
        refused["issue"][0]["details"]["coding"][0]["code"],
        "order_is_over"
    );
}

#[tokio::test]
async fn of_a_message_with_a_fault_nothing_is_kept_and_every_fault_has_its_place() {
    let app = TestApp::start().await;
    let feeder = feeder(&app).await;
    let mut body = message("O-1", "ACC-1");
    body["entry"][0]["resource"]["status"] = json!("on-hold");
    body["entry"][0]["resource"]["code"] = json!({});
    let outcome = send(&feeder, Method::POST, "", &body).await.expect(422);
    let places: Vec<&Value> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| &issue["expression"][0])
        .collect();
    assert!(
        places.contains(&&json!("Bundle.entry[0].resource.status")),
        "{outcome}"
    );
    assert!(
        places.contains(&&json!("Bundle.entry[0].resource.code")),
        "{outcome}"
    );
    // The patient is made before the order is found to have nobody's number.
    let mut body = message("O-1", "ACC-1");
    body["entry"][0]["resource"]["subject"]["reference"] =
        json!("urn:uuid:00000000-0000-4000-8000-000000000000");
    send(&feeder, Method::POST, "", &body).await.expect(422);
    for kind in ["Patient", "ServiceRequest"] {
        assert_eq!(get(&feeder, kind).await.expect(200)["total"], 0, "{kind}");
    }
    assert_eq!(
        (
            audited(&app, "create_patient").await,
            audited(&app, "create_order").await
        ),
        (0, 0)
    );

    for (part, value, status) in [
        ("type", json!("batch"), 400),
        ("entry", json!([]), 400),
        (
            "entry",
            json!([{ "resource": {}, "request": { "method": "DELETE", "url": "Patient/1" } }]),
            422,
        ),
        (
            "entry",
            json!([{ "resource": {}, "request": { "method": "POST", "url": "Observation" } }]),
            422,
        ),
        (
            "entry",
            json!([{ "resource": {}, "request": { "method": "PUT", "url": "Patient?name=Ada" } }]),
            400,
        ),
        (
            "entry",
            json!([{ "resource": {}, "request": { "method": "POST", "url": "Patient", "ifNoneExist": "birthdate=2020" } }]),
            400,
        ),
        ("entry", json!(vec![body["entry"][1].clone(); 2]), 422),
    ] {
        let mut body = message("O-1", "ACC-1");
        body[part] = value;
        let outcome = send(&feeder, Method::POST, "", &body).await.expect(status);
        assert_eq!(outcome["resourceType"], "OperationOutcome");
    }
    let request = feeder
        .request(Method::POST, "/fhir")
        .header("content-type", "application/fhir+json")
        .body("{ nonsense");
    feeder.send(request).await.expect(400);
    let request = feeder
        .request(Method::POST, "/fhir")
        .header("content-type", "text/plain")
        .body("{}");
    feeder.send(request).await.expect(415);
}

#[tokio::test]
async fn numbers_are_nobody_elses_and_versions_are_heeded() {
    let app = TestApp::start().await;
    let feeder = feeder(&app).await;
    let made = send(&feeder, Method::POST, "/Patient", &person("Ada", "E-1")).await;
    assert_eq!(made.status, 201);
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let version = made.headers["etag"].to_str().unwrap().to_owned();
    let ada = made.json();
    let ada_id = ada["id"].as_str().unwrap().to_owned();
    assert_eq!(
        location,
        format!("{}/fhir/Patient/{ada_id}", testkit::PUBLIC_URL)
    );
    let code = |outcome: &Value| {
        outcome["issue"][0]["details"]["coding"][0]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let taken = send(&feeder, Method::POST, "/Patient", &person("Bea", "E-1"))
        .await
        .expect(409);
    assert_eq!(code(&taken), "identifier_taken");

    app.advance(chrono::Duration::minutes(1));
    let mut sent = person("Ada Pia", "E-1");
    sent["id"] = json!(ada_id);
    sent["identifier"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "value": "E-2" }));
    sent["telecom"] = json!([{ "system": "phone", "value": "123" }]);
    let put = async |tag: &str| {
        let request = feeder
            .request(Method::PUT, &format!("/fhir/Patient/{ada_id}"))
            .header("content-type", "application/fhir+json")
            .header("if-match", tag)
            .body(sent.to_string());
        feeder.send(request).await
    };
    let changed = put(&version).await.expect(200);
    assert_eq!(changed["name"][0]["text"], "Ada Pia Demo");
    assert_eq!(
        changed["identifier"].as_array().unwrap().len(),
        2,
        "numbers are added"
    );
    assert_eq!(changed["telecom"][0]["value"], "123");
    assert_eq!(code(&put(&version).await.expect(412)), "changed_meanwhile");
    send(
        &feeder,
        Method::PUT,
        "/Patient/00000000-0000-7000-8000-000000000000",
        &sent,
    )
    .await
    .expect(404);
    let by_number = send(
        &feeder,
        Method::PUT,
        "/Patient?identifier=urn:oid:1.2.3|E-1",
        &person("Ada", "E-1"),
    )
    .await
    .expect(200);
    assert_eq!(by_number["id"], ada_id);
    let new = send(&feeder, Method::PUT, "/Patient?identifier=urn:oid:9|E-1", &json!({
        "resourceType": "Patient", "name": [{ "text": "Bea Demo" }], "identifier": [{ "system": "urn:oid:9", "value": "E-1" }],
    })).await.expect(201);
    let several = send(
        &feeder,
        Method::PUT,
        "/Patient?identifier=E-1",
        &person("Ada", "E-1"),
    )
    .await
    .expect(412);
    assert_eq!(code(&several), "several_found");

    let bea = format!("Patient/{}", new["id"].as_str().unwrap());
    let ada = format!("Patient/{ada_id}");
    send(
        &feeder,
        Method::POST,
        "/ServiceRequest",
        &order(&ada, "O-1", "ACC-1"),
    )
    .await
    .expect(201);
    for (number, accession) in [("O-1", "ACC-2"), ("O-2", "ACC-1")] {
        let taken = send(
            &feeder,
            Method::POST,
            "/ServiceRequest",
            &order(&bea, number, accession),
        )
        .await
        .expect(409);
        assert_eq!(code(&taken), "order_exists");
    }
    let path = "/ServiceRequest?identifier=urn:ehr:orders|O-1";
    let other = send(&feeder, Method::PUT, path, &order(&bea, "O-1", "ACC-1"))
        .await
        .expect(409);
    assert_eq!(code(&other), "order_of_other_patient");
    let by_condition = order("Patient?identifier=urn:oid:9|E-1", "O-3", "ACC-3");
    let made = send(&feeder, Method::POST, "/ServiceRequest", &by_condition)
        .await
        .expect(201);
    assert_eq!(made["subject"]["reference"], bea);
    let condition = feeder
        .request(Method::POST, "/fhir/ServiceRequest")
        .header("content-type", "application/fhir+json")
        .header("if-none-exist", "identifier=urn:ehr:orders|O-3")
        .body(order(&bea, "O-3", "ACC-9").to_string());
    let there = feeder.send(condition).await.expect(200);
    assert_eq!(
        there["identifier"][1]["value"], "ACC-3",
        "what is there stays as it is"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_at_the_same_time_makes_one_of_each() {
    let app = TestApp::start().await;
    let feeder = feeder(&app).await;
    let body = message("O-1", "ACC-1");
    let sent = (0..8).map(|_| send(&feeder, Method::POST, "", &body));
    let mut made = 0;
    for answer in futures::future::join_all(sent).await {
        made += statuses(&answer.expect(200))
            .iter()
            .filter(|status| status.starts_with("201"))
            .count();
    }
    assert_eq!(made, 2);
    for kind in ["Patient", "ServiceRequest"] {
        assert_eq!(get(&feeder, kind).await.expect(200)["total"], 1, "{kind}");
    }
}

#[tokio::test]
async fn scopes_of_writing_are_those_of_the_entries() {
    let app = TestApp::start().await;
    let reader = ehr(&app).await;
    send(&reader, Method::POST, "", &message("O-1", "ACC-1"))
        .await
        .expect(403);
    send(&reader, Method::POST, "/Patient", &person("Ada", "E-1"))
        .await
        .expect(403);
    let half = app
        .program(
            Role::Radiologist,
            &[scope("system/Patient.cu"), scope("system/ServiceRequest.u")],
        )
        .await;
    // By update alone nothing new is made.
    send(&half, Method::POST, "", &message("O-1", "ACC-1"))
        .await
        .expect(403);
    let all = ehr(&app).await;
    assert_eq!(get(&all, "Patient").await.expect(200)["total"], 0);
    let patient = app.client(Role::Patient).await;
    send(&patient, Method::POST, "/Patient", &person("Ada", "E-1"))
        .await
        .expect(403);
}

async fn store(client: &Client, file: &[u8]) -> Answer {
    let mut body = b"--b\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = client
        .request(Method::POST, "/dicomweb/studies")
        .header(
            "content-type",
            "multipart/related; type=\"application/dicom\"; boundary=b",
        )
        .body(body);
    client.send(request).await
}

/// The drawn films are of Ada Demo, who was born on 2022-03-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_matched_by_its_order_where_name_and_birthday_agree_and_else_a_person_looks() {
    let app = TestApp::start().await;
    let feeder = feeder(&app).await;
    let first = send(&feeder, Method::POST, "", &message("O-1", "ACC-1"))
        .await
        .expect(200);
    let order_id = first["entry"][0]["response"]["location"]
        .as_str()
        .unwrap()
        .to_owned();
    let ada = first["entry"][1]["response"]["location"]
        .as_str()
        .unwrap()
        .to_owned();
    let modality = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let program = ehr(&app).await;
    // Taken, with a warning that the number is not the patient's.
    store(&modality, &scored_film(1, "ACC-1", "TYPED-WRONG"))
        .await
        .expect(202);
    let found = get(
        &program,
        &format!("DiagnosticReport?based-on={order_id}&_include=DiagnosticReport:based-on"),
    )
    .await
    .expect(200);
    let report = &entries(&found, "match")[0];
    assert_eq!(report["subject"]["reference"], ada);
    assert_eq!(report["basedOn"][0]["reference"], order_id);
    assert_eq!(
        entries(&found, "include")[0]["id"],
        order_id.trim_start_matches("ServiceRequest/")
    );
    let doctor = app.client(Role::Doctor).await;
    let seen = doctor
        .get(&format!("/api/reports/{}", report["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(
        seen["identity"]["disagreement"],
        json!(["identifier"]),
        "a doctor confirms before signing"
    );

    // Born on another day than the order's patient: nobody's yet, whatever the number says.
    let mut other = person("Ada", "E-7");
    other["birthDate"] = json!("2021-01-01");
    let other = send(&feeder, Method::POST, "/Patient", &other)
        .await
        .expect(201);
    let other = format!("Patient/{}", other["id"].as_str().unwrap());
    send(
        &feeder,
        Method::POST,
        "/ServiceRequest",
        &order(&other, "O-7", "ACC-7"),
    )
    .await
    .expect(201);
    store(&modality, &scored_film(2, "ACC-7", "TYPED-WRONG")).await;
    assert_eq!(
        get(&program, &format!("DiagnosticReport?patient={other}"))
            .await
            .expect(200)["total"],
        0
    );

    // Revoked: no reason to match anything.
    let mut revoked = order(&ada, "O-8", "ACC-8");
    revoked["status"] = json!("revoked");
    send(&feeder, Method::POST, "/ServiceRequest", &revoked)
        .await
        .expect(201);
    store(&modality, &scored_film(3, "ACC-8", "TYPED-WRONG-TOO")).await;
    assert_eq!(
        get(&program, &format!("DiagnosticReport?patient={ada}"))
            .await
            .expect(200)["total"],
        1
    );

    // A registered number goes before the order, and that they disagree is said.
    let bea = patient(&doctor, "Ada Demo", "MRN-2", "2022-03-04").await;
    send(
        &feeder,
        Method::POST,
        "/ServiceRequest",
        &order(&ada, "O-9", "ACC-9"),
    )
    .await
    .expect(201);
    let sender = app.client(Role::Radiologist).await;
    let receipt = sender
        .upload(
            vec![("film.dcm", scored_film(4, "ACC-9", "MRN-2"))],
            &[("patient_id", &bea)],
        )
        .await
        .expect(201);
    let report_id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let seen = doctor
        .get(&format!("/api/reports/{report_id}"))
        .await
        .expect(200);
    assert!(
        seen["identity"]["disagreement"]
            .as_array()
            .unwrap()
            .contains(&json!("identifier")),
        "{}",
        seen["identity"]
    );
    let shown = get(&program, &format!("DiagnosticReport/{report_id}"))
        .await
        .expect(200);
    assert!(
        shown.get("basedOn").is_none(),
        "an order of somebody else is none of this film"
    );
    assert_eq!(
        ids(&get(&program, "ServiceRequest?identifier=ACC-9")
            .await
            .expect(200))
        .len(),
        1
    );
}
