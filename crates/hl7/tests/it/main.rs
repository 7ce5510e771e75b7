//! HL7 v2 over real connections: systems that send, systems that receive, and such as do not keep to the protocol.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod bad_systems;
mod conformance;
mod orders;
mod patients;
mod results;

use std::{net::SocketAddr, time::Duration};

use db::Actor;
use domain::Role;
use hl7::{Bounds, Hl7, Message, mllp};
use testkit::TestApp;
use tokio::{
    io::BufReader,
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// The system on the list.
pub(crate) const HIS: &str = "HIS";
const PATIENCE: Duration = Duration::from_secs(20);

/// A portal that systems send to.
pub(crate) struct Listening {
    pub(crate) app: TestApp,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) async fn start() -> Listening {
    start_with(Bounds::default()).await
}

pub(crate) async fn start_with(bounds: Bounds) -> Listening {
    let app = TestApp::start().await;
    add_sender(&app, HIS, "127.0.0.0/8").await;
    let service = Hl7::new(app.database.clone()).with_bounds(bounds);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(service.serve(listener, stop.clone(), Duration::from_secs(5)));
    Listening { app, address, stop }
}

pub(crate) async fn add_sender(app: &TestApp, application: &str, network: &str) {
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    let (id, _) = db::accounts::create_service(&mut tx, Role::Radiologist, application)
        .await
        .unwrap();
    let networks = [network.to_owned()];
    assert!(
        db::hl7::add_sender(&mut tx, application, id, &networks)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
}

/// A system with an open connection.
pub(crate) struct System(BufReader<TcpStream>);

impl System {
    /// Sends bytes as a message; gives the answer.
    pub(crate) async fn send_bytes(&mut self, message: &[u8]) -> Message {
        mllp::send(self.0.get_mut(), message, PATIENCE)
            .await
            .unwrap();
        let answer = mllp::receive(&mut self.0, 1 << 16, PATIENCE, PATIENCE)
            .await
            .unwrap()
            .expect("the portal closed the connection");
        Message::read(&String::from_utf8(answer).unwrap()).unwrap()
    }

    pub(crate) async fn send(&mut self, message: &str) -> Verdict {
        Verdict::of(&self.send_bytes(message.as_bytes()).await)
    }
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// MSA-1.
    pub(crate) code: String,
    /// ERR-2 and ERR-3, where something is wrong.
    pub(crate) fault: Option<(String, String)>,
}

impl Verdict {
    fn of(answer: &Message) -> Self {
        let value = |segment: &str, field: usize| {
            answer
                .segment(segment)
                .map(|segment| segment.field(field).value())
                .unwrap_or_default()
        };
        let fault = answer.segment("ERR").map(|error| {
            let place = error.field(2);
            let at = [place.component(1).value(), place.component(3).value()].join("-");
            (at.trim_end_matches('-').to_owned(), error.field(3).value())
        });
        Self {
            code: value("MSA", 1),
            fault,
        }
    }

    pub(crate) fn taken() -> Self {
        Self {
            code: "AA".to_owned(),
            fault: None,
        }
    }

    pub(crate) fn refused(code: &str, at: &str, error: &str) -> Self {
        Self {
            code: code.to_owned(),
            fault: Some((at.to_owned(), error.to_owned())),
        }
    }
}

/// A message of the system on the list.
pub(crate) fn message(kind: &str, id: &str, segments: &[&str]) -> String {
    format!(
        "MSH|^~\\&|{HIS}|WARD|PORTAL|XRAY|20261126080000+0000||{kind}|{id}|P|2.5.1||||||UNICODE UTF-8\r{}\r",
        segments.join("\r")
    )
}

impl Listening {
    pub(crate) async fn connect(&self) -> System {
        System(BufReader::new(
            TcpStream::connect(self.address).await.unwrap(),
        ))
    }

    /// One number from the database, past row security.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar(query)
            .fetch_one(&mut superuser)
            .await
            .unwrap()
    }

    /// Rows of texts from the database, past row security.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar(query)
            .fetch_all(&mut superuser)
            .await
            .unwrap()
    }

    pub(crate) async fn audited(&self, action: &str) -> i64 {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar("SELECT count(*) FROM audit_logs WHERE action = $1")
            .bind(action)
            .fetch_one(&mut superuser)
            .await
            .unwrap()
    }
}
