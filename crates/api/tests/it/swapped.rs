//! Identifiers of other people's things in every path, query and body field of the OpenAPI document, as each
//! role: the same answer as for what is not there, nothing changed, and a row in the trail.

use std::collections::{BTreeMap, BTreeSet};

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use testkit::{Answer, Client, TestApp, chest_film};

use crate::{common::earlier_study, passkeys, verdicts};

type Names = BTreeMap<&'static str, String>;

/// Names that belong to nobody: whoever's role may ask for one may ask for all.
const SHARED: [&str; 14] = [
    "kind",
    "with",
    "model_id",
    "promotion_id",
    "alarm_id",
    "job_id",
    "token_id",
    "identified_as",
    "hold_id",
    "erasure_id",
    "setting_key",
    "frame",
    "entity_id",
    "last_event_id",
];

/// What a role sees or does by contract although it is another's: doctors read every report, staff knows every
/// patient, tech runs every account.
const MAY: &str = "
doctor      GET    /api/reports
doctor      GET    /api/reports/{report_id}
doctor      GET    /api/reports/{report_id}/images/{image_id}
doctor      GET    /api/reports/{report_id}/images/{image_id}/rendered
doctor      GET    /api/reports/{report_id}/images/{image_id}/thumbnail
doctor      GET    /api/reports/{report_id}/images/{image_id}/frames/{frame}
doctor      GET    /api/reports/{report_id}/pdf
doctor      GET    /api/reports/{report_id}/results/{kind}
doctor      GET    /api/reports/{report_id}/priors
doctor      POST   /api/reports/{report_id}/priors/{prior_id}/fetch
doctor      PUT    /api/reports/{report_id}/annotations
doctor      POST   /api/reports/{report_id}/release
doctor      POST   /api/ai/analyze/{report_id}
doctor      GET    /api/ai/analysis/{id}
doctor      GET    /api/ai/analysis/{id}/heatmap
doctor      POST   /api/reviews
doctor      PUT    /api/reviews/drafts/{report_id}
doctor      POST   /api/reviews/queue/{report_id}/claim
doctor      POST   /api/reviews/queue/{report_id}/impression
doctor      POST   /api/reviews/queue/{report_id}/identity
doctor      POST   /api/reviews/{review_id}/addenda
doctor      GET    /api/patients/{patient_id}
doctor      PATCH  /api/patients/{patient_id}
doctor      POST   /api/patients/{patient_id}/identification
doctor      POST   /api/patients/{patient_id}/invitation
doctor      GET    /api/patients/{patient_id}/history
doctor      PATCH  /api/patients/{patient_id}/history
doctor      POST   /api/patients/{patient_id}/history/proposals/{proposal_id}/decision
doctor      POST   /api/corrections
radiologist POST   /api/reports/upload
radiologist GET    /api/patients/{patient_id}
radiologist PATCH  /api/patients/{patient_id}
radiologist POST   /api/patients/{patient_id}/invitation
radiologist POST   /api/emergency-accesses
tech        POST   /api/emergency-accesses
tech        GET    /api/audit
tech        GET    /api/users/{user_id}
tech        PATCH  /api/users/{user_id}
tech        GET    /api/users/{user_id}/sessions
tech        DELETE /api/users/{user_id}/sessions
tech        DELETE /api/users/{user_id}/sessions/{session_id}
tech        DELETE /api/users/{user_id}/second-factor
tech        POST   /api/users/{user_id}/password-code
";

/// Where the role sees the thing, and 404 says that nothing of the caller's own is with it: no refusal.
const SEEN: [(&str, &str); 2] = [
    ("tech", "DELETE /api/auth/sessions/{session_id}"),
    ("doctor", "DELETE /api/reviews/queue/{report_id}/claim"),
];

/// An operation and the names of its identifiers.
struct Operation {
    method: Method,
    path: String,
    in_path: Vec<String>,
    in_query: Vec<String>,
    in_body: Vec<String>,
}

fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(name) = schema["$ref"].as_str() {
        schema = document.pointer(&name[1..]).unwrap();
    }
    schema
}

/// Whether a schema is of one identifier or a list of them.
fn is_id(document: &Value, schema: &Value) -> bool {
    let schema = resolve(document, schema);
    let nested = ["oneOf", "anyOf", "allOf"]
        .iter()
        .filter_map(|key| schema[*key].as_array())
        .flatten()
        .any(|schema| is_id(document, schema));
    schema["format"] == "uuid"
        || nested
        || schema
            .get("items")
            .is_some_and(|items| is_id(document, items))
}

