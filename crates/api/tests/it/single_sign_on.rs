//! Single sign-on with a provider on loopback that tells the truth or does not.

use chrono::Duration;
use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Client, MailServer, PASSWORD, SignOnServer, Signing, TestApp, TestOptions};

const START: &str = "/api/auth/single-sign-on";
const FINISH: &str = "/api/auth/single-sign-on/finish";

async fn portal() -> (TestApp, SignOnServer) {
    let server = SignOnServer::start().await;
    let app = TestApp::start_with(TestOptions {
        single_sign_on: Some(server.issuer.clone()),
        ..TestOptions::default()
    })
    .await;
    (app, server)
}

/// Who comes in as what.
async fn set(tech: &Client, policy: Value) {
    tech.put(
        "/api/settings/sign_in.single_sign_on",
        json!({ "setting_value": policy }),
    )
    .await
    .expect(200);
}

fn readers() -> Value {
    json!({ "roles": ["readers = doctor", "senders = radiologist", "it = tech"] })
}

/// What the provider says of somebody with these groups.
fn kim(app: &TestApp, groups: &[&str]) -> Value {
    json!({
        "sub": "f3a1",
        "email": "kim@example.org",
        "name": "Kim Keys",
        "groups": groups,
        "iat": app.now().timestamp(),
        "exp": app.now().timestamp() + 300,
    })
}

/// The beginning: where to go, and the browser's cookie.
async fn begin(app: &TestApp) -> (String, String) {
    let answer = app.anonymous().post(START, json!({})).await;
    let address = answer.expect(200)["address"].as_str().unwrap().to_owned();
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    (address, cookie.split(';').next().unwrap().to_owned())
}

async fn finish(app: &TestApp, cookie: &str, body: &Value) -> Answer {
    let client = app.anonymous();
    let request = client
        .request(Method::POST, FINISH)
        .header("cookie", cookie)
        .json(body);
    client.send(request).await
}

/// The whole way.
async fn sign_on(app: &TestApp, server: &SignOnServer) -> Answer {
    let (address, cookie) = begin(app).await;
    finish(app, &cookie, &server.visit(&address)).await
}

async fn signed_on(app: &TestApp, server: &SignOnServer) -> Client {
    let body = sign_on(app, server).await.expect(200);
    let mut client = app.anonymous();
    client.token = body["token"].as_str().map(str::to_owned);
    client.user = body["user"].clone();
    client
}

async fn refused(app: &TestApp, server: &SignOnServer) -> (u16, String) {
    let answer = sign_on(app, server).await;
    assert!(answer.headers.get("set-cookie").is_none());
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), code)
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_comes_in_with_the_role_of_the_table() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    let facts = app.anonymous().get("/api/portal").await.expect(200);
    assert_eq!(facts["single_sign_on"], "127.0.0.1");
    server.says(kim(&app, &["staff", "readers"]), Signing::Right);
    let first = signed_on(&app, &server).await;
    assert_eq!(
        (&first.user["role"], &first.user["name"]),
        (&json!("doctor"), &json!("Kim Keys"))
    );
    first.get("/api/reviews/queue").await.expect(200);
    // The same person again, by the provider's own name for them, whatever the address is by now.
    let mut renamed = kim(&app, &["readers"]);
    renamed["email"] = json!("kim.other@example.org");
    server.says(renamed, Signing::Right);
    let again = signed_on(&app, &server).await;
    assert_eq!(again.user_id(), first.user_id());
    first.get("/api/auth/me").await.expect(200);
    let made = tech.get("/api/audit?action=create_user").await.expect(200);
    assert_eq!(made["items"].as_array().unwrap().len(), 1);
    assert_eq!(made["items"][0]["user_role"], "single_sign_on");
    assert_eq!(made["items"][0]["new_values"]["role"], "doctor");
    // There is no password to such an account.
    let body = json!({ "email": "kim@example.org", "password": PASSWORD });
    app.anonymous()
        .post("/api/auth/login", body)
        .await
        .expect(401);
}

