//! What an ordinary device does.

use std::path::PathBuf;

use db::{Actor, dicom_peers};
use domain::Role;
use testkit::shared_folder;

use crate::{DEVICE, add_device, films, said, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_device_on_the_list_is_answered_and_others_are_refused() {
    let portal = start().await;
    let echo = portal.dcmtk("echoscu", &[], &[]).await;
    assert!(echo.status.success(), "{}", said(&echo));
    let stranger = portal.dcmtk("echoscu", &["-aet", "STRANGER"], &[]).await;
    assert!(
        said(&stranger).contains("Calling AE Title Not Recognized"),
        "{}",
        said(&stranger)
    );
    let elsewhere = portal.dcmtk("echoscu", &["-aec", "ARCHIVE"], &[]).await;
    assert!(
        said(&elsewhere).contains("Called AE Title Not Recognized"),
        "{}",
        said(&elsewhere)
    );
    // On the list, and not from there.
    add_device(&portal.app, "FAR AWAY", &["192.0.2.0/24".to_owned()]).await;
    let far = portal.dcmtk("echoscu", &["-aet", "FAR AWAY"], &[]).await;
    assert!(
        said(&far).contains("Calling AE Title Not Recognized"),
        "{}",
        said(&far)
    );
    let mut tx = portal
        .app
        .database
        .begin(&Actor::command_line())
        .await
        .unwrap();
    let listed = dicom_peers::list(&mut tx).await.unwrap();
    let seen: Vec<bool> = listed
        .iter()
        .map(|peer| peer.last_seen_at.is_some())
        .collect();
    assert_eq!(seen, [true, false], "{listed:?}");
    // Off the list, and refused.
    assert_eq!(
        dicom_peers::remove(&mut tx, DEVICE).await.unwrap(),
        Some(portal.account)
    );
    tx.commit().await.unwrap();
    let gone = portal.dcmtk("echoscu", &[], &[]).await;
    assert!(!gone.status.success(), "{}", said(&gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn films_are_stored_queued_and_read_by_a_doctor() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path(), 5);
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    assert_eq!(
        said(&sent)
            .matches("Received Store Response (Success)")
            .count(),
        5,
        "{}",
        said(&sent)
    );
    assert_eq!(portal.stored().await, 5);
    assert_eq!(portal.app.run_jobs().await, 5);
    let doctor = portal.app.client(Role::Doctor).await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(queue["summary"]["total"], 5, "{queue}");
    // The same again is recognised.
    let again = portal.dcmtk("storescu", &[], &films).await;
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(portal.stored().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_associations_at_one_time_lose_nothing() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path(), 24);
    let sendings = films
        .chunks(3)
        .map(|films| portal.dcmtk("storescu", &[], films));
    let mut outputs = Vec::new();
    for sending in futures::future::join_all(sendings).await {
        outputs.push(sending);
    }
    for output in &outputs {
        assert!(output.status.success(), "{}", said(output));
    }
    assert_eq!(portal.stored().await, 24);
}

/// Every transfer syntax of the collection comes as it was sent; what is no image is refused by a status.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_films_are_stored_as_they_were_sent() {
    let Some(folder) = shared_folder("dicom") else {
        return;
    };
    let portal = start().await;
    let named = |part: &str| -> PathBuf {
        let entries = std::fs::read_dir(&folder).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().contains(part))
            .unwrap()
    };
    // The tool is told by an option what to propose; it would decompress, or not send, for anything else.
    let films = [
        ("RG3_JLSN", "-xu"),
        ("RG3_RLE", "-xr"),
        ("RG2_JPLL", "-xs"),
        ("RG3_J2KR", "-xv"),
    ];
    for (film, syntax) in films {
        let sent = portal
            .dcmtk("storescu", &["-R", syntax], &[named(film)])
            .await;
        assert!(
            said(&sent).contains("Received Store Response (Success)"),
            "{film}: {}",
            said(&sent)
        );
    }
    assert_eq!(portal.stored().await, 4);
    let mut syntaxes = portal.syntaxes();
    syntaxes.sort();
    let due = [
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.5",
    ];
    assert_eq!(syntaxes, due);
    let document = portal
        .dcmtk("storescu", &["-R"], &[named("reportsi_with_empty")])
        .await;
    assert!(
        !said(&document).contains("(Success)"),
        "{}",
        said(&document)
    );
    assert_eq!(portal.stored().await, 4);
}