fn fields(document: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    let schema = resolve(document, schema);
    for part in ["allOf", "oneOf", "anyOf"]
        .iter()
        .filter_map(|key| schema[*key].as_array())
        .flatten()
    {
        fields(document, part, found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if name.ends_with("_id") || is_id(document, property) {
            found.insert(name.clone());
        }
        fields(document, property, found);
    }
}

/// Every operation of the document that takes an identifier anywhere.
fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if !["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"].contains(&method.as_str()) {
                continue;
            }
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let named = |place: &str| -> Vec<String> {
                parameters
                    .iter()
                    .filter(|parameter| parameter["in"] == place)
                    .filter(|parameter| {
                        place == "path"
                            || is_id(&document, &parameter["schema"])
                            || parameter["name"].as_str().unwrap().ends_with("_id")
                    })
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let mut in_body = BTreeSet::new();
            for content in operation["requestBody"]["content"]
                .as_object()
                .into_iter()
                .flatten()
            {
                fields(&document, &content.1["schema"], &mut in_body);
            }
            let (in_path, in_query) = (named("path"), named("query"));
            if !(in_path.is_empty() && in_query.is_empty() && in_body.is_empty()) {
                operations.push(Operation {
                    method,
                    path: path.clone(),
                    in_path,
                    in_query,
                    in_body: in_body.into_iter().collect(),
                });
            }
        }
    }
    operations
}

/// Two patients, two radiologists, two doctors; each has things of an own.
struct Scene {
    app: TestApp,
    superuser: PgConnection,
    clients: Vec<(&'static str, Client)>,
    /// What is the caller's, by role.
    mine: BTreeMap<&'static str, Names>,
    theirs: Names,
}

/// Things of one side of the house: everything that can be named.
async fn things_of(
    app: &TestApp,
    patient: &Client,
    radiologist: &Client,
    doctor: &Client,
    seed: u32,
) -> Names {
    let patient_id = patient.user_id();
    let sent = radiologist
        .upload(
            vec![("film.png", chest_film(seed, 80))],
            &[("patient_id", &patient_id)],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let report_id = text(&sent["reports"][0]["report_id"]);
    let detail = radiologist
        .get(&format!("/api/reports/{report_id}"))
        .await
        .expect(200);
    let signed = doctor
        .post(
            "/api/reviews",
            json!({ "report_id": report_id, "doctor_risk_assessment": "low", "urgency_level": "routine",
                    "clinical_findings": format!("words on case {seed}"),
                    "ai_disagreement_reason": "another opinion" }),
        )
        .await
        .expect(201);
    let history = patient
        .post(
            &format!("/api/patients/{patient_id}/history/proposals"),
            json!({ "allergies": ["pollen"] }),
        )
        .await
        .expect(201);
    let begun = radiologist
        .send(
            radiologist
                .request(Method::POST, "/api/uploads")
                .header("tus-resumable", "1.0.0")
                .header("upload-length", "10"),
        )
        .await;
    begun.expect(201);
    let upload = begun.headers["location"]
        .to_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let report = report_id;
    let (prior, _) = earlier_study(app, &report, seed, "{}").await;
    Names::from([
        ("report_id", report.clone()),
        ("image_id", text(&detail["images"][0]["image_id"])),
        // Where the film was not assessed there is no analysis, and the report's identifier stands for it.
        (
            "id",
            detail["analysis"]["analysis_id"]
                .as_str()
                .unwrap_or(&report)
                .to_owned(),
        ),
        ("review_id", text(&signed["review_id"])),
        ("prior_id", prior),
        ("patient_id", patient_id.clone()),
        ("user_id", patient_id),
        ("radiologist_id", radiologist.user_id()),
        ("proposal_id", text(&history["proposal"]["proposal_id"])),
        ("upload_id", upload.clone()),
        ("uploads", upload),
    ])
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let mut superuser = app.test_database.superuser().await;
        let (mut sides, mut accesses) = (Vec::new(), Names::new());
        for (seed, side) in [(1, "own"), (2, "other")] {
            let patient = app
                .client_named(Role::Patient, &format!("{side}-patient"))
                .await;
            let radiologist = app
                .client_named(Role::Radiologist, &format!("{side}-radiologist"))
                .await;
            let doctor = app
                .client_named(Role::Doctor, &format!("{side}-doctor"))
                .await;
            let tech = app.client_named(Role::Tech, &format!("{side}-tech")).await;
            let names = things_of(&app, &patient, &radiologist, &doctor, seed).await;
            sides.push((
                names,
                [
                    ("patient", patient),
                    ("radiologist", radiologist),
                    ("doctor", doctor),
                    ("tech", tech),
                ],
            ));
        }
        let (mut theirs, others) = sides.pop().unwrap();
        let (own, clients) = sides.pop().unwrap();
        // Accesses in emergencies: of this tech and radiologist to the own patient, of the other tech to the other's.
        for (role, opener, patient) in [
            ("radiologist", &clients[1].1, &own["patient_id"]),
            ("tech", &clients[3].1, &own["patient_id"]),
            ("others", &others[3].1, &theirs["patient_id"]),
        ] {
            let body =
                json!({ "patient_id": patient, "reason": "unconscious in the emergency room" });
            let opened = opener
                .post("/api/emergency-accesses", body)
                .await
                .expect(201);
            accesses.insert(role, text(&opened["access_id"]));
        }
        others[3]
            .1
            .put(
                "/api/settings/privacy.officers",
                json!({ "setting_value": [others[2].1.user_id()] }),
            )
            .await
            .expect(200);
        theirs.insert("access_id", accesses["others"].clone());
        let body = json!({ "subject": "name", "words": "words on case 2" });
        let asked = others[0].1.post("/api/corrections", body).await.expect(201);
        theirs.insert("correction_id", text(&asked["correction_id"]));
        let mut mine = BTreeMap::new();
        for (role, client) in &clients {
            let mut names = own.clone();
            names.insert(
                "session_id",
                client.get("/api/auth/sessions").await.expect(200)["items"][0]["session_id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
            if let Some(access) = accesses.get(role) {
                names.insert("access_id", access.clone());
            }
            mine.insert(*role, names);
        }
        let session = others[2].1.get("/api/auth/sessions").await.expect(200);
        theirs.insert("session_id", text(&session["items"][0]["session_id"]));
        let (_, added) = passkeys::add(&others[0].1, "Theirs").await;
        theirs.insert("passkey_id", text(&added["passkey"]["passkey_id"]));
        let notification: String = sqlx::query_scalar(
            "SELECT notification_id::text FROM notifications WHERE user_id = $1::uuid LIMIT 1",
        )
        .bind(others[0].1.user_id())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        theirs.insert("notification_id", notification);
        Self {
            app,
            superuser,
            clients: clients.to_vec(),
            mine,
            theirs,
        }
    }

    /// A digest of every table but the trail.
    async fn rows(&mut self) -> BTreeMap<String, String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('public', 'portal') AND c.relkind = 'r' AND c.relname NOT LIKE 'audit_logs%' ORDER BY 1",
        )
        .fetch_all(&mut self.superuser)
        .await
        .unwrap();
        let each: Vec<String> = tables
            .iter()
            .map(|table| format!("SELECT '{table}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"))
            .collect();
        sqlx::query_as(AssertSqlSafe(each.join(" UNION ALL ")))
            .fetch_all(&mut self.superuser)
            .await
            .unwrap()
            .into_iter()
            .collect()
    }

    /// How many refusals of things that are there the trail has.
    async fn refusals(&mut self, of: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM audit_logs WHERE action = 'refuse' AND status = 'denied' AND entity_type <> 'path'
               AND user_id = $1::uuid",
        )
        .bind(of)
        .fetch_one(&mut self.superuser)
        .await
        .unwrap()
    }
}

