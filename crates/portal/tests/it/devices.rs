//! Films from devices, through the binary, with dcmtk as the device: in the clear and over TLS.

use std::process::{Command, Output};

use crate::{
    support::{Serving, data_folder, run, stdout},
    tls::certificate,
};

/// Runs a tool of dcmtk.
fn dcmtk(tool: &str, arguments: &[&str]) -> Output {
    Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool} (Debian's dcmtk, see make test-setup): {error}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The port that devices send to.
fn port(serving: &mut Serving) -> String {
    let said = serving.wait_for("Devices send films to PORTAL at ");
    let address = said.lines().next().unwrap();
    address.rsplit(':').next().unwrap().trim().to_owned()
}

#[test]
fn a_device_is_added_sends_films_and_is_removed() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let device =
        |arguments: &[&str]| run(&[&["device"], arguments, &["--data-dir", folder]].concat());
    for (title, address, fault) in [
        ("A\\B", "127.0.0.1", "no backslash"),
        ("SEVENTEEN LETTERS", "127.0.0.1", "1 to 16"),
        ("CR1", "anywhere", "10.1.2.0/24"),
    ] {
        let refused = device(&["add", "--ae-title", title, "--address", address]);
        assert!(said(&refused).contains(fault), "{}", said(&refused));
    }
    let added = device(&["add", "--ae-title", "CR1", "--address", "127.0.0.1"]);
    assert!(stdout(&added).contains("CR1 may send films and find its own from 127.0.0.1/32"));
    let twice = device(&["add", "--ae-title", "CR1", "--address", "10.0.0.0/8"]);
    assert!(
        said(&twice).contains("on the list already"),
        "{}",
        said(&twice)
    );

    let mut serving = Serving::start(data.path(), &["--dicom-port", "0"]);
    let port = port(&mut serving);
    let film = data.path().join("film.dcm");
    std::fs::write(&film, testkit::dicom_film(1, "MRN-1")).unwrap();
    let film = film.to_str().unwrap();
    let send = || {
        dcmtk(
            "storescu",
            &[
                "-v",
                "-aet",
                "CR1",
                "-aec",
                "PORTAL",
                "127.0.0.1",
                &port,
                film,
            ],
        )
    };
    let sent = send();
    assert!(
        said(&sent).contains("Received Store Response (Success)"),
        "{}",
        said(&sent)
    );
    let list = stdout(&device(&["list"]));
    assert!(list.contains("CR1") && !list.contains("never"), "{list}");
    assert!(stdout(&device(&["remove", "--ae-title", "CR1"])).contains("refused from now on"));
    let refused = send();
    assert!(
        said(&refused).contains("Calling AE Title Not Recognized"),
        "{}",
        said(&refused)
    );
    assert!(serving.interrupt().success());
}

#[test]
fn devices_that_must_speak_tls_and_show_a_certificate_are_refused_without() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    stdout(&run(&[
        "device",
        "add",
        "--ae-title",
        "CR1",
        "--address",
        "127.0.0.1",
        "--data-dir",
        folder,
    ]));
    let (server, client, stranger) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    for folder in [&server, &client, &stranger] {
        certificate(folder.path(), "of a test", 2040);
    }
    let file = |folder: &tempfile::TempDir, name: &str| {
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let (chain, key) = (file(&server, "chain.pem"), file(&server, "key.pem"));
    let authorities = file(&client, "chain.pem");
    let mut serving = Serving::start(
        data.path(),
        &[
            "--tls-certificate",
            &chain,
            "--tls-key",
            &key,
            "--dicom-port",
            "0",
            "--dicom-tls",
            "--dicom-client-authorities",
            &authorities,
        ],
    );
    let port = port(&mut serving);
    let echo = |tls: &[&str]| {
        let common = ["-v", "-aet", "CR1", "-aec", "PORTAL", "127.0.0.1", &port];
        dcmtk("echoscu", &[tls, &common].concat())
    };
    assert!(!echo(&[]).status.success(), "in the clear");
    let with = |folder: &tempfile::TempDir| {
        echo(&[
            "+tls",
            &file(folder, "key.pem"),
            &file(folder, "chain.pem"),
            "-ic",
        ])
    };
    let known = with(&client);
    assert!(known.status.success(), "{}", said(&known));
    assert!(
        !with(&stranger).status.success(),
        "a certificate of nobody known"
    );
    assert!(
        !echo(&["+tla", "-ic"]).status.success(),
        "without a certificate"
    );
    assert!(serving.interrupt().success());

    // Over a network TLS is asked for, unless it is waived.
    let refused = run(&[
        "serve",
        "--listen",
        "0.0.0.0:0",
        "--tls-certificate",
        &chain,
        "--tls-key",
        &key,
        "--dicom-port",
        "0",
        "--data-dir",
        folder,
    ]);
    assert!(
        said(&refused).contains("say dicom_tls"),
        "{}",
        said(&refused)
    );
}

#[test]
fn a_route_leads_to_a_device_that_listens_and_is_removed() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let tool = |arguments: &[&str]| run(&[arguments, &["--data-dir", folder]].concat());
    let cr = tool(&[
        "device",
        "add",
        "--ae-title",
        "CR1",
        "--address",
        "10.1.2.0/24",
    ]);
    assert!(cr.status.success(), "{}", said(&cr));
    for (arguments, fault) in [
        (&["--host", "10.9.9.9"][..], "--port"),
        (&["--host", "pacs.example", "--port", "104"], "--address"),
        (
            &["--host", "pacs.example:104", "--port", "104"],
            "without a port",
        ),
        (&["--address", "10.9.9.9", "--role", "tech"], "not as tech"),
    ] {
        let refused = tool(&[&["device", "add", "--ae-title", "PACS"], arguments].concat());
        assert!(said(&refused).contains(fault), "{}", said(&refused));
    }
    let nowhere = tool(&["route", "add", "--to", "CR1"]);
    assert!(
        said(&nowhere).contains("where it listens"),
        "{}",
        said(&nowhere)
    );
    let pacs = tool(&[
        "device",
        "add",
        "--ae-title",
        "PACS",
        "--host",
        "10.9.9.9",
        "--port",
        "104",
        "--role",
        "doctor",
    ]);
    assert!(
        stdout(&pacs).contains("PACS may find films from 10.9.9.9/32"),
        "{}",
        said(&pacs)
    );
    let added = tool(&[
        "route",
        "add",
        "--to",
        "PACS",
        "--modality",
        "dx",
        "--from",
        "CR1",
    ]);
    assert!(
        stdout(&added).contains("Films (DX) of CR1 go to PACS"),
        "{}",
        said(&added)
    );
    let twice = tool(&[
        "route",
        "add",
        "--to",
        "PACS",
        "--modality",
        "DX",
        "--from",
        "CR1",
    ]);
    assert!(said(&twice).contains("this very route"), "{}", said(&twice));
    let listed: serde_json::Value =
        serde_json::from_str(&stdout(&tool(&["route", "list", "--json"]))).unwrap();
    assert_eq!(listed[0]["waiting_for_destination"], 0);
    let route = listed[0]["route"]["route_id"].as_str().unwrap();
    let devices = stdout(&tool(&["device", "list"]));
    assert!(devices.contains("10.9.9.9:104"), "{devices}");
    let removed = tool(&["route", "remove", route]);
    assert!(stdout(&removed).contains("No more films go to PACS"));
    assert!(!stdout(&tool(&["route", "list"])).contains("PACS"));
}
