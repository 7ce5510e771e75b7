//! Films that are run together get the answers that they get alone.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::time::Instant;

use ai::{
    Assessment, CaseContext, EngineKind, EngineOptions, EnginePreference, GreyPicture, Model,
    Package, Scored, engine::Batch,
};

fn film(seed: usize) -> Vec<u8> {
    (0..200usize * 180)
        .map(|at| {
            let (x, y) = (at % 200, at / 200);
            let middle = if x.abs_diff(100).max(y.abs_diff(90)) < 50 {
                60
            } else {
                0
            };
            let above = if y < 90 { 40 } else { 0 };
            (30 + middle + above + (x * (seed + 3) + y * 5) % 40) as u8
        })
        .collect()
}

fn score(model: &Model, pixels: &[u8]) -> Scored {
    let picture = GreyPicture::new(200, 180, pixels).unwrap();
    match model.analyze(&picture, &CaseContext::default()) {
        Assessment::Scored(scored) => *scored,
        Assessment::NotAssessed(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn many_at_once_are_scored_as_one_by_one() {
    for name in ["binary", "findings"] {
        for model in support::models(&support::package(name)) {
            let films: Vec<Vec<u8>> = (0..48).map(film).collect();
            let alone: Vec<Scored> = films.iter().map(|pixels| score(&model, pixels)).collect();
            let together: Vec<Scored> = std::thread::scope(|scope| {
                let threads: Vec<_> = films
                    .chunks(3)
                    .map(|films| {
                        let model = &model;
                        scope.spawn(move || {
                            films
                                .iter()
                                .map(|pixels| score(model, pixels))
                                .collect::<Vec<_>>()
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .flat_map(|thread| thread.join().unwrap())
                    .collect()
            });
            for (one, other) in alone.iter().zip(&together) {
                assert_eq!(one.input_sha256, other.input_sha256);
                assert_eq!(one.risk, other.risk);
                assert!((one.probability - other.probability).abs() < 1e-5);
                assert_eq!(one.scope.is_some(), other.scope.is_some());
                assert_eq!(one.findings.len(), other.findings.len());
                let near = |a: &Option<Vec<f32>>, b: &Option<Vec<f32>>| match (a, b) {
                    (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3),
                    (a, b) => a == b,
                };
                assert!(near(&one.features, &other.features));
            }
        }
    }
}

/// Milliseconds a film by size of batch and threads; the figures are in `docs/BENCHMARKS.md`.
#[test]
#[ignore = "measures, and takes a minute"]
fn what_a_batch_saves() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "{}\n[training]\ndataset_version = \"none\"\nimages = 0\npatients = 0\n[evaluation]\ndataset = \"none\"\nimages = 1\nauroc = 0.5\nsensitivity = 0.5\nspecificity = 0.5\naccuracy = 0.5\nprecision = 0.5\nf1_score = 0.5\nexpected_calibration_error = 0.5\nbrier = 0.25\n",
        include_str!("../../../models/examples/densenet121-torchxrayvision.toml")
    );
    onnx_kit::PackageWriter {
        model: onnx_kit::DenseNet::default().to_bytes(),
        manifest,
    }
    .write(folder.path())
    .unwrap();
    let packages = [
        support::bundled().unwrap(),
        Package::open(folder.path()).unwrap(),
    ];
    for package in &packages {
        for preference in support::engines() {
            for threads in [1, 2] {
                measure(package, preference, threads);
            }
        }
    }
}

fn measure(package: &Package, preference: EnginePreference, threads: usize) {
    let options = EngineOptions {
        threads,
        ..preference.into()
    };
    let model = Model::load(package, options).unwrap();
    let input = &package.manifest.input;
    let each = input.channels * input.size * input.size;
    let values: Vec<f32> = (0..8 * each).map(|at| (at % 251) as f32).collect();
    let mut line = format!(
        "{} {} threads {threads}:",
        package.manifest.name,
        model.engine()
    );
    let rounds = if model.engine() == EngineKind::BuiltIn {
        4
    } else {
        8
    };
    for size in [1, 2, 4, 8] {
        let batch = Batch {
            shape: [size, input.channels, input.size, input.size],
            values: &values[..size * each],
        };
        model.run(&batch).unwrap();
        // The best of several rounds: other work on the machine only ever adds.
        let best = (0..rounds)
            .map(|_| {
                let started = Instant::now();
                model.run(&batch).unwrap();
                started.elapsed().as_secs_f64() * 1000.0 / size as f64
            })
            .fold(f64::INFINITY, f64::min);
        line.push_str(&format!("  {size}: {best:.2}"));
    }
    println!("{line} ms a film");
}
