//! Every path of the OpenAPI document × every role, anonymous included: one table of what each may
//! do, and a test that tries them all.

use std::collections::BTreeMap;

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp, chest_film};

/// `method path: anonymous patient radiologist doctor tech`, each the status expected of a request
/// that is right in form, on a case that is analysed and not yet reviewed. The patient is the case's.
/// 401: not signed in. 403: the role may not. 404: not this user's to see.
const VERDICTS: &str = "
POST   /api/auth/signup                                           201 201 201 201 201
POST   /api/auth/login                                            200 200 200 200 200
POST   /api/auth/login/second                                     401 401 401 401 401
POST   /api/auth/login/enrol                                      401 401 401 401 401
POST   /api/auth/login/passkey/options                            200 200 200 200 200
POST   /api/auth/login/passkey                                    401 401 401 401 401
POST   /api/auth/single-sign-on                                   409 409 409 409 409
POST   /api/auth/single-sign-on/finish                            409 409 409 409 409
POST   /api/auth/password/forgot                                  409 409 409 409 409
POST   /api/auth/password/reset                                   404 404 404 404 404
POST   /api/auth/address/code                                     401 409 409 409 409
POST   /api/auth/address/verify                                   404 404 404 404 404
POST   /api/auth/step-up                                          401 204 204 204 204
POST   /api/auth/step-up/options                                  401 409 409 409 409
GET    /api/auth/passkeys                                         401 200 200 200 200
POST   /api/auth/passkeys/options                                 401 200 200 200 200
POST   /api/auth/passkeys                                         401 422 422 422 422
PATCH  /api/auth/passkeys/{passkey_id}                            401 404 404 404 404
DELETE /api/auth/passkeys/{passkey_id}                            401 404 404 404 404
GET    /api/auth/second-factor                                    401 200 200 200 200
POST   /api/auth/second-factor/totp                               401 200 200 200 200
POST   /api/auth/second-factor/totp/confirm                       401 401 401 401 401
POST   /api/auth/second-factor/recovery-codes                     401 409 409 409 409
DELETE /api/auth/second-factor/totp                               401 409 409 409 409
GET    /api/auth/me                                               401 200 200 200 200
PATCH  /api/auth/me                                               401 200 200 200 200
GET    /api/auth/sessions                                         401 200 200 200 200
DELETE /api/auth/sessions/{session_id}                            401 404 404 404 404
POST   /api/auth/password                                         401 422 422 422 422
POST   /api/auth/invitation                                       404 404 404 404 404
POST   /api/auth/invitation/accept                                404 404 404 404 404
POST   /api/reports/upload                                        401 403 201 403 403
POST   /api/uploads                                               401 403 201 403 403
PATCH  /api/uploads/{upload_id}                                   401 403 404 403 403
DELETE /api/uploads/{upload_id}                                   401 403 404 403 403
GET    /api/reports                                               401 200 200 200 403
GET    /api/reports/{report_id}                                   401 404 200 200 403
GET    /api/reports/{report_id}/images/{image_id}                 401 404 200 200 403
GET    /api/reports/{report_id}/images/{image_id}/rendered        401 404 200 200 403
GET    /api/reports/{report_id}/images/{image_id}/thumbnail       401 404 200 200 403
GET    /api/reports/{report_id}/images/{image_id}/frames/{frame}  401 404 200 200 403
GET    /api/reports/{report_id}/pdf                               401 404 404 404 403
GET    /api/reports/{report_id}/results/{kind}                    401 403 404 404 403
GET    /api/reports/{report_id}/priors                            401 403 403 200 403
POST   /api/reports/{report_id}/priors/{prior_id}/fetch           401 403 403 404 403
PUT    /api/reports/{report_id}/annotations                       401 403 403 204 403
POST   /api/reports/{report_id}/release                           401 403 403 409 403
POST   /api/ai/analyze/{report_id}                                401 403 202 202 403
GET    /api/ai/analysis/{id}                                      401 404 404 404 403
GET    /api/ai/analysis/{id}/heatmap                              401 404 404 404 403
GET    /api/reviews                                               401 403 403 200 403
POST   /api/reviews                                               401 403 403 201 403
PUT    /api/reviews/drafts/{report_id}                            401 403 403 200 403
GET    /api/reviews/queue                                         401 403 403 200 403
POST   /api/reviews/queue/{report_id}/claim                       401 403 403 200 403
DELETE /api/reviews/queue/{report_id}/claim                       401 403 403 404 403
POST   /api/reviews/queue/{report_id}/impression                  401 403 403 201 403
POST   /api/reviews/queue/{report_id}/identity                    401 403 403 409 403
POST   /api/reviews/{review_id}/addenda                           401 403 403 404 403
GET    /api/notifications                                         401 200 200 200 200
PATCH  /api/notifications/{notification_id}/read                  401 404 404 404 404
GET    /api/patients                                              401 403 200 200 403
POST   /api/patients                                              401 403 201 201 403
GET    /api/patients/{patient_id}                                 401 403 200 200 403
PATCH  /api/patients/{patient_id}                                 401 403 200 200 403
GET    /api/patients/unknown                                      401 403 200 200 403
POST   /api/patients/{patient_id}/identification                  401 403 403 404 403
POST   /api/patients/{patient_id}/invitation                      401 403 409 409 403
GET    /api/patients/{patient_id}/history                         401 200 200 200 403
PATCH  /api/patients/{patient_id}/history                         401 403 403 200 403
POST   /api/patients/{patient_id}/history/proposals               401 201 403 403 403
DELETE /api/patients/{patient_id}/history/proposals               401 204 403 403 403
POST   /api/patients/{patient_id}/history/proposals/{proposal_id}/decision 401 403 404 404 403
GET    /api/patients/{patient_id}/accesses                        401 200 403 403 403
POST   /api/patients/{patient_id}/export                          401 200 403 403 200
GET    /api/privacy                                               401 200 200 200 200
POST   /api/privacy/patients                                      401 403 403 403 200
GET    /api/corrections                                           401 200 200 200 200
POST   /api/corrections                                           401 404 403 201 404
DELETE /api/corrections/{correction_id}                           401 404 403 403 403
POST   /api/corrections/{correction_id}/disagreement              401 404 403 403 403
POST   /api/corrections/{correction_id}/decision                  401 403 403 404 404
GET    /api/legal-holds                                           401 403 403 403 200
POST   /api/legal-holds                                           401 403 403 403 201
POST   /api/legal-holds/{hold_id}/lift                            401 403 403 403 404
GET    /api/erasures                                              401 403 403 403 200
POST   /api/erasures                                              401 403 403 403 409
POST   /api/erasures/{erasure_id}/decision                        401 403 403 403 404
GET    /api/patients/{patient_id}/consents                        401 200 403 403 200
POST   /api/patients/{patient_id}/consents                        401 422 403 403 201
GET    /api/emergency-accesses                                    401 403 200 200 200
POST   /api/emergency-accesses                                    401 403 201 403 201
POST   /api/emergency-accesses/{access_id}/end                    401 403 404 403 404
GET    /api/emergency-accesses/{access_id}/record                 401 403 404 403 404
GET    /api/emergency-accesses/{access_id}/reports/{report_id}    401 403 404 403 404
GET    /api/emergency-accesses/{access_id}/reports/{report_id}/images/{image_id} 401 403 404 403 404
POST   /api/emergency-accesses/{access_id}/review                 401 403 404 404 404
GET    /api/users                                                 401 403 403 403 200
POST   /api/users                                                 401 403 403 403 201
GET    /api/users/{user_id}                                       401 403 403 403 200
PATCH  /api/users/{user_id}                                       401 403 403 403 200
GET    /api/users/{user_id}/sessions                              401 403 403 403 200
DELETE /api/users/{user_id}/sessions                              401 403 403 403 200
DELETE /api/users/{user_id}/sessions/{session_id}                 401 403 403 403 404
DELETE /api/users/{user_id}/second-factor                         401 403 403 403 409
POST   /api/users/{user_id}/password-code                         401 403 403 403 201
GET    /api/program-tokens                                        401 403 403 403 200
DELETE /api/program-tokens/{token_id}                             401 403 403 403 404
GET    /api/models                                                401 403 200 200 200
GET    /api/models/{model_id}/metrics                             401 403 200 200 200
GET    /api/models/{model_id}/standings                           401 403 200 200 200
POST   /api/models/figures                                        401 403 403 403 202
POST   /api/models/{model_id}/stage                               401 403 403 403 409
GET    /api/models/{model_id}/changes                             401 403 200 200 200
GET    /api/models/{model_id}/comparison                          401 403 200 200 200
POST   /api/models/{model_id}/promotion                           401 403 403 403 409
GET    /api/models/promotions                                     401 403 200 200 200
POST   /api/models/promotions/{promotion_id}/decision             401 403 403 404 404
POST   /api/models/rollback                                       401 403 403 403 409
GET    /api/models/alarms                                         401 403 200 200 200
POST   /api/models/alarms/{alarm_id}/acknowledge                  401 403 403 403 404
POST   /api/models/{model_id}/recalibration                       401 403 403 403 409
GET    /api/models/{model_id}/report                              401 403 200 200 200
POST   /api/models/training-set                                   401 403 403 403 409
GET    /api/settings                                              401 403 403 403 200
PUT    /api/settings/{setting_key}                                401 403 403 403 200
GET    /api/jobs                                                  401 403 403 403 200
POST   /api/jobs/{job_id}/retry                                   401 403 403 403 404
GET    /api/audit                                                 401 403 403 403 200
GET    /api/audit/export                                          401 403 403 403 200
GET    /api/events                                                401 200 200 200 200
POST   /api/auth/logout                                           401 204 204 204 204
GET    /api/portal                                                200 200 200 200 200
GET    /healthz                                                   200 200 200 200 200
GET    /readyz                                                    200 200 200 200 200
GET    /metrics                                                   503 503 503 503 503
";

