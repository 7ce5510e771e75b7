//! `db size|tables|…|vacuum|reindex|partitions`: looking at and after a real portal.

use serde_json::Value;

use crate::support::{data_folder, run, stdout};

#[test]
fn the_database_is_looked_at_and_after() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&stdout(&with(&[arguments, &["--json"]].concat()))).unwrap()
    };

    let refused = with(&["db", "size"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no portal in"));
    assert!(
        !data.path().join("postgres").exists(),
        "asking makes nothing"
    );

    stdout(&with(&["db", "migrate"]));
    stdout(&with(&["db", "seed"]));
    assert!(stdout(&with(&["db", "size"])).contains("write-ahead log"));
    assert!(json(&["db", "size"])["database_bytes"].as_i64().unwrap() > 1_000_000);
    assert!(stdout(&with(&["db", "tables"])).contains("public.medical_reports"));
    assert!(json(&["db", "connections"])["maximum"].as_i64().unwrap() > 10);
    assert!(stdout(&with(&["db", "locks"])).contains("Nobody waits"));
    let slow = json(&["db", "slow"]);
    assert!(slow["to_enable"].is_string() || !slow["statements"].as_array().unwrap().is_empty());
    stdout(&with(&["db", "bloat"]));
    assert_eq!(json(&["db", "indexes"])["missing"], serde_json::json!([]));
    assert!(stdout(&with(&["db", "vacuum"])).contains("public.medical_reports"));
    assert!(stdout(&with(&["db", "analyze", "--table", "users"])).contains("[1/1] public.users"));
    assert!(
        stdout(&with(&[
            "db",
            "reindex",
            "--concurrently",
            "--table",
            "portal.jobs"
        ]))
        .contains("portal.jobs")
    );
    let wrong = with(&["db", "vacuum", "--table", "user"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("there is no table user"));
    assert_eq!(
        json(&["db", "partitions", "--make-ahead", "4"])
            .as_array()
            .unwrap()
            .len(),
        6
    );
}

#[test]
fn old_months_of_the_audit_trail_are_archived_and_proved() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    stdout(&with(&["db", "migrate"]));
    let said = stdout(&with(&["audit", "archive", "--keep-months", "72"]));
    assert!(said.contains("No month is older than 72 months"), "{said}");
    let no_archive = data.path().join("notes.zst");
    std::fs::write(&no_archive, "notes").unwrap();
    let refused = run(&["audit", "verify", no_archive.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("notes.zst"));
}
