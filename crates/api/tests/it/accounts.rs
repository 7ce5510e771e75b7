//! Accounts, as tech runs them.

use domain::Role;
use serde_json::json;
use testkit::{PASSWORD, TestApp};

#[tokio::test]
async fn tech_makes_changes_and_deactivates_accounts() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let new = json!({ "email": "new@example.com", "password": "a quiet garden", "role": "doctor", "name": "New Doctor" });
    let account = tech.post("/api/users", new.clone()).await.expect(201);
    assert_eq!(
        tech.post("/api/users", new).await.expect(409)["code"],
        "email_taken"
    );
    let path = format!("/api/users/{}", account["id"].as_str().unwrap());
    let mut doctor = app.anonymous();
    doctor
        .sign_in("new@example.com", "a quiet garden")
        .await
        .expect(200);
    doctor.get("/api/reviews/queue").await.expect(200);
    assert_eq!(
        tech.patch(&path, json!({ "role": "radiologist" }))
            .await
            .expect(200)["role"],
        "radiologist"
    );
    doctor.get("/api/reviews/queue").await.expect(401);
    doctor
        .sign_in("new@example.com", "a quiet garden")
        .await
        .expect(200);
    doctor.get("/api/reviews/queue").await.expect(403);
    tech.patch(&path, json!({ "is_active": false }))
        .await
        .expect(200);
    doctor.get("/api/auth/me").await.expect(401);
    doctor
        .sign_in("new@example.com", "a quiet garden")
        .await
        .expect(401);
    tech.patch(
        &path,
        json!({ "is_active": true, "password": "another quiet garden" }),
    )
    .await
    .expect(200);
    doctor
        .sign_in("new@example.com", "another quiet garden")
        .await
        .expect(200);
    let wrong = json!({ "email": "x", "password": "y", "role": "nurse", "name": "" });
    assert_eq!(
        tech.post("/api/users", wrong).await.expect(422)["errors"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[tokio::test]
async fn tech_cannot_lock_itself_out() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "only").await;
    let own = format!("/api/users/{}", tech.user_id());
    for change in [json!({ "is_active": false }), json!({ "role": "doctor" })] {
        assert_eq!(
            tech.patch(&own, change).await.expect(409)["code"],
            "own_account"
        );
    }
    let second = app.client_named(Role::Tech, "second").await;
    let path = format!("/api/users/{}", second.user_id());
    tech.patch(&path, json!({ "is_active": false }))
        .await
        .expect(200);
    second.get("/api/users").await.expect(401);
}

#[tokio::test]
async fn accounts_are_found_by_role_state_and_text() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    for name in ["alma", "bert", "cora"] {
        app.create_account(&format!("{name}@example.com"), Role::Doctor, name)
            .await;
    }
    let found = |body: serde_json::Value| body["items"].as_array().unwrap().len();
    assert_eq!(
        found(tech.get("/api/users?role=doctor").await.expect(200)),
        3
    );
    assert_eq!(
        found(tech.get("/api/users?search=BER").await.expect(200)),
        1
    );
    assert_eq!(
        found(tech.get("/api/users?is_active=false").await.expect(200)),
        0
    );
    assert_eq!(
        tech.get("/api/users?role=nurse").await.expect(422)["errors"][0]["code"],
        "unknown_word"
    );
    let list = tech.get("/api/users").await;
    assert!(
        !String::from_utf8_lossy(&list.bytes).contains("argon2"),
        "no hash leaves the portal"
    );
    let mut alma = app.anonymous();
    alma.sign_in("alma@example.com", PASSWORD).await.expect(200);
}
