//! Who may do what over DICOMweb: every path × every kind of caller, and tokens that no longer hold.

use domain::{Role, scope::Scope};
use reqwest::Method;
use serde_json::json;
use testkit::{Client, TestApp};

use crate::{Uids, film, get, store};

/// What each caller is answered: nobody, a patient (whose film it is not), a radiologist who did not send it, a doctor,
/// tech, and programs: the one that sent it, a doctor's that reads, one that only reads, one whose token is revoked.
const CALLERS: [&str; 9] = [
    "anonymous",
    "patient",
    "radiologist",
    "doctor",
    "tech",
    "sender",
    "reader",
    "writer",
    "revoked",
];
/// Searches answer 204 to whoever sees nothing; what is fetched is not there for them.
const SEARCH: [u16; 9] = [401, 204, 204, 200, 403, 200, 200, 403, 401];
const FETCH: [u16; 9] = [401, 404, 404, 200, 403, 200, 200, 403, 401];
const STORE: [u16; 9] = [401, 403, 409, 403, 403, 200, 403, 200, 401];
const DESCRIBE: [u16; 9] = [401, 200, 200, 200, 200, 200, 200, 200, 401];

fn verdicts(method: &str, path: &str) -> [u16; 9] {
    match (method, path) {
        ("POST", _) => STORE,
        (_, "/dicomweb") => DESCRIBE,
        (_, path)
            if ["studies", "series", "instances"]
                .iter()
                .any(|last| path.ends_with(&format!("/{last}"))) =>
        {
            SEARCH
        }
        _ => FETCH,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_gets_its_verdict_on_every_path() {
    let app = TestApp::start().await;
    let sender = app
        .program(
            Role::Radiologist,
            &[Scope::DicomwebRead, Scope::DicomwebWrite],
        )
        .await;
    let file = film(1).file();
    store(&sender, "/studies", std::slice::from_ref(&file))
        .await
        .expect(200);
    let revoked = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    let tech = app.client(Role::Tech).await;
    let tokens = tech.get("/api/program-tokens").await.expect(200);
    let newest = tokens["items"][0]["token_id"].as_str().unwrap();
    tech.delete(&format!("/api/program-tokens/{newest}"))
        .await
        .expect(204);
    let clients: [Client; 9] = [
        app.anonymous(),
        app.client(Role::Patient).await,
        app.client(Role::Radiologist).await,
        app.client(Role::Doctor).await,
        tech.clone(),
        sender,
        app.program(Role::Doctor, &[Scope::DicomwebRead]).await,
        app.program(Role::Radiologist, &[Scope::DicomwebWrite])
            .await,
        revoked,
    ];
    let uids = Uids::of(&file);
    let mut wrong = Vec::new();
    for (method, path) in dicomweb::PATHS {
        let named = path
            .replace("{study}", &uids.study)
            .replace("{series}", &uids.series)
            .replace("{instance}", &uids.instance)
            .replace("{frames}", "1")
            .replace("{path}", "7FE00010");
        let expected = verdicts(method, path);
        for (at, client) in clients.iter().enumerate() {
            let answer = if *method == "POST" {
                // A film of a study of its own that nobody knows, or of the study in the path.
                let seed = 50 + at as u128;
                let body = crate::Film {
                    seed,
                    study: if path.ends_with('}') { 100 } else { seed * 100 },
                    number: "MRN-X",
                    ..film(1)
                }
                .file();
                let there = named.trim_start_matches("/dicomweb");
                // The study in the path is the sender's patient's, who is unknown: the same film again is enough.
                let body = if path.ends_with('}') {
                    file.clone()
                } else {
                    body
                };
                store(client, there, &[body]).await
            } else {
                client.send(client.request(Method::GET, &named)).await
            };
            let mut due = expected[at];
            // The same film again is answered as stored, whoever may store.
            if *method == "POST" && path.ends_with('}') && due == 409 {
                due = 200;
            }
            if answer.status.as_u16() != due {
                wrong.push(format!(
                    "{}: {method} {path}: expected {due}, got {}",
                    CALLERS[at], answer.status
                ));
            }
            if answer.status.as_u16() == 401 {
                assert!(
                    answer.headers["www-authenticate"]
                        .to_str()
                        .unwrap()
                        .starts_with("Bearer")
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_find_their_own_films_once_they_are_released() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let stranger = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let doctor = app.client(Role::Doctor).await;
    let receipt = radiologist
        .upload(
            vec![("film.dcm", film(1).file())],
            &[("patient_id", &patient.user_id())],
        )
        .await
        .expect(201);
    let report_id = receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    get(&patient, "/studies", "*/*").await.expect(204);
    app.run_jobs().await;
    let identity = json!({ "note": "asked at the desk" });
    doctor
        .post(&format!("/api/reviews/queue/{report_id}/claim"), json!({}))
        .await
        .expect(200);
    doctor
        .post(
            &format!("/api/reviews/queue/{report_id}/identity"),
            identity,
        )
        .await;
    doctor
        .post("/api/reviews", json!({ "report_id": report_id, "doctor_risk_assessment": "low", "urgency_level": "routine" }))
        .await
        .expect(201);
    doctor
        .post(&format!("/api/reports/{report_id}/release"), json!({}))
        .await;
    let own = get(&patient, "/studies", "*/*").await.expect(200);
    assert_eq!(own.as_array().unwrap().len(), 1);
    get(&stranger, "/studies", "*/*").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_programs_do_is_in_the_trail_with_their_tokens_and_refusals_too() {
    let app = TestApp::start().await;
    let sender = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let file = film(1).file();
    store(&sender, "/studies", std::slice::from_ref(&file))
        .await
        .expect(200);
    let reader = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    get(&reader, "/studies?PatientName=M*", "*/*")
        .await
        .expect(200);
    let path = Uids::of(&file).path();
    get(&reader, &format!("{path}/rendered"), "*/*").await;
    get(&sender, "/studies", "*/*").await.expect(403);
    let stranger = app.client(Role::Radiologist).await;
    get(&stranger, &format!("{path}/metadata"), "*/*")
        .await
        .expect(404);
    let tech = app.client(Role::Tech).await;
    let of = |action: &str| format!("/api/audit?action={action}");
    let searched = tech.get(&of("list_reports")).await.expect(200);
    let row = &searched["items"][0];
    assert_eq!(row["new_values"]["found"], 1);
    assert!(row["new_values"]["token_id"].is_string());
    assert!(
        !row.to_string().contains("M*"),
        "the trail repeats whom was searched for"
    );
    let fetched = tech.get(&of("read_image")).await.expect(200);
    assert_eq!(
        fetched["items"][0]["new_values"]["form"],
        "dicomweb rendered"
    );
    let refused = tech.get(&of("refuse")).await.expect(200);
    let refused = refused["items"].as_array().unwrap();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert_eq!(refused[0]["entity_type"], "report");
    assert!(
        refused[1]["error_message"]
            .as_str()
            .unwrap()
            .contains("dicomweb.read")
    );
    let tokens = tech.get("/api/program-tokens").await.expect(200);
    assert!(tokens["items"][0]["last_used_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_time_and_with_its_account() {
    let app = TestApp::start().await;
    let reader = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    let other = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    let tech = app.client(Role::Tech).await;
    get(&reader, "/studies", "*/*").await.expect(204);
    let tokens = tech.get("/api/program-tokens").await.expect(200);
    let account = tokens["items"][0]["user_id"].as_str().unwrap();
    tech.patch(
        &format!("/api/users/{account}"),
        json!({ "is_active": false }),
    )
    .await
    .expect(200);
    get(&other, "/studies", "*/*").await.expect(401);
    app.advance(chrono::Duration::days(31));
    get(&reader, "/studies", "*/*").await.expect(401);
}

/// A page of another site cannot use the cookie of somebody who is signed in.
#[tokio::test]
async fn a_cookie_from_elsewhere_stores_nothing() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let token = radiologist.token.clone().unwrap();
    let anonymous = app.anonymous();
    let request = anonymous
        .request(Method::POST, "/dicomweb/studies")
        .header("cookie", format!("portal_session={token}"))
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "multipart/related; boundary=x")
        .body("--x--\r\n");
    anonymous.send(request).await.expect(403);
}
