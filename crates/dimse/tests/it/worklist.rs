//! The modality worklist, with dcmtk as the modality.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use db::{
    Actor, Origin,
    orders::{self, OrderContent},
};
use domain::{
    OrderId, Role, UserId,
    order::{OrderPriority, OrderStatus},
};
use serde_json::{Value, json};

use crate::{Listening, Said, said, start};

async fn patient(portal: &Listening, name: &str, number: Option<&str>) -> UserId {
    let doctor = portal.app.client(Role::Doctor).await;
    let body = json!({ "name": name, "identifier": number, "issuer": "St. Mary's", "date_of_birth": "2022-03-04", "gender": "female" });
    let made = doctor.post("/api/patients", body).await.expect(201);
    made["patient_id"].as_str().unwrap().parse().unwrap()
}

struct Wanted<'a> {
    patient_id: UserId,
    accession: &'a str,
    modality: Option<&'a str>,
    station: Option<&'a str>,
    at: Option<DateTime<Utc>>,
}

async fn order(portal: &Listening, wanted: &Wanted<'_>) -> OrderId {
    let actor = Actor::user(portal.account, Role::Radiologist, Origin::default());
    let mut tx = portal.app.database.begin(&actor).await.unwrap();
    // Of the same moment no two identifiers need be alike.
    let id = OrderId::new_at(tx.now());
    let content = OrderContent {
        patient_id: wanted.patient_id,
        status: OrderStatus::Active,
        priority: OrderPriority::Stat,
        placer_issuer: String::new(),
        placer_number: Some(format!("P-{}", wanted.accession)),
        accession_number: Some(wanted.accession.to_owned()),
        procedure_system: "http://loinc.org".to_owned(),
        procedure_code: "36643-5".to_owned(),
        procedure_text: "Thorax in zwei Ebenen (Übersicht)".to_owned(),
        modality: wanted.modality.map(str::to_owned),
        station_ae_title: wanted.station.map(str::to_owned),
        scheduled_at: wanted.at,
        reason: Some("Husten".to_owned()),
        requester: Some("Dr. Öz".to_owned()),
        authored_at: None,
    };
    orders::create(&mut tx, id, &content).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// What the worklist says.
async fn worklist(portal: &Listening, keys: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut options = vec!["-W", "-X", "-od", folder.path().to_str().unwrap()];
    for key in [
        &[
            "0010,0010",
            "0010,0020",
            "0010,0021",
            "0010,0030",
            "0010,0040",
            "0020,000D",
            "0008,0050",
            "0040,1001",
            "0032,1060",
            "0040,1003",
            "0032,1032",
        ][..],
        keys,
    ]
    .concat()
    {
        options.extend(["-k", key]);
    }
    let output = portal.dcmtk("findscu", &options, &[]).await;
    assert!(said(&output).contains("(Success)"), "{}", said(&output));
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        let file = imaging::DicomFile::open(&bytes, &imaging::Limits::default()).unwrap();
        file.full_json()
    };
    files.iter().map(read).collect()
}

const STEP: &str = "0040,0100[0]";

