//! Films that are sent on as they come in, to dcmtk's storescp.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use chrono::TimeDelta;
use db::{
    Actor,
    dicom_routes::{self, Route},
};
use dimse::{Calling, ForwardJob};
use domain::{Role, RouteId};
use jobs::{Worker, WorkerOptions};

use crate::{DEVICE, Listening, PORTAL, add_device_as, films, free_port, said, start};

fn worker(portal: &Listening) -> Worker {
    let job = ForwardJob::new(
        portal.app.database.clone(),
        portal.app.blobs.clone(),
        PORTAL,
        Calling::default(),
    );
    Worker::new(
        portal.app.database.clone(),
        vec![Arc::new(job)],
        WorkerOptions::new("sending"),
    )
}

async fn route(portal: &Listening, to: &str, modality: Option<&str>, from: Option<&str>) {
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let route = Route {
        route_id: RouteId::new_at(tx.now()),
        destination: to.to_owned(),
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

async fn waiting(portal: &Listening) -> i64 {
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let waiting = dicom_routes::waiting(&mut tx).await.unwrap();
    waiting.get("PACS").copied().unwrap_or(0)
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
        waiting(&portal).await,
        2,
        "once a film, whichever route fits"
    );
    let worker = worker(&portal);
    assert_eq!(worker.run_until_idle().await.unwrap(), 2);
    assert_eq!(waiting(&portal).await, 2, "nobody is there yet");
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
    assert_eq!(waiting(&portal).await, 0);
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
    assert_eq!(waiting(&portal).await, 0);
}

fn data_set(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let file = imaging::DicomFile::open(&bytes, &imaging::Limits::default()).unwrap();
    bytes[file.data_set_at()..].to_vec()
}
