//! Earlier studies of a new case's patient, from dcmtk's archive to the doctor.

use std::{path::PathBuf, sync::Arc};

use chrono::{NaiveDate, TimeDelta};
use db::{Actor, dicom_archives};
use dimse::{Calling, FetchPriorJob, FindPriorsJob};
use domain::Role;
use imaging::write::uid_from_u128;
use intake::Intake;
use jobs::{Worker, WorkerOptions};
use serde_json::{Value, json};
use testkit::Client;

use crate::{
    Listening, PORTAL, Said, add_device_as, archive::dcmqrscp_with, free_port, said, start,
};

const NUMBER: &str = "MRN-1";
const NAME: &str = "Müller^Jörg";

fn film(seed: u32, number: &'static str, name: &'static str) -> Said<'static> {
    Said {
        seed,
        number,
        name,
        born: NaiveDate::from_ymd_opt(1970, 5, 6),
        accession: "",
        study: None,
    }
}

/// A portal that looks for earlier studies at an archive on this port, and the worker that does.
async fn asking(port: u16) -> (Listening, Worker) {
    let portal = start().await;
    let app = &portal.app;
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(app, "PACS", Role::Radiologist, &here, Some(port)).await;
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    assert!(dicom_archives::add(&mut tx, "PACS").await.unwrap());
    assert!(!dicom_archives::add(&mut tx, "PACS").await.unwrap());
    tx.commit().await.unwrap();
    let decoders = decoding::Decoders::in_threads();
    let intake = Intake::new(app.database.clone(), app.blobs.clone(), decoders);
    let database = app.database.clone();
    let find = FindPriorsJob::new(database.clone(), PORTAL, Calling::default());
    let fetch = FetchPriorJob::new(database.clone(), intake, PORTAL, Calling::default());
    let handlers: Vec<Arc<dyn jobs::Handler>> = vec![Arc::new(find), Arc::new(fetch)];
    let worker = Worker::new(database, handlers, WorkerOptions::new("priors"));
    (portal, worker)
}