/// A case that is analysed, and one client a role.
struct Scene {
    app: TestApp,
    clients: Vec<(&'static str, Client)>,
    names: BTreeMap<&'static str, String>,
}

impl Scene {
    async fn set(for_role: &str) -> Self {
        let app = TestApp::start().await;
        let patient = app.client_named(Role::Patient, "owner").await;
        let radiologist = app.client_named(Role::Radiologist, "sender").await;
        let doctor = app.client_named(Role::Doctor, "reader").await;
        let tech = app.client_named(Role::Tech, "runner").await;
        app.create_account("second@example.com", Role::Tech, "Second")
            .await;
        let other = app
            .create_account("other@example.com", Role::Radiologist, "Other")
            .await;
        doctor
            .patch(
                &format!("/api/patients/{}/history", patient.user_id()),
                json!({ "conditions": ["asthma"] }),
            )
            .await
            .expect(200);
        let receipt = radiologist
            .upload(
                vec![("film.png", chest_film(1, 80))],
                &[("patient_id", &patient.user_id())],
            )
            .await
            .expect(201);
        app.run_jobs().await;
        let report_id = receipt["reports"][0]["report_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let detail = radiologist
            .get(&format!("/api/reports/{report_id}"))
            .await
            .expect(200);
        let models = tech.get("/api/models").await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let nobody = uuid::Uuid::from_u128(0xdead).to_string();
        let names = BTreeMap::from([
            ("report_id", report_id),
            ("image_id", text(&detail["images"][0]["image_id"])),
            ("patient_id", patient.user_id()),
            ("model_id", text(&models["items"][0]["model_id"])),
            ("user_id", other.to_string()),
            ("setting_key", "queue.claim_minutes".to_owned()),
            ("frame", "1".to_owned()),
            ("kind", "structured-report".to_owned()),
            ("id", nobody.clone()),
            ("session_id", nobody.clone()),
            ("passkey_id", nobody.clone()),
            ("access_id", nobody.clone()),
            ("correction_id", nobody.clone()),
            ("token_id", nobody.clone()),
            ("hold_id", nobody.clone()),
            ("erasure_id", nobody.clone()),
            ("review_id", nobody.clone()),
            ("notification_id", nobody.clone()),
            ("upload_id", nobody.clone()),
            ("proposal_id", nobody.clone()),
            ("prior_id", nobody.clone()),
            ("promotion_id", nobody.clone()),
            ("alarm_id", nobody.clone()),
            ("job_id", nobody),
            (
                "unique",
                format!("{for_role}-{}", uuid::Uuid::from_u128(1).simple()),
            ),
        ]);
        let clients = vec![
            ("anonymous", app.anonymous()),
            ("patient", patient),
            ("radiologist", radiologist),
            ("doctor", doctor),
            ("tech", tech),
        ];
        Self {
            app,
            clients,
            names,
        }
    }

    fn path(&self, template: &str) -> String {
        let path = self
            .names
            .iter()
            .fold(template.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        if template.ends_with("/comparison") {
            return format!("{path}?with={}", self.names["model_id"]);
        }
        path
    }

    async fn try_it(&self, client: &Client, method: &Method, template: &str) -> u16 {
        let path = self.path(template);
        let request = client.request(method.clone(), &path);
        let request = match (method.as_str(), template) {
            ("POST", "/api/reports/upload") => {
                return client
                    .upload(
                        vec![("new.png", chest_film(2, 80))],
                        &[("patient_id", &self.names["patient_id"])],
                    )
                    .await
                    .status
                    .as_u16();
            }
            (_, template) if template.starts_with("/api/uploads") => {
                let request = request
                    .header("tus-resumable", "1.0.0")
                    .header("upload-length", "10")
                    .header("upload-offset", "0")
                    .header("content-type", "application/offset+octet-stream");
                return client.send(request).await.status.as_u16();
            }
            // A stream: the headers are all that is waited for.
            (_, "/api/events") => return request.send().await.unwrap().status().as_u16(),
            (method, template) => match body(method, template, &self.names) {
                Some(body) => request.json(&body),
                None => request,
            },
        };
        client.send(request).await.status.as_u16()
    }
}

/// A body that is right in form.
pub(crate) fn body(method: &str, template: &str, names: &BTreeMap<&str, String>) -> Option<Value> {
    let unique = &names["unique"];
    Some(match (method, template) {
        ("POST", "/api/auth/signup") => {
            json!({ "email": format!("{unique}@example.com"), "password": "a quiet garden", "name": "New" })
        }
        ("POST", "/api/auth/login") => {
            json!({ "email": "reader@example.com", "password": testkit::PASSWORD })
        }
        ("POST", "/api/auth/login/second") => json!({ "challenge": "none", "code": "123456" }),
        ("POST", "/api/auth/login/enrol") => json!({ "challenge": "none" }),
        ("POST", "/api/auth/login/passkey/options") => json!({}),
        ("POST", "/api/auth/login/passkey") => {
            json!({ "id": "AA", "response": { "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA" } })
        }
        ("POST", "/api/auth/passkeys") => {
            json!({ "name": "Key", "credential": { "response": { "clientDataJSON": "AA", "attestationObject": "AA" } } })
        }
        ("PATCH", "/api/auth/passkeys/{passkey_id}") => json!({ "name": "Key" }),
        ("POST", "/api/auth/single-sign-on/finish") => json!({ "state": "none", "code": "none" }),
        ("POST", "/api/auth/password/forgot") => json!({ "email": "reader@example.com" }),
        ("POST", "/api/auth/password/reset") => {
            json!({ "code": "AAAA-AAAA-AAAA-AAAA", "password": "a quiet garden" })
        }
        ("POST", "/api/auth/address/verify") => json!({ "code": "AAAA-AAAA-AAAA-AAAA" }),
        ("POST", "/api/auth/step-up") => json!({ "password": testkit::PASSWORD }),
        ("POST", "/api/auth/second-factor/totp/confirm") => json!({ "code": "000000" }),
        ("PATCH", "/api/auth/me") => json!({ "name": "Changed" }),
        ("POST", "/api/auth/password") => {
            json!({ "current_password": "wrong one", "new_password": "another quiet garden" })
        }
        ("PUT", "/api/reports/{report_id}/annotations") => json!({ "content": {} }),
        ("POST", "/api/reviews") => {
            json!({ "report_id": names["report_id"], "doctor_risk_assessment": "low", "urgency_level": "routine" })
        }
        ("PUT", "/api/reviews/drafts/{report_id}") => json!({ "clinical_findings": "so far" }),
        ("POST", "/api/reviews/queue/{report_id}/impression") => json!({ "risk": "low" }),
        ("POST", "/api/reviews/{review_id}/addenda") => json!({ "addendum": "more" }),
        ("POST", "/api/patients") => json!({ "name": "New Patient", "identifier": unique }),
        ("PATCH", "/api/patients/{patient_id}/history") => json!({ "allergies": ["none"] }),
        ("POST", "/api/patients/{patient_id}/history/proposals") => {
            json!({ "allergies": ["pollen"] })
        }
        ("POST", "/api/patients/{patient_id}/history/proposals/{proposal_id}/decision") => {
            json!({ "accept": true })
        }
        ("POST", "/api/patients/{patient_id}/identification") => {
            json!({ "identified_as": names["patient_id"] })
        }
        ("PATCH", "/api/patients/{patient_id}") => json!({ "phone": "12 34" }),
        ("POST", "/api/auth/invitation") => json!({ "code": "AAAA-AAAA-AAAA-AAAA" }),
        ("POST", "/api/auth/invitation/accept") => {
            json!({ "code": "AAAA-AAAA-AAAA-AAAA", "password": "a quiet garden" })
        }
        ("POST", "/api/reviews/queue/{report_id}/identity") => json!({ "note": "asked the ward" }),
        ("POST", "/api/emergency-accesses") => {
            json!({ "patient_id": names["patient_id"], "reason": "unconscious in the emergency room" })
        }
        ("POST", "/api/emergency-accesses/{access_id}/review") => {
            json!({ "outcome": "justified", "note": "asked the ward" })
        }
        ("POST", "/api/patients/{patient_id}/export") => json!({ "reason": "asked at the desk" }),
        ("POST", "/api/corrections") => {
            json!({ "patient_id": names["patient_id"], "report_id": names["report_id"],
                    "subject": "report_text", "words": "It was the left side." })
        }
        ("POST", "/api/corrections/{correction_id}/disagreement") => {
            json!({ "statement": "I disagree." })
        }
        ("POST", "/api/corrections/{correction_id}/decision") => {
            json!({ "accept": true, "answer": "corrected" })
        }
        ("POST", "/api/patients/{patient_id}/consents") => {
            json!({ "kind": "training", "is_given": true, "text_version": "1", "evidence": "signed form" })
        }
        ("POST", "/api/legal-holds" | "/api/erasures") => {
            json!({ "patient_id": names["patient_id"], "reason": "asked in writing" })
        }
        ("POST", "/api/legal-holds/{hold_id}/lift") => json!({ "reason": "settled" }),
        ("POST", "/api/erasures/{erasure_id}/decision") => json!({ "confirm": true }),
        ("POST", "/api/privacy/patients") => json!({ "patient_id": names["patient_id"] }),
        ("POST", "/api/users") => {
            json!({ "email": format!("made-{unique}@example.com"), "password": "a quiet garden", "role": "doctor", "name": "Made" })
        }
        ("PATCH", "/api/users/{user_id}") => json!({ "name": "Renamed" }),
        ("POST", "/api/models/{model_id}/stage") => {
            json!({ "event": "shadow_started", "reason": "to see" })
        }
        (
            "POST",
            "/api/models/{model_id}/promotion"
            | "/api/models/rollback"
            | "/api/models/training-set",
        ) => {
            json!({ "reason": "to see" })
        }
        ("POST", "/api/models/promotions/{promotion_id}/decision") => {
            json!({ "decision": "approved", "reason": "fine" })
        }
        ("POST", "/api/models/{model_id}/recalibration") => json!({ "sensitivity": 0.95 }),
        ("PUT", "/api/settings/{setting_key}") => json!({ "setting_value": 20 }),
        _ => return None,
    })
}

pub(crate) fn table() -> Vec<(Method, &'static str, Vec<u16>)> {
    VERDICTS
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let method = words.next().unwrap().parse().unwrap();
            let path = words.next().unwrap();
            (
                method,
                path,
                words.map(|word| word.parse().unwrap()).collect(),
            )
        })
        .collect()
}

#[test]
fn the_table_has_every_path_of_the_document_and_no_other() {
    let document = serde_json::to_value(api::document()).unwrap();
    let mut documented: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| ["get", "put", "post", "patch", "delete"].contains(&key.as_str()))
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    documented.sort();
    let mut tabled: Vec<String> = table()
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    tabled.sort();
    assert_eq!(tabled, documented);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_gets_its_verdict_on_every_path() {
    let mut wrong = Vec::new();
    for (at, role) in ["anonymous", "patient", "radiologist", "doctor", "tech"]
        .into_iter()
        .enumerate()
    {
        // A portal of its own for each role, since one role's acts change the next one's verdicts.
        let scene = Scene::set(role).await;
        let client = &scene.clients[at].1;
        // Reviewing comes after everything that needs an open case, signing out last.
        let mut rows = table();
        rows.sort_by_key(|(method, path, _)| match (method.as_str(), *path) {
            ("POST", "/api/reviews") => 2,
            ("POST", "/api/auth/logout") => 3,
            ("DELETE", "/api/reviews/queue/{report_id}/claim") => 0,
            _ => i32::from(path.ends_with("/claim")),
        });
        for (method, path, verdicts) in rows {
            let found = scene.try_it(client, &method, path).await;
            if found != verdicts[at] {
                wrong.push(format!(
                    "{role}: {method} {path}: expected {}, got {found}",
                    verdicts[at]
                ));
            }
        }
        drop(scene.app);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_refusal_is_audited_with_who_and_what() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let tech = app.client(Role::Tech).await;
    patient.get("/api/users").await.expect(403);
    let trail = tech
        .get("/api/audit?action=refuse&status=denied")
        .await
        .expect(200);
    let row = &trail["items"][0];
    assert_eq!(row["user_id"], json!(patient.user_id()));
    assert_eq!(row["new_values"]["path"], "/api/users");
    assert_eq!(row["ip_address"], "127.0.0.1");
}

/// Identifiers of other people's things, and of nothing, give the same answer.
#[tokio::test]
async fn somebody_elses_case_looks_like_none() {
    let scene = Scene::set("x").await;
    let mut stranger = scene.app.anonymous();
    stranger
        .sign_in("other@example.com", testkit::PASSWORD)
        .await
        .expect(200);
    let nobody = uuid::Uuid::from_u128(0xdead).to_string();
    for path in [
        "/api/reports/{report_id}",
        "/api/reports/{report_id}/images/{image_id}",
        "/api/ai/analyze/{report_id}",
    ] {
        let method = if path.contains("analyze") {
            Method::POST
        } else {
            Method::GET
        };
        let theirs = stranger
            .send(stranger.request(method.clone(), &scene.path(path)))
            .await
            .expect(404);
        let none = stranger
            .send(
                stranger.request(
                    method,
                    &path
                        .replace("{report_id}", &nobody)
                        .replace("{image_id}", &nobody),
                ),
            )
            .await
            .expect(404);
        assert_eq!(
            (&theirs["detail"], &theirs["code"]),
            (&none["detail"], &none["code"]),
            "{path}"
        );
    }
}
