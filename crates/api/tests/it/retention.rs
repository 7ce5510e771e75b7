//! What is kept for a time only, and when it is cleared.

use chrono::{Duration, Local, Timelike};
use db::Actor;
use domain::{Role, settings};
use serde_json::json;
use sqlx::Executor;
use testkit::{TestApp, chest_film};

async fn notifications(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM notifications")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap()
}

async fn set_window(app: &TestApp, from: u32, until: u32) {
    let definition = settings::definition(settings::MAINTENANCE_WINDOW).unwrap();
    let value =
        json!({ "from": format!("{:02}:00", from % 24), "until": format!("{:02}:00", until % 24) });
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    db::settings::set(&mut tx, definition, &value)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn read_notifications_go_after_their_time_and_within_the_window() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await.user_id();
    let mut connection = app.test_database.superuser().await;
    sqlx::query(
        "INSERT INTO notifications (notification_id, user_id, type, title, message)
         SELECT gen_random_uuid(), $1::uuid, 'test', 'test', 'test' FROM generate_series(1, 3)",
    )
    .bind(&doctor)
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query(
        "UPDATE notifications SET is_read = true, read_at = $1
         WHERE notification_id = (SELECT notification_id FROM notifications LIMIT 1)",
    )
    .bind(app.now())
    .execute(&mut connection)
    .await
    .unwrap();
    let all = notifications(&app).await;
    assert_eq!(all, 3);

    app.advance(Duration::days(89));
    jobs::retention::clear(&app.database).await.unwrap();
    assert_eq!(notifications(&app).await, all, "90 days are not over");
    app.advance(Duration::days(2));
    let hour = app.now().with_timezone(&Local).hour();
    set_window(&app, hour + 2, hour + 4).await;
    app.maintenance.hourly().await.unwrap();
    assert_eq!(notifications(&app).await, all, "the window is closed");
    set_window(&app, hour, hour + 1).await;
    app.maintenance.hourly().await.unwrap();
    assert_eq!(
        notifications(&app).await,
        all - 1,
        "only the one that was read goes"
    );
}

#[tokio::test]
async fn a_report_without_a_job_gets_one_within_the_hour() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await.user_id();
    app.client(Role::Radiologist)
        .await
        .upload(
            vec![("film.png", chest_film(1, 64))],
            &[("patient_id", &patient)],
        )
        .await
        .expect(201);
    app.test_database
        .superuser()
        .await
        .execute("DELETE FROM portal.jobs")
        .await
        .unwrap();
    assert_eq!(app.run_jobs().await, 0);
    app.maintenance.hourly().await.unwrap();
    let queued: Vec<String> = sqlx::query_scalar("SELECT kind FROM portal.jobs ORDER BY kind")
        .fetch_all(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    // The daily look at the models is queued in the same hour.
    assert_eq!(queued, ["analyze_report", "govern_models"]);
    assert_eq!(app.run_jobs().await, 2);
}
