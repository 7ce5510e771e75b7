//! Systems that do not keep to the protocol cost nothing but themselves.

use std::time::Duration;

use hl7::Bounds;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Listening, Verdict, add_sender, message, start_with};

const ADA: &str = "PID|1||E-1^^^St. Mary^MR||Lovelace^Ada";

/// Short bounds, so that a test need not wait.
async fn start() -> Listening {
    start_with(Bounds {
        connections: 8,
        longest: 10_000,
        idle: Duration::from_secs(2),
        patience: Duration::from_millis(500),
    })
    .await
}

/// Sends bytes and reads until the portal closes.
async fn until_closed(portal: &Listening, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(portal.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    // A reset is an end too.
    let _ = tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .expect("the portal keeps the connection");
    answer
}

#[tokio::test]
async fn what_is_no_message_is_left_and_the_next_system_is_served() {
    let portal = start().await;
    let whole = message("ADT^A04", "1", &[ADA]);
    let half = [b"\x0b".as_slice(), &whole.as_bytes()[..100]].concat();
    let long = [b"\x0b".as_slice(), &vec![b'A'; 20_000]].concat();
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        b"\x0bMSH\x1cX",
        &half,
        &long,
        b"",
    ] {
        assert_eq!(until_closed(&portal, bytes).await, b"");
    }
    assert_eq!(portal.audited("create_patient").await, 0);
    // One that closes in the middle of a message has sent nothing.
    let mut stream = TcpStream::connect(portal.address).await.unwrap();
    stream.write_all(&half).await.unwrap();
    drop(stream);
    let mut his = portal.connect().await;
    assert_eq!(his.send(&whole).await, Verdict::taken());
    assert_eq!(portal.audited("create_patient").await, 1);
}

#[tokio::test]
async fn who_is_on_nobodys_list_is_told_nothing() {
    let portal = start().await;
    let mut tx = portal
        .app
        .database
        .begin(&db::Actor::command_line())
        .await
        .unwrap();
    db::hl7::remove_sender(&mut tx, crate::HIS).await.unwrap();
    tx.commit().await.unwrap();
    let sent = format!("\x0b{}\x1c\r", message("ADT^A04", "1", &[ADA]));
    assert_eq!(until_closed(&portal, sent.as_bytes()).await, b"");
    add_sender(&portal.app, "OTHER", "127.0.0.1/32").await;
    let mut other = portal.connect().await;
    let verdict = other.send(&message("ADT^A04", "1", &[ADA])).await;
    assert_eq!(verdict, Verdict::refused("AR", "MSH-3", "207"));
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_closed_at_once() {
    let portal = start().await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut system = portal.connect().await;
        // It is there when it has answered.
        system.send(&message("ADT^A04", "1", &[ADA])).await;
        open.push(system);
    }
    assert_eq!(until_closed(&portal, b"").await, b"");
    open.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut again = portal.connect().await;
    assert_eq!(
        again.send(&message("ADT^A04", "2", &[ADA])).await,
        Verdict::taken()
    );
}
