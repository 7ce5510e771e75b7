//! Passkeys: made, used to sign in, as second factor and as a proof, looked after, taken away.

use chrono::Duration;
use domain::Role;
use serde_json::{Value, json};
use testkit::{
    Answer, Authenticator, Client, MailServer, PASSWORD, PUBLIC_URL, TestApp, TestOptions,
};

use crate::second_factor::set_up;

fn authenticator() -> Authenticator {
    Authenticator::new(PUBLIC_URL, "portal.test")
}

/// Adds a passkey for whoever is signed in.
async fn try_to_add(client: &Client, authenticator: &mut Authenticator, name: &str) -> Answer {
    let options = client
        .post("/api/auth/passkeys/options", json!({}))
        .await
        .expect(200);
    let credential = authenticator.register(&options);
    let body = json!({ "name": name, "credential": credential });
    client.post("/api/auth/passkeys", body).await
}

/// Adds a passkey. Gives the authenticator and what the portal said.
pub(crate) async fn add(client: &Client, name: &str) -> (Authenticator, Value) {
    let mut authenticator = authenticator();
    let added = try_to_add(client, &mut authenticator, name)
        .await
        .expect(201);
    (authenticator, added)
}

/// The question at the beginning of a sign-in.
async fn question(app: &TestApp) -> Value {
    app.anonymous()
        .post("/api/auth/login/passkey/options", json!({}))
        .await
        .expect(200)
}

async fn answer(app: &TestApp, answer: &Value) -> Answer {
    app.anonymous()
        .post("/api/auth/login/passkey", answer.clone())
        .await
}

async fn password(app: &TestApp, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anonymous().post("/api/auth/login", body).await
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself_and_counts_as_both_factors() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, added) = add(&doctor, "Telephone").await;
    assert_eq!(added["recovery_codes"].as_array().unwrap().len(), 10);

    let options = question(&app).await;
    assert_eq!(options["rpId"], "portal.test");
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["userVerification"], "required");
    let proof = authenticator.prove(&options);
    let entered = answer(&app, &proof).await;
    let signed_in = entered.expect(200);
    assert_eq!(signed_in["user"]["email"], "reader@example.com");
    assert!(entered.headers.contains_key("set-cookie"));
    // It is a session with a second factor, for a role that needs one.
    tech.put(
        "/api/settings/sign_in.second_factor_roles",
        json!({ "setting_value": ["doctor"] }),
    )
    .await
    .expect(200);
    let mut client = app.anonymous();
    client.token = signed_in["token"].as_str().map(str::to_owned);
    let me = client.get("/api/auth/me").await.expect(200);
    assert_eq!(
        (&me["second_factor"], &me["has_passkeys"]),
        (&json!(true), &json!(true))
    );
    let trail = tech
        .get("/api/audit?action=sign_in&status=success")
        .await
        .expect(200);
    assert_eq!(trail["items"][0]["new_values"]["second_factor"], true);
    let passkeys = client.get("/api/auth/passkeys").await.expect(200);
    assert_eq!(passkeys["items"][0]["name"], "Telephone");
    assert!(passkeys["items"][0]["last_used_at"].is_string());
}

#[tokio::test]
async fn a_question_is_good_once_for_five_minutes_and_for_what_it_was_put_for() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, _) = add(&doctor, "Telephone").await;

    let proof = authenticator.prove(&question(&app).await);
    answer(&app, &proof).await.expect(200);
    let replayed = answer(&app, &proof).await;
    assert_eq!(replayed.expect(401)["code"], "wrong_passkey");

    let late = authenticator.prove(&question(&app).await);
    app.advance(Duration::minutes(5));
    assert_eq!(
        answer(&app, &late).await.expect(401)["code"],
        "wrong_passkey"
    );

    // One that the portal never put, and one that it put for something else.
    let made_up = json!({ "challenge": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" });
    let proof = authenticator.prove(&made_up);
    answer(&app, &proof).await.expect(401);
    let other = doctor
        .post("/api/auth/step-up/options", json!({}))
        .await
        .expect(200);
    let proof = authenticator.prove(&other);
    answer(&app, &proof).await.expect(401);
    // A refused answer uses its question up as well.
    let options = question(&app).await;
    authenticator.verifies = false;
    let unverified = authenticator.prove(&options);
    answer(&app, &unverified).await.expect(401);
    authenticator.verifies = true;
    app.advance(Duration::minutes(20));
    let proof = authenticator.prove(&options);
    answer(&app, &proof).await.expect(401);

    let trail = tech
        .get("/api/audit?action=sign_in&status=failure")
        .await
        .expect(200);
    let reasons: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["error_message"].as_str().unwrap())
        .collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    assert!(
        reasons.iter().all(|reason| reason.starts_with("passkey: ")),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("did not verify"), "{reasons:?}");
}

