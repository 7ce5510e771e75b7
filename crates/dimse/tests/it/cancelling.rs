//! C-CANCEL while films are under way: none goes out any more, and what was done is said.

use std::time::Duration;

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValueType, Pdu, PresentationContextProposed,
    PresentationContextResult, PresentationContextResultReason, RequestorRoles, UserVariableItem,
    write_pdu,
};
use dimse::Command;
use domain::Role;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    DEVICE, Listening, PORTAL, Said, add_device_as,
    bad_devices::{data, next},
    said, start,
};

const DX: &str = "1.2.840.10008.5.1.4.1.1.1.1";
const VERIFICATION: &str = "1.2.840.10008.1.1";
const GET_BY_PATIENT: &str = "1.2.840.10008.5.1.4.1.2.1.3";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
/// Contexts of the device's association.
const GETTING: u8 = 1;
const STORING: u8 = 3;
const ECHOING: u8 = 5;
/// The last part of a command, and of a data set.
const IS_COMMAND: u8 = 3;
const IS_DATA: u8 = 2;
const CANCELLED: u16 = 0xFE00;
const PATIENCE: Duration = Duration::from_secs(20);

/// Three films of one patient, by the device itself.
async fn three_films(portal: &Listening) {
    let folder = tempfile::tempdir().unwrap();
    let films: Vec<_> = (1..=3)
        .map(|seed| {
            let film = Said {
                seed,
                number: "MRN-1",
                name: "Roe^Jane",
                born: None,
                accession: "A-1",
                study: None,
            };
            film.file(folder.path())
        })
        .collect();
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
}

async fn send(stream: &mut TcpStream, pdu: &Pdu) {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).unwrap();
    stream.write_all(&bytes).await.unwrap();
}

/// Writes a command of these elements.
async fn say(stream: &mut TcpStream, context: u8, elements: &[(u16, &[u8])]) {
    let mut bytes = Vec::new();
    for (element, value) in elements {
        bytes.extend(0_u16.to_le_bytes());
        bytes.extend(element.to_le_bytes());
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
    }
    let pdu = data(context, IS_COMMAND, &bytes);
    stream.write_all(&pdu).await.unwrap();
}

/// Takes back the request of this number.
async fn cancel(stream: &mut TcpStream, message: u16) {
    let elements: [(u16, &[u8]); 3] = [
        (0x0100, &0x0FFF_u16.to_le_bytes()),
        (0x0120, &message.to_le_bytes()),
        (0x0800, &0x0101_u16.to_le_bytes()),
    ];
    say(stream, GETTING, &elements).await;
}

/// The next command on an association, with the context it came in; data sets are passed over. What else comes is given as it is.
async fn hear(stream: &mut TcpStream) -> Result<(u8, Command, Vec<u8>), Option<Pdu>> {
    let mut command = Vec::new();
    loop {
        let heard = timeout(PATIENCE, next(stream)).await.unwrap();
        let Some(Pdu::PData { data }) = heard else {
            return Err(heard);
        };
        for value in data {
            if value.value_type != PDataValueType::Command {
                continue;
            }
            command.extend_from_slice(&value.data);
            if value.is_last {
                let read = Command::read(&command).unwrap();
                return Ok((value.presentation_context_id, read, command));
            }
        }
    }
}

/// A number in a command as it was sent.
fn number(command: &[u8], element: u16) -> Option<u16> {
    let head = [[0, 0], element.to_le_bytes()].concat();
    let at = command.windows(4).position(|window| window == head)?;
    let value = command.get(at + 8..at + 10)?;
    Some(u16::from_le_bytes([value[0], value[1]]))
}

/// An association of the device in which it may get films and be the store of them.
async fn getting(portal: &Listening) -> TcpStream {
    let mut stream = TcpStream::connect(portal.address).await.unwrap();
    let contexts = [
        (GETTING, GET_BY_PATIENT),
        (STORING, DX),
        (ECHOING, VERIFICATION),
    ];
    let roles = RequestorRoles {
        scu: false,
        scp: true,
    };
    let asked = AssociationRQ {
        protocol_version: 1,
        calling_ae_title: DEVICE.to_owned(),
        called_ae_title: PORTAL.to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: contexts
            .map(|(id, class)| PresentationContextProposed {
                id,
                abstract_syntax: class.to_owned(),
                transfer_syntaxes: vec![EXPLICIT.to_owned()],
            })
            .to_vec(),
        user_variables: vec![
            UserVariableItem::MaxLength(16_384),
            UserVariableItem::ScuScpRoleSelectionSubItem(DX.to_owned(), roles),
        ],
    };
    send(&mut stream, &Pdu::AssociationRQ(asked)).await;
    let answer = next(&mut stream).await;
    assert!(matches!(answer, Some(Pdu::AssociationAC(_))), "{answer:?}");
    stream
}