/// Sends the operation with these values.
async fn send(client: &Client, operation: &Operation, names: &Names) -> Answer {
    let value = |name: &str| -> &String {
        names.get(name).unwrap_or_else(|| {
            panic!(
                "{} {}: this test has no value for {name}: give it one, of two owners",
                operation.method, operation.path
            )
        })
    };
    let mut path = operation.path.clone();
    for name in &operation.in_path {
        path = path.replace(&format!("{{{name}}}"), value(name));
    }
    if !operation.in_query.is_empty() {
        let query: Vec<String> = operation
            .in_query
            .iter()
            .map(|name| format!("{name}={}", value(name)))
            .collect();
        path = format!("{path}?{}", query.join("&"));
    }
    operation.in_body.iter().for_each(|name| {
        value(name);
    });
    if operation.path == "/api/reports/upload" {
        let fields = [
            ("patient_id", value("patient_id").as_str()),
            ("uploads", value("uploads").as_str()),
        ];
        return client
            .upload(vec![("film.png", chest_film(9, 80))], &fields)
            .await;
    }
    let mut request = client.request(operation.method.clone(), &path);
    if operation.path.starts_with("/api/uploads") {
        request = request
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", "0")
            .header("content-type", "application/offset+octet-stream");
    } else if let Some(body) = verdicts::body(operation.method.as_str(), &operation.path, names) {
        request = request.json(&body);
    }
    client.send(request).await
}

