//! `medical-portal audit verify|export|rotate-key`.

use serde_json::Value;

use crate::{
    backup::running,
    support::{Serving, data_folder, execute, run, stdout},
};

#[test]
fn a_portal_seals_its_trail_and_what_was_done_to_it_is_named_also_offline() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let at = ["--data-dir", folder];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    stdout(&with(&["db", "migrate"]));
    for _ in 0..5 {
        stdout(&with(&["keys", "rotate"]));
    }
    let mut serving = Serving::start(data.path(), &["--workers", "0"]);
    let note = data.path().join("audit-newest-seal");
    // Until the look after next, at most: in the first one something of the start may still be on its way.
    for _ in 0..1_500 {
        if note.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let verify = || run(&["audit", "verify", "--json", "--data-dir", folder]);
    let report: Value = serde_json::from_str(&stdout(&verify())).unwrap();
    assert_eq!(report["fault_count"], 0);
    assert!(report["rows"].as_u64().unwrap() >= 5, "{report}");

    let file = data.path().join("trail.jsonl");
    stdout(&with(&["audit", "export", "--to", file.to_str().unwrap()]));
    stdout(&with(&["audit", "rotate-key"]));
    let keys = data.path().join("keys/audit-public-keys.txt");
    assert_eq!(std::fs::read_to_string(&keys).unwrap().lines().count(), 3);
    let elsewhere = data_folder();
    let copy = elsewhere.path().join("keys.txt");
    std::fs::copy(&keys, &copy).unwrap();
    let offline = || {
        run(&[
            "audit",
            "verify",
            file.to_str().unwrap(),
            "--public-keys",
            copy.to_str().unwrap(),
        ])
    };
    assert!(stdout(&offline()).contains("sound"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replacen("\"status\":\"success\"", "\"status\":\"denied\"", 1),
    )
    .unwrap();
    let said = offline();
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("was altered (seal 1)"));

    let url = running(data.path()).url("postgres", "portal");
    execute(
        &url,
        "SET session_replication_role = replica;
         DELETE FROM audit_logs WHERE log_id = (SELECT log_id FROM audit_logs ORDER BY created_at, log_id OFFSET 2 LIMIT 1)",
    );
    let said = verify();
    assert_eq!(said.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(report["faults"][0]["fault"], "missing", "{report}");
    assert!(serving.interrupt().success());
}
