//! The resizer against the one of the training (Pillow, mode F, BILINEAR).
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::Path;

use ai::{Formula, resize_triangle};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    tolerance: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    source: Formula,
    width: usize,
    height: usize,
    target_width: usize,
    target_height: usize,
    mean: f64,
    #[serde(default)]
    values: Vec<Vec<f64>>,
    #[serde(default)]
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    x: usize,
    y: usize,
    value: f64,
}

fn check(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let file: File = serde_json::from_str(&text).unwrap();
    assert!(!file.cases.is_empty() && file.tolerance <= 0.01);
    for case in file.cases {
        let source = case.source.picture(case.width, case.height);
        let out = resize_triangle(
            &source,
            case.width,
            case.height,
            case.target_width,
            case.target_height,
        );
        let rows = case.values.iter().enumerate();
        let whole = rows.flat_map(|(y, row)| {
            row.iter()
                .enumerate()
                .map(move |(x, &value)| Sample { x, y, value })
        });
        let mut compared = 0;
        for Sample { x, y, value } in whole.chain(case.samples) {
            let found = f64::from(out[y * case.target_width + x]);
            assert!(
                (found - value).abs() <= file.tolerance,
                "{} at ({x}, {y}): {found} is not {value}",
                case.name
            );
            compared += 1;
        }
        assert!(compared >= 10, "{}: only {compared} values", case.name);
        let mean = out.iter().map(|&value| f64::from(value)).sum::<f64>() / out.len() as f64;
        assert!(
            (mean - case.mean).abs() <= file.tolerance,
            "{}: mean {mean}",
            case.name
        );
    }
}

#[test]
fn resizing_is_as_pillow_does_it() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/resize_golden.json"));
}

#[test]
fn resizing_is_as_the_bundled_model_was_trained_with() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/chest-paediatric/resize_golden.json");
    if file.exists() {
        check(&file);
    } else {
        eprintln!("skipped: the bundled model package is not there");
    }
}
