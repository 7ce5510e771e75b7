//! A clock that jumps: backwards by hours after a reboot without network time, forwards by a day when
//! it is put right. Work goes on, and no case is hidden.

use chrono::Duration;
use domain::Role;
use testkit::{TestApp, chest_film};

#[tokio::test]
async fn a_clock_that_jumps_hides_no_case_and_stops_no_work() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await.user_id();
    let radiologist = app.client(Role::Radiologist).await;
    let send = async |seed: u32| {
        let answer = radiologist
            .upload(
                vec![("film.png", chest_film(seed, 64))],
                &[("patient_id", &patient)],
            )
            .await
            .expect(201);
        answer["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let before = send(1).await;
    // Back by three hours, with a film waiting that was sent "in the future".
    app.advance(Duration::hours(-3));
    assert_eq!(
        app.run_jobs().await,
        1,
        "the waiting film is analysed now, not in three hours"
    );
    let meanwhile = send(2).await;
    assert_eq!(app.run_jobs().await, 1);
    let doctor = app.client(Role::Doctor).await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(queue["items"].as_array().unwrap().len(), 2, "{queue}");
    doctor
        .post(
            &format!("/api/reviews/queue/{before}/claim"),
            serde_json::json!({}),
        )
        .await;

    // Forward by a day: sessions are over, claims too, and every case is still there.
    app.advance(Duration::hours(27));
    app.run_chores().await;
    doctor.get("/api/reviews/queue").await.expect(401);
    let doctor = app.client_named(Role::Doctor, "next-shift").await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    let ids: Vec<&str> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["report_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&before.as_str()) && ids.contains(&meanwhile.as_str()));
    assert!(
        queue["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["claimed_by"].is_null())
    );
}
