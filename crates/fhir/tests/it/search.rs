//! Searches: parameters, pages, what comes beside.

use demo::scored_film;
use domain::Role;
use reqwest::Method;
use testkit::{TestApp, dicom_film};

use crate::{ehr, entries, film, get, ids, link, patient, sign};

#[tokio::test]
async fn patients_are_found_by_name_number_and_birthday() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let ada = patient(&doctor, "Ada Müller-Lüdenscheidt", "MRN-1", "2022-03-04").await;
    let bea = patient(&doctor, "Bea O'Neil (Jr.)", "MRN-2", "2022-03-31").await;
    let program = ehr(&app).await;
    let system = "urn:medical-portal:issuer:St.%2520Mary%2527s";
    for (query, found) in [
        ("", vec![&bea, &ada]),
        ("name=ada", vec![&ada]),
        ("name=M%C3%9CL", vec![&ada]),
        ("name=l%C3%BCd", vec![&ada]),
        ("family=neil", vec![&bea]),
        ("name=da", vec![]),
        ("name:contains=da", vec![&ada]),
        ("name:exact=Ada", vec![]),
        ("name:exact=Bea O'Neil (Jr.)", vec![&bea]),
        ("name=.*", vec![]),
        ("name=ada,bea", vec![&bea, &ada]),
        ("name=ada&name=m%C3%BCller", vec![&ada]),
        ("name=ada&family=neil", vec![]),
        ("identifier=MRN-1", vec![&ada]),
        ("identifier=MRN-1,MRN-2", vec![&bea, &ada]),
        (&format!("identifier={system}|MRN-2"), vec![&bea]),
        ("identifier=urn:other|MRN-2", vec![]),
        ("identifier=|MRN-2", vec![]),
        ("birthdate=2022-03-04", vec![&ada]),
        ("birthdate=2022-03", vec![&bea, &ada]),
        ("birthdate=gt2022-03-04", vec![&bea]),
        ("birthdate=ge2022-03-04&birthdate=lt2022-03-31", vec![&ada]),
        ("gender=female", vec![&bea, &ada]),
        ("gender=male", vec![]),
        ("active=false", vec![]),
        (&format!("_id={ada}"), vec![&ada]),
        (&format!("_id={ada},{bea}"), vec![&bea, &ada]),
        ("_lastUpdated=lt2001", vec![]),
        ("_lastUpdated=ge2001", vec![&bea, &ada]),
    ] {
        let bundle = get(&program, &format!("Patient?{query}")).await.expect(200);
        assert_eq!(ids(&bundle).iter().collect::<Vec<_>>(), found, "{query}");
        assert_eq!(bundle["total"], found.len(), "{query}");
    }
    let request = program
        .request(Method::POST, "/fhir/Patient/_search?_count=10")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=ada&birthdate=2022");
    let bundle = program.send(request).await.expect(200);
    assert_eq!(ids(&bundle), [ada]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_while_others_are_registered() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let mut made = Vec::new();
    for at in 0..5 {
        made.push(patient(&doctor, "Ada Demo", &format!("MRN-{at}"), "2022-03-04").await);
    }
    made.reverse();
    let program = ehr(&app).await;
    let mut path = "/fhir/Patient?_count=2&name=ada".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = program.get(&path).await.expect(200);
        assert!(page.get("total").is_none(), "counting is not cheap here");
        seen.extend(ids(&page));
        let Some(next) = link(&page, "next") else {
            break;
        };
        assert!(next.contains("name=ada") && next.matches("_cursor").count() == 1);
        path = next;
        patient(
            &doctor,
            "Ada Late",
            &format!("LATE-{}", seen.len()),
            "2022-03-04",
        )
        .await;
    }
    assert_eq!(seen, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_found_by_what_is_known_of_them_and_bring_what_they_refer_to() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let ada = patient(&radiologist, "Ada Demo", "MRN-1", "2022-03-04").await;
    let bea = patient(&radiologist, "Bea Demo", "MRN-2", "2022-03-04").await;
    let first = film(&app, &radiologist, &ada, scored_film(1, "ACC-1", "MRN-1")).await;
    app.advance(chrono::Duration::minutes(1));
    let second = film(&app, &radiologist, &bea, dicom_film(2, "MRN-2")).await;
    app.advance(chrono::Duration::minutes(1));
    let review_id = sign(&doctor, &first).await;
    let program = ehr(&app).await;
    let report = get(&program, &format!("DiagnosticReport/{first}"))
        .await
        .expect(200);
    let study = report["imagingStudy"][0]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    let uid = study.trim_start_matches("ImagingStudy/");
    let device = get(&program, &format!("Observation/{first}"))
        .await
        .expect(200)["device"]["reference"]
        .clone();
    let device = device.as_str().unwrap().to_owned();
    let base = testkit::PUBLIC_URL;
    for (query, found) in [
        ("DiagnosticReport".to_owned(), vec![&second, &first]),
        (format!("DiagnosticReport?patient={ada}"), vec![&first]),
        (
            format!("DiagnosticReport?subject=Patient/{ada}"),
            vec![&first],
        ),
        (
            format!("DiagnosticReport?subject:Patient={ada}"),
            vec![&first],
        ),
        (
            format!("DiagnosticReport?patient={base}/fhir/Patient/{ada}"),
            vec![&first],
        ),
        (format!("DiagnosticReport?patient=Device/{ada}"), vec![]),
        (
            "DiagnosticReport?patient.identifier=MRN-2".to_owned(),
            vec![&second],
        ),
        (
            "DiagnosticReport?patient.identifier=nobody".to_owned(),
            vec![],
        ),
        ("DiagnosticReport?status=final".to_owned(), vec![&first]),
        (
            "DiagnosticReport?status=preliminary,registered".to_owned(),
            vec![&second],
        ),
        ("DiagnosticReport?identifier=ACC-1".to_owned(), vec![&first]),
        (
            format!("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{uid}"),
            vec![&first],
        ),
        ("DiagnosticReport?date=2026-03-01".to_owned(), vec![&first]),
        ("DiagnosticReport?date=lt2026-03-01".to_owned(), vec![]),
        (
            "DiagnosticReport?date=gt2026-03-01".to_owned(),
            vec![&second],
        ),
        (
            "DiagnosticReport?category=RAD".to_owned(),
            vec![&second, &first],
        ),
        ("DiagnosticReport?category=LAB".to_owned(), vec![]),
        (
            "DiagnosticReport?code=http://loinc.org|18748-4".to_owned(),
            vec![&second, &first],
        ),
        ("DiagnosticReport?issued=gt2001".to_owned(), vec![&first]),
        (
            format!("DiagnosticReport?results-interpreter={}", doctor.user_id()),
            vec![&first],
        ),
        (format!("DiagnosticReport?result={second}"), vec![&second]),
        (
            "Observation?value-concept=high,medium,low".to_owned(),
            vec![&first],
        ),
        ("Observation?status=final".to_owned(), vec![&first]),
        (format!("Observation?derived-from={study}"), vec![&first]),
        (format!("Observation?device={device}"), vec![&first]),
        (
            "Observation?code=ai-risk&patient.identifier=MRN-1".to_owned(),
            vec![&first],
        ),
        ("Observation?code=other".to_owned(), vec![]),
        (
            format!("DocumentReference?patient={ada}&status=current"),
            vec![&review_id],
        ),
        (format!("DocumentReference?related={second}"), vec![]),
        (
            format!("Provenance?target=DiagnosticReport/{first}"),
            vec![&review_id],
        ),
        (
            format!("Provenance?target=DocumentReference/{review_id}"),
            vec![&review_id],
        ),
        (
            format!("Provenance?target=DiagnosticReport/{second}"),
            vec![],
        ),
        (
            format!("Provenance?agent={}", doctor.user_id()),
            vec![&review_id],
        ),
    ] {
        let bundle = get(&program, &query).await.expect(200);
        assert_eq!(ids(&bundle).iter().collect::<Vec<_>>(), found, "{query}");
    }
    for query in [
        "ImagingStudy?identifier=ACC-1".to_owned(),
        format!("ImagingStudy?patient={ada}&modality=DX&started=2026-03"),
        format!("ImagingStudy?_id={uid}"),
        format!("ImagingStudy?identifier=urn:oid:{uid}"),
    ] {
        assert_eq!(
            ids(&get(&program, &query).await.expect(200)),
            [uid],
            "{query}"
        );
    }
    for query in [
        "ImagingStudy?modality=CT",
        "ImagingStudy?started=gt2026-03-01",
        "ImagingStudy?series=1.2",
    ] {
        assert_eq!(
            get(&program, query).await.expect(200)["total"],
            0,
            "{query}"
        );
    }

    let bundle = get(
        &program,
        "DiagnosticReport?status=final&_include=DiagnosticReport:subject&_include=DiagnosticReport:patient\
         &_include=DiagnosticReport:result&_include=DiagnosticReport:results-interpreter\
         &_revinclude=DocumentReference:related&_revinclude=Provenance:target",
    )
    .await
    .expect(200);
    let mut beside: Vec<String> = entries(&bundle, "include")
        .iter()
        .map(|one| one["resourceType"].as_str().unwrap().to_owned())
        .collect();
    beside.sort();
    assert_eq!(
        beside,
        [
            "DocumentReference",
            "Observation",
            "Patient",
            "Practitioner",
            "Provenance"
        ]
    );
    assert_eq!(bundle["total"], 1, "what comes beside does not count");
    let bundle = get(
        &program,
        "Patient?_revinclude=ImagingStudy:patient&_revinclude=Observation:subject",
    )
    .await
    .expect(200);
    assert_eq!(entries(&bundle, "include").len(), 4);
}