/// Sends a film as the modality; gives the address of what archives have beside its case.
async fn new_case(portal: &Listening, films: &[PathBuf], doctor: &Client) -> String {
    let sent = portal.dcmtk("storescu", &[], films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    let reports = doctor
        .get("/api/reports?sort=-upload_date")
        .await
        .expect(200);
    let id = reports["items"][0]["report_id"].as_str().unwrap();
    format!("/api/reports/{id}")
}

async fn priors(doctor: &Client, case: &str) -> Value {
    doctor.get(&format!("{case}/priors")).await.expect(200)
}

fn states(priors: &Value) -> Vec<&str> {
    let studies = priors["studies"].as_array().unwrap();
    studies
        .iter()
        .map(|study| study["state"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_films_come_by_themselves_and_stand_beside_the_case() {
    let folder = tempfile::tempdir().unwrap();
    let new = film(1, NUMBER, NAME).file(folder.path());
    let (earlier, elsewhere, other) = (
        film(2, NUMBER, "MÜLLER^JÖRG").file(folder.path()),
        film(3, NUMBER, "Somebody^Else").file(folder.path()),
        film(4, "MRN-10", NAME).file(folder.path()),
    );
    let port = free_port();
    let (portal, worker) = asking(port).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let case = new_case(&portal, std::slice::from_ref(&new), &doctor).await;
    let before = priors(&doctor, &case).await;
    assert_eq!(before["archives"][0]["archive"], "PACS");
    assert_eq!(before["archives"][0]["answered_at"], Value::Null);
    assert_eq!(before["studies"], json!([]));
    // It is away at first.
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    let away = priors(&doctor, &case).await;
    let fault = away["archives"][0]["fault"].as_str().unwrap();
    assert!(fault.contains("PACS"), "{fault}");
    // The archive has the new film as well.
    let films = [new, earlier, elsewhere, other];
    let _archive = dcmqrscp_with(&[], folder.path(), port, &films, free_port()).await;
    portal.app.advance(TimeDelta::minutes(1));
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        2,
        "one asks, one fetches"
    );
    let found = priors(&doctor, &case).await;
    assert_eq!(found["archives"][0]["fault"], Value::Null);
    assert!(found["archives"][0]["answered_at"].is_string());
    let studies = found["studies"].as_array().unwrap();
    assert_eq!(
        studies.len(),
        2,
        "the own study and another number are left out: {found}"
    );
    let of = |state: &str| {
        studies
            .iter()
            .find(|study| study["state"] == state)
            .unwrap()
    };
    let (here, doubtful) = (of("here"), of("found"));
    assert_eq!(here["doubts"], json!([]));
    assert_eq!(here["description"], "Thorax Übersicht");
    assert_eq!(here["fault"], Value::Null);
    assert_eq!(doubtful["doubts"], json!(["name"]));
    assert_eq!(doubtful["patient_name"], "Else Somebody");
    assert_eq!(doubtful["images"], json!([]));
    // It is no report, and nobody scores it.
    assert_eq!(portal.stored().await, 1);
    assert_eq!(portal.app.run_jobs().await, 1, "the new film alone");
    // Its picture is the film that the archive has, for doctors.
    let image = &here["images"][0];
    let address = image["image_url"].as_str().unwrap();
    assert!(address.starts_with(&case));
    assert_eq!(doctor.get(&format!("{address}/frames/1")).await.status, 200);
    assert_eq!(
        doctor.get(&format!("{address}/thumbnail")).await.status,
        200
    );
    let original = doctor.get(address).await;
    assert_eq!(original.status, 200);
    let came = imaging::DicomFile::open(&original.bytes, &imaging::Limits::default()).unwrap();
    assert_eq!(came.header().study_uid, here["study_uid"].as_str().unwrap());
    for role in [Role::Radiologist, Role::Patient, Role::Tech] {
        let other = portal.app.client(role).await;
        let refused = other.get(address).await.status.as_u16();
        assert!([403, 404].contains(&refused), "{role}: {refused}");
    }
    // A doctor who has looked has the other one fetched; the doubt stays with it.
    let id = doubtful["prior_id"].as_str().unwrap();
    let ask = format!("{case}/priors/{id}/fetch");
    let queued = doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(queued["state"], "fetching");
    let again = doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(again["state"], "fetching");
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        1,
        "asked for twice, fetched once"
    );
    let all = priors(&doctor, &case).await;
    assert_eq!(states(&all), ["here", "here"]);
    let stays = all["studies"].as_array().unwrap().iter();
    assert_eq!(
        stays
            .filter(|study| study["doubts"] == json!(["name"]))
            .count(),
        1
    );
    let known = doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(known["state"], "here");
    // Whom the archive was asked about, and what went where, is in the trail.
    let tech = portal.app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?action=ask_archive").await.expect(200);
    let forms: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["new_values"]["form"].as_str().unwrap())
        .collect();
    assert_eq!(forms, ["get", "ask", "get", "find"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_archive_sends_unasked_is_a_new_film() {
    let folder = tempfile::tempdir().unwrap();
    let new = film(1, NUMBER, NAME).file(folder.path());
    let films = [
        film(2, NUMBER, NAME).file(folder.path()),
        film(3, NUMBER, "Somebody^Else").file(folder.path()),
    ];
    let port = free_port();
    let (portal, worker) = asking(port).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let case = new_case(&portal, &[new], &doctor).await;
    // It sends films on associations of its own only.
    let only_moves = ["--disable-get"];
    let archive = dcmqrscp_with(
        &only_moves,
        folder.path(),
        port,
        &films,
        portal.address.port(),
    )
    .await;
    assert_eq!(worker.run_until_idle().await.unwrap(), 2);
    let found = priors(&doctor, &case).await;
    assert_eq!(
        portal.stored().await,
        1,
        "what it was asked for is no new film"
    );
    let here = &found["studies"][0];
    assert_eq!(here["state"], "here", "{found}");
    assert_eq!(here["images"].as_array().unwrap().len(), 1);
    // The study has come: another film of it is a new one, and so is one that nobody asked for.
    let late = Said {
        study: Some(here["study_uid"].as_str().unwrap().to_owned()),
        ..film(5, NUMBER, NAME)
    };
    let unasked = [
        late.file(folder.path()),
        film(6, NUMBER, NAME).file(folder.path()),
    ];
    let sent = portal.dcmtk_as("PACS", "storescu", &[], &unasked).await;
    assert!(sent.status.success(), "{}", said(&sent));
    assert_eq!(portal.stored().await, 3);
    // While a study is awaited, only its archive can bring it; and not for ever.
    let doubtful = &found["studies"][1];
    let (id, uid) = (&doubtful["prior_id"], &doubtful["study_uid"]);
    let ask = format!("{case}/priors/{}/fetch", id.as_str().unwrap());
    drop(archive);
    doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        3,
        "two new cases ask, too"
    );
    let waits = priors(&doctor, &case).await;
    assert_eq!(
        states(&waits),
        ["here", "fetching"],
        "the archive is away again"
    );
    let of_it = |seed| Said {
        study: Some(uid.as_str().unwrap().to_owned()),
        ..film(seed, NUMBER, "Somebody^Else")
    };
    let from = async |title: Option<&str>, seed: u32| {
        let file = [of_it(seed).file(folder.path())];
        let sent = match title {
            Some(title) => portal.dcmtk_as(title, "storescu", &[], &file).await,
            None => portal.dcmtk("storescu", &[], &file).await,
        };
        assert!(sent.status.success(), "{}", said(&sent));
        portal.stored().await
    };
    assert_eq!(from(None, 7).await, 4, "of another device");
    assert_eq!(from(Some("PACS"), 8).await, 4, "of the archive");
    portal.app.advance(TimeDelta::minutes(21));
    assert_eq!(from(Some("PACS"), 9).await, 5, "too late");
    let kept = priors(&doctor, &case).await;
    assert_eq!(kept["studies"][1]["images"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn films_of_earlier_studies_go_with_their_case() {
    let folder = tempfile::tempdir().unwrap();
    let new = film(1, NUMBER, NAME).file(folder.path());
    let films = [
        film(2, NUMBER, NAME).file(folder.path()),
        film(3, NUMBER, NAME).file(folder.path()),
    ];
    let port = free_port();
    let (portal, worker) = asking(port).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let case = new_case(&portal, &[new], &doctor).await;
    let _archive = dcmqrscp_with(&[], folder.path(), port, &films, free_port()).await;
    assert_eq!(worker.run_until_idle().await.unwrap(), 3);
    let found = priors(&doctor, &case).await;
    assert_eq!(states(&found), ["here", "here"]);
    let digest = |study: usize| {
        let text = found["studies"][study]["images"][0]["sha256"].as_str();
        text.unwrap().to_owned()
    };
    let mut tx = portal.app.database.begin(&Actor::worker()).await.unwrap();
    let named = db::consistency::named_blobs(&mut tx, None, 100)
        .await
        .unwrap();
    assert_eq!(named.len(), 3, "the case's film and two of earlier studies");
    drop(tx);
    // The very bytes of one come in as a film of their own: that is a new case, and keeps them.
    let path = portal.app.blobs.read(digest(0).parse().unwrap()).unwrap();
    let sender = portal.app.client(Role::Radiologist).await;
    let patient = sender
        .post(
            "/api/patients",
            json!({ "name": "Jörg Müller", "date_of_birth": "1970-05-06" }),
        )
        .await
        .expect(201);
    let of = [("patient_id", patient["patient_id"].as_str().unwrap())];
    let receipt = sender
        .upload(vec![("film.dcm", path.to_vec())], &of)
        .await
        .expect(201);
    assert_eq!(receipt["reports"][0]["duplicate"], false);
    let mut superuser = portal.app.test_database.superuser().await;
    let report = case.rsplit('/').next().unwrap();
    sqlx::query("SELECT portal.remove_report($1::uuid)")
        .bind(report)
        .execute(&mut superuser)
        .await
        .unwrap();
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM portal.prior_studies) + (SELECT count(*) FROM portal.prior_images)
              + (SELECT count(*) FROM portal.prior_searches WHERE report_id = $1::uuid)",
    )
    .bind(report)
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!(left, 0);
    let mut tx = portal.app.database.begin(&Actor::worker()).await.unwrap();
    let removed = db::removals::films(&mut tx, portal.app.now())
        .await
        .unwrap();
    let is_named = |digest: String| {
        removed
            .iter()
            .find(|film| film.sha256 == digest)
            .unwrap()
            .is_named
    };
    assert_eq!(removed.len(), 3);
    assert!(is_named(digest(0)));
    assert!(!is_named(digest(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_does_not_come_says_why_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let new = film(1, NUMBER, NAME).file(folder.path());
    // A study of a report and no film: it is no class that is asked for.
    let study = uid_from_u128(4711);
    let only_one = Said {
        study: Some(study.clone()),
        ..film(2, NUMBER, NAME)
    };
    let films = [only_one.file(folder.path())];
    let port = free_port();
    let (portal, worker) = asking(port).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let tech = portal.app.client(Role::Tech).await;
    let none = json!({ "setting_value": { "studies": 0, "years": 10 } });
    tech.put("/api/settings/priors.fetched", none)
        .await
        .expect(200);
    let case = new_case(&portal, &[new], &doctor).await;
    let archive = dcmqrscp_with(&[], folder.path(), port, &films, free_port()).await;
    assert_eq!(
        worker.run_until_idle().await.unwrap(),
        1,
        "none is fetched unasked"
    );
    let found = priors(&doctor, &case).await;
    assert_eq!(states(&found), ["found"], "{found}");
    // Its film is gone from the archive when it is asked for.
    let store = folder.path().join("store");
    for entry in std::fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name != "index.dat") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let id = found["studies"][0]["prior_id"].as_str().unwrap();
    let ask = format!("{case}/priors/{id}/fetch");
    doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    let failed = priors(&doctor, &case).await;
    assert_eq!(states(&failed), ["failed"]);
    let fault = failed["studies"][0]["fault"].as_str().unwrap();
    assert!(
        fault.contains("did not come") || fault.contains("no film"),
        "{fault}"
    );
    drop(archive);
    let again = doctor.post(&ask, json!({})).await.expect(202);
    assert_eq!(again["state"], "fetching");
}
