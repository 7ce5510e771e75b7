//! Which packages come in, and why the others do not.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::{fs, process::Command, time::Duration};

use ai::manifest_import::{ImportRefused, Refusal, check_for_import, check_in_child, child};
use support::{altered, data, with_model};

/// The reasons, without temporary folders.
fn reasons(folder: &std::path::Path) -> Vec<String> {
    let ImportRefused { refusals } = check_for_import(folder).expect_err("must be refused");
    refusals
        .iter()
        .map(|refusal| {
            refusal
                .to_string()
                .replace(&folder.display().to_string(), "FOLDER")
        })
        .collect()
}

#[test]
fn good_packages_come_in_from_both_engines() {
    let engines = support::engines().len();
    for name in ["binary", "softmax", "findings"] {
        let admitted = check_for_import(&data().join(name)).unwrap();
        assert_eq!(admitted.package.manifest.name, name);
        assert_eq!(admitted.golden.len(), engines);
        let without_map = usize::from(admitted.package.manifest.heatmap.is_none());
        assert_eq!(admitted.notes.len(), 2 - engines + without_map);
        for report in admitted.golden {
            assert_eq!(report.cases, 5);
            assert!(report.greatest_difference < 1e-4, "{report:?}");
        }
    }
    if let Some(package) = support::bundled() {
        check_for_import(&package.directory).unwrap();
    }
}

/// Each altered model is refused, and the reason says what was altered.
#[test]
fn models_are_refused_with_their_reason() {
    for (model, wanted) in [
        ("truncated", "cannot be read as ONNX"),
        ("loop", "operator Loop is not allowed"),
        ("external", "tensor `looks` is in another file"),
        ("known_giant", "would have 1099511627776 elements"),
        ("vendor", "operator com.microsoft.Gelu is not allowed"),
        (
            "not_a_number",
            "output `logit` holds values that are no finite numbers",
        ),
        (
            "neighbour",
            "output `logit` of a picture changes with its neighbour",
        ),
        ("fixed_batch", "has a fixed batch size"),
        (
            "other_size",
            "as the manifest says; it is float32 [free, 1, 32, 64]",
        ),
        (
            "brighter",
            "`logit` of case `ramp`: expected -2.675, found -2.57",
        ),
    ] {
        let folder = with_model(model);
        let reasons = reasons(folder.path());
        assert!(
            reasons.iter().any(|reason| reason.contains(wanted)),
            "{model}: {reasons:#?}"
        );
    }
}

#[test]
fn a_differing_model_is_named_for_each_engine_and_value() {
    let folder = with_model("brighter");
    let reasons = reasons(folder.path());
    // Five cases with logit, cam_sum and cam_max each.
    assert_eq!(reasons.len(), 15 * support::engines().len(), "{reasons:#?}");
}

#[test]
fn everything_wrong_with_a_package_is_said_at_once() {
    let manifest = fs::read_to_string(data().join("binary/model.toml")).unwrap();
    let use_at = manifest.find("[intended_use]").unwrap();
    let head_at = manifest.find("[head]").unwrap();
    let without = format!("{}{}", &manifest[..use_at], &manifest[head_at..]);
    let folder = altered(&[
        ("model.toml", without.as_bytes()),
        ("MODEL_CARD.md", b"# A model"),
        ("golden.json", b"{\"tolerance\": 0.1, \"cases\": []"),
        ("model.onnx", b"not a model"),
    ]);
    insta::assert_snapshot!(reasons(folder.path()).join("\n"));
}

#[test]
fn outputs_must_match_the_manifest() {
    let manifest = fs::read_to_string(data().join("binary/model.toml")).unwrap();
    for (old, new, wanted) in [
        (
            "output = \"logit\"",
            "output = \"score\"",
            "the manifest names output `score`; the graph has logit, scope, cam, features",
        ),
        (
            "output = \"logit\"",
            "output = \"features\"",
            "output `features` must have shape [batch, 1]",
        ),
        (
            "output = \"scope\"",
            "output = \"cam\"",
            "output `cam` must have shape [batch, 1]",
        ),
        (
            "output = \"cam\"",
            "output = \"logit\"",
            "output `logit` must have shape [batch, 1, h, w]",
        ),
        (
            "name = \"image\"",
            "name = \"film\"",
            "it must have the one input `film`, not image",
        ),
    ] {
        let text = manifest.replace(old, new);
        let folder = altered(&[("model.toml", text.as_bytes())]);
        let reasons = reasons(folder.path());
        assert!(
            reasons.iter().any(|reason| reason.contains(wanted)),
            "{new}: {reasons:#?}"
        );
    }
}

