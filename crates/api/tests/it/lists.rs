//! Lists: filters, order, pages that miss and repeat nothing.

use std::collections::BTreeSet;

use chrono::Duration;
use domain::Role;
use serde_json::json;
use testkit::{Client, TestApp, chest_film};

async fn all(client: &Client, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}{cursor}")).await.expect(200);
        ids.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["report_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn pages_miss_nothing_and_repeat_nothing_while_films_arrive() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    let send = async |seed: u32| {
        radiologist
            .upload(
                vec![("a.png", chest_film(seed, 64))],
                &[("patient_id", &patient.user_id())],
            )
            .await
            .expect(201)
    };
    for seed in 0..11 {
        send(seed).await;
        if seed % 3 == 0 {
            app.advance(Duration::seconds(1));
        }
    }
    let newest = all(&doctor, "/api/reports?limit=3").await;
    let oldest = all(&doctor, "/api/reports?limit=4&sort=upload_date").await;
    assert_eq!(newest.len(), 11);
    assert_eq!(newest, oldest.iter().rev().cloned().collect::<Vec<_>>());
    let first = doctor.get("/api/reports?limit=5").await.expect(200);
    app.advance(Duration::seconds(1));
    send(100).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = all(&doctor, &format!("/api/reports?limit=50&cursor={cursor}")).await;
    let seen: BTreeSet<String> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["report_id"].as_str().unwrap().to_owned())
        .chain(rest)
        .collect();
    assert_eq!(seen, newest.into_iter().collect());
}

#[tokio::test]
async fn reports_are_filtered_by_every_filter() {
    let app = TestApp::start().await;
    let patient = app.client_named(Role::Patient, "findable").await;
    let other = app.client_named(Role::Patient, "different").await;
    let (radiologist, doctor) = (
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
    );
    for (seed, who) in [(1, &patient), (2, &patient), (3, &other)] {
        radiologist
            .upload(
                vec![("a.png", chest_film(seed, 64))],
                &[("patient_id", &who.user_id())],
            )
            .await
            .expect(201);
    }
    let count = async |query: &str| {
        all(&doctor, &format!("/api/reports?limit=50&{query}"))
            .await
            .len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("status=pending").await, 3);
    assert_eq!(count("status=reviewed").await, 0);
    assert_eq!(count(&format!("patient_id={}", patient.user_id())).await, 2);
    assert_eq!(count("search=FINDA").await, 2);
    assert_eq!(
        count(&format!("radiologist_id={}", radiologist.user_id())).await,
        3
    );
    assert_eq!(count("until=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("from=2020-01-01T00:00:00Z").await, 3);
    assert_eq!(count("risk_score=high").await, 0);
}

#[tokio::test]
async fn patients_are_found_by_name_address_and_number() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let body = json!({ "name": "Ada Example", "email": "ada@example.com", "identifier": "N-77", "gender": "female" });
    radiologist
        .post("/api/patients", body.clone())
        .await
        .expect(201);
    let found = async |text: &str| {
        radiologist
            .get(&format!("/api/patients?search={text}"))
            .await
            .expect(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    for text in ["ada", "EXAMPLE", "ada@", "N-77"] {
        assert_eq!(found(text).await, 1, "{text}");
    }
    assert_eq!(found("N-7").await, 0, "a number is matched whole");
    assert_eq!(
        radiologist.post("/api/patients", body).await.expect(409)["code"],
        "email_taken"
    );
    let same_number = json!({ "name": "Bea", "identifier": "N-77" });
    assert_eq!(
        radiologist
            .post("/api/patients", same_number)
            .await
            .expect(409)["code"],
        "identifier_taken"
    );
}
