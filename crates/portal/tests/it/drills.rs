//! The drills of the runbook: each script of `ops/drills` is run, and each heading of
//! `docs/OPERATIONS.md` that names one names one that is there.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn scripts() -> BTreeSet<String> {
    std::fs::read_dir(root().join("ops/drills"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "common.sh")
        .collect()
}

#[test]
fn the_runbook_names_every_drill() {
    let runbook = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let named: BTreeSet<String> = runbook
        .split("ops/drills/")
        .skip(1)
        .map(|rest| rest.split(['`', ' ', ')', '\n']).next().unwrap().to_owned())
        .filter(|name| name.ends_with(".sh"))
        .collect();
    assert_eq!(named, scripts());
}

#[test]
fn every_drill_ends_well() {
    let running: Vec<_> = scripts()
        .into_iter()
        .map(|name| {
            std::thread::spawn(move || {
                let output = Command::new("bash")
                    .arg(root().join("ops/drills").join(&name))
                    .env("MEDICAL_PORTAL", env!("CARGO_BIN_EXE_medical-portal"))
                    .output()
                    .unwrap();
                let said = format!(
                    "{name}: {}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
                (output.status.success(), said)
            })
        })
        .collect();
    let ended: Vec<(bool, String)> = running
        .into_iter()
        .map(|drill| drill.join().unwrap())
        .collect();
    for (_, said) in ended.iter().filter(|(_, said)| said.contains("skipped:")) {
        println!("{said}");
    }
    let failed: Vec<&String> = ended
        .iter()
        .filter(|(well, _)| !well)
        .map(|(_, said)| said)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
