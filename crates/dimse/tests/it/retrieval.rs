//! C-GET and C-MOVE, with dcmtk as the device.

use std::path::Path;

use domain::Role;
use imaging::{DicomFile, Limits};
use testkit::shared_folder;

use crate::{DEVICE, Said, add_device_as, films, free_port, said, start};

/// The header of the only file in a folder, its transfer syntax, and its pixels.
fn only(folder: &Path) -> (serde_json::Value, String, Vec<u8>) {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let bytes = std::fs::read(files[0].as_ref().unwrap().path()).unwrap();
    let file = DicomFile::open(&bytes, &Limits::default()).unwrap();
    let (json, syntax) = (file.full_json(), file.transfer_syntax_uid().to_owned());
    // The tool writes data sets its own way; that they go out byte for byte is shown where films are sent on.
    let pixels = file.bulk("7FE00010").unwrap_or_default();
    (json, syntax, pixels)
}

fn folder_in(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::create_dir(&path).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_comes_back_as_it_was_in_either_native_syntax() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut key = String::new();
    // The tool takes films explicit; one that is stored with implicit VRs is rewritten on its way.
    for (seed, option, stored) in [
        (1, "-xe", "1.2.840.10008.1.2.1"),
        (2, "-xi", "1.2.840.10008.1.2"),
    ] {
        let film = Said {
            seed,
            number: "MRN-1",
            name: "Müller^Jörg",
            born: None,
            accession: "A-1",
            study: None,
        };
        let sent = film.file(folder.path());
        let output = portal
            .dcmtk("storescu", &[option], std::slice::from_ref(&sent))
            .await;
        assert!(output.status.success(), "{}", said(&output));
        assert!(portal.syntaxes().contains(&stored.to_owned()), "{stored}");
        let bytes = std::fs::read(&sent).unwrap();
        let original = DicomFile::open(&bytes, &Limits::default()).unwrap();
        let study = &original.full_json()["0020000D"]["Value"][0];
        key = format!("0020,000D={}", study.as_str().unwrap());
        let out = folder_in(folder.path(), stored);
        let to = out.to_str().unwrap();
        let options = ["-S", "-B", "-od", to, "-k", "0008,0052=STUDY", "-k", &key];
        let got = portal.dcmtk("getscu", &options, &[]).await;
        assert!(got.status.success(), "{}", said(&got));
        let (json, syntax, pixels) = only(&out);
        assert_eq!(syntax, "1.2.840.10008.1.2.1");
        assert_eq!(json, original.full_json(), "stored as {stored}");
        assert_eq!(pixels, original.bulk("7FE00010").unwrap());
    }
    // Another device's films are not there to be had.
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "OTHER", Role::Radiologist, &here, None).await;
    let out = folder_in(folder.path(), "other");
    let options = [
        "-S",
        "-od",
        out.to_str().unwrap(),
        "-k",
        "0008,0052=STUDY",
        "-k",
        &key,
    ];
    let got = portal.dcmtk_as("OTHER", "getscu", &options, &[]).await;
    assert!(got.status.success(), "{}", said(&got));
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
    // Without the key of the level nothing is sent at all.
    let options = ["-S", "-k", "0008,0052=SERIES", "-k", "0020,000E=1.2.3"];
    let refused = portal.dcmtk("getscu", &options, &[]).await;
    assert!(
        said(&refused).contains("0xa900") || said(&refused).contains("DataSetDoesNotMatch"),
        "{}",
        said(&refused)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn films_move_to_devices_that_are_known_and_to_no_other() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path(), 3);
    let output = portal.dcmtk("storescu", &[], &films).await;
    assert!(output.status.success(), "{}", said(&output));
    let port = free_port();
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "STATION", Role::Doctor, &here, Some(port)).await;
    let out = folder_in(folder.path(), "moved");
    let listening = port.to_string();
    let to = |destination: &'static str| {
        vec![
            "-P",
            "-B",
            "-aem",
            destination,
            "+P",
            &listening,
            "-od",
            out.to_str().unwrap(),
            "-k",
            "0008,0052=PATIENT",
            "-k",
            "0010,0020=MRN-2",
        ]
    };
    let moved = portal
        .dcmtk_as("STATION", "movescu", &to("STATION"), &[])
        .await;
    assert!(moved.status.success(), "{}", said(&moved));
    let (json, _, pixels) = only(&out);
    assert_eq!(json["00100020"]["Value"][0], "MRN-2");
    let bytes = std::fs::read(&films[1]).unwrap();
    let original = DicomFile::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(json, original.full_json());
    assert_eq!(pixels, original.bulk("7FE00010").unwrap());
    // Not on the list; on it, and nobody said where it listens; on it, and not there.
    for destination in ["NOBODY", DEVICE] {
        let refused = portal
            .dcmtk_as("STATION", "movescu", &to(destination), &[])
            .await;
        assert!(
            said(&refused).contains("MoveDestinationUnknown") || said(&refused).contains("0xa801"),
            "{}",
            said(&refused)
        );
    }
    add_device_as(&portal.app, "AWAY", Role::Doctor, &here, Some(free_port())).await;
    let lost = portal
        .dcmtk_as("STATION", "movescu", &to("AWAY"), &[])
        .await;
    assert!(!said(&lost).contains("(Success)"), "{}", said(&lost));
    assert!(
        said(&lost).contains("0xa702") || said(&lost).contains("OutOfResourcesSubOperations"),
        "{}",
        said(&lost)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_films_go_out_as_they_came() {
    let Some(shared) = shared_folder("dicom") else {
        return;
    };
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let film = std::fs::read_dir(&shared)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("RG2_JPLL"))
        .unwrap();
    let sent = portal
        .dcmtk("storescu", &["-R", "-xs"], std::slice::from_ref(&film))
        .await;
    assert!(sent.status.success(), "{}", said(&sent));
    let bytes = std::fs::read(&film).unwrap();
    let original = DicomFile::open(&bytes, &Limits::default()).unwrap();
    let study = &original.full_json()["0020000D"]["Value"][0];
    let key = format!("0020,000D={}", study.as_str().unwrap());
    let port = free_port();
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "STATION", Role::Doctor, &here, Some(port)).await;
    for (name, option, comes) in [("taken", "+xs", true), ("not taken", "+xi", false)] {
        let out = folder_in(folder.path(), name);
        let options = [
            "-S",
            "-B",
            option,
            "-aem",
            "STATION",
            "+P",
            &port.to_string(),
            "-od",
            out.to_str().unwrap(),
            "-k",
            "0008,0052=STUDY",
            "-k",
            &key,
        ];
        let moved = portal.dcmtk_as("STATION", "movescu", &options, &[]).await;
        let count = std::fs::read_dir(&out).unwrap().count();
        assert_eq!(count, usize::from(comes), "{name}: {}", said(&moved));
        if comes {
            let (_, syntax, _) = only(&out);
            assert_eq!(syntax, original.transfer_syntax_uid());
        }
    }
}
