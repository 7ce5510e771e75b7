//! Storage commitment, with a device that speaks it word by word.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::TimeDelta;
use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, Pdu, PresentationContextProposed, PresentationContextResult,
    PresentationContextResultReason, UserVariableItem, write_pdu,
};
use dimse::{Calling, Command, CommitmentJob};
use domain::Role;
use imaging::{DicomFile, Limits};
use jobs::{Worker, WorkerOptions};
use serde_json::Value;
use std::sync::Arc;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    DEVICE, Listening, PORTAL, add_device_as,
    bad_devices::{data, next},
    films, said, start,
};

const CLASS: &str = "1.2.840.10008.1.20.1";
const INSTANCE: &str = "1.2.840.10008.1.20.1.1";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const DX: &str = "1.2.840.10008.5.1.4.1.1.1.1";

/// Asks for an association about storage commitment.
async fn associate(portal: &Listening, title: &str) -> TcpStream {
    associate_about(portal, title, CLASS).await
}

/// Asks for an association about a SOP class.
pub(crate) async fn associate_about(portal: &Listening, title: &str, class: &str) -> TcpStream {
    let mut stream = TcpStream::connect(portal.address).await.unwrap();
    let asked = AssociationRQ {
        protocol_version: 1,
        calling_ae_title: title.to_owned(),
        called_ae_title: PORTAL.to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: vec![PresentationContextProposed {
            id: 1,
            abstract_syntax: class.to_owned(),
            transfer_syntaxes: vec![EXPLICIT.to_owned()],
        }],
        user_variables: vec![UserVariableItem::MaxLength(16_384)],
    };
    say(&mut stream, &Pdu::AssociationRQ(asked)).await;
    assert!(matches!(
        next(&mut stream).await,
        Some(Pdu::AssociationAC(_))
    ));
    stream
}

async fn say(stream: &mut TcpStream, pdu: &Pdu) {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).unwrap();
    stream.write_all(&bytes).await.unwrap();
}

/// The elements of a command.
pub(crate) fn command(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (element, value) in elements {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(0);
        }
        body.extend(0_u16.to_le_bytes());
        body.extend(element.to_le_bytes());
        body.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        body.extend(value);
    }
    body
}

/// An element of a data set with an explicit VR of the short form.
pub(crate) fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(0);
    }
    let mut out = Vec::new();
    out.extend(group.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(vr.as_bytes());
    out.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
    out.extend(value);
    out
}

/// A request for these instances.
fn request(transaction: &str, instances: &[(&str, String)]) -> Vec<u8> {
    let mut items = Vec::new();
    for (class, instance) in instances {
        let mut item = element(0x0008, 0x1150, "UI", class.as_bytes());
        item.extend(element(0x0008, 0x1155, "UI", instance.as_bytes()));
        items.extend([0xFE, 0xFF, 0x00, 0xE0]);
        items.extend(u32::try_from(item.len()).unwrap().to_le_bytes());
        items.extend(item);
    }
    let mut out = element(0x0008, 0x1195, "UI", transaction.as_bytes());
    out.extend([0x08, 0x00, 0x99, 0x11]);
    out.extend(b"SQ\0\0");
    out.extend(u32::try_from(items.len()).unwrap().to_le_bytes());
    out.extend(items);
    out
}

async fn ask(stream: &mut TcpStream, action: u16, request: &[u8]) {
    let asked = command(&[
        (0x0003, CLASS.as_bytes()),
        (0x0100, &0x0130_u16.to_le_bytes()),
        (0x0110, &7_u16.to_le_bytes()),
        (0x0800, &1_u16.to_le_bytes()),
        (0x1001, INSTANCE.as_bytes()),
        (0x1008, &action.to_le_bytes()),
    ]);
    stream.write_all(&data(1, 3, &asked)).await.unwrap();
    stream.write_all(&data(1, 2, request)).await.unwrap();
}

/// The next command, and the data set behind it where there is one.
pub(crate) async fn hear(stream: &mut TcpStream) -> (Command, Option<Value>) {
    let mut parts = Vec::new();
    loop {
        let heard = timeout(Duration::from_secs(20), next(stream))
            .await
            .unwrap();
        let Some(Pdu::PData { data }) = heard else {
            panic!("{heard:?}")
        };
        parts.extend(data.into_iter().map(|value| value.data));
        let command = Command::read(&parts[0]).unwrap();
        if parts.len() == 1 + usize::from(command.has_data_set()) {
            let read = |bytes: &Vec<u8>| {
                let mut file = imaging::write::file_head(CLASS, "1.2", EXPLICIT).unwrap();
                file.extend(bytes);
                let limits = Limits::default();
                DicomFile::open(&file, &limits).unwrap().full_json()
            };
            return (command, parts.get(1).map(read));
        }
    }
}

async fn take(stream: &mut TcpStream, report: &Command) {
    let answer = report.answer(0, None).write();
    stream.write_all(&data(1, 3, &answer)).await.unwrap();
}

fn instance(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let file = DicomFile::open(&bytes, &Limits::default()).unwrap();
    file.sop_instance_uid()
}

