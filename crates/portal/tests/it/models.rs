//! `model`, as a technician uses it.

use std::process::Output;

use serde_json::Value;

use crate::support::{data_folder, run, stdout};

const BUNDLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/chest-paediatric");

/// The bundled package under another version.
fn another_version(version: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["golden.json", "MODEL_CARD.md", "model.onnx"] {
        std::fs::copy(format!("{BUNDLED}/{file}"), folder.path().join(file)).unwrap();
    }
    let manifest = std::fs::read_to_string(format!("{BUNDLED}/model.toml")).unwrap();
    let mut manifest: toml::Table = manifest.parse().unwrap();
    manifest.insert("version".to_owned(), version.into());
    std::fs::write(
        folder.path().join("model.toml"),
        toml::to_string(&manifest).unwrap(),
    )
    .unwrap();
    folder
}

fn stderr(output: &Output) -> String {
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn models_are_governed_at_the_command_line() {
    let data = data_folder();
    let at = ["--data-dir", data.path().to_str().unwrap()];
    let model = |arguments: &[&str]| run(&[&["model"], arguments, &at].concat());
    let because = ["--reason", "to see"];
    let with = |arguments: &[&str]| model(&[arguments, &because].concat());
    let second = another_version("9.0.0");
    let chest = ["chest-paediatric", "9.0.0"];
    stdout(&model(&["import", BUNDLED]));
    let imported = stdout(&model(&["import", second.path().to_str().unwrap()]));
    assert!(
        imported.contains("model shadow chest-paediatric 9.0.0"),
        "{imported}"
    );
    let version = include_str!("../../../../models/chest-paediatric/model.toml")
        .lines()
        .find_map(|line| line.strip_prefix("version = \""))
        .unwrap()
        .trim_end_matches('"');
    stdout(&model(&["activate", "chest-paediatric", version]));
    assert!(
        stderr(&model(&[&["activate"], &chest[..]].concat())).contains("a second person approves")
    );

    // A shadow; side by side; one person asks and cannot approve.
    assert!(stdout(&with(&[&["shadow"], &chest[..]].concat())).contains("is shadow now"));
    assert!(stdout(&model(&[&["compare"], &chest[..]].concat())).contains("0 cases that both saw"));
    assert!(
        stdout(&with(&[&["promote"], &chest[..]].concat()))
            .contains("the command line, which asked, cannot")
    );
    assert!(stderr(&with(&["approve"])).contains("a second person must"));
    assert!(stdout(&with(&["withdraw"])).contains("withdrawn"));
    assert!(stderr(&with(&["decline"])).contains("no promotion is open"));

    // Figures, alarms, the way back.
    assert!(stdout(&model(&["figures"])).contains("Nothing was counted yet"));
    let figures = stdout(&model(&["figures", "--now"]));
    assert!(
        figures.contains("no reference yet") && figures.contains("(shadow)"),
        "{figures}"
    );
    assert_eq!(stdout(&model(&["alarms"])).trim(), "No alarms.");
    assert!(stderr(&with(&["rollback"])).contains("no model to go back to"));
    assert!(stdout(&with(&["suspend"])).contains("is suspended now"));
    let check = run(&[&["check"], &at[..]].concat());
    assert!(
        String::from_utf8_lossy(&check.stdout)
            .contains("is suspended: every film goes to the doctors")
    );
    assert!(stdout(&with(&["resume"])).contains("is active now"));
    assert!(stderr(&model(&["suspend", "--reason", " "])).contains("1 to 2000 characters"));
    assert!(
        stdout(&with(&[&["shadow", "--stop"], &chest[..]].concat())).contains("is registered now")
    );
    assert!(stdout(&with(&[&["retire"], &chest[..]].concat())).contains("is retired now"));
    assert!(
        stderr(&with(&[&["shadow"], &chest[..]].concat()))
            .contains("a model that is retired cannot be shadow_started")
    );

    // From local cases there is nothing yet.
    let recalibrate = model(&["recalibrate", "chest-paediatric", version]);
    assert!(stderr(&recalibrate).contains("are too few: 50 of each are needed"));
    let folder = data.path().join("set");
    let export = with(&["export-training-set", "--output", folder.to_str().unwrap()]);
    assert!(stderr(&export).contains("nothing to export"));

    let history: Value = serde_json::from_str(&stdout(&model(&["history", "--json"]))).unwrap();
    let events: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "retired",
            "shadow_stopped",
            "resumed",
            "suspended",
            "shadow_started",
            "promoted"
        ]
    );
    assert_eq!(history[0]["changed_as"], "command_line");
    let page = data.path().join("report.html");
    let report = [
        "report",
        "chest-paediatric",
        version,
        "--output",
        page.to_str().unwrap(),
    ];
    stdout(&model(&report));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("to see"));
    let unknown = model(&["activate", "no-such", "1"]);
    assert!(stderr(&unknown).contains("no model no-such 1 is registered"));
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
