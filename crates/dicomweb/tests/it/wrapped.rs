//! Plain pictures as Secondary Captures: found, fetched and shown like films.

use domain::Role;
use imaging::{DicomFile, Limits, Raster};
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

use crate::{get, parts, store};

const JSON: &str = "application/dicom+json";
const FILE: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";

/// A patient, and a report of these pictures.
async fn sent(sender: &Client, pictures: Vec<(&str, Vec<u8>)>) -> String {
    let body = json!({ "name": "Ada Maria King", "identifier": "E-1", "date_of_birth": "1980-03-04", "gender": "female" });
    let patient = sender.post("/api/patients", body).await.expect(201);
    let of = [("patient_id", patient["patient_id"].as_str().unwrap())];
    let receipt = sender.upload(pictures, &of).await.expect(201);
    let report = &receipt["reports"][0]["report_id"];
    report.as_str().unwrap().to_owned()
}

fn text<'a>(object: &'a Value, tag: &str) -> &'a Value {
    &object[tag]["Value"][0]
}

async fn found(client: &Client, path: &str) -> Vec<Value> {
    let answer = get(client, path, JSON).await;
    match answer.status.as_u16() {
        204 => Vec::new(),
        200 => answer.json().as_array().unwrap().clone(),
        status => panic!("{path}: {status}"),
    }
}

/// The same picture as a JPEG.
fn as_jpeg(png: &[u8]) -> Vec<u8> {
    let raster = imaging::decode(png, 0, &Limits::default()).unwrap();
    imaging::render(&raster, None).encode_jpeg(90).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_found_and_fetched_as_secondary_captures() {
    let app = TestApp::start().await;
    let sender = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let png = chest_film(3, 120);
    let jpeg = as_jpeg(&png);
    let pictures = vec![("film.png", png.clone()), ("film.jpg", jpeg.clone())];
    let report = sent(&sender, pictures).await;
    assert_eq!(
        found(&doctor, "/studies?PatientID=E-1").await,
        [Value::Null; 0]
    );
    assert_eq!(app.wrap_pictures().await, 1);
    let studies = found(&doctor, "/studies?PatientName=king*&includefield=all").await;
    assert_eq!(studies.len(), 1);
    let study = &studies[0];
    assert_eq!(text(study, "00100010")["Alphabetic"], "King^Ada Maria");
    assert_eq!(text(study, "00100020"), "E-1");
    assert_eq!(text(study, "00100030"), "19800304");
    assert_eq!(text(study, "00080061"), "OT");
    assert_eq!(text(study, "00201208"), 2);
    assert_eq!(text(study, "00081030"), "chest xray");
    let deep = found(&doctor, "/instances?PatientID=E-1&includefield=all").await;
    assert_eq!(deep.len(), 2);
    assert_eq!(text(&deep[0], "00080064"), "WSD");
    let uid = text(study, "0020000D").as_str().unwrap();
    let number = uuid::Uuid::parse_str(&report).unwrap().as_u128();
    assert_eq!(uid, imaging::write::uid_from_u128(number));
    let files = get(&doctor, &format!("/studies/{uid}"), FILE).await;
    assert_eq!(files.status, 200);
    let files = parts(&files);
    assert_eq!(files.len(), 2);
    let in_syntax = |uid: &str| {
        let is_it = |bytes: &&Vec<u8>| {
            DicomFile::open(bytes, &Limits::default())
                .is_ok_and(|file| file.transfer_syntax_uid() == uid)
        };
        files.iter().map(|(_, bytes)| bytes).find(is_it).unwrap()
    };
    let first = in_syntax("1.2.840.10008.1.2.1");
    let file = DicomFile::open(first, &Limits::default()).unwrap();
    let header = file.header();
    assert_eq!(header.sop_class_uid, "1.2.840.10008.5.1.4.1.1.7");
    assert_eq!(header.patient_name.as_deref(), Some("Ada Maria King"));
    let grey = |bytes: &[u8]| match imaging::decode(bytes, 0, &Limits::default()).unwrap() {
        Raster::Grey(grey) => match grey.samples {
            imaging::Samples::U8(samples) => samples,
            other => panic!("{other:?}"),
        },
        Raster::Rgb8(_) => panic!("it is grey"),
    };
    assert!(grey(first) == grey(&png), "pixels change");
    // A baseline JPEG lies in it as it came.
    let second = in_syntax("1.2.840.10008.1.2.4.50");
    assert!(second.windows(jpeg.len()).any(|part| part == jpeg));
    // Two decoders round otherwise (T.81 leaves that open).
    let (ours, theirs) = (grey(second), grey(&jpeg));
    assert!(ours.iter().zip(&theirs).all(|(a, b)| a.abs_diff(*b) <= 1));
    // Shown, as metadata, and the picture itself still as it came.
    let shown = get(&doctor, &format!("/studies/{uid}/thumbnail"), "image/jpeg").await;
    assert_eq!(shown.status, 200);
    let metadata = found(&doctor, &format!("/studies/{uid}/metadata")).await;
    assert_eq!(text(&metadata[0], "00080064"), "WSD");
    let detail = doctor
        .get(&format!("/api/reports/{report}"))
        .await
        .expect(200);
    let own = detail["images"][0]["image_url"].as_str().unwrap();
    let format = detail["images"][0]["image_format"].as_str().unwrap();
    let came = if format == "PNG" { png } else { jpeg };
    assert!(doctor.get(own).await.bytes == came, "{format} as it came");
    // Once is enough; and what belongs to others stays with them.
    assert_eq!(app.wrap_pictures().await, 0);
    let stranger = app.client_named(Role::Radiologist, "stranger").await;
    assert_eq!(
        found(&stranger, "/studies?PatientID=E-1").await,
        [Value::Null; 0]
    );
    assert_eq!(found(&sender, "/studies?PatientID=E-1").await.len(), 1);
    // Their files are known to whoever looks for what rows name, and go with the report.
    let mut tx = app.database.begin(&db::Actor::worker()).await.unwrap();
    let named = db::consistency::named_blobs(&mut tx, None, 100)
        .await
        .unwrap();
    assert_eq!(named.len(), 4);
    let mut superuser = app.test_database.superuser().await;
    sqlx::query("SELECT portal.remove_report($1::uuid)")
        .bind(&report)
        .execute(&mut superuser)
        .await
        .unwrap();
    let removed = db::removals::films(&mut tx, app.now()).await.unwrap();
    assert_eq!(removed.iter().filter(|film| !film.is_named).count(), 4);
    assert_eq!(
        found(&doctor, "/studies?PatientID=E-1").await,
        [Value::Null; 0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_as_dicom_is_not_wrapped() {
    let app = TestApp::start().await;
    let sender = app.client(Role::Radiologist).await;
    let body = json!({ "name": "Ada King", "identifier": "MRN-7" });
    sender.post("/api/patients", body).await.expect(201);
    let film = testkit::dicom_film(5, "MRN-7");
    assert!(
        store(&sender, "/studies", &[film])
            .await
            .status
            .is_success()
    );
    assert_eq!(app.wrap_pictures().await, 0);
}
