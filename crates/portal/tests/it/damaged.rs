//! Damaged films sent to a serving portal: each is taken or refused by name, nothing is half written, and
//! the portal goes on. `PORTAL_DAMAGED_FILMS` says how many, or which (`60000..200000`): a number stands for the same
//! damage at any time. With `PORTAL_DAMAGED_FILMS_UNSCORED=1` no worker scores what is taken, so that a million ends within
//! an hour.

use std::{path::Path, time::Duration};

use fuzzing::{Mutator, TARGETS};
use reqwest::blocking::multipart::{Form, Part};
use serde_json::Value;
use testkit::chest_film;

use crate::{
    serve::Signed,
    support::{Serving, data_folder, run},
};

/// Films of one request.
const TOGETHER: u64 = 50;

fn which() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("PORTAL_DAMAGED_FILMS") else {
        return 0..1_000;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    let number = |text: &str| {
        text.parse()
            .expect("PORTAL_DAMAGED_FILMS is a number or a range")
    };
    number(from)..number(to)
}

fn how_many() -> u64 {
    which().end - which().start
}

/// Sends the films of these numbers; gives how many were taken and refused.
fn send(radiologist: &Signed, patient: &str, mutator: &Mutator, from: u64) -> (usize, usize) {
    let mut form = Form::new().text("patient_id", patient.to_owned());
    let mut sent = std::collections::BTreeSet::new();
    for number in from..from + TOGETHER {
        let name = format!("film-{number}");
        form = form.part(
            "files",
            Part::bytes(mutator.input(number)).file_name(name.clone()),
        );
        sent.insert(name);
    }
    let answer = radiologist
        .http
        .post(format!("{}/api/reports/upload", radiologist.base))
        .bearer_auth(&radiologist.token)
        .multipart(form)
        // A machine that does other things besides is no fault.
        .timeout(Duration::from_secs(600))
        .send()
        .unwrap();
    let status = answer.status().as_u16();
    let answer: Value = answer.json().unwrap();
    assert!(matches!(status, 201 | 207 | 422), "{status}: {answer}");
    let taken: Vec<&str> = answer["reports"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|report| report["files"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let refused: Vec<&str> = answer["rejected"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|refused| {
            assert!(!refused["code"].as_str().unwrap().is_empty());
            refused["file"].as_str().unwrap()
        })
        .collect();
    for name in taken.iter().chain(&refused) {
        sent.remove(*name);
    }
    // The same bytes twice within one request are one film.
    assert!(sent.len() < 10, "nothing was said of {sent:?}: {answer}");
    (taken.len(), refused.len())
}

#[test]
fn damaged_films_are_taken_or_refused_and_nothing_is_half_written() {
    let shared = std::env::var("PORTAL_SHARED_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let shared = Path::new(&shared);
    let corpus = (TARGETS[0].corpus)(shared.is_dir().then_some(shared));
    let mutator = Mutator::new(corpus, 11);
    let folder = data_folder();
    // The diagnosis knows a demo by its folder's name.
    let data = folder.path().join("portal-demo");
    std::fs::create_dir(&data).unwrap();
    let mut serving = Serving::start(&data, &["--demo"]);
    serving.wait_for("The demo is filled");
    let unscored = std::env::var_os("PORTAL_DAMAGED_FILMS_UNSCORED").is_some();
    if unscored {
        assert!(serving.interrupt().success());
        serving = Serving::start(&data, &["--demo", "--workers", "0"]);
    }
    let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
    let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
    let (mut taken, mut refused) = (0, 0);
    for from in which().step_by(TOGETHER as usize) {
        let (some, others) = send(&radiologist, &patient, &mutator, from);
        taken += some;
        refused += others;
        if from % 10_000 == 0 {
            println!("{from}: {taken} taken, {refused} refused");
        }
    }
    if !unscored {
        radiologist.wait_until_none_is("pending", Duration::from_secs(120 + how_many() / 20));
    }
    println!("{taken} damaged films were taken, {refused} refused");
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
    let receipt = radiologist
        .upload(chest_film(5, 80), &patient)
        .expect("not taken");
    let report = receipt["reports"][0]["report_id"].as_str().unwrap();
    if !unscored {
        radiologist.wait_for_status(report, "analyzed");
    }
    assert!(!serving.log().contains("panicked"), "{}", serving.log());
    assert!(serving.interrupt().success());
    let output = run(&["check", "--json", "--data-dir", data.to_str().unwrap()]);
    let diagnosis: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults: Vec<&Value> = diagnosis["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["outcome"] == "fail")
        // That nobody scores is as wanted then.
        .filter(|finding| !(unscored && finding["check"] == "jobs"))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Requests of one kind, damaged by hand: none may end in an error of the server.
fn try_damaged(what: &str, count: u64, send: impl Fn(u64) -> Option<reqwest::blocking::Response>) {
    let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
    for number in 0..count {
        // What cannot be put into a request is none.
        let Some(answer) = send(number) else { continue };
        let status = answer.status().as_u16();
        let text = answer.text().unwrap_or_default();
        assert!(status < 500, "{what} {number}: {status}: {text}");
        *statuses.entry(status).or_default() += 1;
    }
    println!("{what}: {statuses:?}");
    assert!(
        statuses.len() > 1 || statuses.contains_key(&401),
        "{what}: {statuses:?}"
    );
}

#[test]
fn damaged_forms_and_sessions_are_answered_and_never_by_an_error_of_the_server() {
    let folder = data_folder();
    let data = folder.path().join("portal-demo");
    std::fs::create_dir(&data).unwrap();
    let mut serving = Serving::start(&data, &["--demo"]);
    serving.wait_for("The demo is filled");
    let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
    let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
    let count = how_many().min(20_000) / 4;

    let form = |name: &str, kind: &str, bytes: &[u8]| {
        let mut form = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"patient_id\"\r\n\r\n{patient}\r\n\
             --limit\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
        )
        .into_bytes();
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n--limit--\r\n");
        form
    };
    let forms = Mutator::new(
        vec![
            form("film.png", "image/png", &chest_film(1, 24)),
            form(
                "film.dcm",
                "application/dicom",
                &testkit::dicom_film(2, "ANY")[..2_000],
            ),
            form("", "text/plain", b""),
        ],
        3,
    );
    try_damaged("form", count, |number| {
        let request = radiologist
            .http
            .post(format!("{}/api/reports/upload", serving.base))
            .bearer_auth(&radiologist.token)
            .header("content-type", "multipart/form-data; boundary=limit")
            .body(forms.input(number));
        Some(request.send().expect("the server closed the connection"))
    });

    let sessions = Mutator::new(
        vec![
            format!("portal_session={}", radiologist.token).into_bytes(),
            format!("a=b; portal_session={}; c=\"d\"", radiologist.token).into_bytes(),
            format!("Bearer {}", radiologist.token).into_bytes(),
        ],
        5,
    );
    let me = format!("{}/api/auth/me", serving.base);
    let http = reqwest::blocking::Client::new();
    for header in ["cookie", "authorization"] {
        try_damaged(header, count, |number| {
            let value = reqwest::header::HeaderValue::from_bytes(&sessions.input(number)).ok()?;
            let request = http.get(&me).header(header, value);
            // A head that is no HTTP is answered by closing.
            request.send().ok()
        });
    }
    let still = radiologist.http.get(&me).bearer_auth(&radiologist.token);
    assert_eq!(still.send().unwrap().status(), 200);
    assert!(!serving.log().contains("panicked"), "{}", serving.log());
    assert!(serving.interrupt().success());
}
