//! Notices of signed results: to every system that wants them, once a state, however often it fails first.

use demo::scored_film;
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
};
use chrono::DateTime;
use db::{
    Actor, Origin,
    fhir::subscriptions::{self, Subscription},
};
use domain::{Role, SubscriptionId};
use fhir::NoticeJob;
use jobs::{Worker, WorkerOptions};
use keys::Keyring;
use serde_json::{Value, json};
use testkit::{Client, TestApp};
use tokio::{net::TcpListener, sync::Mutex};

use crate::{film, patient, sign};

/// What a system was sent.
#[derive(Debug, Clone)]
struct Told {
    method: Method,
    path: String,
    authorization: Option<String>,
    content_type: Option<String>,
    body: String,
}

/// A system that is told, and answers what it is to.
#[derive(Clone, Default)]
struct Ehr {
    told: Arc<Mutex<Vec<Told>>>,
    status: Arc<AtomicU16>,
}

impl Ehr {
    async fn start() -> (Self, String) {
        let ehr = Self::default();
        ehr.answers(200);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/on-result", listener.local_addr().unwrap());
        let router = Router::new().fallback(hear).with_state(ehr.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (ehr, address)
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    async fn told(&self) -> Vec<Told> {
        self.told.lock().await.clone()
    }
}

async fn hear(
    State(ehr): State<Ehr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(header::HeaderName, &'static str); 1]) {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned())
    };
    let told = Told {
        method,
        path: uri.path().to_owned(),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    ehr.told.lock().await.push(told);
    let status = StatusCode::from_u16(ehr.status.load(Ordering::Relaxed)).unwrap();
    (status, [(header::LOCATION, "/elsewhere")])
}

/// A portal whose results others are told of.
struct Telling {
    app: TestApp,
    keys: Keyring,
    // Holds the key file.
    _folder: tempfile::TempDir,
}

impl Telling {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made_at = DateTime::UNIX_EPOCH;
        let keys = Keyring::load_or_make(&folder.path().join("keys"), made_at).unwrap();
        Self {
            app: TestApp::start().await,
            keys,
            _folder: folder,
        }
    }

    async fn add(&self, name: &str, endpoint: &str, is_content_sent: bool, shown: Option<&str>) {
        let subscription = Subscription {
            subscription_id: SubscriptionId::new_at(self.app.now()),
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            is_content_sent,
            created_at: self.app.now(),
            last_taken_at: None,
        };
        let purpose = fhir::purpose(subscription.subscription_id);
        let sealed = shown.map(|shown| self.keys.seal(&purpose, shown.as_bytes()).unwrap());
        let mut tx = self
            .app
            .database
            .begin(&Actor::command_line())
            .await
            .unwrap();
        assert!(
            subscriptions::add(&mut tx, &subscription, sealed.as_deref())
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    }

    fn worker(&self) -> Worker {
        Worker::new(
            self.app.database.clone(),
            vec![Arc::new(NoticeJob::new(
                self.app.database.clone(),
                self.keys.clone(),
            ))],
            WorkerOptions::new("test"),
        )
    }

    /// Jobs that were worked on.
    async fn tell(&self) -> usize {
        self.worker().run_until_idle().await.unwrap()
    }
}

/// A case that a doctor signed; gives it and the review.
async fn signed(app: &TestApp, doctor: &Client) -> (String, String) {
    let sender = app.client(Role::Radiologist).await;
    let patient = patient(&sender, "Ada King", "E-1", "2022-03-04").await;
    let report = film(app, &sender, &patient, scored_film(5, "ACC-1", "E-1")).await;
    let review = sign(doctor, &report).await;
    (report, review)
}

#[tokio::test]
async fn who_wants_the_result_is_sent_it_and_who_does_not_only_learns_that_there_is_one() {
    let portal = Telling::start().await;
    let (ehr, address) = Ehr::start().await;
    let (ward, bare) = Ehr::start().await;
    portal
        .add("EHR", &address, true, Some("Bearer open-sesame"))
        .await;
    portal.add("ward", &bare, false, None).await;
    let doctor = portal.app.client(Role::Doctor).await;
    let (report, review) = signed(&portal.app, &doctor).await;
    assert_eq!(portal.tell().await, 1);

    let told = ehr.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].method, Method::PUT);
    assert_eq!(
        told[0].path,
        format!("/on-result/DiagnosticReport/{report}")
    );
    assert_eq!(told[0].authorization.as_deref(), Some("Bearer open-sesame"));
    assert_eq!(
        told[0].content_type.as_deref(),
        Some("application/fhir+json; charset=utf-8")
    );
    let resource: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!(resource["status"], "final");
    assert_eq!(
        resource["conclusion"],
        "Opacity in the right lower field.\n\nAntibiotics."
    );
    let asked = doctor
        .get(&format!("/fhir/DiagnosticReport/{report}"))
        .await
        .expect(200);
    assert_eq!(resource, asked, "the same as whoever asks is told");

    let told = ward.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0].method, told[0].path.as_str()),
        (&Method::POST, "/on-result")
    );
    assert_eq!((told[0].body.as_str(), &told[0].authorization), ("", &None));

    // Nothing new, nothing told; an addendum is told to both.
    assert_eq!(portal.tell().await, 0);
    portal.app.advance(chrono::Duration::minutes(5));
    let note = json!({ "addendum": "Seen with the old film." });
    doctor
        .post(&format!("/api/reviews/{review}/addenda"), note)
        .await
        .expect(201);
    assert_eq!(portal.tell().await, 1);
    assert_eq!(ward.told().await.len(), 2);
    let told = ehr.told().await;
    let resource: Value = serde_json::from_str(&told[1].body).unwrap();
    assert_eq!(resource["status"], "amended");

    let tech = portal.app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?action=send_result").await.expect(200);
    let trail: Vec<(&str, &str)> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let of = |name: &str| row["new_values"][name].as_str().unwrap();
            (of("receiver"), of("form"))
        })
        .collect();
    assert_eq!(trail.len(), 4);
    assert!(trail.contains(&("EHR", "fhir DiagnosticReport")));
    assert!(trail.contains(&("ward", "fhir notice without content")));
}

