//! Serving https: with a certificate, with a renewed one, and not with a wrong one.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer,
};

use crate::support::{Serving, data_folder, portal, stdout};

/// Writes a certificate for localhost and its key; gives it as a client trusts it.
pub(crate) fn certificate(folder: &Path, subject: &str, last_year: i32) -> CertificateDer<'static> {
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, subject);
    parameters.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("chain.pem"), certificate.pem()).unwrap();
    certificate.der().clone()
}

/// The answer to GET of a path by a client that trusts this certificate.
fn get(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn in_the_clear_only_browsers_are_sent_on(serving: &mut Serving, https: SocketAddr) {
    let log = serving.wait_for("sending browsers to https");
    let address = log.split("address=").nth(1).unwrap();
    let address = address.split_whitespace().next().unwrap();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: portal.example:80\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("GET /queue?x=1");
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    let place = format!(
        "location: https://portal.example:{}/queue?x=1",
        https.port()
    );
    assert!(answer.contains(&place), "{answer}");
    for request in ["POST /api/auth/login", "GET /api/reports", "POST /queue"] {
        let answer = ask(request);
        assert!(answer.starts_with("HTTP/1.1 403"), "{request}: {answer}");
    }
}

#[test]
fn https_is_served_and_a_renewed_certificate_is_shown_without_a_restart() {
    let data = data_folder();
    let files = tempfile::tempdir().unwrap();
    let first = certificate(files.path(), "first", 2040);
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    let options = [
        "--tls-certificate",
        chain.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--redirect-from",
        "127.0.0.1:0",
    ];
    let mut serving = Serving::start(data.path(), &options);
    let address: SocketAddr = serving
        .base
        .strip_prefix("https://")
        .expect(&serving.base)
        .parse()
        .unwrap();
    let answer = get(address, &first, "/healthz").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let headers = answer.to_lowercase();
    assert!(
        headers.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    in_the_clear_only_browsers_are_sent_on(&mut serving, address);
    assert!(
        get(address, &first, "/metrics")
            .unwrap()
            .contains("portal_certificate_end_timestamp_seconds 22089")
    );

    let second = certificate(files.path(), "second", 2041);
    let started = Instant::now();
    while get(address, &second, "/healthz").is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the renewed certificate is not shown"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(
        get(address, &first, "/healthz").is_err(),
        "the old one is still shown"
    );
    assert!(serving.interrupt().success());
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_and_one_that_ends_is_found() {
    let data = data_folder();
    let files = tempfile::tempdir().unwrap();
    certificate(files.path(), "old", 2020);
    std::fs::write(files.path().join("other.pem"), "no key").unwrap();
    let (chain, other) = (
        files.path().join("chain.pem"),
        files.path().join("other.pem"),
    );
    let output = portal()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data.path().to_str().unwrap(),
        ])
        .args([
            "--tls-certificate",
            chain.to_str().unwrap(),
            "--tls-key",
            other.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot use the certificate"));
    let output = portal()
        .args([
            "check",
            "--data-dir",
            data.path().to_str().unwrap(),
            "--tls-certificate",
            chain.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let diagnosis = String::from_utf8(output.stdout).unwrap();
    assert!(diagnosis.contains("ends on 2020-01-01"), "{diagnosis}");
    let printed = portal().args(["serve", "--print-config"]).output().unwrap();
    assert!(stdout(&printed).contains("listen = \"127.0.0.1:8080\"  # default"));
}
