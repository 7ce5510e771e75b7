//! Serving: the demo, Ctrl-C, kill -9 anywhere.

use std::time::{Duration, Instant};

use reqwest::blocking::{Client, multipart};
use serde_json::{Value, json};
use testkit::{chest_film, dicom_film};

use crate::support::{Serving, data_folder, portal, run, text};

const PASSWORD: &str = "demo-portal-2026";

/// A signed-in client of a serving portal.
pub(crate) struct Signed {
    pub(crate) http: Client,
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) user_id: String,
}

impl Signed {
    pub(crate) fn sign_in(base: &str, email: &str) -> Self {
        let http = Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let body = json!({ "email": email, "password": PASSWORD });
        let answer: Value = http
            .post(format!("{base}/api/auth/login"))
            .json(&body)
            .send()
            .unwrap()
            .json()
            .unwrap();
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("cannot sign in as {email}: {answer}"))
                .to_owned()
        };
        Self {
            http,
            base: base.to_owned(),
            token: text(&answer["token"]),
            user_id: text(&answer["user"]["id"]),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send()
            .unwrap()
            .json()
            .unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .json(body)
            .send()
            .unwrap();
        (
            answer.status().as_u16(),
            answer.json().unwrap_or(Value::Null),
        )
    }

    /// Sends a film; `None` when it was not taken, or the portal went away meanwhile.
    pub(crate) fn upload(&self, film: Vec<u8>, patient: &str) -> Option<Value> {
        let (status, answer) = self.try_upload(film, patient);
        (status == 201).then_some(answer)
    }

    /// Sends a film; gives status and answer, 0 when there was none.
    pub(crate) fn try_upload(&self, film: Vec<u8>, patient: &str) -> (u16, Value) {
        let form = multipart::Form::new()
            .text("patient_id", patient.to_owned())
            .part("files", multipart::Part::bytes(film).file_name("film"));
        let answer = self
            .http
            .post(format!("{}/api/reports/upload", self.base))
            .bearer_auth(&self.token)
            .multipart(form)
            .send();
        match answer {
            Ok(answer) => (
                answer.status().as_u16(),
                answer.json().unwrap_or(Value::Null),
            ),
            Err(_) => (0, Value::Null),
        }
    }

    /// Waits until no report that this account sees has the status any more.
    pub(crate) fn wait_until_none_is(&self, status: &str, patience: Duration) {
        let started = Instant::now();
        let first = format!("/api/reports?limit=1&status={status}");
        while !self.get(&first)["items"].as_array().unwrap().is_empty() {
            assert!(started.elapsed() < patience, "reports are {status} still");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn wait_for_status(&self, report: &str, status: &str) -> Value {
        let started = Instant::now();
        loop {
            let detail = self.get(&format!("/api/reports/{report}"));
            if detail["report"]["status"] == status {
                return detail;
            }
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "not {status}: {detail}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn the_demo_fills_itself_stops_at_ctrl_c_and_keeps_its_data() {
    let data = data_folder();
    let mut serving = Serving::start(data.path(), &["--demo"]);
    serving.wait_for("The demo is filled");
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    let queue = doctor.get("/api/reviews/queue");
    assert!(queue["summary"]["total"].as_i64().unwrap() >= 4, "{queue}");
    let statuses: Vec<String> = doctor.get("/api/reports?limit=200")["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| {
            format!(
                "{}/{}",
                report["status"].as_str().unwrap(),
                report["risk_score"].as_str().unwrap_or("none")
            )
        })
        .collect();
    for wanted in [
        "analyzed/high",
        "analyzed/medium",
        "analyzed/low",
        "analyzed/none",
    ] {
        assert!(
            statuses.iter().any(|status| status == wanted),
            "no {wanted} in {statuses:?}"
        );
    }
    assert!(
        statuses
            .iter()
            .any(|status| status.starts_with("reviewed/")),
        "{statuses:?}"
    );
    let patient = Signed::sign_in(&serving.base, "patient@example.com");
    assert!(
        patient.get("/api/reports")["items"]
            .as_array()
            .unwrap()
            .len()
            >= 2
    );
    for email in ["radiologist@example.com", "tech@example.com"] {
        Signed::sign_in(&serving.base, email);
    }
    let page = reqwest::blocking::get(format!("{}/start", serving.base))
        .unwrap()
        .text()
        .unwrap();
    assert!(
        page.contains("doctor@example.com") && page.contains(PASSWORD),
        "{page}"
    );
    let metrics = reqwest::blocking::get(format!("{}/metrics", serving.base))
        .unwrap()
        .text()
        .unwrap();
    for figure in [
        "portal_http_requests_total",
        "portal_queue_reports{class=\"high\"}",
        "portal_http_request_seconds_bucket",
    ] {
        assert!(metrics.contains(figure), "{figure} is not in /metrics");
    }
    assert!(serving.interrupt().success());

    let mut again = Serving::start(data.path(), &["--demo"]);
    let doctor = Signed::sign_in(&again.base, "doctor@example.com");
    assert_eq!(
        doctor.get("/api/reports?limit=200")["items"]
            .as_array()
            .unwrap()
            .len(),
        statuses.len()
    );
    assert!(again.interrupt().success());
}

#[test]
fn the_demo_stays_on_loopback() {
    let output = run(&["serve", "--demo", "--listen", "0.0.0.0:0"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback only"));
}

#[test]
fn a_second_portal_on_the_same_folder_says_who_has_it() {
    let data = data_folder();
    let first = Serving::start(data.path(), &[]);
    let second = portal()
        .args([
            "serve",
            "--listen",
            &first.base.replace("http://", ""),
            "--data-dir",
            data.path().to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert!(
        String::from_utf8_lossy(&second.stderr).contains("cannot listen on"),
        "{second:?}"
    );
}

/// How often it is killed: three times in `make test`, a hundred by `make chaos`.
fn rounds() -> u32 {
    std::env::var("PORTAL_CHAOS_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(3)
}

/// The whole portal is killed with -9 while films come in and are analysed and read: everything that
/// was acknowledged is there afterwards, each film once, and goes on to its end.
#[test]
fn kill_9_anywhere_loses_nothing_that_was_acknowledged() {
    let data = data_folder();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut signed: Vec<String> = Vec::new();
    let mut serving = Serving::start(data.path(), &["--demo"]);
    serving.wait_for("The demo is filled");
    for round in 0..rounds() {
        let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
        let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
        let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
        let base = serving.base.clone();
        let sender = std::thread::spawn(move || {
            let mut sent = Vec::new();
            for number in 0..40u32 {
                let seed = 1000 * (round + 1) + number;
                let film = if number % 2 == 0 {
                    chest_film(seed, 80)
                } else {
                    dicom_film(seed, "ANY")
                };
                match radiologist.upload(film, &patient) {
                    Some(receipt) => sent.push(
                        receipt["reports"][0]["report_id"]
                            .as_str()
                            .unwrap()
                            .to_owned(),
                    ),
                    None => break,
                }
            }
            drop(base);
            sent
        });
        let reader = std::thread::spawn(move || {
            let mut done = Vec::new();
            for _ in 0..20 {
                let Ok(answer) = doctor
                    .http
                    .get(format!("{}/api/reviews/queue", doctor.base))
                    .bearer_auth(&doctor.token)
                    .send()
                else {
                    break;
                };
                let Ok(queue) = answer.json::<Value>() else {
                    break;
                };
                let free = queue["items"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|item| item["claimed_by"].is_null());
                let Some(id) = free.and_then(|item| item["report_id"].as_str()) else {
                    continue;
                };
                let body = json!({ "report_id": id, "doctor_risk_assessment": "low", "urgency_level": "routine" });
                let request = doctor
                    .http
                    .post(format!("{}/api/reviews", doctor.base))
                    .bearer_auth(&doctor.token)
                    .json(&body);
                match request.send() {
                    Ok(answer) if answer.status() == 201 => done.push(id.to_owned()),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            done
        });
        // Somewhere between the first request and the last.
        std::thread::sleep(Duration::from_millis(100 + u64::from(round) * 7919 % 1300));
        serving.kill();
        acknowledged.extend(sender.join().unwrap());
        signed.extend(reader.join().unwrap());
        serving = Serving::start(data.path(), &["--demo"]);
    }
    assert!(
        acknowledged.len() >= 5,
        "only {} films were taken before the kills",
        acknowledged.len()
    );
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    for report in &acknowledged {
        let started = Instant::now();
        let detail = loop {
            let detail = doctor.get(&format!("/api/reports/{report}"));
            if ["analyzed", "reviewed"]
                .contains(&detail["report"]["status"].as_str().unwrap_or("lost"))
            {
                break detail;
            }
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "not analysed: {detail}"
            );
            std::thread::sleep(Duration::from_millis(100));
        };
        let url = detail["images"][0]["image_url"].as_str().unwrap();
        let image = doctor
            .http
            .get(format!("{}{url}", doctor.base))
            .bearer_auth(&doctor.token)
            .send()
            .unwrap();
        assert_eq!(
            image.status(),
            200,
            "the bytes of {report} are there and whole"
        );
    }
    for report in &signed {
        assert_eq!(
            doctor.get(&format!("/api/reports/{report}"))["report"]["status"],
            "reviewed",
            "{report} was signed"
        );
    }
    let tech = Signed::sign_in(&serving.base, "tech@example.com");
    let dead = tech.get("/api/jobs?state=dead");
    assert_eq!(dead["items"].as_array().unwrap().len(), 0, "{dead}");
    let _ = doctor.wait_for_status(
        &acknowledged[0],
        doctor.get(&format!("/api/reports/{}", acknowledged[0]))["report"]["status"]
            .as_str()
            .unwrap(),
    );
    let (status, _) = doctor.post("/api/auth/logout", &json!({}));
    assert_eq!(status, 204);
}

/// Workers run alone beside a portal that has none; one is killed with -9 in the middle and another one
/// goes on: every film is analysed, none of them twice.
#[test]
fn a_worker_killed_in_the_middle_loses_nothing_and_nothing_is_analysed_twice() {
    let data = data_folder();
    let serving = Serving::start(data.path(), &["--workers", "0"]);
    for (email, role) in [
        ("sender@example.com", "radiologist"),
        ("reader@example.com", "doctor"),
    ] {
        let made = portal()
            .args([
                "user", "create", "--email", email, "--role", role, "--name", role,
            ])
            .args(["--data-dir", data.path().to_str().unwrap()])
            .env("PORTAL_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
    let radiologist = Signed::sign_in(&serving.base, "sender@example.com");
    let (_, patient) = radiologist.post("/api/patients", &json!({ "name": "Patient" }));
    let patient = patient["patient_id"].as_str().unwrap();
    let reports: Vec<String> = (0..12)
        .map(|seed| {
            let receipt = radiologist.upload(chest_film(seed, 600), patient).unwrap();
            receipt["reports"][0]["report_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        radiologist.get(&format!("/api/reports/{}", reports[0]))["report"]["status"],
        "pending"
    );
    let mut killed = Serving::start_worker(data.path());
    radiologist.wait_for_status(&reports[0], "analyzed");
    killed.kill();
    let _other = Serving::start_worker(data.path());
    for report in &reports {
        radiologist.wait_for_status(report, "analyzed");
    }
    let address = pg_embed::Cluster::running(data.path()).unwrap().unwrap();
    let url = address.url("postgres", "portal");
    let records = text(&url, "SELECT count(*) FROM portal.inference_records");
    assert_eq!(records, "12");
}