#[test]
fn golden_files_must_be_whole() {
    let golden = fs::read_to_string(data().join("binary/golden.json")).unwrap();
    for (old, new, wanted) in [
        (
            "\"tolerance\": 0.001",
            "\"tolerance\": 0.01",
            "tolerance of 0.01",
        ),
        (
            "\"size\": 32",
            "\"size\": 64",
            "pictures of size 64, but the model takes 32",
        ),
        (
            "\"value\": 128",
            "\"value\": 129",
            "golden case `grey`: the picture's digest",
        ),
        (
            "\"kind\": \"disc\"",
            "\"kind\": \"square\"",
            "unknown variant `square`",
        ),
        (
            "\"logit\"",
            "\"depth\"",
            "no case states the model's main output `logit`",
        ),
        ("\"c\": 7", "\"c\": 0", "golden.json"),
    ] {
        assert!(golden.contains(old), "{old}");
        let folder = altered(&[("golden.json", golden.replace(old, new).as_bytes())]);
        let reasons = reasons(folder.path());
        assert!(
            reasons.iter().any(|reason| reason.contains(wanted)),
            "{new}: {reasons:#?}"
        );
    }
}

#[test]
fn an_empty_folder_misses_every_part() {
    let folder = tempfile::tempdir().unwrap();
    let reasons = reasons(folder.path());
    for part in ["model.toml", "golden.json", "MODEL_CARD.md", "model.onnx"] {
        assert!(
            reasons.iter().any(|reason| reason.starts_with(part)),
            "{reasons:#?}"
        );
    }
}

const FOLDER: &str = "AI_TEST_PACKAGE";

/// Not a test of its own: the child that the tests below start.
#[test]
#[ignore = "started by the other tests in a process of its own"]
fn as_child() {
    let folder = std::env::var_os(FOLDER).expect("started by another test");
    if folder == "sleep" {
        std::thread::sleep(Duration::from_secs(60));
    }
    child(folder.as_ref()).unwrap();
}

fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "as_child", "--nocapture"])
        .env(FOLDER, folder);
    command
}

#[test]
fn a_child_admits_a_good_package() {
    let folder = data().join("binary");
    let (package, _) = check_in_child(command(&folder), &folder, Duration::from_secs(60)).unwrap();
    assert_eq!(package.manifest.name, "binary");
}

#[test]
fn a_child_hands_back_its_reasons() {
    let folder = with_model("vendor");
    let refused = check_in_child(
        command(folder.path()),
        folder.path(),
        Duration::from_secs(60),
    )
    .unwrap_err();
    assert!(
        refused.to_string().contains("com.microsoft.Gelu"),
        "{refused}"
    );
}

/// Its size is known only while it runs (2^40 elements): whatever happens happens to the child.
#[test]
fn a_giant_allocation_takes_only_the_child() {
    let folder = with_model("hidden_giant");
    let refused = check_in_child(
        command(folder.path()),
        folder.path(),
        Duration::from_secs(120),
    )
    .unwrap_err();
    let [Refusal { part, .. }, ..] = refused.refusals.as_slice() else {
        panic!("no reason given");
    };
    assert_eq!(part, "model.onnx", "{refused}");
}

#[test]
fn a_child_that_takes_too_long_is_stopped() {
    let folder = data().join("binary");
    let refused = check_in_child(
        command("sleep".as_ref()),
        &folder,
        Duration::from_millis(300),
    )
    .unwrap_err();
    assert!(refused.to_string().contains("took longer"), "{refused}");
}