#[tokio::test]
async fn of_two_who_send_one_answer_at_once_one_gets_in() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, _) = add(&doctor, "Telephone").await;
    let proof = authenticator.prove(&question(&app).await);
    let answers = futures::future::join_all((0..4).map(|_| answer(&app, &proof))).await;
    let entered = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn whatever_is_wrong_has_one_answer_and_is_slowed_down() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut right, _) = add(&doctor, "Telephone").await;
    let stranger = app.client_named(Role::Doctor, "stranger").await;
    let mut unknown = authenticator();
    unknown.user_handle = right.user_handle.clone();
    let mut elsewhere = authenticator();
    elsewhere.origin = "https://evil.example".to_owned();
    let mut bodies = vec![
        unknown.prove(&question(&app).await),
        // A passkey that names another account than its owner's.
        {
            let mut proof = right.prove(&question(&app).await);
            let id = uuid::Uuid::parse_str(&stranger.user_id()).unwrap();
            proof["response"]["userHandle"] = json!(base64url(id.as_bytes()));
            proof
        },
        // And one that names none.
        {
            let mut proof = right.prove(&question(&app).await);
            proof["response"]["userHandle"] = Value::Null;
            proof
        },
        {
            let mut proof = right.prove(&question(&app).await);
            proof["response"]["signature"] = json!("AAAA");
            proof
        },
    ];
    bodies.push(json!({ "id": "no base64!", "response": {
        "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA" } }));
    let mut details = Vec::new();
    for body in &bodies {
        let refused = answer(&app, body).await.expect(401);
        assert_eq!(refused["code"], "wrong_passkey", "{body}");
        details.push(refused["detail"].clone());
    }
    assert!(details.windows(2).all(|pair| pair[0] == pair[1]));
    // Even a right one has to wait now.
    let proof = right.prove(&question(&app).await);
    let refused = answer(&app, &proof).await;
    assert_eq!(refused.expect(429)["code"], "too_many_attempts");
    assert!(refused.headers.contains_key("retry-after"));
    app.advance(Duration::seconds(4));
    answer(&app, &proof).await.expect(200);
    // Answers that were given to another site.
    let other = app.client_named(Role::Radiologist, "sender").await;
    let options = other
        .post("/api/auth/passkeys/options", json!({}))
        .await
        .expect(200);
    let credential = elsewhere.register(&options);
    let body = json!({ "name": "Stolen", "credential": credential });
    let refused = other.post("/api/auth/passkeys", body).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "credential");
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_audited() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, _) = add(&doctor, "Key").await;
    authenticator.sign_count = 40;
    let proof = authenticator.prove(&question(&app).await);
    answer(&app, &proof).await.expect(200);
    // A copy of the authenticator from before.
    authenticator.sign_count = 30;
    let copied = authenticator.prove(&question(&app).await);
    let refused = answer(&app, &copied).await.expect(401);
    assert_eq!(refused["code"], "wrong_passkey");
    let trail = tech
        .get("/api/audit?action=sign_in&status=failure")
        .await
        .expect(200);
    assert_eq!(trail["items"][0]["user_id"], json!(doctor.user_id()));
    assert_eq!(
        trail["items"][0]["error_message"],
        "passkey: the signature counter went back from 41 to 31"
    );
    authenticator.sign_count = 41;
    let proof = authenticator.prove(&question(&app).await);
    answer(&app, &proof).await.expect(200);
    // One that does not count says 0 each time.
    let sender = app.client_named(Role::Radiologist, "sender").await;
    let (mut silent, _) = add(&sender, "Telephone").await;
    silent.step = 0;
    for _ in 0..2 {
        let proof = silent.prove(&question(&app).await);
        answer(&app, &proof).await.expect(200);
    }
}

