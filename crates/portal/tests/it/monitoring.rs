//! What monitoring sees: figures, log lines, traces, and no patient in any of them.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::blocking::{Client, multipart};
use serde_json::{Value, json};
use testkit::dicom_film;

use crate::support::{Serving, data_folder};

/// A collector that keeps the bodies of what it is sent.
fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = received.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let kept = kept.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut buffer = [0; 65536];
                while let Ok(length) = stream.read(&mut buffer) {
                    if length == 0 {
                        break;
                    }
                    kept.lock().unwrap().extend_from_slice(&buffer[..length]);
                    // Good enough for a client that sends one request after the other.
                    if stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .is_err()
                    {
                        break;
                    }
                }
            });
        }
    });
    (address, received)
}

const SECRETS: [&str; 6] = [
    "Geheimnis",
    "HOSP-4711",
    "a quiet garden",
    "demo-portal-2026",
    "wrong-password",
    "pneumonia-note",
];

/// A morning's work, with names, numbers, passwords and notes in every place they can stand.
fn work(base: &str) -> String {
    let http = Client::builder()
        .timeout(Duration::from_secs(30))
        // A refused upload ends its connection, which must not be used again.
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let login = |email: &str, password: &str| -> Value {
        http.post(format!("{base}/api/auth/login"))
            .json(&json!({ "email": email, "password": password }))
            .send()
            .unwrap()
            .json()
            .unwrap()
    };
    login("radiologist@example.com", "wrong-password");
    let signed = login("radiologist@example.com", "demo-portal-2026");
    let token = signed["token"].as_str().unwrap().to_owned();
    let send = |request: reqwest::blocking::RequestBuilder| -> Value {
        request.bearer_auth(&token).send().unwrap().json().unwrap()
    };
    let patient = send(http.post(format!("{base}/api/patients")).json(&json!({
        "name": "Geheimnis Wilhelmine", "email": "geheimnis@example.org", "date_of_birth": "2021-03-04",
        "identifier": "HOSP-4711", "phone": "+49 pneumonia-note"
    })));
    assert!(
        patient["id"].is_string() || patient["patient_id"].is_string(),
        "{patient}"
    );
    send(http.get(format!("{base}/api/patients?search=Geheimnis")));
    send(http.get(format!("{base}/api/reports?search=Geheimnis&limit=x")));
    send(http.get(format!("{base}/api/reports/Geheimnis")));
    let form = multipart::Form::new().part(
        "file",
        multipart::Part::bytes(dicom_film(9, "HOSP-4711")).file_name("Geheimnis.dcm"),
    );
    send(
        http.post(format!("{base}/api/reports/upload"))
            .multipart(form),
    );
    send(
        http.post(format!("{base}/api/reports/upload"))
            .body("Geheimnis, no form"),
    );
    token
}

#[test]
fn log_traces_and_figures_tell_of_work_but_of_no_patient() {
    let data = data_folder();
    let (endpoint, received) = collector();
    let mut serving = Serving::start(
        data.path(),
        &[
            "--demo",
            "--log-format",
            "json",
            "-vv",
            "--telemetry-endpoint",
            &endpoint,
        ],
    );
    serving.wait_for("The demo is filled");
    let token = work(&serving.base);

    let figures = reqwest::blocking::get(format!("{}/metrics", serving.base))
        .unwrap()
        .text()
        .unwrap();
    for figure in [
        "portal_database_up 1",
        "portal_queue_oldest_seconds{class=\"high\"}",
        "portal_http_request_seconds_count{method=\"POST\",path=\"/api/reports/upload\"}",
        "portal_analysis_latency_seconds_count",
        "portal_jobs_ended_total{kind=\"analyze_report\",outcome=\"done\"}",
        "portal_backup_last_success_timestamp_seconds",
        "portal_disk_free_bytes",
        "portal_notifications_unread",
        "portal_database_connections{state=\"idle\"}",
    ] {
        assert!(figures.contains(figure), "{figure} is not in\n{figures}");
    }

    assert!(serving.interrupt().success());
    let started = Instant::now();
    let spans = loop {
        let spans = String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
        if spans.contains("/api/reports/{report_id}") && spans.contains("medical-portal") {
            break spans;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "no traces: {} bytes",
            spans.len()
        );
        std::thread::sleep(Duration::from_millis(50));
    };
    let log = serving.log();
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["span"]["request_id"].is_string() && line["status"] == 201),
        "no request is logged with its id: {log}"
    );
    // The demo's own password is printed for people, once, on standard output.
    let log: String = log
        .lines()
        .filter(|line| !line.contains("Demo accounts"))
        .collect();
    for secret in SECRETS.into_iter().chain([token.as_str()]) {
        for (place, text) in [("log", &log), ("traces", &spans), ("figures", &figures)] {
            assert!(!text.contains(secret), "{secret} is in the {place}");
        }
    }
}
