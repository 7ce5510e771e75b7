//! What a portal for patients refuses to start with, and how it holds out against clients that do not
//! play along.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::support::{Serving, data_folder, portal, stdout};

/// What `serve` says when it refuses.
fn refusal(arguments: &[&str]) -> String {
    let data = data_folder();
    let output = portal()
        .args(["serve", "--data-dir", data.path().to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{arguments:?} was accepted");
    assert!(
        !data.path().join("postgres").exists(),
        "something was started before it was refused"
    );
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn plain_http_and_plain_database_links_over_a_network_are_refused_with_the_remedy() {
    let said = refusal(&["--listen", "0.0.0.0:0"]);
    assert!(
        said.contains("plain http") && said.contains("tls_certificate"),
        "{said}"
    );
    let said = refusal(&[
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        "postgres://portal_login:PASSWORD@db.example.org/portal?sslmode=require",
    ]);
    assert!(said.contains("sslmode=verify-full"), "{said}");
    assert!(said.contains("password that everybody knows"), "{said}");
    assert!(
        !said.contains("PASSWORD@"),
        "the address is in the log: {said}"
    );
}

#[test]
fn accounts_of_the_demo_are_refused_until_they_are_deactivated() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let create = portal()
        .args(["user", "create", "--data-dir", folder, "--role", "doctor"])
        .args(["--email", "doctor@example.com", "--name", "Dr. Demo"])
        .env("PORTAL_PASSWORD", "vier grüne Röntgenfilme")
        .output()
        .unwrap();
    stdout(&create);
    let serve = ["serve", "--data-dir", folder, "--listen", "127.0.0.1:0"];
    let output = portal().args(serve).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        said.contains("medical-portal user deactivate --email doctor@example.com"),
        "{said}"
    );
    let deactivate = ["user", "deactivate", "--data-dir", folder, "--email"];
    let output = portal()
        .args(deactivate)
        .arg("doctor@example.com")
        .output()
        .unwrap();
    stdout(&output);
    let mut serving = Serving::start_for_patients(data.path(), &[], &[]);
    assert!(serving.interrupt().success());
}

#[test]
fn clients_that_say_nothing_or_drip_are_closed_and_others_are_answered_meanwhile() {
    let data = data_folder();
    let mut serving = Serving::start(data.path(), &[]);
    let address = serving.base.strip_prefix("http://").unwrap().to_owned();
    let started = Instant::now();
    let mut silent: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(&address).unwrap();
            if number % 2 == 0 {
                stream
                    .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: ")
                    .unwrap();
            }
            stream
        })
        .collect();
    let answer = reqwest::blocking::get(format!("{}/healthz", serving.base)).unwrap();
    assert_eq!(answer.status(), 200);
    for stream in &mut silent {
        stream
            .set_read_timeout(Some(Duration::from_secs(40)))
            .unwrap();
        let mut rest = Vec::new();
        // Closed, with or without a word; a time-out of ours means that it was kept.
        let ended = stream.read_to_end(&mut rest);
        assert!(
            ended.is_ok()
                || ended.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock),
            "a silent connection was kept"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(40));
    let mut huge = TcpStream::connect(&address).unwrap();
    huge.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        .unwrap();
    // The server may hang up in the middle, which is an answer too.
    for _ in 0..200 {
        if huge
            .write_all(&[b"X-Big: ".as_slice(), &[b'a'; 1000], b"\r\n"].concat())
            .is_err()
        {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = huge.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    assert!(serving.interrupt().success());
}
