//! Signing up, in and out; sessions, lock-out, cookies.

use chrono::Duration;
use domain::Role;
use serde_json::json;
use testkit::{PASSWORD, TestApp};

#[tokio::test]
async fn a_patient_signs_up_in_and_out() {
    let app = TestApp::start().await;
    let mut client = app.anonymous();
    let signup = json!({ "email": "New.Patient@Example.com", "password": "a quiet garden", "name": "New Patient" });
    let body = client
        .post("/api/auth/signup", signup.clone())
        .await
        .expect(201);
    assert_eq!(body["user"]["role"], "patient");
    assert_eq!(body["user"]["email"], "new.patient@example.com");
    assert_eq!(
        client.post("/api/auth/signup", signup).await.expect(409)["code"],
        "email_taken"
    );
    let answer = client
        .sign_in("NEW.patient@example.com", "a quiet garden")
        .await;
    assert!(answer.expect(200)["expires_at"].is_string());
    assert!(body["user"].get("password_hash").is_none());
    assert_eq!(
        client.get("/api/auth/me").await.expect(200)["user"]["name"],
        "New Patient"
    );
    client.post("/api/auth/logout", json!({})).await.expect(204);
    assert_eq!(
        client.get("/api/auth/me").await.expect(401)["code"],
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_role_cannot_be_chosen_and_everything_wrong_is_said_at_once() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let chosen = json!({ "email": "a@example.com", "password": "a quiet garden", "name": "A", "role": "tech" });
    client.post("/api/auth/signup", chosen).await.expect(422);
    let body = client
        .post(
            "/api/auth/signup",
            json!({ "email": "nobody", "password": "short", "name": " " }),
        )
        .await
        .expect(422);
    let fields: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["email", "password", "name"]);
    assert!(body["request_id"].is_string());
}