#[tokio::test]
async fn a_system_that_fails_is_told_later_and_the_others_not_twice() {
    let portal = Telling::start().await;
    let (ehr, address) = Ehr::start().await;
    let (ward, bare) = Ehr::start().await;
    portal.add("EHR", &address, true, None).await;
    portal.add("ward", &bare, false, None).await;
    let doctor = portal.app.client(Role::Doctor).await;
    // A redirect is not followed: it could lead anywhere.
    ehr.answers(307);
    signed(&portal.app, &doctor).await;
    portal.tell().await;
    assert_eq!((ehr.told().await.len(), ward.told().await.len()), (1, 1));
    let tech = portal.app.client(Role::Tech).await;
    let waiting = tech.get("/api/jobs?state=queued").await.expect(200);
    assert_eq!(
        waiting["items"][0]["last_error"],
        "EHR: it answered with status 307"
    );
    ehr.answers(204);
    portal.app.advance(chrono::Duration::minutes(20));
    assert_eq!(portal.tell().await, 1);
    assert_eq!((ehr.told().await.len(), ward.told().await.len()), (2, 1));
}

#[tokio::test]
async fn a_signature_queues_nothing_where_nobody_wants_to_be_told() {
    let portal = Telling::start().await;
    let doctor = portal.app.client(Role::Doctor).await;
    signed(&portal.app, &doctor).await;
    assert_eq!(portal.tell().await, 0);
}

#[tokio::test]
async fn only_the_command_line_says_who_is_told_and_only_the_worker_reads_what_is_sealed() {
    let portal = Telling::start().await;
    portal
        .add(
            "EHR",
            "https://ehr.example.org/results",
            true,
            Some("Bearer x"),
        )
        .await;
    let id = portal
        .app
        .create_account("tech@example.org", Role::Tech, "Tech")
        .await;
    let tech = Actor::user(id, Role::Tech, Origin::default());
    let mut tx = portal.app.database.begin(&tech).await.unwrap();
    assert_eq!(subscriptions::all(&mut tx).await.unwrap().len(), 1);
    assert!(!subscriptions::remove(&mut tx, "EHR").await.unwrap());
    assert!(subscriptions::sealed(&mut tx).await.is_err());
}
