//! ORU^R01: signed results go to every receiver, once a state, however often it fails first.

use std::sync::Arc;

use db::{
    Actor,
    hl7::{Receiver, add_receiver},
};
use domain::Role;
use hl7::{Field, Message, ResultJob, Writer, mllp};
use jobs::{Worker, WorkerOptions};
use serde_json::json;
use testkit::{Client, TestApp};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::TcpListener,
    sync::Mutex,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::PATIENCE;

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Both for S {}

/// A system that takes results, and answers what it is told to.
struct Ehr {
    taken: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<&'static str>>,
    port: u16,
}

impl Ehr {
    async fn start() -> Self {
        Self::start_with(None).await
    }

    async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ehr = Self {
            taken: Arc::default(),
            answer: Arc::new(Mutex::new("AA")),
            port: listener.local_addr().unwrap().port(),
        };
        let (taken, answer) = (ehr.taken.clone(), ehr.answer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stream: Box<dyn Both> = match &tls {
                    None => Box::new(stream),
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => Box::new(stream),
                        Err(_) => continue,
                    },
                };
                let mut stream = BufReader::new(stream);
                let message = mllp::receive(&mut stream, 1 << 20, PATIENCE, PATIENCE)
                    .await
                    .unwrap()
                    .unwrap();
                let text = String::from_utf8(message).unwrap();
                let id = Message::read(&text).unwrap().header().field(10).value();
                let said = *answer.lock().await;
                if said == "nothing" {
                    continue;
                }
                let mut writer = Writer::default();
                writer.segment("MSH", &[Field::of("EHR")]);
                writer.segment("MSA", &[Field::of(said), Field::of(id)]);
                mllp::send(stream.get_mut(), writer.done().as_bytes(), PATIENCE)
                    .await
                    .unwrap();
                if said == "AA" {
                    taken.lock().await.push(text);
                }
            }
        });
        ehr
    }

    async fn answers(&self, said: &'static str) {
        *self.answer.lock().await = said;
    }

    async fn taken(&self) -> Vec<String> {
        self.taken.lock().await.clone()
    }
}

/// In the clear, or over TLS where authorities are trusted.
fn receiver(app: &TestApp, name: &str, port: u16, authorities: Option<String>) -> Receiver {
    Receiver {
        name: name.to_owned(),
        host: "localhost".to_owned(),
        port,
        application: "EHR".to_owned(),
        facility: "WARD".to_owned(),
        is_tls: authorities.is_some(),
        authorities,
        created_at: app.now(),
        last_taken_at: None,
    }
}

async fn receive_at(app: &TestApp, name: &str, port: u16) {
    add(app, &receiver(app, name, port, None)).await;
}

async fn add(app: &TestApp, receiver: &Receiver) {
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    assert!(add_receiver(&mut tx, receiver).await.unwrap());
    tx.commit().await.unwrap();
}

fn worker(app: &TestApp) -> Worker {
    Worker::new(
        app.database.clone(),
        vec![Arc::new(ResultJob::new(app.database.clone()))],
        WorkerOptions::new("test"),
    )
}

/// A film of somebody with a number, sent in and signed; gives the case and the review.
async fn signed(app: &TestApp, doctor: &Client) -> (String, String) {
    let sender = app.client(Role::Radiologist).await;
    let body = json!({ "name": "Ada King", "identifier": "E-1", "issuer": "St. Mary", "date_of_birth": "2022-03-04",
                       "gender": "female" });
    let patient = sender.post("/api/patients", body).await.expect(201);
    let patient = patient["patient_id"].as_str().unwrap();
    let film = demo::scored_film(5, "ACC-1", "E-1");
    let receipt = sender
        .upload(vec![("film.dcm", film)], &[("patient_id", patient)])
        .await
        .expect(201);
    app.run_jobs().await;
    let report = receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    doctor
        .post(
            &format!("/api/reviews/queue/{report}/identity"),
            json!({ "note": "asked at the desk" }),
        )
        .await;
    let review = json!({
        "report_id": report, "doctor_risk_assessment": "high", "urgency_level": "urgent",
        "clinical_findings": "Opacity | right & low.\nNo effusion.", "recommended_action": "Antibiotics.",
        "review_notes": "Between us: look at the old film.",
    });
    let review = doctor.post("/api/reviews", review).await.expect(201);
    (report, review["review_id"].as_str().unwrap().to_owned())
}

/// A message without what differs from run to run.
fn plain(message: &str, report: &str, doctor: &Client) -> String {
    let text = message
        .replace(report, "REPORT")
        .replace(&doctor.user_id(), "DOCTOR");
    let id = Message::read(message).unwrap().header().field(10).value();
    text.replace(&id, "ID").replace('\r', "\n")
}

