//! What the portal must survive: its database killed, taken over, cut off; its disk full; a stop in the
//! middle of an upload. Nothing that was acknowledged is lost, and each answer says what is wrong.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{TestDatabase, chest_film, dicom_film};

use crate::{
    serve::Signed,
    support::{Serving, SmallDisk, data_folder, portal, stdout},
};

/// A serving demo, a sender, and the patient films are sent for.
fn demo(data: &Path, arguments: &[&str]) -> (Serving, Signed, String) {
    let mut serving = Serving::start(data, &[&["--demo"], arguments].concat());
    serving.wait_for("The demo is filled");
    let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
    let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
    (serving, radiologist, patient)
}

fn report_of(receipt: &Value) -> String {
    receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Asks again until it is as wanted.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn readiness(base: &str) -> Value {
    reqwest::blocking::get(format!("{base}/readyz"))
        .and_then(reqwest::blocking::Response::json)
        .unwrap_or_default()
}

fn part<'a>(readiness: &'a Value, name: &str) -> &'a Value {
    readiness["parts"]
        .as_array()
        .and_then(|parts| parts.iter().find(|part| part["name"] == name))
        .unwrap_or(&Value::Null)
}

/// The main process of the private cluster.
fn postmaster(data: &Path) -> String {
    let file = std::fs::read_to_string(data.join("postgres/postmaster.pid")).unwrap();
    file.lines().next().unwrap().to_owned()
}

#[test]
fn postgresql_killed_under_load_comes_back_and_nothing_acknowledged_is_lost() {
    let data = data_folder();
    let (serving, radiologist, patient) = demo(data.path(), &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let sender = std::thread::spawn({
        let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
        move || {
            for seed in 5000.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                if let Some(receipt) = radiologist.upload(chest_film(seed, 64), &patient) {
                    acknowledged.lock().unwrap().push(report_of(&receipt));
                }
            }
        }
    });
    let mut before = 0;
    for _ in 0..3 {
        until("films are taken", || {
            acknowledged.lock().unwrap().len() > before + 2
        });
        let killed = postmaster(data.path());
        assert!(
            Command::new("kill")
                .args(["-KILL", &killed])
                .status()
                .unwrap()
                .success()
        );
        before = acknowledged.lock().unwrap().len();
        until("PostgreSQL runs again", || {
            data.path().join("postgres/postmaster.pid").exists()
                && postmaster(data.path()) != killed
                && readiness(&serving.base)["ready"] == true
        });
    }
    until("films are taken again", || {
        acknowledged.lock().unwrap().len() > before + 2
    });
    stop.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    for report in acknowledged.lock().unwrap().iter() {
        doctor.wait_for_status(report, "analyzed");
    }
    let figures = reqwest::blocking::get(format!("{}/metrics", serving.base))
        .unwrap()
        .text()
        .unwrap();
    assert!(
        figures.contains("portal_database_restarts_total 3"),
        "{figures}"
    );
}

#[test]
fn a_second_portal_takes_the_cluster_over_when_the_first_is_gone() {
    let data = data_folder();
    let (mut first, radiologist, patient) = demo(data.path(), &[]);
    let report = report_of(&radiologist.upload(chest_film(1, 64), &patient).unwrap());
    let second = Serving::start(data.path(), &["--demo"]);
    first.kill();
    until("the second is ready", || {
        readiness(&second.base)["ready"] == true
    });
    let doctor = Signed::sign_in(&second.base, "doctor@example.com");
    doctor.wait_for_status(&report, "analyzed");
}

#[test]
fn a_full_disk_refuses_films_by_name_and_keeps_those_that_were_taken() {
    let data = data_folder();
    let disk = data.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let Some(_mounted) = SmallDisk::mount(&disk, "300m") else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&disk, open).unwrap();
    let place = disk.join("portal");
    let (mut serving, radiologist, patient) = demo(&place, &[]);
    let before = report_of(&radiologist.upload(chest_film(1, 64), &patient).unwrap());

    // Everything is taken up, for the database too.
    let ballast = disk.join("ballast");
    let filled = Command::new("dd")
        .args([
            "if=/dev/zero",
            "bs=1M",
            &format!("of={}", ballast.display()),
        ])
        .output()
        .unwrap();
    assert!(!filled.status.success(), "dd ends when the disk is full");
    let mut refusals = Vec::new();
    for seed in 10..20 {
        let (status, answer) = radiologist.try_upload(dicom_film(seed, "ANY"), &patient);
        assert_ne!(
            status, 201,
            "a film was acknowledged on a full disk: {answer}"
        );
        refusals.push((status, answer.to_string()));
    }
    assert!(
        refusals
            .iter()
            .any(|(status, text)| *status == 503 && text.contains("disk")),
        "nobody said that the disk is full: {refusals:?}"
    );
    let readiness_then = readiness(&serving.base);
    assert_eq!(
        part(&readiness_then, "blob_store")["ready"],
        false,
        "{readiness_then}"
    );

    std::fs::remove_file(&ballast).unwrap();
    until("it is ready again", || {
        readiness(&serving.base)["ready"] == true
    });
    let after = report_of(&radiologist.upload(chest_film(2, 64), &patient).unwrap());
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    for report in [before, after] {
        doctor.wait_for_status(&report, "analyzed");
    }
    assert!(serving.interrupt().success());
}

