//! What a password must be, wherever one is chosen; and the sessions of others, for tech.

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Client, PASSWORD, TestApp};

/// The fault of the field in a refusal.
async fn fault(client: &Client, method: Method, path: &str, body: &Value) -> Value {
    let request = client.request(method, path).json(body);
    client.send(request).await.expect(422)["errors"][0]["code"].clone()
}

#[tokio::test]
async fn one_policy_holds_wherever_a_password_is_chosen() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let patient = doctor
        .post(
            "/api/patients",
            json!({ "name": "Ada Fern", "identifier": "7", "email": "ada@example.com" }),
        )
        .await
        .expect(201);
    let invitation = doctor
        .post(
            &format!(
                "/api/patients/{}/invitation",
                patient["patient_id"].as_str().unwrap()
            ),
            json!({}),
        )
        .await
        .expect(201);
    let path = format!("/api/users/{}", doctor.user_id());
    // Short, common, easy, the account's own name.
    for weak in [
        "quiet gate",
        "Password1234",
        "abcabcabcabcabc",
        "reader@example.com",
        "adafern-adafern-1",
    ] {
        let chosen = [
            (
                &app.anonymous(),
                Method::POST,
                "/api/auth/signup",
                json!({ "email": "reader@example.com", "name": "Ada Fern", "password": weak }),
            ),
            (
                &app.anonymous(),
                Method::POST,
                "/api/auth/invitation/accept",
                json!({ "code": invitation["code"], "password": weak }),
            ),
            (
                &doctor,
                Method::POST,
                "/api/auth/password",
                json!({ "current_password": PASSWORD, "new_password": weak }),
            ),
            (
                &tech,
                Method::POST,
                "/api/users",
                json!({ "email": "reader@example.com", "name": "Ada Fern", "role": "doctor", "password": weak }),
            ),
            (
                &tech,
                Method::PATCH,
                path.as_str(),
                json!({ "password": weak }),
            ),
        ];
        for (client, method, path, body) in chosen {
            // Each account has another name of its own.
            let other = match weak {
                "reader@example.com" => path.ends_with("accept"),
                "adafern-adafern-1" => {
                    !(path.ends_with("signup")
                        || path.ends_with("accept")
                        || path.ends_with("/users"))
                }
                _ => false,
            };
            if !other {
                assert_eq!(
                    fault(client, method, path, &body).await,
                    "weak_password",
                    "{weak} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_setting_says_how_long_a_password_must_be() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let asked =
        |password: &str| json!({ "email": "new@example.com", "name": "New", "password": password });
    let stranger = app.anonymous();
    assert_eq!(
        stranger.get("/api/portal").await.expect(200)["password_minimum_length"],
        12
    );
    let setting = "/api/settings/password.minimum_length";
    for bad in [json!(7), json!(65), json!("12")] {
        tech.put(setting, json!({ "setting_value": bad }))
            .await
            .expect(422);
    }
    tech.put(setting, json!({ "setting_value": 20 }))
        .await
        .expect(200);
    assert_eq!(
        stranger.get("/api/portal").await.expect(200)["password_minimum_length"],
        20
    );
    let refused = stranger
        .post("/api/auth/signup", asked("a quiet garden"))
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["code"], "weak_password");
    assert!(
        refused["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("at least 20")
    );
    stranger
        .post("/api/auth/signup", asked("a quiet garden by the sea"))
        .await
        .expect(201);
}

#[tokio::test]
async fn tech_sees_and_ends_the_sessions_of_others() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let mut elsewhere = app.anonymous();
    elsewhere
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    let path = format!("/api/users/{}/sessions", doctor.user_id());

    let list = tech.get(&path).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains("token"), "{list}");
    let own = doctor.get("/api/auth/sessions").await.expect(200);
    let is_current = |session: &&Value| session["is_current"] == true;
    let current = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(is_current)
        .unwrap();
    let one = format!("{path}/{}", current["session_id"].as_str().unwrap());
    // Another account's session is none of this one's.
    tech.delete(&format!(
        "/api/users/{}/sessions/{}",
        tech.user_id(),
        current["session_id"].as_str().unwrap()
    ))
    .await
    .expect(404);
    tech.delete(&one).await.expect(204);
    doctor.get("/api/auth/me").await.expect(401);
    elsewhere.get("/api/auth/me").await.expect(200);
    tech.delete(&one).await.expect(404);
    assert_eq!(tech.delete(&path).await.expect(200)["ended"], 1);
    elsewhere.get("/api/auth/me").await.expect(401);

    // Of the own sessions, the one that asks stays.
    let mut second = app.anonymous();
    second
        .sign_in("runner@example.com", PASSWORD)
        .await
        .expect(200);
    let own = format!("/api/users/{}/sessions", tech.user_id());
    assert_eq!(tech.delete(&own).await.expect(200)["ended"], 1);
    second.get("/api/auth/me").await.expect(401);
    let trail = tech
        .get("/api/audit?action=revoke_session")
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 3);
    tech.get("/api/users/00000000-0000-0000-0000-00000000dead/sessions")
        .await
        .expect(404);
}

#[tokio::test]
async fn a_password_given_by_tech_ends_the_sessions() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let path = format!("/api/users/{}", doctor.user_id());
    tech.patch(&path, json!({ "name": "Renamed" }))
        .await
        .expect(200);
    doctor.get("/api/auth/me").await.expect(200);
    tech.patch(&path, json!({ "password": "a quiet garden" }))
        .await
        .expect(200);
    doctor.get("/api/auth/me").await.expect(401);
}
