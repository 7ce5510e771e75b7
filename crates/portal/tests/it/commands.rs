//! `db`, `user`, `model`, `openapi`.

use serde_json::Value;

use crate::support::{data_folder, portal, run, stdout};

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
fn models_are_listed_imported_and_put_to_work() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/chest-paediatric");
    assert!(
        stdout(&run(&[&["model", "import", package], &at[..]].concat()))
            .contains("is registered and inactive")
    );
    let version = include_str!("../../../../models/chest-paediatric/model.toml")
        .lines()
        .find_map(|line| line.strip_prefix("version = \""))
        .unwrap()
        .trim_end_matches('"');
    stdout(&run(&[
        &["model", "activate", "chest-paediatric", version],
        &at[..],
    ]
    .concat()));
    let models: Value =
        serde_json::from_str(&stdout(&run(
            &[&["model", "list", "--json"], &at[..]].concat()
        )))
        .unwrap();
    assert_eq!(
        (models.as_array().unwrap().len(), &models[0]["is_active"]),
        (1, &Value::Bool(true))
    );
    let again = run(&[&["model", "activate", "chest-paediatric", version], &at[..]].concat());
    assert!(String::from_utf8_lossy(&again.stderr).contains("a second person approves"));
    let unknown = run(&[&["model", "activate", "no-such", "1"], &at[..]].concat());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no model no-such 1 is registered"));
}

#[test]
fn a_broken_package_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/chest-paediatric");
    for file in ["model.toml", "golden.json", "MODEL_CARD.md", "model.onnx"] {
        std::fs::copy(format!("{package}/{file}"), folder.path().join(file)).unwrap();
    }
    let model = std::fs::read(folder.path().join("model.onnx")).unwrap();
    std::fs::write(folder.path().join("model.onnx"), &model[..model.len() / 2]).unwrap();
    let output = run(&[
        "model",
        "import",
        folder.path().to_str().unwrap(),
        "--data-dir",
        "/nonexistent",
    ]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("model.onnx"), "{said}");
}

#[test]
fn the_document_is_printed() {
    let document: Value = serde_json::from_str(&stdout(&run(&["openapi"]))).unwrap();
    assert!(document["paths"]["/api/reports/upload"]["post"].is_object());
}
