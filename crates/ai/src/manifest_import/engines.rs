//! Trying a package's model in both engines.

use super::Refusals;
use crate::{
    EngineOptions, EnginePreference, GoldenError, GoldenReport, Manifest, Model, ModelError,
    Package,
    engine::{Batch, EngineError, Outputs},
    golden::Formula,
    preprocess::golden_tensor,
};

/// Runs the package in both engines and compares with the golden outputs.
pub(super) fn check_engines(
    package: &Package,
    refusals: &mut Refusals,
    notes: &mut Vec<String>,
) -> Vec<GoldenReport> {
    let mut reports = Vec::new();
    for preference in [EnginePreference::BuiltIn, EnginePreference::OnnxRuntime] {
        let model = match Model::load(package, EngineOptions::from(preference)) {
            Ok(model) => model,
            Err(ModelError::Engine(error @ EngineError::NoLibrary { .. })) => {
                notes.push(format!("only the built-in engine was checked: {error}"));
                continue;
            }
            Err(error) => {
                refusals.add("model.onnx", error);
                continue;
            }
        };
        check_outputs(&model, package, refusals);
        match model.verify_golden() {
            Ok(report) => reports.push(report),
            Err(GoldenError::Different { differences }) => {
                for difference in differences {
                    refusals.add("golden.json", format!("{difference} ({})", model.engine()));
                }
            }
            Err(error) => refusals.add("golden.json", format!("{error} ({})", model.engine())),
        }
    }
    reports
}

/// Runs a batch of two different pictures: the shapes must follow the batch and the manifest, all
/// numbers must be finite, and a picture's answer must not depend on its neighbour.
fn check_outputs(model: &Model, package: &Package, refusals: &mut Refusals) {
    let engine = model.engine();
    let mut fault = |reason: String| refusals.add("model.onnx", format!("{reason} ({engine})"));
    let manifest = model.manifest();
    let input = &manifest.input;
    let pictures: Vec<Vec<f32>> = test_pictures(package);
    let run = |values: &[f32], batch: usize| {
        model.run(&Batch {
            shape: [batch, input.channels, input.size, input.size],
            values,
        })
    };
    let (both, alone) = match (
        run(&pictures.concat(), pictures.len()),
        run(&pictures[1], 1),
    ) {
        (Ok(both), Ok(alone)) => (both, alone),
        (Err(error), _) | (_, Err(error)) => return fault(error.to_string()),
    };
    for (wanted, columns) in expected_columns(manifest) {
        if let Err(reason) = check_output(wanted, columns, &both, &alone, pictures.len()) {
            fault(reason);
        }
    }
}

fn check_output(
    name: &str,
    columns: Option<usize>,
    both: &Outputs,
    alone: &Outputs,
    batch: usize,
) -> Result<(), String> {
    let (both, alone) = both
        .get(name)
        .zip(alone.get(name))
        .ok_or_else(|| format!("output `{name}` is not a float tensor"))?;
    let fits = both.shape.first() == Some(&batch)
        && match columns {
            Some(columns) => both.member(0).map(<[f32]>::len) == Some(columns),
            None => both.shape.len() == 4,
        };
    if !fits {
        let wanted = columns.map_or("[batch, 1, h, w]".to_owned(), |n| format!("[batch, {n}]"));
        return Err(format!(
            "output `{name}` must have shape {wanted}; for a batch of {batch} it has {:?}",
            both.shape
        ));
    }
    if both.values.iter().any(|value| !value.is_finite()) {
        return Err(format!(
            "output `{name}` holds values that are no finite numbers"
        ));
    }
    let (in_batch, alone) = (both.member(1).unwrap_or_default(), &alone.values);
    let differs = in_batch.len() != alone.len()
        || in_batch
            .iter()
            .zip(alone)
            .any(|(a, b)| (a - b).abs() > 1e-3 * b.abs().max(1.0));
    if differs {
        return Err(format!(
            "output `{name}` of a picture changes with its neighbour in the batch"
        ));
    }
    Ok(())
}

/// The manifest's outputs and how many values each has for one picture; None for a map.
fn expected_columns(manifest: &Manifest) -> Vec<(&str, Option<usize>)> {
    let mut expected = vec![(manifest.head.output(), Some(manifest.head.columns()))];
    expected.extend(
        manifest
            .gate
            .iter()
            .map(|gate| (gate.output.as_str(), Some(1))),
    );
    expected.extend(
        manifest
            .heatmap
            .iter()
            .map(|map| (map.output.as_str(), None)),
    );
    expected
}

fn test_pictures(package: &Package) -> Vec<Vec<f32>> {
    let size = package.manifest.input.size;
    let half = size as i32 / 2;
    [
        Formula::Constant { value: 128 },
        Formula::Disc {
            cx: half,
            cy: half,
            r: half / 2,
            inside: 210,
            outside: 40,
        },
    ]
    .iter()
    .map(|formula| golden_tensor(&formula.picture(size, size), &package.manifest.input))
    .collect()
}