async fn stored(portal: &Listening, folder: &Path, count: u32) -> Vec<PathBuf> {
    let films = films(folder, count);
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    films
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_there_whole_is_promised() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let films = stored(&portal, folder.path(), 3).await;
    // The second is damaged on the disk, the third lost.
    let digest = |path: &PathBuf| {
        let blobs = &portal.app.blobs;
        let wanted = instance(path);
        let all = blobs.list().unwrap();
        let found = all.iter().find(|stored| {
            let bytes = blobs.read(stored.digest).unwrap();
            let file = DicomFile::open(&bytes, &Limits::default()).unwrap();
            file.sop_instance_uid() == wanted
        });
        blobs.path(found.unwrap().digest)
    };
    let (second, third) = (digest(&films[1]), digest(&films[2]));
    let mut damaged = std::fs::read(&second).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::remove_file(&second).unwrap();
    std::fs::write(&second, damaged).unwrap();
    std::fs::remove_file(third).unwrap();
    let mut stream = associate(&portal, DEVICE).await;
    let named = [
        (DX, instance(&films[0])),
        (DX, instance(&films[1])),
        (DX, instance(&films[2])),
        (DX, "1.2.3.4".to_owned()),
        ("1.2.840.10008.5.1.4.1.1.2", instance(&films[0])),
    ];
    ask(&mut stream, 1, &request("1.2.99", &named)).await;
    let (answer, _) = hear(&mut stream).await;
    assert_eq!((answer.field(), answer.status()), (Some(0x8130), Some(0)));
    let (report, data) = hear(&mut stream).await;
    assert_eq!(report.field(), Some(0x0100));
    let data = data.unwrap();
    assert_eq!(data["00081195"]["Value"][0], "1.2.99");
    let safe = data["00081199"]["Value"].as_array().unwrap();
    assert_eq!(safe.len(), 1);
    assert_eq!(safe[0]["00081155"]["Value"][0], named[0].1);
    let failed: Vec<_> = data["00081198"]["Value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["00081197"]["Value"][0].as_u64().unwrap())
        .collect();
    assert_eq!(failed, [0x0110, 0x0110, 0x0112, 0x0119]);
    take(&mut stream, &report).await;
    // Another action, and nothing named.
    ask(&mut stream, 2, &request("1.2.99", &named)).await;
    assert_eq!(hear(&mut stream).await.0.status(), Some(0x0123));
    ask(&mut stream, 1, &request("1.2.99", &[])).await;
    assert_eq!(hear(&mut stream).await.0.status(), Some(0x0115));
    // Another device's films are not there.
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "OTHER", Role::Radiologist, &here, None).await;
    let mut stream = associate(&portal, "OTHER").await;
    ask(&mut stream, 1, &request("1.2.100", &named[..1])).await;
    hear(&mut stream).await;
    let (_, data) = hear(&mut stream).await;
    let data = data.unwrap();
    assert!(data["00081199"].is_null(), "{data}");
    assert_eq!(data["00081198"]["Value"][0]["00081197"]["Value"][0], 0x0112);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_left_is_told_where_it_listens_until_it_takes_the_report() {
    let portal = start().await;
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "CT", Role::Radiologist, &here, Some(port)).await;
    let films = crate::films(folder.path(), 1);
    let sent = portal.dcmtk_as("CT", "storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    let mut stream = associate(&portal, "CT").await;
    ask(
        &mut stream,
        1,
        &request("1.2.99", &[(DX, instance(&films[0]))]),
    )
    .await;
    assert_eq!(hear(&mut stream).await.0.status(), Some(0));
    say(&mut stream, &Pdu::ReleaseRQ).await;
    while next(&mut stream).await.is_some() {}

    let job = CommitmentJob::new(portal.app.database.clone(), PORTAL, Calling::default());
    let worker = Worker::new(
        portal.app.database.clone(),
        vec![Arc::new(job)],
        WorkerOptions::new("sending"),
    );
    // At first it does not want it.
    let refusing = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        drop(stream);
        listener
    });
    // The report is queued when the association has ended on this side as well.
    let mut done = 0;
    for _ in 0..100 {
        done = worker.run_until_idle().await.unwrap();
        if done > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(done, 1);
    let listener = refusing.await.unwrap();
    portal.app.clock.advance(TimeDelta::seconds(30));
    let listening = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(Pdu::AssociationRQ(asked)) = next(&mut stream).await else {
            panic!("no association is asked for")
        };
        let answer = AssociationAC {
            protocol_version: 1,
            calling_ae_title: asked.calling_ae_title.clone(),
            called_ae_title: asked.called_ae_title.clone(),
            application_context_name: asked.application_context_name.clone(),
            presentation_contexts: vec![PresentationContextResult {
                id: 1,
                reason: PresentationContextResultReason::Acceptance,
                transfer_syntax: EXPLICIT.to_owned(),
            }],
            user_variables: vec![UserVariableItem::MaxLength(0)],
        };
        say(&mut stream, &Pdu::AssociationAC(answer)).await;
        let (report, data) = hear(&mut stream).await;
        take(&mut stream, &report).await;
        (asked, data.unwrap())
    });
    assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    let (asked, data) = listening.await.unwrap();
    assert_eq!(asked.called_ae_title.trim(), "CT");
    assert!(
        asked.user_variables.iter().any(|variable| matches!(
            variable,
            UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) if class == CLASS && roles.scp && !roles.scu
        )),
        "{asked:?}"
    );
    assert_eq!(data["00081195"]["Value"][0], "1.2.99");
    assert_eq!(data["00081199"]["Value"].as_array().unwrap().len(), 1);
    portal.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(worker.run_until_idle().await.unwrap(), 0, "once is enough");
}
