//! The second factor: set up, asked for at sign-in, each code good once, recovery, reset.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, PASSWORD, TestApp};

/// The code that an authenticator of another maker shows for this secret, now or some half minutes later.
fn code(app: &TestApp, secret: &Value, later: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
    let seconds = u64::try_from(app.now().timestamp() + later * 30).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .build_noncompliant();
    totp.generate(seconds).to_string()
}

/// Sets codes by time up for whoever is signed in. Gives the secret and the recovery codes.
pub(crate) async fn set_up(app: &TestApp, client: &Client) -> (Value, Vec<String>) {
    let setup = client
        .post("/api/auth/second-factor/totp", json!({}))
        .await
        .expect(200);
    let first = json!({ "code": code(app, &setup["secret"], 0) });
    let codes = client
        .post("/api/auth/second-factor/totp/confirm", first)
        .await
        .expect(200);
    let codes: Vec<String> = serde_json::from_value(codes["recovery_codes"].clone()).unwrap();
    (setup["secret"].clone(), codes)
}

async fn password(app: &TestApp, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anonymous().post("/api/auth/login", body).await
}

async fn second(app: &TestApp, challenge: &Value, code: &str) -> Answer {
    let body = json!({ "challenge": challenge, "code": code });
    app.anonymous().post("/api/auth/login/second", body).await
}

#[tokio::test]
async fn there_is_no_session_before_the_second_factor() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let mut elsewhere = app.anonymous();
    elsewhere
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    let (secret, recovery) = set_up(&app, &doctor).await;
    assert_eq!(recovery.len(), 10);
    elsewhere.get("/api/auth/me").await.expect(401);
    assert_eq!(
        doctor.get("/api/auth/me").await.expect(200)["second_factor"],
        true
    );

    app.advance(Duration::seconds(30));
    let waiting = password(&app, "reader@example.com").await;
    let body = waiting.expect(202);
    assert_eq!(body["must_enrol"], false);
    assert!(
        waiting.headers.get("set-cookie").is_none() && body.get("token").is_none(),
        "{body}"
    );
    // The challenge is no session.
    let mut client = app.anonymous();
    client.token = body["challenge"].as_str().map(str::to_owned);
    client.get("/api/auth/me").await.expect(401);
    assert_eq!(
        doctor.get("/api/auth/sessions").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    for wrong in ["000000", "AAAA-AAAA-AAAA-AAAA", PASSWORD] {
        assert_eq!(
            second(&app, &body["challenge"], wrong).await.expect(401)["code"],
            "wrong_code"
        );
    }
    let signed_in = second(&app, &body["challenge"], &code(&app, &secret, 0))
        .await
        .expect(200);
    assert!(signed_in.get("recovery_codes").is_none(), "{signed_in}");
    client.token = signed_in["token"].as_str().map(str::to_owned);
    client.get("/api/auth/me").await.expect(200);
    // The challenge is used up.
    app.advance(Duration::seconds(60));
    let again = second(&app, &body["challenge"], &code(&app, &secret, 0)).await;
    assert_eq!(again.expect(401)["code"], "sign_in_over");
}

#[tokio::test]
async fn a_code_is_good_once_and_for_a_minute_and_a_half() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (secret, _) = set_up(&app, &doctor).await;
    let challenge =
        async || password(&app, "reader@example.com").await.expect(202)["challenge"].clone();
    // The code that confirmed the setup is used, and so is each that signs somebody in.
    assert_eq!(
        second(&app, &challenge().await, &code(&app, &secret, 0))
            .await
            .expect(401)["code"],
        "wrong_code"
    );
    let next = code(&app, &secret, 1);
    second(&app, &challenge().await, &next).await.expect(200);
    second(&app, &challenge().await, &next).await.expect(401);
    // None from before the newest that was used, and none from further away.
    second(&app, &challenge().await, &code(&app, &secret, 0))
        .await
        .expect(401);
    app.advance(Duration::minutes(20));
    second(&app, &challenge().await, &code(&app, &secret, 2))
        .await
        .expect(401);
    second(&app, &challenge().await, &code(&app, &secret, -2))
        .await
        .expect(401);
    second(&app, &challenge().await, &code(&app, &secret, -1))
        .await
        .expect(200);
    // A sign-in that waits is over after ten minutes.
    let old = challenge().await;
    app.advance(Duration::minutes(10));
    assert_eq!(
        second(&app, &old, &code(&app, &secret, 0))
            .await
            .expect(401)["code"],
        "sign_in_over"
    );
}

