//! QIDO-RS.

use domain::{Role, scope::Scope};
use serde_json::Value;
use testkit::{Client, TestApp};

use crate::{Film, Uids, film, get, store};

const JSON: &str = "application/dicom+json";

/// Three studies of two patients, the second with two films.
async fn filled() -> (TestApp, Client, Vec<Vec<u8>>) {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let films = vec![
        film(1).file(),
        Film {
            number: "MRN_2",
            name: "Murray^Ann",
            day: (2025, 6, 1),
            accession: "B_1",
            ..film(2)
        }
        .file(),
        Film {
            seed: 3,
            ..Film {
                number: "MRN_2",
                name: "Murray^Ann",
                day: (2025, 6, 1),
                accession: "B_1",
                ..film(2)
            }
        }
        .file(),
        Film {
            day: (2024, 12, 31),
            accession: "BX1",
            ..film(4)
        }
        .file(),
    ];
    store(&machine, "/studies", &films).await.expect(200);
    let reader = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    (app, reader, films)
}

fn accessions(found: &Value) -> Vec<&str> {
    found
        .as_array()
        .into_iter()
        .flatten()
        .map(|study| study["00080050"]["Value"][0].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn studies_are_found_by_every_kind_of_match() {
    let (_app, reader, films) = filled().await;
    let uids = Uids::of(&films[0]);
    let two = format!(
        "StudyInstanceUID={},{}",
        uids.study,
        Uids::of(&films[3]).study
    );
    for (query, expected) in [
        ("", &["B_1", "A-1", "BX1"][..]),
        ("PatientID=MRN-1", &["A-1", "BX1"]),
        ("00100020=MRN-1", &["A-1", "BX1"]),
        // What LIKE takes for wildcards is a letter like any other.
        ("PatientID=MRN_1", &[]),
        ("AccessionNumber=B_1", &["B_1"]),
        ("AccessionNumber=B?1", &["B_1", "BX1"]),
        ("PatientName=M%C3%BCller*", &["A-1", "BX1"]),
        ("PatientName=m%C3%BCller%2A", &["A-1", "BX1"]),
        ("PatientName=M%C3%BCller%5EJ%C3%B6rg", &["A-1", "BX1"]),
        // Accents count as they are stored.
        ("PatientName=Muller*", &[]),
        ("PatientName=Mu*", &["B_1"]),
        ("StudyDate=20250304", &["A-1"]),
        ("StudyDate=20250101-", &["B_1", "A-1"]),
        ("StudyDate=-20250101", &["BX1"]),
        ("StudyDate=20241231-20250401", &["A-1", "BX1"]),
        ("StudyTime=1030", &["B_1", "A-1", "BX1"]),
        ("StudyTime=1031-", &[]),
        ("StudyDescription=Chest%20100%25", &["B_1", "A-1", "BX1"]),
        ("ModalitiesInStudy=DX", &["B_1", "A-1", "BX1"]),
        ("ModalitiesInStudy=CT,MR", &[]),
        ("limit=1", &["B_1"]),
        ("limit=1&offset=1", &["A-1"]),
        ("limit=0", &[]),
        (&two, &["A-1", "BX1"]),
    ] {
        let answer = get(&reader, &format!("/studies?{query}"), JSON).await;
        let status = if expected.is_empty() { 204 } else { 200 };
        assert_eq!(accessions(&answer.expect(status)), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_says_what_the_standard_wants_of_each_level() {
    let (_app, reader, films) = filled().await;
    let uids = Uids::of(&films[1]);
    let found = get(&reader, "/studies?AccessionNumber=B_1", JSON)
        .await
        .expect(200);
    let study = &found[0];
    for (tag, value) in [
        ("00080020", "20250601"),
        ("00080030", "103000"),
        ("00080061", "DX"),
        ("00100020", "MRN_2"),
        ("0020000D", &uids.study),
        ("00080056", "ONLINE"),
    ] {
        assert_eq!(study[tag]["Value"][0], value, "{tag}");
    }
    assert_eq!(study["00100010"]["Value"][0]["Alphabetic"], "Murray^Ann");
    assert_eq!(study["00201206"]["Value"][0], 1);
    assert_eq!(study["00201208"]["Value"][0], 2);
    let url = study["00081190"]["Value"][0].as_str().unwrap();
    assert!(url.ends_with(&format!("/dicomweb/studies/{}", uids.study)));
    let series = get(&reader, &format!("/studies/{}/series", uids.study), JSON)
        .await
        .expect(200);
    assert_eq!(series[0]["0020000E"]["Value"][0], uids.series.as_str());
    assert_eq!(series[0]["00201209"]["Value"][0], 2);
    let instances = get(
        &reader,
        &format!(
            "/studies/{}/instances?includefield=00280101,ViewPosition",
            uids.study
        ),
        JSON,
    )
    .await
    .expect(200);
    assert_eq!(instances.as_array().unwrap().len(), 2);
    let first = &instances[0];
    assert_eq!(first["00080018"]["Value"][0], uids.instance.as_str());
    assert_eq!(first["00280010"]["Value"][0], 64);
    assert_eq!(first["00280100"]["Value"][0], 16);
    assert_eq!(first["00280101"]["Value"][0], 12);
    assert_eq!(first["00185101"]["Value"][0], "AP");
    let path = format!(
        "/studies/{}/series/{}/instances?InstanceNumber=3",
        uids.study, uids.series
    );
    let third = get(&reader, &path, JSON).await.expect(200);
    assert_eq!(
        third[0]["00080018"]["Value"][0],
        Uids::of(&films[2]).instance.as_str()
    );
    // Without a path above them.
    let all = get(&reader, "/series?Modality=DX", JSON).await.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let all = get(
        &reader,
        "/instances?PatientID=MRN_2&SOPClassUID=1.2.840.10008.5.1.4.1.1.1.1",
        JSON,
    )
    .await
    .expect(200);
    assert_eq!(all.as_array().unwrap().len(), 2);
    // A path and a key that contradict each other find nothing.
    let none = get(
        &reader,
        &format!("/studies/{}/series?StudyInstanceUID=1.2", uids.study),
        JSON,
    )
    .await;
    none.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_is_said_and_what_is_wrong_is_refused() {
    let (_app, reader, _films) = filled().await;
    let fuzzy = get(&reader, "/studies?fuzzymatching=true&PatientID=MRN-1", JSON).await;
    assert_eq!(accessions(&fuzzy.expect(200)), ["A-1", "BX1"]);
    let warning = fuzzy.headers["warning"].to_str().unwrap();
    assert!(
        warning.starts_with("299 ") && warning.contains("literal matching"),
        "{warning}"
    );
    for (query, accept, status) in [
        ("StudyDate=yesterday", JSON, 400),
        ("PatientWeight=70", JSON, 400),
        ("Modality=DX", JSON, 400),
        ("limit=-1", JSON, 400),
        ("", "text/html", 406),
    ] {
        let answer = get(&reader, &format!("/studies?{query}"), accept).await;
        answer.expect(status);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let xml = get(
        &reader,
        "/studies",
        "multipart/related; type=\"application/dicom+xml\"",
    )
    .await;
    assert_eq!(crate::parts(&xml).len(), 3);
    let capabilities = get(&reader, "", "*/*").await;
    let text = String::from_utf8(capabilities.bytes).unwrap();
    assert!(
        text.contains("ModalitiesInStudy") && text.contains("path=\"studies/{study}/metadata\"")
    );
}