/// Asks for the films of the patient.
async fn get(stream: &mut TcpStream, message: u16) {
    let class = [GET_BY_PATIENT.as_bytes(), b"\0"].concat();
    let elements: [(u16, &[u8]); 5] = [
        (0x0002, &class),
        (0x0100, &0x0010_u16.to_le_bytes()),
        (0x0110, &message.to_le_bytes()),
        (0x0700, &0_u16.to_le_bytes()),
        (0x0800, &1_u16.to_le_bytes()),
    ];
    say(stream, GETTING, &elements).await;
    let identifier = b"\x08\0\x52\0CS\x08\0PATIENT \x10\0\x20\0LO\x06\0MRN-1 ";
    let pdu = data(GETTING, IS_DATA, identifier);
    stream.write_all(&pdu).await.unwrap();
}

/// Says that a film was taken.
async fn taken(stream: &mut TcpStream, context: u8, asked: &Command) {
    let answer = asked.answer(0, None).write();
    let pdu = data(context, IS_COMMAND, &answer);
    stream.write_all(&pdu).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_takes_back_what_it_gets_has_no_more_films_sent() {
    let portal = start().await;
    three_films(&portal).await;
    let mut stream = getting(&portal).await;
    get(&mut stream, 7).await;
    let mut films = 0;
    let last = loop {
        let (context, command, bytes) = hear(&mut stream).await.unwrap();
        if command.field() == Some(0x0001) {
            films += 1;
            // Of something else first, which ends nothing; then of this.
            cancel(&mut stream, if films == 1 { 99 } else { 7 }).await;
            taken(&mut stream, context, &command).await;
            continue;
        }
        assert_eq!(command.field(), Some(0x8010));
        assert_eq!(command.about(), Some(7));
        if command.status() != Some(0xFF00) {
            break bytes;
        }
    };
    assert_eq!(films, 2);
    let answer = Command::read(&last).unwrap();
    assert_eq!(answer.status(), Some(CANCELLED));
    assert_eq!(answer.sub_operations(), [2, 0, 0]);
    assert_eq!(number(&last, 0x1020), Some(1), "one was left");
    // The association goes on.
    let class = [VERIFICATION.as_bytes(), b"\0"].concat();
    let elements: [(u16, &[u8]); 4] = [
        (0x0002, &class),
        (0x0100, &0x0030_u16.to_le_bytes()),
        (0x0110, &8_u16.to_le_bytes()),
        (0x0800, &0x0101_u16.to_le_bytes()),
    ];
    say(&mut stream, ECHOING, &elements).await;
    let (_, echo, _) = hear(&mut stream).await.unwrap();
    assert_eq!((echo.about(), echo.status()), (Some(8), Some(0)));
    // Asked for once more, and not taken back, all of them come.
    get(&mut stream, 9).await;
    let mut films = 0;
    loop {
        let (context, command, _) = hear(&mut stream).await.unwrap();
        if command.field() == Some(0x0001) {
            films += 1;
            taken(&mut stream, context, &command).await;
        } else if command.status() != Some(0xFF00) {
            assert_eq!(command.status(), Some(0));
            break;
        }
    }
    assert_eq!(films, 3);
}

/// A destination that takes one film and answers no more; says how many began to come, and whether it was left at once.
async fn stubborn(listener: TcpListener) -> (usize, bool) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let Some(Pdu::AssociationRQ(asked)) = next(&mut stream).await else {
        panic!("no association is asked for");
    };
    let results = asked.presentation_contexts.iter();
    let answer = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title.clone(),
        application_context_name: asked.application_context_name.clone(),
        presentation_contexts: results
            .map(|proposed| PresentationContextResult {
                id: proposed.id,
                reason: PresentationContextResultReason::Acceptance,
                transfer_syntax: proposed.transfer_syntaxes[0].clone(),
            })
            .collect(),
        user_variables: vec![UserVariableItem::MaxLength(16_384)],
    };
    send(&mut stream, &Pdu::AssociationAC(answer)).await;
    let mut films = 0;
    loop {
        match hear(&mut stream).await {
            Ok((context, command, _)) => {
                assert_eq!(command.field(), Some(0x0001));
                films += 1;
                if films == 1 {
                    taken(&mut stream, context, &command).await;
                }
            }
            Err(ended) => return (films, matches!(ended, Some(Pdu::AbortRQ { .. }))),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_takes_back_what_it_moves_frees_itself_of_a_destination_that_is_stuck() {
    let portal = start().await;
    three_films(&portal).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = ["127.0.0.0/8".to_owned()];
    add_device_as(&portal.app, "STATION", Role::Doctor, &here, Some(port)).await;
    let destination = tokio::spawn(stubborn(listener));
    // The tool takes its request back after the first answer, while the second film is stuck.
    let options = [
        "-d",
        "-P",
        "-aem",
        "STATION",
        "--cancel",
        "1",
        "-k",
        "0008,0052=PATIENT",
        "-k",
        "0010,0020=MRN-1",
    ];
    let moved = timeout(PATIENCE, portal.dcmtk("movescu", &options, &[]))
        .await
        .unwrap();
    let told = said(&moved);
    assert!(told.contains("0xfe00"), "{told}");
    for count in [
        "Remaining Suboperations       : 2",
        "Completed Suboperations       : 1",
        "Failed Suboperations          : 0",
    ] {
        assert!(told.contains(count), "{count}: {told}");
    }
    let (films, is_left) = timeout(PATIENCE, destination).await.unwrap().unwrap();
    assert_eq!(films, 2, "the third was never begun");
    assert!(is_left, "the destination is told that it ends here");
}