/// A wire to a database that can be cut.
struct Wire {
    folder: tempfile::TempDir,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    fn new() -> Self {
        let folder = data_folder();
        let is_cut = Arc::new(AtomicBool::new(false));
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let cut = is_cut.clone();
        let target = testkit::cluster().socket_directory().join(".s.PGSQL.5432");
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if cut.load(Ordering::Relaxed) {
                    continue;
                }
                let server = UnixStream::connect(&target).unwrap();
                for (from, to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, client),
                ] {
                    let cut = cut.clone();
                    std::thread::spawn(move || carry(from, to, &cut));
                }
            }
        });
        Self { folder, is_cut }
    }

    fn url(&self, database: &TestDatabase) -> String {
        testkit::cluster().url("postgres", database.name()).replace(
            &testkit::cluster()
                .socket_directory()
                .to_string_lossy()
                .replace('/', "%2F"),
            &self.folder.path().to_string_lossy().replace('/', "%2F"),
        )
    }
}

/// Bytes from one end to the other until either closes or the wire is cut.
fn carry(mut from: UnixStream, mut to: UnixStream, cut: &AtomicBool) {
    from.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut buffer = [0; 16384];
    loop {
        if cut.load(Ordering::Relaxed) {
            break;
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[test]
fn an_external_database_that_is_cut_off_is_named_and_work_goes_on_when_it_is_back() {
    let database = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(TestDatabase::empty());
    let wire = Wire::new();
    let url = wire.url(&database);
    let data = data_folder();
    stdout(
        &portal()
            .args(["db", "migrate", "--data-dir", data.path().to_str().unwrap()])
            .env("DATABASE_URL", &url)
            .output()
            .unwrap(),
    );
    let (serving, radiologist, patient) = demo(data.path(), &["--database-url", &url]);
    let before = report_of(&radiologist.upload(chest_film(1, 64), &patient).unwrap());

    wire.is_cut.store(true, Ordering::Relaxed);
    let (status, answer) = radiologist.try_upload(chest_film(2, 64), &patient);
    assert_eq!(status, 503, "{answer}");
    assert!(answer.to_string().contains("database"), "{answer}");
    let readiness_then = readiness(&serving.base);
    assert_eq!(
        part(&readiness_then, "database")["ready"],
        false,
        "{readiness_then}"
    );

    wire.is_cut.store(false, Ordering::Relaxed);
    until("it is ready again", || {
        readiness(&serving.base)["ready"] == true
    });
    let after = report_of(&radiologist.upload(chest_film(2, 64), &patient).unwrap());
    let doctor = Signed::sign_in(&serving.base, "doctor@example.com");
    for report in [before, after] {
        doctor.wait_for_status(&report, "analyzed");
    }
}

#[test]
fn a_stop_in_the_middle_of_an_upload_lets_it_end() {
    let data = data_folder();
    let (mut serving, radiologist, patient) = demo(data.path(), &[]);
    let film = chest_film(77, 64);
    let mut body = Vec::new();
    for (head, content) in [
        ("name=\"patient_id\"", patient.as_bytes()),
        ("name=\"files\"; filename=\"film.png\"", &film[..]),
    ] {
        write!(
            body,
            "--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    let address = serving.base.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /api/reports/upload HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        radiologist.token,
        body.len()
    )
    .unwrap();
    let (first, second) = body.split_at(body.len() / 2);
    stream.write_all(first).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let pid = serving.pid().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    std::thread::sleep(Duration::from_millis(700));
    assert!(
        TcpStream::connect(&address).is_err(),
        "nothing new is taken"
    );
    stream.write_all(second).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(serving.wait().success());

    let again = Serving::start(data.path(), &["--demo"]);
    let doctor = Signed::sign_in(&again.base, "doctor@example.com");
    let report = answer
        .split("\"report_id\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    doctor.wait_for_status(report, "analyzed");
}