#[tokio::test]
async fn after_the_password_a_passkey_is_the_second_factor() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let other = app.client_named(Role::Doctor, "other").await;
    let (mut authenticator, added) = add(&doctor, "Telephone").await;
    let (mut others, _) = add(&other, "Theirs").await;

    let waiting = password(&app, "reader@example.com").await.expect(202);
    assert_eq!(
        (
            &waiting["must_enrol"],
            &waiting["has_totp"],
            &waiting["has_passkeys"]
        ),
        (&json!(false), &json!(false), &json!(true))
    );
    let challenge = &waiting["challenge"];
    // The password is not enough for a further factor.
    let enrol = app
        .anonymous()
        .post("/api/auth/login/enrol", json!({ "challenge": challenge }))
        .await;
    assert_eq!(enrol.expect(409)["code"], "second_factor_present");
    let options = async || {
        app.anonymous()
            .post(
                "/api/auth/login/passkey/options",
                json!({ "challenge": challenge }),
            )
            .await
            .expect(200)
    };
    let second = async |body: Value| app.anonymous().post("/api/auth/login/second", body).await;
    let asked = options().await;
    assert_eq!(asked["allowCredentials"].as_array().unwrap().len(), 1);
    let theirs = others.prove(&asked);
    let refused = second(json!({ "challenge": challenge, "passkey": theirs })).await;
    assert_eq!(refused.expect(401)["code"], "wrong_passkey");
    // The question of a sign-in without password does not do.
    let proof = authenticator.prove(&question(&app).await);
    second(json!({ "challenge": challenge, "passkey": proof }))
        .await
        .expect(401);
    let proof = authenticator.prove(&options().await);
    second(json!({ "challenge": challenge, "passkey": proof }))
        .await
        .expect(200);
    let nothing = second(json!({ "challenge": challenge })).await;
    assert_eq!(nothing.expect(401)["code"], "sign_in_over");
    // And a recovery code in its place.
    let waiting = password(&app, "reader@example.com").await.expect(202);
    let nothing = second(json!({ "challenge": waiting["challenge"] })).await;
    assert_eq!(nothing.expect(422)["errors"][0]["field"], "code");
    second(json!({ "challenge": waiting["challenge"], "code": added["recovery_codes"][0] }))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_passkey_proves_who_holds_the_session() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, _) = add(&doctor, "Telephone").await;
    app.advance(Duration::minutes(11));
    let wanted = doctor.post("/api/auth/passkeys/options", json!({})).await;
    assert_eq!(wanted.expect(403)["code"], "step_up_required");
    // The password alone is no proof any more.
    let path = "/api/auth/step-up";
    let refused = doctor.post(path, json!({ "password": PASSWORD })).await;
    assert_eq!(refused.expect(422)["errors"][0]["field"], "code");
    let options = doctor
        .post("/api/auth/step-up/options", json!({}))
        .await
        .expect(200);
    let proof = authenticator.prove(&options);
    doctor
        .post(path, json!({ "passkey": proof }))
        .await
        .expect(204);
    let replayed = doctor.post(path, json!({ "passkey": proof })).await;
    assert_eq!(replayed.expect(401)["code"], "wrong_passkey");
    doctor
        .post("/api/auth/passkeys/options", json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn passkeys_are_listed_renamed_and_taken_away_by_their_owner_alone() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(TestOptions {
        mail_server: Some(server.address.clone()),
        ..TestOptions::default()
    })
    .await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let mut elsewhere = app.anonymous();
    elsewhere
        .sign_in("reader@example.com", PASSWORD)
        .await
        .expect(200);
    let (mut first, added) = add(&doctor, "  Telephone ").await;
    elsewhere.get("/api/auth/me").await.expect(401);
    let mail = server.wait_for(1).await;
    assert!(mail.to == "reader@example.com" && mail.content.contains("list of passkeys"));
    let (_, second) = add(&doctor, "Key").await;
    assert!(second.get("recovery_codes").is_none(), "{second}");
    // The same once more.
    let again = try_to_add(&doctor, &mut first, "Telephone").await;
    assert_eq!(again.expect(409)["code"], "passkey_taken");
    let list = doctor.get("/api/auth/passkeys").await.expect(200);
    assert_eq!(
        [&list["items"][0]["name"], &list["items"][1]["name"]],
        ["Telephone", "Key"]
    );

    let path = format!(
        "/api/auth/passkeys/{}",
        added["passkey"]["passkey_id"].as_str().unwrap()
    );
    tech.patch(&path, json!({ "name": "Mine" }))
        .await
        .expect(404);
    tech.delete(&path).await.expect(404);
    doctor
        .patch(&path, json!({ "name": " " }))
        .await
        .expect(422);
    let renamed = doctor
        .patch(&path, json!({ "name": "Work telephone" }))
        .await
        .expect(200);
    assert_eq!(renamed["name"], "Work telephone");
    app.advance(Duration::minutes(11));
    let wanted = doctor.delete(&path).await;
    assert_eq!(wanted.expect(403)["code"], "step_up_required");
    let options = doctor
        .post("/api/auth/step-up/options", json!({}))
        .await
        .expect(200);
    let proof = first.prove(&options);
    doctor
        .post("/api/auth/step-up", json!({ "passkey": proof }))
        .await
        .expect(204);
    doctor.delete(&path).await.expect(204);
    doctor.delete(&path).await.expect(404);
    server.wait_for(3).await;
    let proof = first.prove(&question(&app).await);
    answer(&app, &proof).await.expect(401);
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
    assert_eq!(
        events,
        [
            "passkey_removed",
            "passkey_renamed",
            "passkey_added",
            "passkey_added"
        ]
    );
}

