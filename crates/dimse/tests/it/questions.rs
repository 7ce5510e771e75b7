//! C-FIND, with dcmtk as the device.

use std::path::PathBuf;

use db::Actor;
use domain::Role;
use serde_json::Value;

use tokio::io::AsyncWriteExt as _;

use crate::{
    DEVICE, Listening, Said, add_device_as,
    bad_devices::data,
    commitment::{associate_about, command, element, hear},
    said, start,
};

/// A device that sees everything.
const STATION: &str = "STATION";

async fn filled() -> (Listening, tempfile::TempDir) {
    let portal = start().await;
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, STATION, Role::Doctor, &here, None).await;
    let folder = tempfile::tempdir().unwrap();
    let films: Vec<PathBuf> = [
        (1, "MRN-1", "Müller^Jörg", "A-1"),
        (2, "MRN-2", "Murray^Ann", "B_1"),
        (3, "MRN-2", "Murray^Ann", "BX1"),
    ]
    .map(|(seed, number, name, accession)| {
        Said {
            seed,
            number,
            name,
            born: None,
            accession,
            study: None,
        }
        .file(folder.path())
    })
    .into();
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    (portal, folder)
}

/// How many matches findscu tells of, and what it said.
async fn find(portal: &Listening, title: &str, model: &str, keys: &[&str]) -> (usize, String) {
    let keys: Vec<&str> = keys.iter().flat_map(|key| ["-k", key]).collect();
    let output = portal
        .dcmtk_as(title, "findscu", &[&[model], &keys[..]].concat(), &[])
        .await;
    let text = said(&output);
    (text.matches("Find Response:").count(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn studies_series_and_images_are_found_from_studies_and_from_patients() {
    let (portal, _folder) = filled().await;
    for (model, keys, matches) in [
        ("-S", &["0008,0052=STUDY", "0020,000D"][..], 3),
        ("-S", &["0008,0052=STUDY", "0010,0020=MRN-2"], 2),
        ("-S", &["0008,0052=STUDY", "0008,0050=B_1"], 1),
        ("-S", &["0008,0052=STUDY", "0008,0050=B?1"], 2),
        ("-S", &["0008,0052=STUDY", "0010,0010=murray*"], 2),
        ("-S", &["0008,0052=STUDY", "0008,0020=20260101-20260401"], 3),
        ("-S", &["0008,0052=STUDY", "0008,0020=-20260101"], 0),
        ("-S", &["0008,0052=STUDY", "0010,0020=*", "0008,0061=DX"], 3),
        (
            "-S",
            &["0008,0052=SERIES", "0008,0060=DX", "0010,0020=MRN-1"],
            1,
        ),
        (
            "-S",
            &["0008,0052=IMAGE", "0008,0018", "0010,0020=MRN-2"],
            2,
        ),
        ("-P", &["0008,0052=PATIENT", "0010,0020"], 2),
        (
            "-P",
            &["0008,0052=PATIENT", "0010,0020=MRN-2", "0020,1200"],
            1,
        ),
        ("-P", &["0008,0052=STUDY", "0010,0020=MRN-2"], 2),
    ] {
        let (found, text) = find(&portal, STATION, model, keys).await;
        assert_eq!(found, matches, "{model} {keys:?}: {text}");
        assert!(text.contains("(Success)"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_was_asked_for_in_utf_8() {
    let (portal, folder) = filled().await;
    let out = folder.path().join("answers");
    std::fs::create_dir(&out).unwrap();
    let output = portal
        .dcmtk_as(
            STATION,
            "findscu",
            &[
                "-S",
                "-X",
                "-od",
                out.to_str().unwrap(),
                "-k",
                "0008,0052=STUDY",
                "-k",
                "0010,0020=MRN-1",
                "-k",
                "0010,0010",
                "-k",
                "0020,1208",
                "-k",
                "0008,1030",
                "-k",
                "0018,5101",
                "-k",
                "0040,0275",
                "-k",
                "0010,4000",
            ],
            &[],
        )
        .await;
    assert!(output.status.success(), "{}", said(&output));
    let file = std::fs::read(out.join("rsp0001.dcm")).unwrap();
    let file = imaging::DicomFile::open(&file, &imaging::Limits::default()).unwrap();
    let answer = file.full_json();
    let value = |tag: &str| answer[tag]["Value"][0].clone();
    assert_eq!(value("00080005"), "ISO_IR 192");
    assert_eq!(value("00080052"), "STUDY");
    assert_eq!(value("00080054"), "PORTAL");
    assert_eq!(value("00100010")["Alphabetic"], "Müller^Jörg");
    assert_eq!(value("00081030"), "Thorax Übersicht");
    assert_eq!(value("00201208"), 1);
    // From the film's header, since no column has it.
    assert_eq!(value("00185101"), "AP");
    // Asked for, and not known.
    assert!(
        answer["00104000"].is_object() && value("00104000") == Value::Null,
        "{answer}"
    );
    assert!(
        answer["00080050"].is_null(),
        "nobody asked for it: {answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_finds_what_it_sent_and_a_doctors_device_everything() {
    let (portal, _folder) = filled().await;
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "OTHER", Role::Radiologist, &here, None).await;
    let keys = ["0008,0052=STUDY", "0020,000D"];
    for (title, matches) in [(DEVICE, 3), ("OTHER", 0), (STATION, 3)] {
        let (found, text) = find(&portal, title, "-S", &keys).await;
        assert_eq!(found, matches, "{title}: {text}");
    }
    // What finds everything stores nothing.
    let folder = tempfile::tempdir().unwrap();
    let film = crate::films(folder.path(), 1);
    let refused = portal.dcmtk_as(STATION, "storescu", &[], &film).await;
    assert!(!said(&refused).contains("(Success)"), "{}", said(&refused));
    assert_eq!(portal.stored().await, 3);
    // That they asked is in the trail, without what for.
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let asked = db::audit::list(&mut tx, &db::audit::AuditFilter::default(), None, 50)
        .await
        .unwrap();
    let forms: Vec<_> = asked
        .items
        .iter()
        .filter_map(|row| row.new_values.as_ref())
        .filter(|values| values["form"] == "dimse find study")
        .map(|values| values["found"].clone())
        .collect();
    assert_eq!(forms, [3, 0, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_answered_is_told_why() {
    let (portal, _folder) = filled().await;
    for (model, keys, status) in [
        (
            "-S",
            &["0008,0052=PATIENT", "0010,0020"][..],
            "DataSetDoesNotMatchSOPClass",
        ),
        ("-S", &["0008,0052=WARD"], "DataSetDoesNotMatchSOPClass"),
        ("-S", &["0010,0020=MRN-1"], "DataSetDoesNotMatchSOPClass"),
        (
            "-S",
            &["0008,0052=STUDY", "0008,0020=yesterday"],
            "UnableToProcess",
        ),
        (
            "-S",
            &["0008,0052=STUDY", "0020,000D=1.2.*"],
            "UnableToProcess",
        ),
    ] {
        let (found, text) = find(&portal, STATION, model, keys).await;
        assert_eq!(found, 0, "{text}");
        assert!(text.contains(status), "{keys:?}: {text}");
    }
    // A key that is none here is left out, and that is said.
    let keys = ["0008,0052=STUDY", "0010,0020=MRN-1", "0018,5101=PA"];
    let (found, text) = find(&portal, STATION, "-S", &keys).await;
    assert_eq!(found, 1, "{text}");
    assert!(
        text.contains("Warning") || text.contains("0xff01"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_enough_is_sent_no_more() {
    let (portal, _folder) = filled().await;
    let class = "1.2.840.10008.5.1.4.1.2.2.1";
    let mut stream = associate_about(&portal, STATION, class).await;
    let find = command(&[
        (0x0002, class.as_bytes()),
        (0x0100, &0x0020_u16.to_le_bytes()),
        (0x0110, &5_u16.to_le_bytes()),
        (0x0800, &1_u16.to_le_bytes()),
    ]);
    let cancel = command(&[
        (0x0100, &0x0FFF_u16.to_le_bytes()),
        (0x0120, &5_u16.to_le_bytes()),
        (0x0800, &0x0101_u16.to_le_bytes()),
    ]);
    let question = element(0x0008, 0x0052, "CS", b"STUDY ");
    let whole = [
        data(1, 3, &find),
        data(1, 2, &question),
        data(1, 3, &cancel),
    ]
    .concat();
    stream.write_all(&whole).await.unwrap();
    let (answer, _) = hear(&mut stream).await;
    assert_eq!((answer.about(), answer.status()), (Some(5), Some(0xFE00)));
    // It may ask again, and gets everything.
    let again = [data(1, 3, &find), data(1, 2, &question)].concat();
    stream.write_all(&again).await.unwrap();
    for status in [0xFF00, 0xFF00, 0xFF00, 0x0000] {
        assert_eq!(hear(&mut stream).await.0.status(), Some(status));
    }
}
