//! The trail handed to a collector of syslog over TLS: nothing is left out, whatever happens to the collector.

#![allow(clippy::unwrap_used)]

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Duration};
use db::{Actor, Database, audit::Act, audit_deliveries};
use domain::{
    FixedClock,
    audit::{AuditAction, EntityType},
};
use rustls::pki_types::PrivateKeyDer;
use testkit::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use trail::{
    SigningKeys, seal,
    syslog::{Collector, Delivered, DeliveryError},
};
use uuid::Uuid;

/// A collector that keeps what it is sent, while it is willing.
struct Peer {
    address: String,
    certificate: PathBuf,
    received: Arc<Mutex<Vec<u8>>>,
    is_willing: Arc<AtomicBool>,
}

impl Peer {
    async fn start(folder: &std::path::Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = folder.join("collector.pem");
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Self {
            address: format!("localhost:{}", listener.local_addr().unwrap().port()),
            certificate,
            received: Arc::default(),
            is_willing: Arc::new(AtomicBool::new(true)),
        };
        let (received, is_willing) = (peer.received.clone(), peer.is_willing.clone());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    continue;
                };
                if !is_willing.load(Ordering::SeqCst) {
                    // Away in the middle of it: what was sent meanwhile is lost.
                    let mut one = [0];
                    let _ = stream.read(&mut one).await;
                    let (socket, _) = stream.into_inner();
                    socket.set_zero_linger().unwrap();
                    continue;
                }
                let mut bytes = Vec::new();
                if stream.read_to_end(&mut bytes).await.is_ok() {
                    received.lock().unwrap().extend(bytes);
                }
                let _ = stream.shutdown().await;
            }
        });
        peer
    }

    fn collector(&self) -> Collector {
        Collector::new(&self.address, Some(&self.certificate), None, "portal-1").unwrap()
    }

    /// What came, message by message.
    fn messages(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.received.lock().unwrap());
        let mut rest = &bytes[..];
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ').unwrap();
            let length: usize = std::str::from_utf8(&rest[..space])
                .unwrap()
                .parse()
                .unwrap();
            let message = &rest[space + 1..space + 1 + length];
            messages.push(String::from_utf8(message.to_vec()).unwrap());
            rest = &rest[space + 1 + length..];
        }
        messages
    }
}

struct Scene {
    _test_database: TestDatabase,
    database: Database,
    clock: FixedClock,
    keys: SigningKeys,
    acts: std::cell::Cell<u32>,
}

impl Scene {
    async fn new(folder: &std::path::Path) -> Self {
        let test_database = TestDatabase::migrated().await;
        let clock = FixedClock::new(DateTime::from_timestamp(1_795_000_000, 0).unwrap());
        let database = Database::connect(&test_database.login(), Arc::new(clock.clone()))
            .await
            .unwrap();
        Self {
            _test_database: test_database,
            database,
            clock,
            keys: SigningKeys::in_folder(folder.join("keys")),
            acts: std::cell::Cell::new(0),
        }
    }

    /// Two acts more, sealed.
    async fn act(&self) {
        let before = self.acts.get();
        for number in before..before + 2 {
            self.clock.advance(Duration::seconds(1));
            let mut tx = self.database.begin(&Actor::worker()).await.unwrap();
            let act = Act::new(AuditAction::ReadReport, EntityType::Report)
                .on(Uuid::from_u128(u128::from(number) + (1 << 64)))
                .new_values(serde_json::json!({ "text": "ä\"<\u{1f600}" }));
            tx.audit(act).await.unwrap();
            tx.commit().await.unwrap();
        }
        self.acts.set(before + 2);
        // The cluster's other transactions may hold rows back for a moment.
        let mut sealed = 0;
        for _ in 0..100 {
            sealed += seal(&self.database, &self.keys).await.unwrap().rows;
            if sealed >= 2 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{sealed} of 2 rows were sealed");
    }
}

/// The objects that messages are of, by number.
fn objects(messages: &[String]) -> Vec<u32> {
    messages
        .iter()
        .map(|message| {
            let (_, rest) = message.split_once("ParticipantObjectID=\"").unwrap();
            let id: Uuid = rest[..36].parse().unwrap();
            u32::try_from(id.as_u128() - (1 << 64)).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn what_is_sealed_reaches_the_collector_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, peer) = (
        Scene::new(folder.path()).await,
        Peer::start(folder.path()).await,
    );
    let collector = peer.collector();
    scene.act().await;
    // A new collector begins now; what was before is exported.
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::All(0)
    );
    scene.act().await;
    scene.act().await;
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::All(4)
    );
    let messages = peer.messages();
    assert_eq!(objects(&messages), [2, 3, 4, 5]);
    let (head, xml) = messages[0].split_once('\u{feff}').unwrap();
    assert_eq!(
        head,
        "<85>1 2026-11-18T11:06:43.000000Z portal-1 medical-portal - DICOM+RFC3881 - "
    );
    assert!(xml.starts_with("<?xml") && xml.ends_with("</AuditMessage>"));
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::All(0)
    );
    assert_eq!(peer.messages().len(), 0, "nothing comes twice");
}

#[tokio::test]
async fn what_a_collector_did_not_take_waits_and_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, peer) = (
        Scene::new(folder.path()).await,
        Peer::start(folder.path()).await,
    );
    let collector = peer.collector();
    collector.deliver(&scene.database).await.unwrap();
    scene.act().await;
    peer.is_willing.store(false, Ordering::SeqCst);
    let first = collector.deliver(&scene.database).await.unwrap_err();
    let DeliveryError::NotTaken(first) = first else {
        panic!("{first}");
    };
    scene.clock.advance(Duration::minutes(20));
    scene.act().await;
    let second = collector.deliver(&scene.database).await.unwrap_err();
    let DeliveryError::NotTaken(second) = second else {
        panic!("{second}");
    };
    assert_eq!(second.since, first.since, "it is said since when");
    let mut tx = scene.database.begin(&Actor::worker()).await.unwrap();
    let noted = audit_deliveries::all(&mut tx).await.unwrap();
    assert_eq!(noted[0].failing_since, Some(first.since));
    drop(tx);
    peer.is_willing.store(true, Ordering::SeqCst);
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::All(4)
    );
    assert_eq!(objects(&peer.messages()), [0, 1, 2, 3]);
}

#[tokio::test]
async fn one_portal_delivers_and_only_to_the_collector_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, peer) = (
        Scene::new(folder.path()).await,
        Peer::start(folder.path()).await,
    );
    let mut tx = scene.database.begin(&Actor::worker()).await.unwrap();
    audit_deliveries::take(&mut tx, &peer.address, Duration::minutes(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.act().await;
    let collector = peer.collector();
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::ByAnother
    );
    scene.clock.advance(Duration::minutes(2));
    // Another authority's certificate: nothing is said to whoever answers there.
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = folder.path().join("other.pem");
    std::fs::write(&other, stranger.cert.pem()).unwrap();
    let misled = Collector::new(&peer.address, Some(&other), None, "portal-1").unwrap();
    let error = misled.deliver(&scene.database).await.unwrap_err();
    assert!(matches!(error, DeliveryError::NotTaken(_)), "{error}");
    assert!(peer.messages().is_empty());
    assert_eq!(
        collector.deliver(&scene.database).await.unwrap(),
        Delivered::All(2)
    );
    for address in ["collector", "collector:", "collector:syslog", "a b:6514"] {
        let error = Collector::new(address, Some(&other), None, "portal-1").unwrap_err();
        assert!(error.to_string().contains("host:port"), "{error}");
    }
}