/// What an answer says, but for the request's own id.
fn said(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_slice(&answer.bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.bytes).into_owned()));
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status.as_u16(), body)
}

/// What the answer must not hold: who the other is, and what was written on the case.
fn secrets(theirs: &Names) -> Vec<String> {
    let mut secrets = vec!["other-patient".to_owned(), "words on case 2".to_owned()];
    secrets.extend(theirs.values().cloned());
    secrets
}

fn may() -> BTreeSet<(String, String)> {
    MAY.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0].to_owned(), format!("{} {}", words[1], words[2]))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_of_others_give_what_identifiers_of_nothing_give_on_every_path() {
    let mut scene = Scene::set().await;
    let (may, operations) = (may(), operations());
    let refused_by_role: BTreeSet<(String, usize)> = verdicts::table()
        .into_iter()
        .flat_map(|(method, path, verdicts)| {
            verdicts
                .into_iter()
                .enumerate()
                .filter(|(_, status)| *status == 403)
                .map(move |(at, _)| (format!("{method} {path}"), at))
                .collect::<Vec<_>>()
        })
        .collect();
    let secrets = secrets(&scene.theirs);
    let (mut wrong, mut tried, mut hidden) = (Vec::new(), 0, 0);
    for operation in &operations {
        let title = format!("{} {}", operation.method, operation.path);
        for (at, (role, client)) in scene.clients.clone().into_iter().enumerate() {
            if may.contains(&(role.to_owned(), title.clone())) {
                continue;
            }
            let ids: Vec<&String> = operation
                .in_path
                .iter()
                .chain(&operation.in_query)
                .chain(&operation.in_body)
                .collect();
            let owned: Vec<&String> = ids
                .into_iter()
                .filter(|name| !SHARED.contains(&name.as_str()))
                .collect();
            if owned.is_empty() && !refused_by_role.contains(&(title.clone(), at + 1)) {
                continue;
            }
            // Each one swapped by itself, the rest the caller's own.
            for name in owned {
                let mut names = scene.mine[role].clone();
                for shared in SHARED.into_iter().chain([
                    "notification_id",
                    "access_id",
                    "correction_id",
                    "unique",
                ]) {
                    names.entry(shared).or_insert_with(|| match shared {
                        "frame" => "1".to_owned(),
                        "kind" => "structured-report".to_owned(),
                        "setting_key" => "queue.claim_minutes".to_owned(),
                        "unique" => "swap".to_owned(),
                        _ => uuid::Uuid::from_u128(7).to_string(),
                    });
                }
                let key = *scene
                    .theirs
                    .keys()
                    .find(|key| *key == name)
                    .unwrap_or_else(|| {
                        panic!(
                            "{title}: this test has no value for {name}: give it one, of two owners"
                        )
                    });
                let before = scene.rows().await;
                let noted = scene.refusals(&client.user_id()).await;
                names.insert(key, uuid::Uuid::from_u128(0xdead).to_string());
                let none = send(&client, operation, &names).await;
                let noted_none = scene.refusals(&client.user_id()).await - noted;
                names.insert(key, scene.theirs[key].clone());
                let theirs = send(&client, operation, &names).await;
                let noted_theirs = scene.refusals(&client.user_id()).await - noted - noted_none;
                tried += 1;
                let what = format!("{role}: {title} with another's {name}");
                if said(&none) != said(&theirs) {
                    wrong.push(format!(
                        "{what}: {:?}, and {:?} for what is not there",
                        said(&theirs),
                        said(&none)
                    ));
                }
                let answered = String::from_utf8_lossy(&theirs.bytes).into_owned();
                if let Some(secret) = secrets
                    .iter()
                    .find(|secret| answered.contains(secret.as_str()))
                {
                    wrong.push(format!("{what}: the answer holds {secret}"));
                }
                let after = scene.rows().await;
                for (table, digest) in &before {
                    if after[table] != *digest {
                        wrong.push(format!("{what}: {table} changed"));
                    }
                }
                if theirs.status.as_u16() == 404 {
                    hidden += 1;
                    let seen = SEEN.contains(&(role, title.as_str()));
                    if !seen && noted_theirs <= noted_none {
                        wrong.push(format!("{what}: {noted_theirs} refusals noted, {noted_none} for what is not there"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        tried > 120 && hidden > 30,
        "only {tried} were tried, {hidden} hidden"
    );
    drop(scene.app);
}

#[test]
fn what_a_role_may_is_in_the_document() {
    let documented: BTreeSet<String> = operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    for (_, title) in may() {
        assert!(
            documented.contains(&title),
            "{title} is not in the document"
        );
    }
}
