//! Every error below `/fhir` is an `OperationOutcome`.

use domain::Role;
use reqwest::Method;
use testkit::TestApp;

use crate::{ehr, get, scope};

#[tokio::test]
async fn every_refusal_is_an_outcome_with_the_status_of_its_kind() {
    let app = TestApp::start().await;
    let program = ehr(&app).await;
    let narrow = app
        .program(Role::Doctor, &[scope("system/Patient.r")])
        .await;
    let anonymous = app.anonymous();
    let nobody = uuid::Uuid::from_u128(7);
    let cases = [
        (&anonymous, Method::GET, "Patient".to_owned(), 401, "login"),
        (&narrow, Method::GET, "Patient".to_owned(), 403, "forbidden"),
        (
            &program,
            Method::GET,
            format!("Patient/{nobody}"),
            404,
            "not-found",
        ),
        (
            &program,
            Method::GET,
            "Patient/no-uuid".to_owned(),
            404,
            "not-found",
        ),
        (
            &program,
            Method::GET,
            "ImagingStudy/1.2.3".to_owned(),
            404,
            "not-found",
        ),
        (
            &program,
            Method::GET,
            "Medication".to_owned(),
            404,
            "not-found",
        ),
        (&program, Method::GET, String::new(), 404, "not-found"),
        (
            &program,
            Method::DELETE,
            "Patient".to_owned(),
            405,
            "not-supported",
        ),
        (
            &program,
            Method::GET,
            "Patient?birthdate=yesterday".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?name:missing=true".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?_count=-1".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?_cursor=x".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?active=maybe".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?_include=Patient:all".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?_revinclude=Device:patient".to_owned(),
            400,
            "invalid",
        ),
        (
            &program,
            Method::GET,
            "Patient?_format=xml".to_owned(),
            406,
            "not-supported",
        ),
    ];
    for (client, method, path, status, kind) in cases {
        let answer = client
            .send(client.request(method, &format!("/fhir/{path}")))
            .await;
        let outcome = answer.expect(status);
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{path}");
        assert_eq!(outcome["issue"][0]["code"], kind, "{path}");
        assert!(outcome["issue"][0]["diagnostics"].as_str().unwrap().len() > 10);
        assert_eq!(
            answer.headers["content-type"],
            "application/fhir+json; charset=utf-8"
        );
        assert!(
            !outcome.to_string().contains("yesterday"),
            "values are patients' data"
        );
    }
    let request = program
        .request(Method::POST, "/fhir/Patient/_search")
        .header("content-type", "application/json")
        .body("{}");
    program.send(request).await.expect(415);
    let large = program
        .request(Method::POST, "/fhir/Patient/_search")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("x".repeat(2 << 20));
    let outcome = program.send(large).await.expect(413);
    assert_eq!(outcome["issue"][0]["code"], "too-long");
}

#[tokio::test]
async fn what_is_not_known_is_left_out_or_refused_as_the_asker_prefers() {
    let app = TestApp::start().await;
    let program = ehr(&app).await;
    let lenient = get(&program, "Patient?name=A&colour=red&_sort=name&birthdate=")
        .await
        .expect(200);
    assert_eq!(
        crate::link(&lenient, "self").unwrap(),
        "/fhir/Patient?name=A"
    );
    let strict = program
        .request(Method::GET, "/fhir/Patient?name=A&colour=red")
        .header("prefer", "handling=strict");
    let outcome = program.send(strict).await.expect(400);
    assert!(
        outcome["issue"][0]["diagnostics"]
            .as_str()
            .unwrap()
            .contains("colour")
    );
    let strict = program
        .request(Method::GET, "/fhir/Patient?name=A&_count=5")
        .header("prefer", "return=minimal; handling=strict");
    program.send(strict).await.expect(200);
}