#[tokio::test]
async fn unknown_addresses_and_wrong_passwords_get_the_same_answer() {
    let app = TestApp::start().await;
    app.create_account("known@example.com", Role::Doctor, "Known")
        .await;
    let mut client = app.anonymous();
    let unknown = client
        .sign_in("unknown@example.com", "whatever it is")
        .await
        .expect(401);
    let wrong = client
        .sign_in("known@example.com", "whatever it is")
        .await
        .expect(401);
    let strip = |mut body: serde_json::Value| {
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    assert_eq!(strip(unknown), strip(wrong));
}

#[tokio::test]
async fn after_five_failures_an_address_waits_longer_each_time_whether_or_not_it_is_known() {
    let app = TestApp::start().await;
    app.create_account("known@example.com", Role::Doctor, "Known")
        .await;
    let mut client = app.anonymous();
    for address in ["known@example.com", "unknown@example.com"] {
        for _ in 0..5 {
            client.sign_in(address, "whatever it is").await.expect(401);
        }
        let locked = client.sign_in(address, PASSWORD).await;
        assert_eq!(locked.expect(429)["code"], "too_many_attempts");
        let first: i64 = locked.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        app.advance(Duration::seconds(first + 1));
        client
            .sign_in(address, "still wrong here")
            .await
            .expect(401);
        let second: i64 = client.sign_in(address, PASSWORD).await.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(second > first, "{address}: {second} after {first}");
        app.advance(Duration::seconds(second + 1));
    }
    client
        .sign_in("known@example.com", PASSWORD)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_bcrypt_hash_of_an_imported_system_signs_in_and_is_replaced() {
    let app = TestApp::start().await;
    app.create_account("imported@example.com", Role::Patient, "Imported")
        .await;
    let mut database = app.test_database.superuser().await;
    let bcrypt = "$2b$04$ST.UKWU6oSK1Z.na9jAXwe.fEZVT/N14NIkI35rG80aVVBJR9XOFy";
    sqlx::query("UPDATE users SET password_hash = $1")
        .bind(bcrypt)
        .execute(&mut database)
        .await
        .unwrap();
    let mut client = app.anonymous();
    client
        .sign_in("imported@example.com", "wrong password")
        .await
        .expect(401);
    client
        .sign_in("imported@example.com", "old system password")
        .await
        .expect(200);
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    client
        .sign_in("imported@example.com", "old system password")
        .await
        .expect(200);
}

#[tokio::test]
async fn sessions_end_by_idleness_by_age_and_by_hand() {
    let app = TestApp::start().await;
    let mut client = app.client_named(Role::Doctor, "reader").await;
    for _ in 0..3 {
        app.advance(Duration::minutes(50));
        client.get("/api/auth/me").await.expect(200);
    }
    app.advance(Duration::minutes(61));
    client.get("/api/auth/me").await.expect(401);

    client
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    for _ in 0..14 {
        app.advance(Duration::minutes(50));
        client.get("/api/auth/me").await.expect(200);
    }
    app.advance(Duration::minutes(50));
    client.get("/api/auth/me").await.expect(401);

    let mut first = app.anonymous();
    first
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    let mut second = app.anonymous();
    second
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    let sessions = second.get("/api/auth/sessions").await.expect(200);
    let other = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["is_current"] == false)
        .unwrap();
    let path = format!(
        "/api/auth/sessions/{}",
        other["session_id"].as_str().unwrap()
    );
    second.delete(&path).await.expect(204);
    first.get("/api/auth/me").await.expect(401);
    second.delete(&path).await.expect(404);
}

#[tokio::test]
async fn only_the_digest_of_a_token_is_stored() {
    let app = TestApp::start().await;
    let client = app.client(Role::Doctor).await;
    let stored: String = sqlx::query_scalar("SELECT token FROM sessions")
        .fetch_one(&mut app.test_database.superuser().await)
        .await
        .unwrap();
    assert_eq!(stored.len(), 64);
    assert_ne!(Some(stored), client.token);
}

#[tokio::test]
async fn the_cookie_signs_browsers_in_and_other_sites_cannot_use_it() {
    let app = TestApp::start().await;
    app.create_account("browser@example.com", Role::Patient, "Browser")
        .await;
    let mut client = app.anonymous();
    let answer = client.sign_in("browser@example.com", PASSWORD).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    client.token = None;
    let with_cookie = |method: reqwest::Method, path: &str| {
        client
            .request(method, path)
            .header("cookie", cookie.clone())
    };
    client
        .send(with_cookie(reqwest::Method::GET, "/api/auth/me"))
        .await
        .expect(200);
    let change =
        || with_cookie(reqwest::Method::PATCH, "/api/auth/me").json(&json!({ "name": "Changed" }));
    client
        .send(change().header("sec-fetch-site", "same-origin"))
        .await
        .expect(200);
    for request in [
        change()
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example"),
        change().header("sec-fetch-site", "same-site"),
        change().header("origin", "https://evil.example"),
        change(),
    ] {
        assert_eq!(client.send(request).await.expect(403)["code"], "forbidden");
    }
    let refusals: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_logs WHERE action = 'refuse' AND status = 'denied'",
    )
    .fetch_one(&mut app.test_database.superuser().await)
    .await
    .unwrap();
    assert_eq!(refusals, 4, "each refusal is audited");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let client = app.client_named(Role::Doctor, "changer").await;
    let mut other = app.anonymous();
    other
        .sign_in("changer@example.com", PASSWORD)
        .await
        .expect(200);
    let wrong =
        json!({ "current_password": "not this one", "new_password": "another quiet garden" });
    assert_eq!(
        client.post("/api/auth/password", wrong).await.expect(422)["errors"][0]["code"],
        "wrong_password"
    );
    let weak = json!({ "current_password": PASSWORD, "new_password": "Password123" });
    client.post("/api/auth/password", weak).await.expect(422);
    let right = json!({ "current_password": PASSWORD, "new_password": "another quiet garden" });
    client.post("/api/auth/password", right).await.expect(204);
    client.get("/api/auth/me").await.expect(200);
    other.get("/api/auth/me").await.expect(401);
    other
        .sign_in("changer@example.com", PASSWORD)
        .await
        .expect(401);
    other
        .sign_in("changer@example.com", "another quiet garden")
        .await
        .expect(200);
}

#[tokio::test]
async fn preferences_are_kept_for_every_role() {
    let app = TestApp::start().await;
    for role in Role::ALL {
        let client = app.client(*role).await;
        let change = json!({ "preferences": { "theme": "dark" }, "name": "New Name" });
        let profile = client.patch("/api/auth/me", change).await.expect(200);
        assert_eq!(
            (&profile["preferences"]["theme"], &profile["name"]),
            (&json!("dark"), &json!("New Name")),
            "{role}"
        );
    }
}