#[tokio::test]
async fn a_signed_result_is_sent_once_and_a_corrected_one_again() {
    let app = TestApp::start().await;
    let ehr = Ehr::start().await;
    receive_at(&app, "EHR", ehr.port).await;
    let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
    let (report, review) = signed(&app, &doctor).await;
    assert_eq!(worker(&app).run_until_idle().await.unwrap(), 1);
    let taken = ehr.taken().await;
    assert_eq!(taken.len(), 1);
    insta::assert_snapshot!("signed", plain(&taken[0], &report, &doctor));
    assert!(
        !taken[0].contains("Between us"),
        "notes among colleagues stay"
    );

    app.advance(chrono::Duration::minutes(1));
    let addendum = json!({ "addendum": "Seen by the ward." });
    doctor
        .post(&format!("/api/reviews/{review}/addenda"), addendum)
        .await
        .expect(201);
    worker(&app).run_until_idle().await.unwrap();
    let taken = ehr.taken().await;
    assert_eq!(taken.len(), 2);
    let corrected = Message::read(&taken[1]).unwrap();
    assert_eq!(corrected.segment("OBR").unwrap().field(25).value(), "C");
    assert!(taken[1].contains("Seen by the ward."));

    let tech = app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?action=send_result").await.expect(200);
    let rows = trail["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["new_values"]["receiver"], "EHR");
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_and_who_has_it_is_left_alone() {
    let app = TestApp::start().await;
    let (ehr, ris) = (Ehr::start().await, Ehr::start().await);
    receive_at(&app, "EHR", ehr.port).await;
    receive_at(&app, "RIS", ris.port).await;
    let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
    ehr.answers("AE").await;
    signed(&app, &doctor).await;
    for said in ["AE", "nothing", "AR"] {
        ehr.answers(said).await;
        assert_eq!(worker(&app).run_until_idle().await.unwrap(), 1, "{said}");
        app.advance(chrono::Duration::minutes(2));
    }
    let tech = app.client(Role::Tech).await;
    let jobs = tech.get("/api/jobs?state=queued").await.expect(200);
    assert_eq!(
        jobs["items"][0]["last_error"],
        "EHR: it refused the message: AR, error code none"
    );
    ehr.answers("AA").await;
    worker(&app).run_until_idle().await.unwrap();
    assert_eq!((ehr.taken().await.len(), ris.taken().await.len()), (1, 1));
    app.advance(chrono::Duration::hours(1));
    assert_eq!(worker(&app).run_until_idle().await.unwrap(), 0);
}

#[tokio::test]
async fn a_receiver_that_is_away_for_good_is_told_to_the_technicians() {
    let app = TestApp::start().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    receive_at(&app, "EHR", closed.local_addr().unwrap().port()).await;
    drop(closed);
    let tech = app.client(Role::Tech).await;
    let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
    let (report, _) = signed(&app, &doctor).await;
    let mut superuser = app.test_database.superuser().await;
    sqlx::query("UPDATE portal.jobs SET maximum_attempts = 2 WHERE kind = 'send_result'")
        .execute(&mut superuser)
        .await
        .unwrap();
    for _ in 0..2 {
        worker(&app).run_until_idle().await.unwrap();
        app.advance(chrono::Duration::minutes(2));
    }
    let told = tech.get("/api/notifications").await.expect(200);
    assert_eq!(told["items"][0]["type"], "result_not_sent");
    assert_eq!(told["items"][0]["related_report_id"], report);
}

#[tokio::test]
async fn where_nobody_receives_nothing_is_queued() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
    signed(&app, &doctor).await;
    assert_eq!(worker(&app).run_until_idle().await.unwrap(), 0);
}

#[tokio::test]
async fn a_receiver_is_sent_nothing_over_tls_unless_its_certificate_is_one_that_is_trusted() {
    let app = TestApp::start().await;
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            key.signing_key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let ehr = Ehr::start_with(Some(Arc::new(config).into())).await;
    add(&app, &receiver(&app, "EHR", ehr.port, Some(key.cert.pem()))).await;
    add(
        &app,
        &receiver(&app, "OTHER", ehr.port, Some(other.cert.pem())),
    )
    .await;
    let doctor = app.client_named(Role::Doctor, "grace-hopper").await;
    signed(&app, &doctor).await;
    worker(&app).run_until_idle().await.unwrap();
    assert_eq!(ehr.taken().await.len(), 1);
    let tech = app.client(Role::Tech).await;
    let jobs = tech.get("/api/jobs?state=queued").await.expect(200);
    let error = jobs["items"][0]["last_error"].as_str().unwrap();
    assert!(
        error.starts_with("OTHER: ") && error.contains("certificate"),
        "{error}"
    );
}