#[tokio::test]
async fn of_two_who_send_one_code_at_once_one_gets_in() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (secret, recovery) = set_up(&app, &doctor).await;
    app.advance(Duration::seconds(30));
    for once in [code(&app, &secret, 0), recovery[0].clone()] {
        let mut challenges = Vec::new();
        for _ in 0..4 {
            challenges
                .push(password(&app, "reader@example.com").await.expect(202)["challenge"].clone());
        }
        let answers =
            futures::future::join_all(challenges.iter().map(|each| second(&app, each, &once)))
                .await;
        let entered = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(entered, 1, "{once}");
        app.advance(Duration::minutes(20));
    }
}

#[tokio::test]
async fn wrong_codes_are_slowed_down_for_the_account_and_audited_without_what_was_typed() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (secret, _) = set_up(&app, &doctor).await;
    app.advance(Duration::seconds(30));
    for _ in 0..5 {
        let body = password(&app, "reader@example.com").await.expect(202);
        second(&app, &body["challenge"], "123450").await.expect(401);
    }
    // Even the right one, and with a new sign-in, has to wait.
    let body = password(&app, "reader@example.com").await.expect(202);
    let right = code(&app, &secret, 0);
    let refused = second(&app, &body["challenge"], &right).await;
    assert_eq!(refused.expect(429)["code"], "too_many_attempts");
    assert!(refused.headers.contains_key("retry-after"));
    let trail = tech
        .get("/api/audit?action=sign_in&status=failure")
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 5);
    assert_eq!(trail["items"][0]["user_id"], json!(doctor.user_id()));
    assert!(!trail.to_string().contains("123450"));
    app.advance(Duration::seconds(4));
    second(&app, &body["challenge"], &right).await.expect(200);
}

