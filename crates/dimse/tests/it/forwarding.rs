//! Films that are sent on as they come in, and results as they are signed, to dcmtk's storescp.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use chrono::TimeDelta;
use db::{
    Actor,
    dicom_routes::{self, Route},
};
use dimse::{Calling, ForwardJob, SendResultJob};
use domain::{Role, RouteId, route::Cargo};
use jobs::{Worker, WorkerOptions};
use serde_json::json;
use testkit::Client;

use crate::{DEVICE, Listening, PORTAL, add_device_as, films, free_port, said, start};

fn worker(portal: &Listening) -> Worker {
    let app = &portal.app;
    let films = ForwardJob::new(
        app.database.clone(),
        app.blobs.clone(),
        PORTAL,
        Calling::default(),
    );
    let results = SendResultJob::new(
        app.database.clone(),
        app.blobs.clone(),
        decoding::Decoders::in_threads(),
        PORTAL,
        Calling::default(),
    );
    Worker::new(
        app.database.clone(),
        vec![Arc::new(films), Arc::new(results)],
        WorkerOptions::new("sending"),
    )
}

async fn route(portal: &Listening, to: &str, modality: Option<&str>, from: Option<&str>) {
    add_route(portal, to, Cargo::Films, modality, from).await;
}

async fn add_route(
    portal: &Listening,
    to: &str,
    carries: Cargo,
    modality: Option<&str>,
    from: Option<&str>,
) {
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let route = Route {
        route_id: RouteId::new_at(tx.now()),
        destination: to.to_owned(),
        carries,
        modality: modality.map(str::to_owned),
        body_part: None,
        sender: from.map(str::to_owned),
        created_at: tx.now(),
    };
    assert!(dicom_routes::add(&mut tx, &route).await.unwrap());
    tx.commit().await.unwrap();
}

/// An archive that takes everything, until it is dropped.
async fn archive(port: u16, folder: &Path) -> tokio::process::Child {
    let child = tokio::process::Command::new("storescp")
        .args(["-aet", "PACS", "+xa", "-B", "-od", folder.to_str().unwrap()])
        .arg(port.to_string())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("storescp (Debian's dcmtk, see make test-setup): {error}"));
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
        {
            return child;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("storescp does not listen");
}

async fn waiting(portal: &Listening, carries: Cargo) -> i64 {
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let waiting = dicom_routes::waiting(&mut tx).await.unwrap();
    waiting
        .get(&("PACS".to_owned(), carries))
        .copied()
        .unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_sent_on_once_the_archive_is_there() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    route(&portal, "PACS", Some("DX"), None).await;
    route(&portal, "PACS", None, Some(DEVICE)).await;
    route(&portal, "PACS", Some("CT"), None).await;
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path(), 2);
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    assert_eq!(
        waiting(&portal, Cargo::Films).await,
        2,
        "once a film, whichever route fits"
    );
    let worker = worker(&portal);
    assert_eq!(worker.run_until_idle().await.unwrap(), 2);
    assert_eq!(
        waiting(&portal, Cargo::Films).await,
        2,
        "nobody is there yet"
    );
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        0,
        "it waits for a while"
    );
    let out = folder.path().join("archive");
    std::fs::create_dir(&out).unwrap();
    let _archive = archive(port, &out).await;
    portal.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(worker.run_until_idle().await.unwrap(), 2);
    assert_eq!(waiting(&portal, Cargo::Films).await, 0);
    let mut data: Vec<Vec<u8>> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| data_set(&entry.unwrap().path()))
        .collect();
    let mut due = portal.data_sets();
    data.sort();
    due.sort();
    assert!(data == due, "the films arrive as they are stored");
    // That each went out is in the trail.
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let rows = db::audit::list(&mut tx, &db::audit::AuditFilter::default(), None, 100)
        .await
        .unwrap();
    let told = rows.items.iter().filter_map(|row| row.new_values.as_ref());
    let told = told.filter(|values| values["form"] == "dimse forward to PACS");
    assert_eq!(told.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_archive_sends_does_not_go_back_to_it() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    route(&portal, "PACS", None, None).await;
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path(), 1);
    let sent = portal.dcmtk_as("PACS", "storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    assert_eq!(waiting(&portal, Cargo::Films).await, 0);
}

/// A case with a film of this modality (DX), assessed and signed; gives the review.
async fn signed(portal: &Listening, doctor: &Client) -> String {
    let app = &portal.app;
    let sender = app.client(Role::Radiologist).await;
    let body = json!({ "name": "Ada King", "identifier": "E-1", "date_of_birth": "2022-03-04", "gender": "female" });
    let patient = sender.post("/api/patients", body).await.expect(201);
    let film = demo::scored_film(5, "ACC-1", "E-1");
    let of = [("patient_id", patient["patient_id"].as_str().unwrap())];
    let receipt = sender
        .upload(vec![("film.dcm", film)], &of)
        .await
        .expect(201);
    app.run_jobs().await;
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    let note = json!({ "note": "asked at the desk" });
    let identity = format!("/api/reviews/queue/{report}/identity");
    doctor.post(&identity, note).await;
    let review = json!({
        "report_id": report, "doctor_risk_assessment": "high", "urgency_level": "urgent",
        "clinical_findings": "Opacity right.", "recommended_action": "Antibiotics.", "review_notes": "None.",
    });
    let review = doctor.post("/api/reviews", review).await.expect(201);
    review["review_id"].as_str().unwrap().to_owned()
}

