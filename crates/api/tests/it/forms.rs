//! Bodies and queries that are not of the form: everything wrong is said at once, in plain words.

use domain::Role;
use serde_json::{Value, json};
use testkit::TestApp;

fn fields(problem: &Value) -> Vec<(String, String)> {
    problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let text = |name: &str| error[name].as_str().unwrap().to_owned();
            (text("field"), text("code"))
        })
        .collect()
}

fn pair(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_body_names_all_that_is_missing_or_wrong_and_nothing_of_rust() {
    let app = TestApp::start().await;
    let visitor = app.anonymous();
    for (path, body, wanted) in [
        (
            "/api/auth/login",
            json!({}),
            vec![pair("email", "required"), pair("password", "required")],
        ),
        (
            "/api/auth/signup",
            json!({ "email": 7, "date_of_birth": "soon", "colour": "red" }),
            vec![
                pair("password", "required"),
                pair("name", "required"),
                pair("colour", "unknown_field"),
                pair("date_of_birth", "wrong_type"),
                pair("email", "wrong_type"),
            ],
        ),
        (
            "/api/auth/login",
            json!([1]),
            vec![pair("body", "wrong_type")],
        ),
    ] {
        let problem = visitor.post(path, body).await.expect(422);
        assert_eq!(fields(&problem), wanted, "{path}");
        let text = problem.to_string();
        assert!(
            !text.contains("struct") && !text.contains("Request"),
            "{text}"
        );
    }
    let doctor = app.client(Role::Doctor).await;
    let wrong =
        json!({ "report_id": "x", "follow_up_required": "yes", "ai_accuracy_rating": "good" });
    assert_eq!(
        fields(&doctor.post("/api/reviews", wrong).await.expect(422)),
        [
            pair("ai_accuracy_rating", "wrong_type"),
            pair("follow_up_required", "wrong_type"),
            pair("report_id", "wrong_type"),
        ]
    );
}

#[tokio::test]
async fn a_wrong_word_in_a_review_is_said_once() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let wrong = json!({
        "report_id": uuid::Uuid::from_u128(1), "doctor_risk_assessment": "grave", "urgency_level": "soon"
    });
    let problem = doctor.post("/api/reviews", wrong).await.expect(422);
    assert_eq!(
        fields(&problem),
        [
            pair("doctor_risk_assessment", "unknown_word"),
            pair("urgency_level", "unknown_word"),
        ]
    );
    assert!(problem.to_string().contains("is not an urgency level"));
}

#[tokio::test]
async fn a_query_names_the_parameter_at_fault_and_those_that_are_known() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    let problem = doctor
        .get("/api/reports?limit=many&colour=red&from=yesterday&patient_id=me")
        .await
        .expect(422);
    assert_eq!(
        fields(&problem),
        [
            pair("limit", "wrong_type"),
            pair("colour", "unknown_parameter"),
            pair("from", "wrong_type"),
            pair("patient_id", "wrong_type"),
        ]
    );
    let detail = problem["errors"][1]["detail"].as_str().unwrap();
    assert!(
        detail.contains("status") && detail.contains("search"),
        "{detail}"
    );
}

#[tokio::test]
async fn wildcards_in_a_search_stand_for_themselves() {
    let app = TestApp::start().await;
    let doctor = app.client(Role::Doctor).await;
    for name in ["Percy 100% Sure", "Una_Score", "Plain"] {
        doctor
            .post("/api/patients", json!({ "name": name }))
            .await
            .expect(201);
    }
    for (search, found) in [("%25", 1), ("_", 1), ("a_S", 1), ("l%25n", 0), ("", 3)] {
        let answer = doctor
            .get(&format!("/api/patients?search={search}"))
            .await
            .expect(200);
        assert_eq!(answer["items"].as_array().unwrap().len(), found, "{search}");
    }
}

#[tokio::test]
async fn one_second_is_one_second() {
    let app = TestApp::start().await;
    let visitor = app.anonymous();
    let mut seen = Vec::new();
    for _ in 0..6 {
        let problem = visitor
            .post(
                "/api/auth/login",
                json!({ "email": "a@example.com", "password": "wrong" }),
            )
            .await
            .json();
        seen.push(problem["detail"].as_str().unwrap().to_owned());
    }
    app.advance(chrono::Duration::milliseconds(1500));
    let problem = visitor
        .post(
            "/api/auth/login",
            json!({ "email": "a@example.com", "password": "wrong" }),
        )
        .await
        .json();
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("wait 1 second and"),
        "{problem} after {seen:?}"
    );
}