#[tokio::test]
async fn recovery_codes_are_good_once_and_replaced_by_new_ones() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (_, recovery) = set_up(&app, &doctor).await;
    let challenge =
        async || password(&app, "reader@example.com").await.expect(202)["challenge"].clone();
    let typed = recovery[3].to_lowercase().replace('-', " ");
    second(&app, &challenge().await, &typed).await.expect(200);
    second(&app, &challenge().await, &recovery[3])
        .await
        .expect(401);
    let state = doctor.get("/api/auth/second-factor").await.expect(200);
    assert_eq!(
        (&state["recovery_codes_left"], &state["is_required"]),
        (&json!(9), &json!(false))
    );
    let new = doctor
        .post("/api/auth/second-factor/recovery-codes", json!({}))
        .await
        .expect(200);
    second(&app, &challenge().await, &recovery[4])
        .await
        .expect(401);
    second(
        &app,
        &challenge().await,
        new["recovery_codes"][0].as_str().unwrap(),
    )
    .await
    .expect(200);
    // Neither codes nor the secret lie in the database as they are.
    let mut superuser = app.test_database.superuser().await;
    let digests: Vec<String> = sqlx::query_scalar("SELECT code FROM portal.recovery_codes")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    assert!(digests.len() == 10 && digests.iter().all(|digest| digest.len() == 64));
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT secret FROM portal.totp")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(sealed.len() > 40, "{}", sealed.len());
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_is_led_to_set_one_up() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let patient = app.client_named(Role::Patient, "owner").await;
    let setting = "/api/settings/sign_in.second_factor_roles";
    tech.put(setting, json!({ "setting_value": ["nurse"] }))
        .await
        .expect(422);
    tech.put(
        setting,
        json!({ "setting_value": ["doctor", "radiologist"] }),
    )
    .await
    .expect(200);
    // Sessions without one end; of other roles they stay.
    doctor.get("/api/auth/me").await.expect(401);
    patient.get("/api/auth/me").await.expect(200);

    let body = password(&app, "reader@example.com").await.expect(202);
    assert_eq!(body["must_enrol"], true);
    let challenge = &body["challenge"];
    let early = second(&app, challenge, "123456").await;
    assert_eq!(early.expect(409)["code"], "second_factor_missing");
    let enrol = async || {
        app.anonymous()
            .post("/api/auth/login/enrol", json!({ "challenge": challenge }))
            .await
    };
    let setup = enrol().await.expect(200);
    assert!(
        setup["uri"]
            .as_str()
            .unwrap()
            .contains("reader%40example%2Ecom")
    );
    second(&app, challenge, "000000").await.expect(401);
    let signed_in = second(&app, challenge, &code(&app, &setup["secret"], 0))
        .await
        .expect(200);
    assert_eq!(signed_in["recovery_codes"].as_array().unwrap().len(), 10);
    let mut client = app.anonymous();
    client.token = signed_in["token"].as_str().map(str::to_owned);
    assert_eq!(
        client.get("/api/auth/second-factor").await.expect(200)["is_required"],
        true
    );
    // It cannot be taken away, nor set up anew with the password alone.
    let kept = client.delete("/api/auth/second-factor/totp").await;
    assert_eq!(kept.expect(409)["code"], "second_factor_required");
    let body = password(&app, "reader@example.com").await.expect(202);
    let again = app
        .anonymous()
        .post(
            "/api/auth/login/enrol",
            json!({ "challenge": body["challenge"] }),
        )
        .await;
    assert_eq!(again.expect(409)["code"], "second_factor_present");
    assert_eq!(enrol().await.expect(401)["code"], "sign_in_over");
}

#[tokio::test]
async fn patients_who_sign_up_are_led_to_it_as_well() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    tech.put(
        "/api/settings/sign_in.second_factor_roles",
        json!({ "setting_value": ["patient"] }),
    )
    .await
    .expect(200);
    let body = json!({ "email": "new@example.com", "name": "New", "password": "a quiet garden" });
    let waiting = app.anonymous().post("/api/auth/signup", body).await;
    assert_eq!(waiting.expect(202)["must_enrol"], true);
    assert!(waiting.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn tech_resets_what_was_lost_and_owners_take_it_away() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let path = format!("/api/users/{}/second-factor", doctor.user_id());
    assert_eq!(
        tech.delete(&path).await.expect(409)["code"],
        "second_factor_missing"
    );
    set_up(&app, &doctor).await;
    tech.delete(&path).await.expect(204);
    doctor.get("/api/auth/me").await.expect(401);
    password(&app, "reader@example.com").await.expect(200);
    let own = format!("/api/users/{}/second-factor", tech.user_id());
    assert_eq!(tech.delete(&own).await.expect(409)["code"], "own_account");

    set_up(&app, &tech).await;
    tech.delete("/api/auth/second-factor/totp")
        .await
        .expect(204);
    assert_eq!(
        tech.delete("/api/auth/second-factor/totp")
            .await
            .expect(409)["code"],
        "second_factor_missing"
    );
    let trail = tech
        .get("/api/audit?action=change_second_factor")
        .await
        .expect(200);
    let events: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["new_values"]["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["removed", "set_up", "reset", "set_up"]);
}

#[tokio::test]
async fn a_new_password_ends_the_sign_ins_that_wait() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (secret, _) = set_up(&app, &doctor).await;
    app.advance(Duration::seconds(30));
    let body = password(&app, "reader@example.com").await.expect(202);
    let path = format!("/api/users/{}", doctor.user_id());
    tech.patch(&path, json!({ "password": "a quiet garden" }))
        .await
        .expect(200);
    let late = second(&app, &body["challenge"], &code(&app, &secret, 0)).await;
    assert_eq!(late.expect(401)["code"], "sign_in_over");
}
