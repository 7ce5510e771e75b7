//! Devices that lie, break off and say nothing cost nothing but themselves.

use std::time::Duration;

use dicom_ul::pdu::{
    AssociationRQ, Pdu, PresentationContextProposed, UserVariableItem, read_pdu, write_pdu,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::{DEVICE, Listening, PORTAL, said, short, start_with};

const DX: &str = "1.2.840.10008.5.1.4.1.1.1.1";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";

pub(crate) fn request() -> Vec<u8> {
    let asked = AssociationRQ {
        protocol_version: 1,
        calling_ae_title: DEVICE.to_owned(),
        called_ae_title: PORTAL.to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: vec![PresentationContextProposed {
            id: 1,
            abstract_syntax: DX.to_owned(),
            transfer_syntaxes: vec![EXPLICIT.to_owned()],
        }],
        user_variables: vec![UserVariableItem::MaxLength(16_384)],
    };
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, &Pdu::AssociationRQ(asked)).unwrap();
    bytes
}

/// The next PDU; `None` when the connection is closed.
pub(crate) async fn next(stream: &mut TcpStream) -> Option<Pdu> {
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.ok()?;
    let mut body = vec![0; u32::from_be_bytes([head[2], head[3], head[4], head[5]]) as usize];
    stream.read_exact(&mut body).await.ok()?;
    let whole = [&head[..], &body].concat();
    read_pdu(&whole[..], 1 << 20, false).unwrap()
}

async fn connect(portal: &Listening) -> TcpStream {
    TcpStream::connect(portal.address).await.unwrap()
}

async fn associate(portal: &Listening) -> TcpStream {
    let mut stream = connect(portal).await;
    stream.write_all(&request()).await.unwrap();
    assert!(matches!(
        next(&mut stream).await,
        Some(Pdu::AssociationAC(_))
    ));
    stream
}

/// A P-DATA-TF with one value.
pub(crate) fn data(context: u8, control: u8, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len() + 2).unwrap();
    let mut pdu = vec![4, 0];
    pdu.extend((length + 4).to_be_bytes());
    pdu.extend(length.to_be_bytes());
    pdu.extend([context, control]);
    pdu.extend_from_slice(value);
    pdu
}

/// C-STORE-RQ of an instance.
fn store_command() -> Vec<u8> {
    let mut body = Vec::new();
    let mut put = |element: u16, value: &[u8]| {
        body.extend(0_u16.to_le_bytes());
        body.extend(element.to_le_bytes());
        body.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        body.extend_from_slice(value);
    };
    put(0x0002, b"1.2.840.10008.5.1.4.1.1.1.1\0");
    put(0x0100, &1_u16.to_le_bytes());
    put(0x0110, &1_u16.to_le_bytes());
    put(0x0800, &0_u16.to_le_bytes());
    put(0x1000, b"1.2.3.4\0");
    body
}

async fn aborts_on(portal: &Listening, bytes: &[u8]) {
    let mut stream = associate(portal).await;
    stream.write_all(bytes).await.unwrap();
    let answer = timeout(Duration::from_secs(5), next(&mut stream))
        .await
        .unwrap();
    assert!(matches!(answer, Some(Pdu::AbortRQ { .. })), "{answer:?}");
    assert!(
        timeout(Duration::from_secs(5), next(&mut stream))
            .await
            .unwrap()
            .is_none()
    );
}

async fn is_well(portal: &Listening) {
    let echo = portal.dcmtk("echoscu", &[], &[]).await;
    assert!(echo.status.success(), "{}", said(&echo));
    assert_eq!(portal.stored().await, 0);
    let staged = std::fs::read_dir(portal.app.folder().join("blobs/staging"));
    let left = staged.map_or(0, Iterator::count);
    assert_eq!(left, 0, "halves of films are left on the disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_about_lengths_end_the_association_alone() {
    let portal = start_with(|dimse| dimse.with_bounds(short())).await;
    // A PDU of 4 GiB, of an unknown kind, a value longer than its PDU, a value without a head.
    aborts_on(&portal, &[4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]).await;
    aborts_on(&portal, &[9, 0, 0, 0, 0, 4, 1, 2, 3, 4]).await;
    aborts_on(&portal, &[4, 0, 0, 0, 0, 6, 0, 0, 0xFF, 0xFF, 1, 3]).await;
    aborts_on(&portal, &[4, 0, 0, 0, 0, 3, 0, 0, 0]).await;
    // Data without a command, a context that was not agreed on, a command that is none or never ends.
    aborts_on(&portal, &data(1, 2, b"data")).await;
    aborts_on(&portal, &data(77, 3, &store_command())).await;
    aborts_on(&portal, &data(1, 3, b"\x08\0\0\0\x04\0\0\0abcd")).await;
    aborts_on(&portal, &data(1, 1, &vec![0; 100_000])).await;
    // An association within one, and garbage instead of one.
    aborts_on(&portal, &request()).await;
    let mut stream = connect(&portal).await;
    stream
        .write_all(&[1, 0, 0, 0, 0, 3, 0, 1, 0])
        .await
        .unwrap();
    assert!(matches!(next(&mut stream).await, Some(Pdu::AbortRQ { .. })));
    let mut stream = connect(&portal).await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(matches!(next(&mut stream).await, Some(Pdu::AbortRQ { .. })));
    is_well(&portal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_film_is_no_film() {
    let portal = start_with(|dimse| dimse.with_bounds(short())).await;
    let half = || async {
        let mut stream = associate(&portal).await;
        stream
            .write_all(&data(1, 3, &store_command()))
            .await
            .unwrap();
        stream.write_all(&data(1, 0, &[0; 60_000])).await.unwrap();
        stream
    };
    // Closed, aborted, and fallen silent in the middle.
    drop(half().await);
    let mut aborted = half().await;
    aborted
        .write_all(&[7, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut silent = half().await;
    let answer = timeout(Duration::from_secs(5), next(&mut silent))
        .await
        .unwrap();
    assert!(matches!(answer, Some(Pdu::AbortRQ { .. })), "{answer:?}");
    sleep(Duration::from_millis(200)).await;
    is_well(&portal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_say_nothing_take_no_room_from_others() {
    let portal = start_with(|dimse| dimse.with_bounds(short())).await;
    let mut silent = Vec::new();
    for _ in 0..500 {
        silent.push(connect(&portal).await);
    }
    // From another address there is room at once.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(portal.address).await.unwrap();
    other.write_all(&request()).await.unwrap();
    let answer = timeout(Duration::from_secs(5), next(&mut other))
        .await
        .unwrap();
    assert!(matches!(answer, Some(Pdu::AssociationAC(_))), "{answer:?}");
    // And from this one as soon as they were given up.
    sleep(Duration::from_millis(1_200)).await;
    is_well(&portal).await;
    drop(silent);
}
