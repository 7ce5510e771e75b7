//! A new password by mail or by hand, and addresses that are shown to be reached.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Client, MailServer, PASSWORD, TestApp, TestOptions};

async fn with_mail() -> (TestApp, MailServer) {
    let server = MailServer::start().await;
    let options = TestOptions {
        mail_server: Some(server.address.clone()),
        ..TestOptions::default()
    };
    (TestApp::start_with(options).await, server)
}

/// The code in a mail, from behind the `#` of its link.
fn code_in(content: &str) -> String {
    let plain = content.replace("=\n", "").replace("=3D", "=");
    let (_, rest) = plain.split_once('#').expect("the mail has a link");
    rest.chars().take(19).collect()
}

async fn forgot(client: &Client, email: &str) -> testkit::Answer {
    client
        .post("/api/auth/password/forgot", json!({ "email": email }))
        .await
}

async fn reset(client: &Client, code: &str, password: &str) -> testkit::Answer {
    let body = json!({ "code": code, "password": password });
    client.post("/api/auth/password/reset", body).await
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_with_a_mailed_code_once_and_within_an_hour() {
    let (app, server) = with_mail().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let stranger = app.anonymous();
    assert_eq!(
        stranger.get("/api/portal").await.expect(200)["sends_mail"],
        true
    );
    forgot(&stranger, " Reader@Example.com ").await.expect(202);
    let mail = server.wait_for(1).await;
    assert_eq!(mail.to, "reader@example.com");
    assert!(!mail.content.contains("Reader") && mail.content.contains("http://portal.test/reset#"));
    let code = code_in(&mail.content);
    // A weak password uses nothing up.
    let weak = reset(&stranger, &code, "Password1234").await.expect(422);
    assert_eq!(weak["errors"][0]["code"], "weak_password");
    reset(&stranger, &code.to_lowercase(), "a quiet garden")
        .await
        .expect(204);
    // Nobody is signed in by it, and everybody who was is not any more.
    doctor.get("/api/auth/me").await.expect(401);
    let mut again = app.anonymous();
    again
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(401);
    again
        .sign_in("reader@example.com", "a quiet garden")
        .await
        .expect(200);
    reset(&stranger, &code, "another quiet garden")
        .await
        .expect(404);
    assert!(
        server
            .wait_for(2)
            .await
            .content
            .contains("has been changed")
    );

    app.advance(Duration::minutes(3));
    forgot(&stranger, "reader@example.com").await.expect(202);
    let late = code_in(&server.wait_for(3).await.content);
    app.advance(Duration::minutes(61));
    reset(&stranger, &late, "another quiet garden")
        .await
        .expect(404);
}

#[tokio::test]
async fn the_answer_tells_nothing_and_only_owners_of_passwords_get_mail() {
    let (app, server) = with_mail().await;
    app.create_account("reader@example.com", Role::Doctor, "Reader")
        .await;
    let out = app
        .create_account("out@example.com", Role::Doctor, "Out")
        .await;
    let mut tech = app.anonymous();
    app.create_account("runner@example.com", Role::Tech, "Runner")
        .await;
    tech.sign_in("runner@example.com", PASSWORD)
        .await
        .expect(200);
    tech.patch(&format!("/api/users/{out}"), json!({ "is_active": false }))
        .await
        .expect(200);
    let stranger = app.anonymous();
    let mut answers = Vec::new();
    for email in [
        "nobody@example.com",
        "out@example.com",
        "reader@example.com",
    ] {
        let answer = forgot(&stranger, email).await;
        answers.push((answer.status, answer.bytes));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
    server.wait_for(1).await;
    // Asked again at once, no second mail goes; and an address, known or not, soon has to wait.
    for email in ["reader@example.com", "nobody@example.com"] {
        for _ in 0..4 {
            forgot(&stranger, email).await.expect(202);
        }
        forgot(&stranger, email).await.expect(429);
    }
    let to: Vec<String> = server
        .taken()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    assert_eq!(to, ["reader@example.com"]);
}

#[tokio::test]
async fn wrong_codes_are_counted_for_the_place_they_come_from() {
    let (app, _) = with_mail().await;
    let stranger = app.anonymous();
    for _ in 0..5 {
        reset(&stranger, "AAAA-AAAA-AAAA-AAAA", "a quiet garden")
            .await
            .expect(404);
    }
    reset(&stranger, "AAAA-AAAA-AAAA-AAAA", "a quiet garden")
        .await
        .expect(429);
}

#[tokio::test]
async fn the_second_factor_is_still_asked_for_after_a_new_password() {
    let (app, server) = with_mail().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    crate::second_factor::set_up(&app, &doctor).await;
    assert!(server.wait_for(1).await.content.contains("second factor"));
    forgot(&app.anonymous(), "reader@example.com")
        .await
        .expect(202);
    let code = code_in(&server.wait_for(2).await.content);
    reset(&app.anonymous(), &code, "a quiet garden")
        .await
        .expect(204);
    let body = json!({ "email": "reader@example.com", "password": "a quiet garden" });
    let waiting = app
        .anonymous()
        .post("/api/auth/login", body)
        .await
        .expect(202);
    assert_eq!(waiting["must_enrol"], false);
}

#[tokio::test]
async fn without_mail_the_portal_says_so_and_tech_hands_a_code_over() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let stranger = app.anonymous();
    assert_eq!(
        stranger.get("/api/portal").await.expect(200)["sends_mail"],
        false
    );
    assert_eq!(
        forgot(&stranger, "reader@example.com").await.expect(409)["code"],
        "mail_not_set_up"
    );
    let path = format!("/api/users/{}/password-code", doctor.user_id());
    let first = tech.post(&path, json!({})).await.expect(201);
    let second = tech.post(&path, json!({})).await.expect(201);
    assert!(second["path"].as_str().unwrap().starts_with("/reset#"));
    // The present password stays until then; a new code makes the one before worthless.
    doctor.get("/api/auth/me").await.expect(200);
    let text = |code: &Value| code["code"].as_str().unwrap().to_owned();
    reset(&stranger, &text(&first), "a quiet garden")
        .await
        .expect(404);
    reset(&stranger, &text(&second), "a quiet garden")
        .await
        .expect(204);
    doctor.get("/api/auth/me").await.expect(401);
    let trail = tech
        .get("/api/audit?action=reset_password")
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 4);
    let (first, second) = (text(&first), text(&second));
    assert!(!trail.to_string().contains(&first) && !trail.to_string().contains(&second));
    tech.patch(
        &format!("/api/users/{}", doctor.user_id()),
        json!({ "is_active": false }),
    )
    .await
    .expect(200);
    assert_eq!(
        tech.post(&path, json!({})).await.expect(409)["code"],
        "account_inactive"
    );
    app.advance(Duration::minutes(11));
    assert_eq!(
        tech.post(&path, json!({})).await.expect(409)["code"],
        "account_inactive"
    );
}

#[tokio::test]
async fn whoever_signs_up_shows_that_mail_arrives() {
    let (app, server) = with_mail().await;
    let body = json!({ "email": "new@example.com", "name": "New", "password": "a quiet garden" });
    let signed_in = app
        .anonymous()
        .post("/api/auth/signup", body)
        .await
        .expect(201);
    let mut patient = app.anonymous();
    patient.token = signed_in["token"].as_str().map(str::to_owned);
    assert_eq!(
        patient.get("/api/auth/me").await.expect(200)["email_verified"],
        false
    );
    let first = code_in(&server.wait_for(1).await.content);
    patient
        .post("/api/auth/address/code", json!({}))
        .await
        .expect(202);
    let second = code_in(&server.wait_for(2).await.content);
    let verify = async |code: &str| {
        app.anonymous()
            .post("/api/auth/address/verify", json!({ "code": code }))
            .await
    };
    verify(&first).await.expect(404);
    // Each code is for one purpose.
    reset(&app.anonymous(), &second, "another quiet garden")
        .await
        .expect(404);
    verify(&second).await.expect(204);
    verify(&second).await.expect(404);
    assert_eq!(
        patient.get("/api/auth/me").await.expect(200)["email_verified"],
        true
    );
}
