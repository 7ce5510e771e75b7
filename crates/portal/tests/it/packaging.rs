//! What is put beside the binary in a package: configuration, services, completions, manual pages.

use std::{
    collections::BTreeMap,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{Serving, data_folder, portal, stdout};

/// Made up for the demo and nobody's business elsewhere.
const NOT_PACKAGED: &[&str] = &["demo_password"];

/// Set to another value than the default, because the default depends on who runs the portal.
const SET: &[&str] = &["backup_key_file", "data_dir"];

/// Exposure that systemd works out for the services, from 0 (safe) to 10; 1.1 was measured with
/// systemd 252. What is left: it talks to the network and runs as a fixed user.
const MOST_EXPOSED: f64 = 1.5;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packaged() -> String {
    std::fs::read_to_string(repository().join("packaging/portal.toml")).unwrap()
}

/// `serve --print-config` with a configuration of these lines.
fn print_config(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.toml");
    std::fs::write(&file, text).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(&file, closed).unwrap();
    let output = portal()
        .args([
            "--config",
            file.to_str().unwrap(),
            "serve",
            "--print-config",
        ])
        .output()
        .unwrap();
    stdout(&output)
}

/// The keys that stand in the packaged file, commented out or not, with their values.
fn keys_of(text: &str) -> BTreeMap<String, (bool, toml::Value)> {
    let mut keys = BTreeMap::new();
    for line in text.lines() {
        let (is_set, line) = match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|first: char| first.is_ascii_lowercase()) => {
                (false, rest)
            }
            Some(_) => continue,
            None => (true, line),
        };
        let table: toml::Table = line
            .parse()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        for (key, value) in table {
            let earlier = keys.insert(key.clone(), (is_set, value));
            assert!(earlier.is_none(), "{key} stands there twice");
        }
    }
    keys
}

#[test]
fn the_packaged_configuration_has_every_key_with_its_default() {
    let defaults = print_config("");
    let packaged = keys_of(&packaged());
    let mut known = Vec::new();
    for line in defaults.lines() {
        if let Some(key) = line
            .strip_prefix("# ")
            .and_then(|line| line.strip_suffix(" is not set"))
        {
            known.push(key.to_owned());
        } else if !line.starts_with('#') {
            let (key, value) = line
                .parse::<toml::Table>()
                .unwrap()
                .into_iter()
                .next()
                .unwrap();
            if let Some((_, noted)) = packaged.get(&key) {
                assert_eq!(noted, &value, "{key} has another default now");
            }
            known.push(key);
        }
    }
    assert!(known.len() > 10, "{defaults}");
    known.retain(|key| !NOT_PACKAGED.contains(&key.as_str()));
    known.sort();
    assert_eq!(packaged.keys().cloned().collect::<Vec<_>>(), known);
    for (key, (is_set, _)) in &packaged {
        assert_eq!(*is_set, SET.contains(&key.as_str()), "{key}");
    }
    // With every line in force the binary takes it: no key or value is made up.
    let all: toml::Table = packaged
        .into_iter()
        .map(|(key, (_, value))| (key, value))
        .collect();
    let printed = print_config(&all.to_string());
    assert!(
        printed.contains("\"/var/lib/medical-portal\"  # file"),
        "{printed}"
    );
    assert!(!printed.contains("PASSWORD"), "{printed}");
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&portal().args(["completions", shell]).output().unwrap());
        for word in ["serve", "backup", "print-config"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("completions.bash");
    let bash = stdout(&portal().args(["completions", "bash"]).output().unwrap());
    std::fs::write(&file, bash).unwrap();
    let read = Command::new("bash").arg("-n").arg(&file).status().unwrap();
    assert!(read.success(), "bash does not understand its completions");

    let pages = folder.path().to_str().unwrap();
    stdout(&portal().args(["man", pages]).output().unwrap());
    for page in [
        "medical-portal",
        "medical-portal-serve",
        "medical-portal-backup-create",
    ] {
        let text = std::fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".TH"), "{page}: {text}");
    }
    let serve = std::fs::read_to_string(folder.path().join("medical-portal-serve.1")).unwrap();
    assert!(serve.contains("PORTAL_LISTEN"), "{serve}");
    assert!(!folder.path().join("medical-portal-try-model.1").exists());
}

#[test]
fn systemd_is_told_when_the_portal_is_there_and_when_it_stops() {
    let data = data_folder();
    let socket = data.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let told = || {
        let mut buffer = [0; 64];
        let length = supervisor.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut serving = Serving::start_with(
        data.path(),
        &["--workers", "0"],
        &[("NOTIFY_SOCKET", socket.to_str().unwrap())],
    );
    assert_eq!(told(), "READY=1");
    let health = reqwest::blocking::get(format!("{}/readyz", serving.base)).unwrap();
    assert_eq!(health.status(), 200, "it said that it is ready");
    assert!(serving.interrupt().success());
    assert_eq!(told(), "STOPPING=1");
}

#[test]
fn the_services_are_understood_by_systemd_and_little_exposed() {
    let asked = Command::new("systemd-analyze").arg("--version").output();
    if !asked.is_ok_and(|output| output.status.success()) {
        println!("skipped: systemd-analyze is not installed");
        return;
    }
    for unit in ["medical-portal.service", "medical-portal-check.service"] {
        let path = repository().join("packaging").join(unit);
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(
            !complaints.contains("Unknown") && !complaints.contains("Failed to parse"),
            "{complaints}"
        );
        let level = said
            .split_once("Overall exposure level")
            .and_then(|(_, rest)| rest.split_once(": "))
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .unwrap_or_else(|| panic!("{said}{complaints}"));
        let level: f64 = level.parse().unwrap();
        assert!(
            level <= MOST_EXPOSED,
            "{unit} is exposed by {level}: {said}"
        );
    }
}

#[test]
fn the_service_waits_longer_than_the_portal_takes_to_stop() {
    let unit =
        std::fs::read_to_string(repository().join("packaging/medical-portal.service")).unwrap();
    let timeout: u64 = unit
        .lines()
        .find_map(|line| line.strip_prefix("TimeoutStopSec="))
        .unwrap()
        .parse()
        .unwrap();
    // Requests 15 s, what still runs 5 s, PostgreSQL 60 s and, at once, 15 s.
    assert!(timeout > 15 + 5 + 60 + 15, "{timeout}");
    assert!(unit.contains("KillMode=mixed"));
}
