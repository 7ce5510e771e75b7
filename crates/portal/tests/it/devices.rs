//! Films from devices, through the binary, with dcmtk as the device: in the clear and over TLS.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

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
    assert!(stdout(&removed).contains("Nothing more goes to PACS"));
    assert!(!stdout(&tool(&["route", "list"])).contains("PACS"));
}

#[test]
fn earlier_studies_are_looked_for_where_the_command_line_says() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let tool = |arguments: &[&str]| run(&[arguments, &["--data-dir", folder]].concat());
    let of = |what: &str| tool(&["archive", what, "--ae-title", "PACS"]);
    let deaf = ["--ae-title", "CR1", "--address", "10.1.2.0/24"];
    let device = tool(&[&["device", "add"][..], &deaf].concat());
    assert!(device.status.success(), "{}", said(&device));
    let nowhere = tool(&["archive", "add", "--ae-title", "CR1"]);
    assert!(
        said(&nowhere).contains("where it listens"),
        "{}",
        said(&nowhere)
    );
    let listens = ["--ae-title", "PACS", "--host", "10.9.9.9", "--port", "104"];
    let device = tool(&[&["device", "add"][..], &listens].concat());
    assert!(device.status.success(), "{}", said(&device));
    let none = of("remove");
    assert!(said(&none).contains("is no archive"), "{}", said(&none));
    let added = of("add");
    assert!(stdout(&added).contains("PACS is asked"), "{}", said(&added));
    assert!(said(&of("add")).contains("is an archive already"));
    let listed: serde_json::Value =
        serde_json::from_str(&stdout(&tool(&["archive", "list", "--json"]))).unwrap();
    assert_eq!(listed[0]["ae_title"], "PACS");
    assert_eq!(listed[0]["waiting"], 0);
    assert!(stdout(&of("remove")).contains("asked no more"));
    assert!(!stdout(&tool(&["archive", "list"])).contains("PACS"));
    // With the device the archive goes as well.
    assert!(of("add").status.success());
    let removed = tool(&["device", "remove", "--ae-title", "PACS"]);
    assert!(removed.status.success(), "{}", said(&removed));
    assert!(!stdout(&tool(&["archive", "list"])).contains("PACS"));
}

/// An archive of dcmtk that listens over TLS for whoever shows this certificate, until it is dropped.
struct Archive(std::process::Child);

impl Archive {
    fn start(port: &str, own: &Path, of_the_portal: &Path, out: &Path) -> Self {
        let path = |folder: &Path, name: &str| folder.join(name).to_str().unwrap().to_owned();
        let child = Command::new("storescp")
            .args(["-aet", "PACS", "-B", "-od", out.to_str().unwrap()])
            .args(["+tls", &path(own, "key.pem"), &path(own, "chain.pem")])
            .args(["+cf", &path(of_the_portal, "chain.pem"), "-rc", port])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("storescp (Debian's dcmtk): {error}"));
        let archive = Self(child);
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", port.parse().unwrap())).is_ok() {
                return archive;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("storescp does not listen");
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_film_goes_over_tls_to_the_archive_whose_certificate_is_trusted_and_to_no_other() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let tool = |arguments: &[&str]| run(&[arguments, &["--data-dir", folder]].concat());
    let made = |name: &str| {
        let made = data.path().join(name);
        std::fs::create_dir(&made).unwrap();
        made
    };
    let [server, hospital, stranger] = ["server", "hospital", "stranger"].map(|name| {
        let folder = made(name);
        certificate(&folder, name, 2040);
        folder
    });
    let file = |folder: &Path, name: &str| folder.join(name).to_str().unwrap().to_owned();
    let listens = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port().to_string()
    };
    for arguments in [
        &[
            "device",
            "add",
            "--ae-title",
            "CR1",
            "--address",
            "127.0.0.1",
        ][..],
        &[
            "device",
            "add",
            "--ae-title",
            "PACS",
            "--address",
            "127.0.0.1",
            "--host",
            "localhost",
            "--port",
            &listens,
            "--over-tls",
        ],
        &["route", "add", "--to", "PACS"],
    ] {
        stdout(&tool(arguments));
    }
    let mut serving = Serving::start(
        data.path(),
        &[
            "--tls-certificate",
            &file(&server, "chain.pem"),
            "--tls-key",
            &file(&server, "key.pem"),
            "--dicom-port",
            "0",
            "--dicom-tls",
            "--dicom-client-authorities",
            &file(&hospital, "chain.pem"),
        ],
    );
    let port = port(&mut serving);
    let (to_stranger, to_hospital) = (made("to-stranger"), made("to-hospital"));
    let archive = Archive::start(&listens, &stranger, &server, &to_stranger);
    let film = data.path().join("film.dcm");
    std::fs::write(&film, testkit::dicom_film(1, "MRN-1")).unwrap();
    let (key, chain) = (file(&hospital, "key.pem"), file(&hospital, "chain.pem"));
    let device = ["-v", "-aet", "CR1", "-aec", "PORTAL", "-ic"];
    let over_tls = ["+tls", &key, &chain, "127.0.0.1", &port];
    let sent = dcmtk(
        "storescu",
        &[&device[..], &over_tls, &[film.to_str().unwrap()]].concat(),
    );
    assert!(
        said(&sent).contains("Received Store Response (Success)"),
        "{}",
        said(&sent)
    );
    serving.wait_for("PACS does not answer: invalid peer certificate");
    let waiting = || -> serde_json::Value {
        let list = stdout(&tool(&["route", "list", "--json"]));
        serde_json::from_str::<serde_json::Value>(&list).unwrap()[0]["waiting_for_destination"]
            .clone()
    };
    assert_eq!(waiting(), 1, "it is kept for the archive");
    drop(archive);
    assert_eq!(std::fs::read_dir(&to_stranger).unwrap().count(), 0);

    let _archive = Archive::start(&listens, &hospital, &server, &to_hospital);
    let started = Instant::now();
    while waiting() != 0 {
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "the film does not go out: {}",
            serving.log()
        );
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(std::fs::read_dir(&to_hospital).unwrap().count(), 1);
    assert!(serving.interrupt().success());
}