#[tokio::test]
async fn nobody_has_a_role_unless_the_table_gives_one() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let everything = ["tech", "doctor", "admin", "readers"];
    server.says(kim(&app, &everything), Signing::Right);
    let no_role = (403, "single_sign_on_no_role".to_owned());
    assert_eq!(refused(&app, &server).await, no_role);
    set(&tech, json!({ "roles": ["others = tech"] })).await;
    assert_eq!(refused(&app, &server).await, no_role);
    let users = tech
        .get("/api/users?search=kim@example.org")
        .await
        .expect(200);
    assert_eq!(users["items"], json!([]));
    let trail = tech
        .get("/api/audit?action=sign_in&status=failure")
        .await
        .expect(200);
    assert_eq!(
        trail["items"][0]["error_message"],
        "single sign-on: no role for what groups says"
    );
    // Values of an object, and no list.
    set(
        &tech,
        json!({ "claim": "realm_access.roles", "roles": ["readers = doctor"] }),
    )
    .await;
    let mut claims = kim(&app, &[]);
    claims["realm_access"] = json!({ "roles": ["readers"] });
    server.says(claims, Signing::Right);
    app.advance(Duration::minutes(1));
    signed_on(&app, &server).await;
    for wrong in [
        json!({ "roles": ["readers"] }),
        json!({ "roles": ["readers = nurse"] }),
        json!({ "scopes": "email" }),
        json!({ "roless": [] }),
    ] {
        let answer = tech
            .put(
                "/api/settings/sign_in.single_sign_on",
                json!({ "setting_value": wrong }),
            )
            .await;
        answer.expect(422);
    }
}

#[tokio::test]
async fn forged_tokens_let_nobody_in() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    let at = |seconds: i64| json!(app.now().timestamp() + seconds);
    let mut cases = vec![(Signing::AnotherKey, "name", json!("Kim"))];
    cases.push((Signing::None, "name", json!("Kim")));
    for (name, value) in [
        ("nonce", json!("another")),
        ("aud", json!("another")),
        ("aud", json!(["portal", "another"])),
        ("iss", json!("https://evil.example")),
        ("exp", at(-120)),
        ("iat", at(-3600)),
        ("sub", json!("")),
    ] {
        cases.push((Signing::Right, name, value));
    }
    for (signing, name, value) in cases {
        let mut claims = kim(&app, &["readers"]);
        claims["iat"] = at(0);
        claims["exp"] = at(300);
        claims[name] = value.clone();
        server.says(claims, signing);
        let expected = (401, "single_sign_on_refused".to_owned());
        assert_eq!(
            refused(&app, &server).await,
            expected,
            "{signing:?} {name}: {value}"
        );
        // Wrong ones are slowed down.
        app.advance(Duration::minutes(16));
    }
    let users = tech.get("/api/users?search=kim@example.org").await;
    // The session of tech is over by now; there is no account either way.
    users.expect(401);
    assert_eq!(accounts(&app).await, 1);
}

