//! Events for open screens: they arrive, only to whom they concern, and nothing is missed.

use std::time::Duration;

use domain::Role;
use futures::StreamExt;
use reqwest::Method;
use serde_json::json;
use testkit::{Client, TestApp, chest_film};

/// Reads a stream until `enough` says so; fails after ten seconds.
async fn read(client: &Client, since: Option<i64>, enough: impl Fn(&str) -> bool) -> String {
    let mut request = client.request(Method::GET, "/api/events");
    if let Some(since) = since {
        request = request.header("last-event-id", since.to_string());
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut text = String::new();
    let reading = async {
        while let Some(Ok(part)) = stream.next().await {
            text.push_str(&String::from_utf8_lossy(&part));
            if enough(&text) {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), reading).await;
    assert!(in_time.is_ok(), "not seen in ten seconds; so far: {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_sees_the_queue_change_and_the_sender_the_report() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let watching_doctor = tokio::spawn({
        let doctor = doctor.clone();
        async move {
            read(&doctor, None, |text| {
                text.matches("queue_changed").count() >= 2
            })
            .await
        }
    });
    let watching_sender = tokio::spawn({
        let radiologist = radiologist.clone();
        async move {
            read(&radiologist, None, |text| {
                text.matches("report_changed").count() >= 2
            })
            .await
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let film = vec![("a.png", chest_film(1, 80))];
    radiologist
        .upload(film, &[("patient_id", &patient.user_id())])
        .await
        .expect(201);
    app.run_jobs().await;
    let doctors = watching_doctor.await.unwrap();
    assert!(
        !doctors.contains("report_changed"),
        "the sender's events are not the doctor's: {doctors}"
    );
    let senders = watching_sender.await.unwrap();
    assert!(!senders.contains("queue_changed"), "{senders}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_dropped_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let upload = async |seed| {
        radiologist
            .upload(
                vec![("a.png", chest_film(seed, 80))],
                &[("patient_id", &patient.user_id())],
            )
            .await
            .expect(201)
    };
    upload(1).await;
    let first: i64 = sqlx::query_scalar("SELECT min(event_id) FROM portal.events")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    let second = upload(2).await["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let missed = read(&doctor, Some(first), |text| text.contains(&second)).await;
    assert!(missed.contains("queue_changed"));
    doctor
        .post(&format!("/api/reviews/queue/{second}/claim"), json!({}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_session_does() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let response = doctor
        .request(Method::GET, "/api/events")
        .send()
        .await
        .unwrap();
    let mut stream = response.bytes_stream();
    assert!(stream.next().await.is_some());
    doctor.post("/api/auth/logout", json!({})).await.expect(204);
    let ended = tokio::time::timeout(Duration::from_secs(10), async {
        while let Some(Ok(_)) = stream.next().await {}
    });
    assert!(ended.await.is_ok(), "the stream goes on after signing out");
}
