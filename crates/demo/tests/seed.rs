//! The example portal, filled on a real database through the real interface.

// Helpers of tests may stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use demo::seed::{self, DOCTOR, DemoError, Filled, LOGINS, PATIENT, RADIOLOGIST, TECH};
use domain::Role;
use serde_json::Value;
use testkit::{Client, TestApp, TestOptions};

const PASSWORD: &str = "try the demo 2026";

async fn portal() -> TestApp {
    TestApp::start_with(TestOptions {
        background: true,
        ..TestOptions::default()
    })
    .await
}

async fn signed_in(app: &TestApp, email: &str) -> Client {
    let mut client = app.anonymous();
    client.sign_in(email, PASSWORD).await.expect(200);
    client
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn count(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

/// Every report as the doctor sees it, in a line each, in the order of arrival.
async fn overview(app: &TestApp) -> Vec<String> {
    let doctor = signed_in(app, DOCTOR).await;
    let list = doctor
        .get("/api/reports?limit=200&sort=upload_date")
        .await
        .expect(200);
    let mut lines = Vec::new();
    for report in list["items"].as_array().unwrap() {
        let id = words(&report["report_id"]);
        let detail = doctor.get(&format!("/api/reports/{id}")).await.expect(200);
        let signed = detail["reviews"]
            .as_array()
            .unwrap()
            .iter()
            .find(|review| !review["reviewed_at"].is_null());
        let signed = signed.cloned().unwrap_or_default();
        lines.push(format!(
            "{:<5} {:<8} ai {:<6} {:<24} reviews {} {:<6} {:<9} right {:<5} follow-up {} addenda {} impression {:<4} {}{}",
            words(&report["patient_name"]).replace(" Demo", ""),
            words(&report["status"]),
            words(&report["risk_score"]),
            words(&detail["not_assessed"]["code"]),
            count(&detail["reviews"]),
            words(&signed["doctor_risk_assessment"]),
            words(&signed["urgency_level"]),
            signed["confirmed_ai_diagnosis"].to_string(),
            words(&signed["follow_up_date"]),
            count(&detail["addenda"]),
            words(&detail["first_impression"]["risk"]),
            if detail["claim"].is_null() { "" } else { "claimed " },
            if detail["release"]["released_at"].is_null() { "" } else { "released" },
        ));
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_portal_is_filled_once() {
    let app = portal().await;
    let router = app.router();
    let steps = AtomicUsize::new(0);
    let fill = || {
        seed::fill(&router, &app.database, PASSWORD, |_| {
            steps.fetch_add(1, Ordering::Relaxed);
        })
    };
    let started = std::time::Instant::now();
    assert_eq!(fill().await.unwrap(), Filled::Now);
    println!("filled in {:.1} s", started.elapsed().as_secs_f64());
    let told = steps.load(Ordering::Relaxed);
    assert!(told > 14, "{told}");
    let lines = overview(&app).await;
    insta::assert_snapshot!(
        lines
            .iter()
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join("\n")
    );

    assert_eq!(fill().await.unwrap(), Filled::Already);
    assert_eq!(steps.load(Ordering::Relaxed), told);
    assert_eq!(overview(&app).await, lines);
    for login in LOGINS {
        let client = signed_in(&app, login.email).await;
        assert_eq!(client.user["role"], login.role.as_str());
        assert_eq!(client.user["name"], login.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_finds_something_to_look_at() {
    let app = portal().await;
    seed::fill(&app.router(), &app.database, PASSWORD, |_| ())
        .await
        .unwrap();

    let patient = signed_in(&app, PATIENT).await;
    let results = patient.get("/api/reports").await.expect(200);
    let results = results["items"].as_array().unwrap();
    assert_eq!(
        results.len(),
        2,
        "released results, and not the film that waits"
    );
    let mut follow_ups = 0;
    for result in results {
        let id = words(&result["report_id"]);
        let detail = patient.get(&format!("/api/reports/{id}")).await.expect(200);
        let review = &detail["reviews"][0];
        assert!(words(&review["clinical_findings"]).len() > 20);
        assert!(review["review_notes"].is_null());
        follow_ups += usize::from(review["follow_up_required"] == true);
        let image = words(&detail["images"][0]["image_id"]);
        let picture = patient
            .get(&format!(
                "/api/reports/{id}/images/{image}/rendered?size=256"
            ))
            .await;
        assert!(picture.bytes.starts_with(b"\x89PNG"));
    }
    assert_eq!(follow_ups, 1);
    let history = patient
        .get(&format!("/api/patients/{}/history", patient.user_id()))
        .await
        .expect(200);
    assert!(count(&history["conditions"]) > 0);
    let me = patient.get("/api/auth/me").await.expect(200);
    let born: chrono::NaiveDate = words(&me["user"]["date_of_birth"]).parse().unwrap();
    let years = app.now().date_naive().years_since(born).unwrap();
    assert!((1..=5).contains(&years), "{years}");

    for (email, least) in [(PATIENT, 2), (RADIOLOGIST, 5), (DOCTOR, 3)] {
        let client = signed_in(&app, email).await;
        let unread = client.get("/api/auth/me").await.expect(200)["unread_notifications"]
            .as_u64()
            .unwrap();
        assert!(unread >= least, "{email}: {unread} unread");
    }
    let doctor = signed_in(&app, DOCTOR).await;
    let queue = doctor.get("/api/reviews/queue").await.expect(200);
    let first: Vec<String> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| words(&item["risk_score"]))
        .collect();
    assert_eq!(
        first,
        [
            "high", "high", "-", "-", "-", "medium", "medium", "medium", "low"
        ]
    );
    let tech = signed_in(&app, TECH).await;
    let sessions = tech.get("/api/audit?action=sign_out").await.expect(200);
    assert_eq!(
        count(&sessions["items"]),
        3,
        "the demo signs out of what it signed in to"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_anywhere_it_goes_on() {
    let whole = portal().await;
    seed::fill(&whole.router(), &whole.database, PASSWORD, |_| ())
        .await
        .unwrap();

    let app = portal().await;
    let mut cuts = 0;
    for requests in (1..).step_by(3) {
        let router = cut_off_after(app.router(), requests);
        match seed::fill(&router, &app.database, PASSWORD, |_| ()).await {
            Err(DemoError::Refused { status: 503, .. } | DemoError::NotTaken { .. }) => cuts += 1,
            Err(other) => panic!("after {requests} requests: {other}"),
            Ok(filled) => {
                assert_eq!(filled, Filled::Now);
                break;
            }
        }
    }
    assert!(cuts >= 12, "cut off {cuts} times only");
    assert_eq!(overview(&app).await, overview(&whole).await);
    assert_eq!(people(&app).await, people(&whole).await);
}

async fn people(app: &TestApp) -> usize {
    let radiologist = signed_in(app, RADIOLOGIST).await;
    count(&radiologist.get("/api/patients?limit=200").await.expect(200)["items"])
}

/// A portal that answers so many requests. The one after them is done, but its answer is lost when
/// the number is odd, and not even done when it is even.
fn cut_off_after(router: Router, requests: usize) -> Router {
    type Counter = Arc<(AtomicUsize, usize)>;
    async fn cut(State(counter): State<Counter>, request: Request, next: Next) -> Response {
        let (seen, most) = &*counter;
        let number = seen.fetch_add(1, Ordering::SeqCst) + 1;
        if number <= *most {
            return next.run(request).await;
        }
        if number % 2 == 1 {
            next.run(request).await;
        }
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
    let counter: Counter = Arc::new((AtomicUsize::new(0), requests));
    router.layer(middleware::from_fn_with_state(counter, cut))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_in_use_is_not_touched() {
    let app = portal().await;
    app.create_account("somebody@hospital.example", Role::Tech, "Somebody")
        .await;
    let error = seed::fill(&app.router(), &app.database, PASSWORD, |_| ())
        .await
        .expect_err("filled");
    assert!(matches!(error, DemoError::NotEmpty), "{error}");
    let empty = portal().await;
    let error = seed::fill(&empty.router(), &empty.database, "short", |_| ())
        .await
        .expect_err("filled");
    assert!(matches!(error, DemoError::WeakPassword(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_films_arrive() {
    let app = portal().await;
    let router = app.router();
    let error = seed::arrive(&router, &app.clock, PASSWORD, 1)
        .await
        .expect_err("nobody is there");
    assert!(
        matches!(error, DemoError::Refused { status: 401, .. }),
        "{error}"
    );
    seed::fill(&router, &app.database, PASSWORD, |_| ())
        .await
        .unwrap();
    let before = overview(&app).await.len();
    let mut reports = std::collections::BTreeSet::new();
    for seed in 0..8 {
        reports.insert(
            seed::arrive(&router, &app.clock, PASSWORD, seed)
                .await
                .unwrap(),
        );
    }
    assert_eq!(reports.len(), 8);
    // The same film at the same time is the same report.
    assert!(
        reports.contains(
            &seed::arrive(&router, &app.clock, PASSWORD, 3)
                .await
                .unwrap()
        )
    );
    let radiologist = signed_in(&app, RADIOLOGIST).await;
    let mut scored = 0;
    for report in &reports {
        for _ in 0..200 {
            let detail = radiologist
                .get(&format!("/api/reports/{report}"))
                .await
                .expect(200);
            assert_eq!(
                detail["report"]["image_metadata"]["identity_disagreement"],
                serde_json::json!([])
            );
            if detail["report"]["status"] == "analyzed" {
                scored += usize::from(!detail["analysis"].is_null());
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    assert!(scored >= 7, "{scored} of 8 scored");
    assert_eq!(overview(&app).await.len(), before + 8);
}