async fn accounts(app: &TestApp) -> i64 {
    let mut superuser = app.test_database.superuser().await;
    sqlx::query_scalar("SELECT count(*) FROM public.users")
        .fetch_one(&mut superuser)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_way_back_is_good_once_for_ten_minutes_and_in_the_browser_that_began() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    server.says(kim(&app, &["readers"]), Signing::Right);
    let over = |answer: Answer| {
        assert_eq!(answer.expect(401)["code"], "single_sign_on_over");
    };
    // Another browser, which somebody wants to sign in as themselves.
    let (address, cookie) = begin(&app).await;
    let (_, others) = begin(&app).await;
    let back = server.visit(&address);
    over(finish(&app, &others, &back).await);
    over(app.anonymous().post(FINISH, back.clone()).await);
    let entered = finish(&app, &cookie, &back).await;
    entered.expect(200);
    let cleared = entered
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|cookie| cookie.to_str().unwrap().contains("single_sign_on=; "));
    assert!(cleared, "the browser keeps its secret");
    over(finish(&app, &cookie, &back).await);
    // Too late.
    let (address, cookie) = begin(&app).await;
    let back = server.visit(&address);
    app.advance(Duration::minutes(10));
    over(finish(&app, &cookie, &back).await);
    // Even the right one has to wait after five failures.
    let mut made_up = server.visit(&begin(&app).await.0);
    made_up["state"] = json!("made up");
    over(finish(&app, &cookie, &made_up).await);
    let (address, cookie) = begin(&app).await;
    let back = server.visit(&address);
    let refused = finish(&app, &cookie, &made_up).await;
    assert!([401, 429].contains(&refused.status.as_u16()));
    app.advance(Duration::minutes(1));
    // A code of another sign-in, and a provider that refuses.
    let mut swapped = back.clone();
    swapped["code"] = json!("none");
    let refused = finish(&app, &cookie, &swapped).await;
    assert_eq!(refused.expect(401)["code"], "single_sign_on_refused");
    app.advance(Duration::minutes(1));
    let (address, cookie) = begin(&app).await;
    let state = server.visit(&address)["state"].clone();
    let refused = finish(&app, &cookie, &json!({ "state": state })).await;
    assert_eq!(refused.expect(401)["code"], "single_sign_on_refused");
}

#[tokio::test]
async fn an_account_is_not_taken_over_by_its_address() {
    let mail = MailServer::start().await;
    let server = SignOnServer::start().await;
    let app = TestApp::start_with(TestOptions {
        single_sign_on: Some(server.issuer.clone()),
        mail_server: Some(mail.address.clone()),
        ..TestOptions::default()
    })
    .await;
    let tech = app.client_named(Role::Tech, "runner").await;
    let kim_here = app
        .create_account("kim@example.org", Role::Doctor, "Kim")
        .await;
    let exists = (409, "single_sign_on_account_exists".to_owned());
    set(&tech, readers()).await;
    let mut verified = kim(&app, &["readers"]);
    verified["email_verified"] = json!(true);
    server.says(verified.clone(), Signing::Right);
    assert_eq!(refused(&app, &server).await, exists, "not allowed");
    let mut policy = readers();
    policy["link_verified_email"] = json!(true);
    set(&tech, policy).await;
    for unverified in [json!(false), json!("true"), Value::Null] {
        let mut claims = verified.clone();
        claims["email_verified"] = unverified;
        server.says(claims, Signing::Right);
        assert_eq!(refused(&app, &server).await, exists, "not verified");
    }
    server.says(verified, Signing::Right);
    app.advance(Duration::minutes(1));
    let client = signed_on(&app, &server).await;
    assert_eq!(client.user_id(), kim_here.to_string());
    assert!(mail.wait_for(1).await.content.contains("single sign-on"));
    // From then on without either.
    set(&tech, readers()).await;
    server.says(kim(&app, &["readers"]), Signing::Right);
    signed_on(&app, &server).await;
    let trail = tech.get("/api/audit?action=update_user").await.expect(200);
    assert_eq!(trail["items"][0]["new_values"]["single_sign_on"], "linked");
}

