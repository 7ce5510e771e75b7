//! What a manifest may say, and how it is told what it may not.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use ai::{Manifest, manifest::ManifestError};

const GOOD: &str = include_str!("data/binary/model.toml");
const FINDINGS: &str = include_str!("data/findings/model.toml");
const SOFTMAX: &str = include_str!("data/softmax/model.toml");

fn refusal(text: &str) -> String {
    match Manifest::parse(text) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The good manifest with pieces replaced; each piece must be there.
fn changed(from: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(from.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "`{old}` is not in the manifest");
        text.replace(old, new)
    })
}

/// The good manifest without a table (up to the next one).
fn without(table: &str) -> String {
    let header = format!("[{table}]");
    let start = GOOD.find(&header).expect("the table is there");
    let rest = &GOOD[start + header.len()..];
    let end = rest.find("\n[").map_or("", |at| &rest[at..]);
    format!("{}{end}", &GOOD[..start])
}

#[test]
fn good_manifests_are_read() {
    insta::assert_json_snapshot!("binary", Manifest::parse(GOOD).unwrap());
    for text in [FINDINGS, SOFTMAX] {
        Manifest::parse(text).unwrap();
    }
}

#[test]
fn the_first_wrong_key_is_named() {
    let cases = [
        ("syntax", changed(GOOD, &[("size = 32", "size = = 32")])),
        ("unknown key at the top", format!("colour = 1\n{GOOD}")),
        (
            "unknown key in a table",
            changed(GOOD, &[("size = 32", "size = 32\nwidth = 3")]),
        ),
        ("missing key", changed(GOOD, &[("size = 32\n", "")])),
        (
            "wrong type",
            changed(GOOD, &[("channels = 1", "channels = \"one\"")]),
        ),
        (
            "wrong type deep inside",
            changed(FINDINGS, &[("medium = 0.6", "medium = true")]),
        ),
        (
            "negative count",
            changed(GOOD, &[("images = 0", "images = -4")]),
        ),
        ("missing table", without("training")),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(what, text)| {
            let error = Manifest::parse(text).unwrap_err();
            assert!(!matches!(error, ManifestError::Rules { .. }), "{what}");
            format!("{what}: {error}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let cases = [
        ("no intended use", without("intended_use")),
        ("no test figures", without("evaluation")),
        (
            "no test images",
            changed(GOOD, &[("images = 1\n", "images = 0\n")]),
        ),
        (
            "many at once",
            changed(
                GOOD,
                &[
                    ("name = \"binary\"", "name = \"../binary\""),
                    ("2025-01-31", "yesterday"),
                    ("size = 32", "size = 8"),
                    ("channels = 1", "channels = 2"),
                    ("squash-triangle", "letterbox"),
                    ("[0.0, 255.0]", "[1.0, 1.0]"),
                    ("medium = 0.2", "medium = 0.9"),
                    ("slope = 1.5", "slope = -1.5"),
                    ("minimum = 0.5", "minimum = 1.5"),
                    ("[\"AP\", \"PA\"]", "[]"),
                    ("minimum_age_years = 1", "minimum_age_years = 8"),
                    ("auroc = 0.9", "auroc = 90.0"),
                ],
            ),
        ),
        (
            "binary without finding and thresholds",
            changed(&without("thresholds"), &[("finding = \"Brightness\"", "")]),
        ),
        (
            "softmax with platt and odd classes",
            changed(
                SOFTMAX,
                &[
                    ("[\"high\", \"low\", \"medium\"]", "[\"low\", \"high\"]"),
                    ("method = \"none\"", "method = \"platt\"\nslope = 1.0"),
                ],
            ),
        ),
        (
            "findings twice and with softmax",
            changed(
                FINDINGS,
                &[("Darkness", "Brightness"), ("\"sigmoid\"", "\"softmax\"")],
            ),
        ),
        (
            "unknown head",
            changed(GOOD, &[("kind = \"binary\"", "kind = \"ternary\"")]),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(what, text)| format!("{what}: {}", refusal(text).replace("; ", "\n  ")))
        .collect();
    insta::assert_snapshot!(told.join("\n---\n"));
}