fn accessions(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|one| one["00080050"]["Value"][0].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_are_active_are_found_by_station_modality_day_patient_and_number() {
    let portal = start().await;
    let ada = patient(&portal, "Ada Demo", Some("MRN-1")).await;
    let now = portal.app.database.clock().now();
    let wanted = |accession, modality, station, at| Wanted {
        patient_id: ada,
        accession,
        modality,
        station,
        at,
    };
    order(
        &portal,
        &wanted("A-1", Some("DX"), Some("CR ROOM 1"), Some(now)),
    )
    .await;
    order(
        &portal,
        &wanted("A-2", Some("CT"), None, Some(now + TimeDelta::days(2))),
    )
    .await;
    order(&portal, &wanted("A-3", None, None, None)).await;
    let today = now
        .with_timezone(&chrono::Local)
        .format("%Y%m%d")
        .to_string();
    let key = |tag: &str, value: &str| format!("{STEP}.{tag}={value}");
    for (keys, due) in [
        (vec![], &["A-1", "A-3", "A-2"][..]),
        (vec![key("0040,0002", &today)], &["A-1", "A-3"]),
        (
            vec![key("0040,0002", &format!("{today}-"))],
            &["A-1", "A-3", "A-2"],
        ),
        (vec![key("0008,0060", "DX")], &["A-1", "A-3"]),
        (vec![key("0008,0060", "CT")], &["A-3", "A-2"]),
        (vec![key("0040,0001", "CT 7")], &["A-3", "A-2"]),
        (vec![key("0040,0001", "CR ROOM 1")], &["A-1", "A-3", "A-2"]),
        (vec!["0008,0050=A-2".to_owned()], &["A-2"]),
        (vec!["0010,0010=DEMO*".to_owned()], &["A-1", "A-3", "A-2"]),
        (vec!["0010,0010=Curie*".to_owned()], &[]),
        (vec!["0010,0020=MRN-1".to_owned()], &["A-1", "A-3", "A-2"]),
        (vec!["0010,0020=MRN-2".to_owned()], &[]),
    ] {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = worklist(&portal, &keys).await;
        assert_eq!(accessions(&found), due, "{keys:?}");
    }
    let asked = [
        &key("0040,0001", "CT 7"),
        &key("0008,0060", "CR"),
        &format!("{STEP}.0040,0007"),
    ];
    let found = worklist(&portal, &asked.map(String::as_str)).await;
    let value = |tag: &str| found[0][tag]["Value"][0].clone();
    assert_eq!(accessions(&found), ["A-3"]);
    let step = value("00400100");
    assert_eq!(step["00400001"]["Value"][0], "CT 7", "any station will do");
    assert_eq!(step["00080060"]["Value"][0], "CR");
    assert_eq!(
        step["00400007"]["Value"][0],
        "Thorax in zwei Ebenen (Übersicht)"
    );
    assert_eq!(value("00100010")["Alphabetic"], "Demo^Ada");
    assert_eq!(value("00100020"), "MRN-1");
    assert_eq!(value("00100021"), "St. Mary's");
    assert_eq!(value("00100030"), "20220304");
    assert_eq!(value("00100040"), "F");
    assert_eq!(value("00401003"), "STAT");
    assert_eq!(value("00321032")["Alphabetic"], "Dr. Öz");
}

#[tokio::test(flavor = "multi_thread")]
async fn films_that_come_with_a_worklists_study_are_the_patients_and_the_order_is_done() {
    let portal = start().await;
    // The hospital gave no number, so the film carries one that nobody registered.
    let ada = patient(&portal, "Ada Demo", None).await;
    let id = order(
        &portal,
        &Wanted {
            patient_id: ada,
            accession: "A-1",
            modality: Some("DX"),
            station: None,
            at: None,
        },
    )
    .await;
    let first = worklist(&portal, &[]).await;
    let again = worklist(&portal, &["0008,0050=A-1"]).await;
    let study = first[0]["0020000D"]["Value"][0].as_str().unwrap();
    assert_eq!(again[0]["0020000D"]["Value"][0], study);
    assert_eq!(OrderId::of_study_uid(study), Some(id));
    assert_eq!(first[0]["00100020"]["Value"][0], ada.to_string());
    let folder = tempfile::tempdir().unwrap();
    let film = |seed, accession, name| Said {
        seed,
        number: first[0]["00100020"]["Value"][0].as_str().unwrap(),
        name,
        born: None,
        accession,
        study: Some(study.to_owned()),
    };
    let sent = portal
        .dcmtk(
            "storescu",
            &[],
            &[film(1, "A-1", "Demo^Ada").file(folder.path())],
        )
        .await;
    assert!(said(&sent).contains("(Success)"), "{}", said(&sent));
    assert_eq!(worklist(&portal, &[]).await.len(), 0, "it has been made");
    // A further film of the examination, which is done by now.
    let sent = portal
        .dcmtk(
            "storescu",
            &[],
            &[film(2, "", "Demo^Ada").file(folder.path())],
        )
        .await;
    assert!(said(&sent).contains("(Success)"), "{}", said(&sent));
    let doctor = portal.app.client(Role::Doctor).await;
    let reports = doctor
        .get(&format!("/api/reports?patient_id={ada}"))
        .await
        .expect(200);
    assert_eq!(reports["items"].as_array().unwrap().len(), 1, "{reports}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_another_name_is_not_the_orders_and_the_order_stays() {
    let portal = start().await;
    let ada = patient(&portal, "Ada Demo", Some("MRN-1")).await;
    let id = order(
        &portal,
        &Wanted {
            patient_id: ada,
            accession: "A-1",
            modality: None,
            station: None,
            at: None,
        },
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    let film = Said {
        seed: 1,
        number: "TYPED-WRONG",
        name: "Somebody^Else",
        born: NaiveDate::from_ymd_opt(2022, 3, 4),
        accession: "A-1",
        study: Some(id.study_uid()),
    };
    let sent = portal
        .dcmtk("storescu", &[], &[film.file(folder.path())])
        .await;
    assert!(said(&sent).contains("Store Response"), "{}", said(&sent));
    assert_eq!(portal.stored().await, 1, "it is kept, for nobody yet");
    assert_eq!(accessions(&worklist(&portal, &[]).await), ["A-1"]);
    let doctor = portal.app.client(Role::Doctor).await;
    let reports = doctor
        .get(&format!("/api/reports?patient_id={ada}"))
        .await
        .expect(200);
    assert_eq!(reports["items"].as_array().unwrap().len(), 0, "{reports}");
}
