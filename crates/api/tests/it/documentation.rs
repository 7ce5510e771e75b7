//! The OpenAPI document, the documentation, errors and headers that every answer has.

use domain::Role;
use serde_json::json;
use testkit::TestApp;

#[tokio::test]
async fn the_document_is_served_and_says_version_3_1() {
    let app = TestApp::start().await;
    let document = app.anonymous().get("/api/openapi.json").await.expect(200);
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    assert_eq!(document, serde_json::to_value(api::document()).unwrap());
}

/// Every operation says who it is for, and every refusal is a problem.
#[test]
fn every_operation_is_described_and_its_errors_are_problems() {
    let document = serde_json::to_value(api::document()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(
                operation["summary"].is_string(),
                "{method} {path} has no summary"
            );
            assert!(operation["tags"].is_array(), "{method} {path} has no tag");
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with('4') {
                    let schema = response["content"]
                        .as_object()
                        .and_then(|content| content.values().next());
                    let reference = schema.and_then(|media| media["schema"]["$ref"].as_str());
                    assert_eq!(
                        reference,
                        Some("#/components/schemas/ProblemBody"),
                        "{method} {path} {status}"
                    );
                }
            }
        }
    }
}

/// Generators of clients need every reference to lead somewhere and every operation a name.
#[test]
fn every_reference_resolves_and_every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(api::document()).unwrap();
    let text = document.to_string();
    for reference in text
        .split("\"#/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(
            document.pointer(&format!("/{reference}")).is_some(),
            "{reference} leads nowhere"
        );
    }
    let mut names: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|operations| operations.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[tokio::test]
async fn the_documentation_needs_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let page = client.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8_lossy(&page.bytes).into_owned();
    for foreign in ["http://", "https://", "//cdn"] {
        assert!(!html.contains(foreign), "{foreign} in {html}");
    }
    for asset in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        assert_eq!(
            client.get(&format!("/api/docs/{asset}")).await.status,
            200,
            "{asset}"
        );
    }
}

#[tokio::test]
async fn errors_are_problem_details_with_code_and_request_id() {
    let app = TestApp::start().await;
    let client = app.client(Role::Doctor).await;
    for (answer, status, code) in [
        (client.get("/api/nothing").await, 404, "not_found"),
        (
            client.delete("/api/reports").await,
            405,
            "method_not_allowed",
        ),
        (client.get("/api/reports/no-uuid").await, 404, "not_found"),
        (client.get("/api/reports?limit=0").await, 422, "invalid"),
        (client.get("/api/reports?cursor=x").await, 422, "invalid"),
        (client.get("/api/reports?status=lost").await, 422, "invalid"),
        (
            client
                .send(
                    client
                        .request(reqwest::Method::POST, "/api/reviews")
                        .body("{")
                        .header("content-type", "application/json"),
                )
                .await,
            400,
            "malformed",
        ),
        (
            client
                .send(
                    client
                        .request(reqwest::Method::POST, "/api/reviews")
                        .body("{}"),
                )
                .await,
            400,
            "malformed",
        ),
    ] {
        let body = answer.expect(status);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(
            (&body["code"], &body["status"]),
            (&json!(code), &json!(status)),
            "{body}"
        );
        assert_eq!(
            body["request_id"].as_str().unwrap(),
            answer.headers["x-request-id"].to_str().unwrap()
        );
        for member in ["type", "title", "detail"] {
            assert!(body[member].is_string(), "{member} in {body}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let client = app.client(Role::Doctor).await;
    let answer = client
        .put(
            "/api/reports/00000000-0000-0000-0000-000000000000/annotations",
            json!({ "content": { "x": "y".repeat(2 << 20) } }),
        )
        .await;
    assert_eq!(answer.expect(413)["code"], "too_large");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/", "/api/auth/me", "/api/docs/", "/nothing"] {
        let headers = app.anonymous().get(path).await.headers;
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "x-frame-options",
            "x-request-id",
        ] {
            assert!(headers.contains_key(name), "{name} is missing on {path}");
        }
        assert!(
            !headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("script-src 'self' 'unsafe-inline'")
        );
    }
}

#[tokio::test]
async fn the_start_page_says_that_the_portal_runs_and_shows_no_password_outside_the_demo() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/start").await;
    let html = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(html.contains("Medical Portal is running") && html.contains("/api/docs"));
    assert!(!html.contains("password"), "{html}");
}

#[tokio::test]
async fn readiness_names_the_part_that_is_not_ready() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    assert_eq!(client.get("/healthz").await.status, 200);
    assert_eq!(client.get("/readyz").await.expect(200)["ready"], true);
    sqlx::query("UPDATE ai_models SET is_active = false")
        .execute(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    std::fs::remove_dir_all(app.folder().join("blobs")).unwrap();
    let body = client.get("/readyz").await.expect(503);
    let failing: Vec<&str> = body["parts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["ready"] == false)
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(failing, ["blob_store", "model"]);
}