/// What lies in an archive's folder: class and study of each object, as dcmtk reads them.
async fn objects(folder: &Path) -> Vec<(String, String)> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let said = tokio::process::Command::new("dcmdump")
            .args(["-q", "+P", "SOPClassUID", "+P", "StudyInstanceUID"])
            .arg(entry.unwrap().path())
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.trim_end().ends_with(name));
            let from = line.and_then(|line| line.split(['=', '[']).nth(1));
            from.and_then(|value| value.split([' ', ']']).next())
                .unwrap_or_default()
                .to_owned()
        };
        objects.push((value("SOPClassUID"), value("StudyInstanceUID")));
    }
    objects.sort();
    objects
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_result_is_sent_to_the_archives_that_want_it() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    add_route(&portal, "PACS", Cargo::Results, Some("DX"), None).await;
    add_route(&portal, "PACS", Cargo::Results, None, None).await;
    let elsewhere = free_port();
    add_device_as(
        &portal.app,
        "CTS",
        Role::Radiologist,
        &here,
        Some(elsewhere),
    )
    .await;
    add_route(&portal, "CTS", Cargo::Results, Some("CT"), None).await;
    add_route(&portal, "CTS", Cargo::Results, None, Some(DEVICE)).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let review = signed(&portal, &doctor).await;
    assert_eq!(
        waiting(&portal, Cargo::Films).await,
        0,
        "no route carries films"
    );
    assert_eq!(
        waiting(&portal, Cargo::Results).await,
        1,
        "once, whichever route fits"
    );
    let folder = tempfile::tempdir().unwrap();
    let _archive = archive(port, folder.path()).await;
    let worker = worker(&portal);
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        1,
        "nothing goes to CTS"
    );
    let taken = objects(folder.path()).await;
    let classes: Vec<&str> = taken.iter().map(|(class, _)| class.as_str()).collect();
    assert_eq!(
        classes,
        [
            "ComprehensiveSRStorage",
            "EncapsulatedPDFStorage",
            "SecondaryCaptureImageStorage"
        ]
    );
    assert!(
        taken
            .iter()
            .all(|(_, study)| *study == taken[0].1 && !study.is_empty())
    );
    // An addendum makes a new report and a new PDF; the picture stays the one that it was.
    portal.app.advance(TimeDelta::minutes(1));
    let addendum = json!({ "addendum": "Seen by the ward." });
    let to = format!("/api/reviews/{review}/addenda");
    doctor.post(&to, addendum).await.expect(201);
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    assert_eq!(objects(folder.path()).await.len(), 5);
    let tech = portal.app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?action=send_result").await.expect(200);
    let rows = trail["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["new_values"]["receiver"], "PACS");
    assert_eq!(
        rows[0]["new_values"]["sop_classes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_picture_is_sent_on_as_a_secondary_capture() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    route(&portal, "PACS", None, None).await;
    route(&portal, "PACS", Some("DX"), None).await;
    let sender = portal.app.client(Role::Radiologist).await;
    let body = json!({ "name": "Ada King", "identifier": "E-1", "date_of_birth": "2022-03-04" });
    let patient = sender.post("/api/patients", body).await.expect(201);
    let of = [("patient_id", patient["patient_id"].as_str().unwrap())];
    let picture = vec![("film.png", testkit::chest_film(4, 80))];
    let receipt = sender.upload(picture, &of).await.expect(201);
    assert_eq!(waiting(&portal, Cargo::Films).await, 0, "not wrapped yet");
    assert_eq!(portal.app.wrap_pictures().await, 1);
    let folder = tempfile::tempdir().unwrap();
    let _archive = archive(port, folder.path()).await;
    assert_eq!(worker(&portal).run_until_idle().await.unwrap(), 1);
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    let number = u128::from_str_radix(&report.replace('-', ""), 16).unwrap();
    let study = imaging::write::uid_from_u128(number);
    assert_eq!(
        objects(folder.path()).await,
        [("SecondaryCaptureImageStorage".to_owned(), study)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_waits_for_an_archive_that_is_away() {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    let port = free_port();
    add_device_as(&portal.app, "PACS", Role::Radiologist, &here, Some(port)).await;
    add_route(&portal, "PACS", Cargo::Results, None, None).await;
    let doctor = portal.app.client(Role::Doctor).await;
    signed(&portal, &doctor).await;
    let worker = worker(&portal);
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    assert_eq!(waiting(&portal, Cargo::Results).await, 1);
    let folder = tempfile::tempdir().unwrap();
    let _archive = archive(port, folder.path()).await;
    portal.app.advance(TimeDelta::minutes(1));
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    assert_eq!(objects(folder.path()).await.len(), 3);
}

fn data_set(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let file = imaging::DicomFile::open(&bytes, &imaging::Limits::default()).unwrap();
    bytes[file.data_set_at()..].to_vec()
}
