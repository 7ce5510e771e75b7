//! STOW-RS.

use domain::{Role, scope::Scope};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{TestApp, chest_film, dicom_film};

use crate::{Film, Uids, film, get, store};

const FAILED: &str = "00081198";
const STORED: &str = "00081199";
const OTHER: &str = "0008119A";

fn reasons(answer: &Value, list: &str) -> Vec<i64> {
    answer[list]["Value"]
        .as_array()
        .map(|items| {
            items
                .iter()
                .map(|item| item["00081197"]["Value"][0].as_i64().unwrap())
                .collect()
        })
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_as_stored_is_a_case_in_the_queue() {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let doctor = app.client(Role::Doctor).await;
    let registered = doctor
        .post(
            "/api/patients",
            json!({ "name": "Jörg Müller", "identifier": "MRN-1" }),
        )
        .await
        .expect(201);
    let films: Vec<Vec<u8>> = (1..=3)
        .map(|seed| Film { seed, ..film(1) }.file())
        .collect();
    let answer = store(&machine, "/studies", &films).await.expect(200);
    assert_eq!(answer[STORED]["Value"].as_array().unwrap().len(), 3);
    assert!(answer.get(FAILED).is_none() && answer.get(OTHER).is_none());
    let uids = Uids::of(&films[0]);
    let url = answer[STORED]["Value"][0]["00081190"]["Value"][0]
        .as_str()
        .unwrap();
    assert!(url.ends_with(&format!("/dicomweb{}", uids.path())), "{url}");
    // One study is one report, of the patient who has the number, and it is analysed.
    let reports = doctor.get("/api/reports").await.expect(200);
    assert_eq!(reports["items"].as_array().unwrap().len(), 1);
    assert_eq!(reports["items"][0]["patient_id"], registered["patient_id"]);
    app.run_jobs().await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(
        queue["items"][0]["report_id"],
        reports["items"][0]["report_id"]
    );
    // The same again changes nothing.
    store(&machine, &format!("/studies/{}", uids.study), &films)
        .await
        .expect(200);
    let again = doctor.get("/api/reports").await.expect(200);
    assert_eq!(again["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_that_is_not_stored_is_named_with_its_reason() {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let good = film(1).file();
    let other_study = film(2).file();
    let answer = store(
        &machine,
        &format!("/studies/{}", Uids::of(&good).study),
        &[
            good.clone(),
            other_study.clone(),
            b"no film at all".to_vec(),
        ],
    )
    .await
    .expect(202);
    assert_eq!(answer[STORED]["Value"].as_array().unwrap().len(), 1);
    assert_eq!(reasons(&answer, FAILED), [0x0110]);
    assert_eq!(
        answer[FAILED]["Value"][0]["00081155"]["Value"][0],
        Uids::of(&other_study).instance.as_str()
    );
    assert_eq!(reasons(&answer, OTHER), [0xC000]);
    let answer = store(&machine, "/studies", &[b"no film at all".to_vec()])
        .await
        .expect(409);
    assert_eq!(reasons(&answer, OTHER), [0xC000]);
    // In XML for whoever wants that.
    let request = machine
        .request(Method::POST, "/dicomweb/studies")
        .header(
            "content-type",
            "multipart/related; type=\"application/dicom\"; boundary=x",
        )
        .header("accept", "application/dicom+xml")
        .body("--x\r\nContent-Type: application/dicom\r\n\r\nno film\r\n--x--\r\n");
    let xml = machine.send(request).await;
    assert_eq!(xml.status.as_u16(), 409);
    let text = String::from_utf8(xml.bytes).unwrap();
    assert!(text.contains("keyword=\"OtherFailuresSequence\""), "{text}");
    assert!(text.contains("<Value number=\"1\">49152</Value>"), "{text}");
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    for (kind, body, status) in [
        ("application/dicom", "x", 415),
        ("multipart/form-data; boundary=x", "--x--\r\n", 415),
        (
            "multipart/related; type=\"application/dicom+json\"; boundary=x",
            "--x--\r\n",
            415,
        ),
        (
            "multipart/related; type=\"application/dicom\"; boundary=x",
            "--x--\r\n",
            400,
        ),
        (
            "multipart/related; boundary=x",
            "--x\r\nContent-Type: application/dicom\r\n\r\nbreaks off",
            400,
        ),
        ("multipart/related; boundary=x", "nothing of the kind", 400),
    ] {
        let request = machine
            .request(Method::POST, "/dicomweb/studies")
            .header("content-type", kind)
            .body(body);
        machine.send(request).await.expect(status);
    }
    store(&machine, "/studies/not-a-uid", &[film(1).file()])
        .await
        .expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_nobody_known_waits_for_staff_and_is_nobody_elses() {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let doctor = app.client(Role::Doctor).await;
    let first = film(1).file();
    let second = film(2).file();
    let namesake = Film {
        name: "Else^Someone",
        ..film(3)
    }
    .file();
    for file in [&first, &second, &namesake] {
        store(&machine, "/studies", std::slice::from_ref(file))
            .await
            .expect(200);
    }
    let unknown = doctor.get("/api/patients/unknown").await.expect(200);
    let unknown = unknown["items"].as_array().unwrap().clone();
    // The same number under another name is another person until staff says otherwise.
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    let reports = doctor.get("/api/reports").await.expect(200);
    assert_eq!(reports["items"].as_array().unwrap().len(), 3);
    // Registering the number later gives nobody these films by itself.
    let registered = doctor
        .post(
            "/api/patients",
            json!({ "name": "Jörg Müller", "identifier": "MRN-1" }),
        )
        .await
        .expect(201);
    let of_patient = format!(
        "/api/reports?patient_id={}",
        registered["patient_id"].as_str().unwrap()
    );
    assert_eq!(
        doctor.get(&of_patient).await.expect(200)["items"],
        json!([])
    );
    let theirs = unknown
        .iter()
        .find(|one| one["name"] != "Someone Else")
        .unwrap();
    let identify = format!(
        "/api/patients/{}/identification",
        theirs["patient_id"].as_str().unwrap()
    );
    let body = json!({ "identified_as": registered["patient_id"] });
    let moved = doctor.post(&identify, body.clone()).await.expect(200);
    assert_eq!(moved["moved_reports"], 2);
    doctor.post(&identify, body).await.expect(404);
    let now = doctor.get(&of_patient).await.expect(200);
    assert_eq!(now["items"].as_array().unwrap().len(), 2);
    let disagreement = &now["items"][0]["image_metadata"]["identity_disagreement"];
    assert!(
        disagreement
            .as_array()
            .unwrap()
            .contains(&json!("identifier")),
        "{now}"
    );
    let left = doctor.get("/api/patients/unknown").await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

/// People who send films can be asked, and are.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_whose_film_it_is() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let answer = store(&radiologist, "/studies", &[film(1).file()])
        .await
        .expect(409);
    assert_eq!(reasons(&answer, FAILED), [0x0110]);
    let unknown = radiologist.get("/api/patients/unknown").await.expect(200);
    assert_eq!(unknown["items"], json!([]));
}

/// Every file of the collection of real ones is stored, or refused with a reason; nothing else happens.
#[tokio::test(flavor = "multi_thread")]
async fn real_files_are_stored_or_refused_by_reason() {
    let Some(folder) = testkit::shared_folder("dicom") else {
        return;
    };
    let app = TestApp::start().await;
    let machine = app
        .program(
            Role::Radiologist,
            &[Scope::DicomwebWrite, Scope::DicomwebRead],
        )
        .await;
    let (mut stored, mut refused) = (0, 0);
    let mut uids = std::collections::BTreeSet::new();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "dcm"))
    {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let answer = store(&machine, "/studies", &[std::fs::read(path).unwrap()]).await;
        let said = answer.json();
        match answer.status.as_u16() {
            200 | 202 if said.get(STORED).is_some() => {
                stored += 1;
                // The collection has instances more than once, in other transfer syntaxes; and a film without a
                // study has no place to be found at.
                let item = &said[STORED]["Value"][0];
                let uid = item["00081155"]["Value"][0].as_str();
                let has_place = item.get("00081190").is_some();
                uids.extend(uid.filter(|_| has_place).map(str::to_owned));
            }
            409 => {
                let all = [reasons(&said, FAILED), reasons(&said, OTHER)].concat();
                assert_eq!(all.len(), 1, "{name}: {said}");
                refused += 1;
            }
            other => panic!("{name}: {other} {said}"),
        }
    }
    assert!(
        stored > 100 && refused > 10,
        "{stored} stored, {refused} refused"
    );
    // What is stored is found again, each series with its study.
    let all = get(&machine, "/instances?limit=1000", "application/dicom+json")
        .await
        .expect(200);
    let found: std::collections::BTreeSet<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|instance| {
            instance["00080018"]["Value"][0]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let missing: Vec<&String> = uids.difference(&found).collect();
    assert!(
        missing.is_empty() && !uids.is_empty(),
        "{} found, missing {missing:?}",
        found.len()
    );
}

#[tokio::test]
async fn a_picture_is_no_dicom_object() {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let answer = store(
        &machine,
        "/studies",
        &[chest_film(1, 64), dicom_film(1, "MRN-9")],
    )
    .await
    .expect(202);
    assert_eq!(answer[STORED]["Value"].as_array().unwrap().len(), 1);
    assert_eq!(reasons(&answer, OTHER), [0xC000]);
}