#[tokio::test]
async fn a_new_role_ends_the_sessions_and_some_roles_are_not_given() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    server.says(kim(&app, &["readers"]), Signing::Right);
    let doctor = signed_on(&app, &server).await;
    server.says(kim(&app, &["senders"]), Signing::Right);
    let radiologist = signed_on(&app, &server).await;
    assert_eq!(radiologist.user["role"], "radiologist");
    doctor.get("/api/auth/me").await.expect(401);
    let trail = tech.get("/api/audit?action=update_user").await.expect(200);
    assert_eq!(trail["items"][0]["old_values"]["role"], "doctor");
    assert_eq!(trail["items"][0]["new_values"]["by"], "single_sign_on");
    // Staff does not become a patient.
    set(&tech, json!({ "roles": ["senders = patient"] })).await;
    assert_eq!(
        refused(&app, &server).await,
        (409, "patient_or_staff".to_owned())
    );
    // And the last person with tech's role keeps it; a program is none.
    app.program(Role::Tech, &["system/AuditEvent.rs".parse().unwrap()])
        .await;
    set(
        &tech,
        json!({ "roles": ["it = tech", "senders = radiologist"] }),
    )
    .await;
    server.says(kim(&app, &["it"]), Signing::Right);
    let runner = signed_on(&app, &server).await;
    runner
        .patch(
            &format!("/api/users/{}", tech.user_id()),
            json!({ "is_active": false }),
        )
        .await
        .expect(200);
    server.says(kim(&app, &["senders"]), Signing::Right);
    assert_eq!(refused(&app, &server).await, (409, "last_tech".to_owned()));
    runner.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn an_account_out_of_use_stays_out() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    server.says(kim(&app, &["readers"]), Signing::Right);
    let doctor = signed_on(&app, &server).await;
    tech.patch(
        &format!("/api/users/{}", doctor.user_id()),
        json!({ "is_active": false }),
    )
    .await
    .expect(200);
    assert_eq!(
        refused(&app, &server).await,
        (403, "single_sign_on_inactive".to_owned())
    );
    let mut nameless = kim(&app, &["readers"]);
    nameless["sub"] = json!("other");
    nameless["email"] = Value::Null;
    server.says(nameless, Signing::Right);
    assert_eq!(
        refused(&app, &server).await,
        (403, "single_sign_on_no_address".to_owned())
    );
}

#[tokio::test]
async fn the_providers_second_factor_counts_by_the_setting_only() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    tech.put(
        "/api/settings/sign_in.second_factor_roles",
        json!({ "setting_value": ["doctor"] }),
    )
    .await
    .expect(200);
    let mut claims = kim(&app, &["readers"]);
    claims["amr"] = json!(["pwd", "mfa"]);
    server.says(claims, Signing::Right);
    let waiting = sign_on(&app, &server).await;
    assert_eq!(waiting.expect(202)["must_enrol"], true);
    let mut policy = readers();
    policy["second_factor"] = json!(["mfa"]);
    set(&tech, policy).await;
    let doctor = signed_on(&app, &server).await;
    doctor.get("/api/auth/me").await.expect(200);
    server.says(kim(&app, &["readers"]), Signing::Right);
    sign_on(&app, &server).await.expect(202);
}

#[tokio::test]
async fn signing_out_leads_to_the_provider_where_the_session_began_there() {
    let (app, server) = portal().await;
    let tech = app.client_named(Role::Tech, "runner").await;
    set(&tech, readers()).await;
    server.says(kim(&app, &["readers"]), Signing::Right);
    let doctor = signed_on(&app, &server).await;
    let body = doctor.post("/api/auth/logout", json!({})).await.expect(200);
    let address = body["sign_out_at"].as_str().unwrap();
    assert!(address.starts_with(&format!("{}/logout?client_id=portal", server.issuer)));
    doctor.get("/api/auth/me").await.expect(401);
    tech.post("/api/auth/logout", json!({})).await.expect(204);
}

#[tokio::test]
async fn without_a_provider_there_is_no_button_and_one_that_is_away_is_said() {
    let app = TestApp::start().await;
    let facts = app.anonymous().get("/api/portal").await.expect(200);
    assert_eq!(facts["single_sign_on"], Value::Null);
    for (path, body) in [(START, json!({})), (FINISH, json!({ "state": "none" }))] {
        let answer = app.anonymous().post(path, body).await;
        assert_eq!(answer.expect(409)["code"], "single_sign_on_not_set_up");
    }
    let away = TestApp::start_with(TestOptions {
        single_sign_on: Some("http://127.0.0.1:1".to_owned()),
        ..TestOptions::default()
    })
    .await;
    let answer = away.anonymous().post(START, json!({})).await;
    assert_eq!(answer.expect(503)["code"], "single_sign_on_away");
}