#[tokio::test]
async fn the_last_second_factor_stays_where_the_role_needs_one() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (_, added) = add(&doctor, "Telephone").await;
    set_up(&app, &doctor).await;
    tech.put(
        "/api/settings/sign_in.second_factor_roles",
        json!({ "setting_value": ["doctor"] }),
    )
    .await
    .expect(200);
    let path = format!(
        "/api/auth/passkeys/{}",
        added["passkey"]["passkey_id"].as_str().unwrap()
    );
    doctor
        .delete("/api/auth/second-factor/totp")
        .await
        .expect(204);
    let state = doctor.get("/api/auth/second-factor").await.expect(200);
    assert_eq!(
        (&state["passkeys"], &state["recovery_codes_left"]),
        (&json!(1), &json!(10))
    );
    let kept = doctor.delete(&path).await;
    assert_eq!(kept.expect(409)["code"], "second_factor_required");
    tech.put(
        "/api/settings/sign_in.second_factor_roles",
        json!({ "setting_value": [] }),
    )
    .await
    .expect(200);
    doctor.delete(&path).await.expect(204);
    // With the last factor its recovery codes go.
    let state = doctor.get("/api/auth/second-factor").await.expect(200);
    assert_eq!(state["recovery_codes_left"], 0);
    password(&app, "reader@example.com").await.expect(200);
}

#[tokio::test]
async fn tech_resets_passkeys_and_an_account_out_of_use_cannot_sign_in() {
    let app = TestApp::start().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    let (mut authenticator, _) = add(&doctor, "Telephone").await;
    let account = format!("/api/users/{}", doctor.user_id());
    tech.patch(&account, json!({ "is_active": false }))
        .await
        .expect(200);
    let proof = authenticator.prove(&question(&app).await);
    let refused = answer(&app, &proof).await;
    assert_eq!(refused.expect(401)["code"], "wrong_passkey");
    tech.patch(&account, json!({ "is_active": true }))
        .await
        .expect(200);
    let proof = authenticator.prove(&question(&app).await);
    answer(&app, &proof).await.expect(200);
    let path = format!("{account}/second-factor");
    tech.delete(&path).await.expect(204);
    let proof = authenticator.prove(&question(&app).await);
    answer(&app, &proof).await.expect(401);
    password(&app, "reader@example.com").await.expect(200);
    assert_eq!(
        tech.delete(&path).await.expect(409)["code"],
        "second_factor_missing"
    );
}

#[tokio::test]
async fn an_account_has_at_most_twenty_passkeys() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    for _ in 0..20 {
        add(&doctor, "One of many").await;
    }
    let more = doctor.post("/api/auth/passkeys/options", json!({})).await;
    assert_eq!(more.expect(409)["code"], "too_many_passkeys");
}

#[tokio::test]
async fn without_an_address_passkeys_are_for_localhost_only() {
    let app = TestApp::start_with(TestOptions {
        without_public_url: true,
        ..TestOptions::default()
    })
    .await;
    let path = "/api/auth/login/passkey/options";
    let asked = async |host: &str| {
        let client = app.anonymous();
        let request = client
            .request(reqwest::Method::POST, path)
            .header("host", host)
            .json(&json!({}));
        client.send(request).await
    };
    let refused = app.anonymous().post(path, json!({})).await.expect(409);
    assert_eq!(refused["code"], "passkeys_not_set_up");
    assert!(refused["detail"].as_str().unwrap().contains("public_url"));
    assert_eq!(
        asked("portal.example.org").await.expect(409)["code"],
        "passkeys_not_set_up"
    );
    assert_eq!(
        asked("localhost:8080").await.expect(200)["rpId"],
        "localhost"
    );
    let facts = app.anonymous().get("/api/portal").await.expect(200);
    assert_eq!(facts["passkeys"], false);
}

/// Neither a question nor anything that signs in lies in the database.
#[tokio::test]
async fn only_the_digest_of_a_question_and_the_public_key_are_stored() {
    let app = TestApp::start().await;
    let doctor = app.client_named(Role::Doctor, "reader").await;
    add(&doctor, "Telephone").await;
    let options = question(&app).await;
    let mut superuser = app.test_database.superuser().await;
    let challenges: Vec<String> =
        sqlx::query_scalar("SELECT challenge FROM portal.passkey_challenges")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    assert!(challenges.len() == 1 && challenges[0].len() == 64);
    assert_ne!(json!(challenges[0]), options["challenge"]);
    // And it is forgotten with the next one after its time.
    app.advance(Duration::minutes(6));
    question(&app).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM portal.passkey_challenges")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
