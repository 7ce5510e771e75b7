//! `db`, `user`, `openapi`.

use serde_json::Value;

use crate::support::{Serving, data_folder, portal, run, stdout};

#[test]
fn the_database_is_migrated_shown_seeded_and_reset() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let with = |arguments: &[&str]| run(&[arguments, &at].concat());
    let before = with(&["db", "status"]);
    assert!(
        !before.status.success(),
        "missing migrations are a failure for scripts"
    );
    assert!(String::from_utf8_lossy(&before.stdout).contains("missing"));
    assert!(stdout(&with(&["db", "migrate"])).contains("up to date"));
    let status: Value = serde_json::from_str(&stdout(&with(&["db", "status", "--json"]))).unwrap();
    assert!(
        status
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["applied"] == true && row["unchanged"] == true)
    );
    stdout(&with(&["db", "seed"]));
    let users: Value = serde_json::from_str(&stdout(&with(&["user", "list", "--json"]))).unwrap();
    assert_eq!(users.as_array().unwrap().len(), 10);
    let refused = with(&["db", "reset"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--yes-delete-everything"));
    stdout(&with(&["db", "reset", "--yes-delete-everything"]));
    let users: Value = serde_json::from_str(&stdout(&with(&["user", "list", "--json"]))).unwrap();
    assert_eq!(users.as_array().unwrap().len(), 0);
}

#[test]
fn accounts_are_made_at_the_command_line() {
    let data = data_folder();
    let create = |email: &str, role: &str, password: &str| {
        portal()
            .args([
                "user",
                "create",
                "--email",
                email,
                "--role",
                role,
                "--name",
                "First Tech",
                "--data-dir",
                data.path().to_str().unwrap(),
            ])
            .env("PORTAL_PASSWORD", password)
            .output()
            .unwrap()
    };
    assert!(
        stdout(&create("tech@example.org", "tech", "a quiet garden"))
            .contains("can sign in as tech")
    );
    for (email, role, password, fault) in [
        (
            "tech@example.org",
            "tech",
            "a quiet garden",
            "has an account already",
        ),
        ("new@example.org", "tech", "short", "too short"),
        (
            "new@example.org",
            "nurse",
            "a quiet garden",
            "is not a role",
        ),
        ("nobody", "tech", "a quiet garden", "not an e-mail address"),
    ] {
        let output = create(email, role, password);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(fault), "{said}");
        assert!(!said.contains("quiet garden"));
    }
}

#[test]
fn the_document_is_printed() {
    let document: Value = serde_json::from_str(&stdout(&run(&["openapi"]))).unwrap();
    assert!(document["paths"]["/api/reports/upload"]["post"].is_object());
}

#[test]
fn sessions_are_listed_and_ended_at_the_command_line() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let user = |arguments: &[&str]| {
        let mut all = vec!["user"];
        all.extend(arguments);
        all.extend(["--email", "tech@example.org", "--data-dir", folder]);
        portal()
            .args(all)
            .env("PORTAL_PASSWORD", "a quiet garden")
            .output()
            .unwrap()
    };
    stdout(&user(&["create", "--role", "tech", "--name", "First Tech"]));
    let serving = Serving::start(data.path(), &["--workers", "0"]);
    let client = reqwest::blocking::Client::new();
    let signed_in: Value = client
        .post(format!("{}/api/auth/login", serving.base))
        .json(&serde_json::json!({ "email": "tech@example.org", "password": "a quiet garden" }))
        .send()
        .unwrap()
        .json()
        .unwrap();
    let token = signed_in["token"].as_str().unwrap().to_owned();
    let me = || {
        let request = client.get(format!("{}/api/auth/me", serving.base));
        request
            .bearer_auth(&token)
            .send()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(me(), 200);
    let listed: Value = serde_json::from_str(&stdout(&user(&["sessions", "--json"]))).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert!(stdout(&user(&["sign-out"])).contains("1 sessions of tech@example.org ended"));
    assert_eq!(me(), 401);
}

#[test]
fn tokens_for_programs_are_made_listed_and_revoked_at_the_command_line() {
    let data = data_folder();
    let folder = data.path().to_str().unwrap();
    let token =
        |arguments: &[&str]| run(&[&["token"], arguments, &["--data-dir", folder]].concat());
    let create =
        |arguments: &[&str]| token(&[&["create", "--name", "CT room 1"], arguments].concat());
    for (arguments, fault) in [
        (
            &["--role", "doctor", "--scope", "dicomweb.write"][..],
            "it needs radiologist",
        ),
        (
            &["--role", "tech", "--scope", "dicomweb.read"],
            "it needs radiologist or doctor",
        ),
        (
            &["--role", "patient", "--scope", "dicomweb.read"],
            "not as patient",
        ),
        (
            &["--scope", "dicomweb.read", "--account", "a@example.org"],
            "a person's account",
        ),
        (
            &["--role", "doctor", "--scope", "everything"],
            "is not a scope",
        ),
        (&["--scope", "dicomweb.read"], "--role"),
    ] {
        let output = create(arguments);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(fault), "{said}");
    }
    let made = create(&[
        "--role",
        "radiologist",
        "--scope",
        "dicomweb.write",
        "--scope",
        "dicomweb.read",
    ]);
    let secret = stdout(&made).trim().to_owned();
    assert!(
        secret.starts_with("mpt_") && secret.len() == 47,
        "standard output is the token alone"
    );
    let list = || -> Value { serde_json::from_str(&stdout(&token(&["list", "--json"]))).unwrap() };
    let listed = list();
    let entry = &listed[0];
    assert_eq!(
        entry["scopes"],
        serde_json::json!(["dicomweb.read", "dicomweb.write"])
    );
    assert!(!listed.to_string().contains(&secret));
    // A second one for the same account, while the first is still in use.
    let account = entry["account"].as_str().unwrap();
    stdout(&create(&[
        "--account",
        account,
        "--scope",
        "dicomweb.write",
        "--days",
        "30",
    ]));
    let id = entry["token_id"].as_str().unwrap();
    assert!(stdout(&token(&["revoke", id])).contains("opens nothing"));
    assert!(!token(&["revoke", id]).status.success());
    let after = list();
    assert_eq!(after.as_array().unwrap().len(), 2);
    assert_eq!(after[0]["user_id"], after[1]["user_id"]);
    assert!(after[1]["revoked_at"].is_string() && after[0]["revoked_at"].is_null());
}
