//! Patients and orders from other systems (HL7 v2), through the binary: in the clear and over TLS.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer,
};

use crate::{
    support::{Serving, data_folder, run, stdout},
    tls::certificate,
};

const PATIENT: &str = "\x0bMSH|^~\\&|HIS|WARD|PORTAL|XRAY|20261126080000+0000||ADT^A04|7|P|2.5.1\rPID|1||E-1||Lovelace^Ada\r\x1c\r";

/// The address that systems send to.
fn address(serving: &mut Serving) -> String {
    let said = serving.wait_for("Systems send patients and orders (HL7 v2) to ");
    said.lines()
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned()
}

/// What is answered to a patient; nothing where the connection is closed.
fn send(mut stream: impl Read + Write) -> String {
    if stream.write_all(PATIENT.as_bytes()).is_err() {
        return String::new();
    }
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\x1c\r") {
        match stream.read(&mut byte) {
            Ok(1) => answer.push(byte[0]),
            _ => return String::new(),
        }
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn systems_are_added_listed_and_removed() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let hl7 = |arguments: &[&str]| run(&[&["hl7"], arguments, &["--data-dir", folder]].concat());
    for (arguments, fault) in [
        (
            vec!["add-sender", "--application", " ", "--address", "127.0.0.1"],
            "MSH-3",
        ),
        (
            vec!["add-sender", "--application", "HIS", "--address", "here"],
            "10.1.2.0/24",
        ),
        (
            vec!["add-receiver", "--name", "EHR", "--to", "ehr"],
            "host:port",
        ),
    ] {
        let refused = hl7(&arguments);
        assert!(!refused.status.success());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(fault), "{said}");
    }
    let added = stdout(&hl7(&[
        "add-sender",
        "--application",
        "HIS",
        "--address",
        "127.0.0.1",
    ]));
    assert!(added.contains("HIS may send patients and orders from 127.0.0.1/32."));
    let nobody = hl7(&["remove-receiver", "--name", "EHR"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("not on the list"));
    let far = stdout(&hl7(&[
        "add-receiver",
        "--name",
        "EHR",
        "--to",
        "ehr.example.org:2575",
    ]));
    assert!(far.contains("at ehr.example.org:2575 over TLS."), "{far}");
    let near = stdout(&hl7(&[
        "add-receiver",
        "--name",
        "RIS",
        "--to",
        "127.0.0.1:2576",
    ]));
    assert!(near.contains("in the clear."), "{near}");

    let mut serving = Serving::start(data.path(), &["--hl7-port", "0"]);
    let address = address(&mut serving);
    let answer = send(TcpStream::connect(&address).unwrap());
    assert!(answer.contains("MSA|AA|7"), "{answer}");
    let list = stdout(&hl7(&["list"]));
    assert!(
        list.contains("HIS") && list.contains("127.0.0.1:2576"),
        "{list}"
    );
    assert!(
        !list
            .lines()
            .any(|line| line.contains("HIS") && line.contains("never")),
        "{list}"
    );
    assert!(
        stdout(&hl7(&["remove-sender", "--application", "HIS"])).contains("refused from now on")
    );
    assert_eq!(send(TcpStream::connect(&address).unwrap()), "");
    assert!(stdout(&hl7(&["remove-receiver", "--name", "EHR"])).contains("no results any more"));
    assert!(serving.interrupt().success());
}

#[test]
fn systems_that_are_told_of_results_are_added_listed_and_removed() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let run =
        |arguments: &[&str]| run(&[&["subscription"], arguments, &["--data-dir", folder]].concat());
    let refused = |arguments: &[&str]| {
        let refused = run(arguments);
        assert!(!refused.status.success());
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };
    let mut serving = Serving::start(data.path(), &[]);
    serving.wait_for("Medical Portal is running at ");
    let open = [
        "add",
        "--name",
        "EHR",
        "--endpoint",
        "http://ehr.example.org",
    ];
    assert!(refused(&open).contains("https address"));
    let secret = data.path().join("secret");
    std::fs::write(&secret, "two\nlines\n").unwrap();
    let file = secret.to_str().unwrap();
    let endpoint = "https://ehr.example.org/on-result";
    let add = [
        "add",
        "--name",
        "EHR",
        "--endpoint",
        endpoint,
        "--authorization-file",
        file,
    ];
    assert!(refused(&add).contains("must hold one line"));
    std::fs::write(&secret, "Bearer open-sesame\n").unwrap();
    assert!(stdout(&run(&add)).contains("EHR is told that there is something new"));
    assert!(refused(&add).contains("on the list already"));
    let list = stdout(&run(&["list", "--json"]));
    assert!(
        list.contains(endpoint) && !list.contains("sesame"),
        "{list}"
    );
    assert!(stdout(&run(&["list"])).contains("never"));
    assert!(stdout(&run(&["remove", "--name", "EHR"])).contains("told of nothing any more"));
    assert!(refused(&["remove", "--name", "EHR"]).contains("not on the list"));
    assert!(serving.interrupt().success());
}

/// A client that shows a certificate of this folder, or none.
fn over_tls(
    address: &str,
    trusted: &CertificateDer<'static>,
    shown: Option<&std::path::Path>,
) -> StreamOwned<ClientConnection, TcpStream> {
    use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some(folder) => {
            let chain = CertificateDer::from_pem_file(folder.join("chain.pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
            builder.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let connection =
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

#[test]
fn systems_that_must_speak_tls_and_show_a_certificate_are_refused_without() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let added = run(&[
        "hl7",
        "add-sender",
        "--application",
        "HIS",
        "--address",
        "127.0.0.1",
        "--data-dir",
        folder,
    ]);
    stdout(&added);
    let [server, client, stranger] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let trusted = certificate(server.path(), "the portal", 2040);
    certificate(client.path(), "a system", 2040);
    certificate(stranger.path(), "somebody", 2040);
    let file = |folder: &tempfile::TempDir, name: &str| {
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let (chain, key) = (file(&server, "chain.pem"), file(&server, "key.pem"));
    let authorities = file(&client, "chain.pem");
    let tls = [
        "--tls-certificate",
        &chain,
        "--tls-key",
        &key,
        "--hl7-port",
        "0",
    ];
    let mutual = ["--hl7-tls", "--hl7-client-authorities", &authorities];
    let mut serving = Serving::start(data.path(), &[&tls[..], &mutual].concat());
    let address = address(&mut serving);
    assert_eq!(
        send(TcpStream::connect(&address).unwrap()),
        "",
        "in the clear"
    );
    assert_eq!(
        send(over_tls(&address, &trusted, None)),
        "",
        "without a certificate"
    );
    assert_eq!(
        send(over_tls(&address, &trusted, Some(stranger.path()))),
        ""
    );
    let answer = send(over_tls(&address, &trusted, Some(client.path())));
    assert!(answer.contains("MSA|AA|7"), "{answer}");
    assert!(serving.interrupt().success());

    // Over a network TLS is asked for, unless it is waived.
    let network = ["serve", "--listen", "0.0.0.0:0", "--data-dir", folder];
    let refused = run(&[&network[..], &tls].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("hl7_in_the_clear"),
        "{said}"
    );
    let without = run(&[
        &network[..2],
        &["127.0.0.1:0"],
        &network[3..],
        &["--hl7-port", "0", "--hl7-client-authorities", &authorities],
    ]
    .concat());
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(
        !without.status.success() && said.contains("needs hl7_tls"),
        "{said}"
    );
}
