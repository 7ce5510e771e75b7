//! `settings` and `check` at the command line.

use serde_json::{Value, json};

use crate::support::{data_folder, run, stdout};

#[test]
fn settings_are_read_changed_and_their_history_is_kept() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    let refusal = |arguments: &[&str]| {
        let output = with(arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    stdout(&with(&["db", "migrate"]));
    assert!(stdout(&with(&["settings", "list"])).contains("queue.claim_minutes"));
    assert_eq!(
        stdout(&with(&["settings", "get", "queue.claim_minutes"])).trim(),
        "30"
    );
    assert!(stdout(&with(&["settings", "set", "queue.claim_minutes", "45"])).contains("30 -> 45"));
    stdout(&with(&[
        "settings",
        "set",
        "analysis.disclaimer",
        "Read every film.",
    ]));
    assert_eq!(
        stdout(&with(&["settings", "get", "queue.claim_minutes"])).trim(),
        "45"
    );
    assert!(stdout(&with(&["settings", "reset", "queue.claim_minutes"])).contains("45 -> 30"));
    assert!(stdout(&with(&["settings", "reset", "queue.claim_minutes"])).contains("already"));

    let history: Value = serde_json::from_str(&stdout(&with(&[
        "settings",
        "history",
        "queue.claim_minutes",
        "--json",
    ])))
    .unwrap();
    let values: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["old_value"].clone(), change["new_value"].clone()))
        .collect();
    assert_eq!(values, [(json!(45), json!(30)), (json!(30), json!(45))]);
    assert!(stdout(&with(&["settings", "history"])).contains("Read every film."));

    assert!(refusal(&["settings", "get", "queue.colour"]).contains("queue.claim_minutes"));
    let wrong = refusal(&["settings", "set", "queue.claim_minutes", "0"]);
    assert!(
        wrong.contains("from 1 to 480") && wrong.contains("30"),
        "{wrong}"
    );

    // No technician yet: the diagnosis says so, and that is a failure for scripts.
    let output = with(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let diagnosis: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&str> = diagnosis["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["outcome"] == "fail")
        .map(|finding| finding["check"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["accounts"], "{diagnosis:#}");
    assert!(
        String::from_utf8(with(&["check"]).stdout)
            .unwrap()
            .contains("user create --role tech")
    );

    let nowhere = run(&["check", "--data-dir", "/nonexistent/portal"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(
        String::from_utf8(nowhere.stdout)
            .unwrap()
            .contains("there is no portal in")
    );
}
