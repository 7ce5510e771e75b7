//! `medical-portal analyze`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use ai::{Model, Package};
use analysis::{Beside, FilmAssessment};
use anyhow::{Context, Result};
use bytes::Bytes;
use decoding::Decoders;
use imaging::Limits;
use serde_json::{Value, json};

use super::table;
use crate::cli::{AnalyzeArgs, EngineChoice};

/// A loaded package. The bundled one lies in a temporary folder as long as this lives.
pub(super) struct Loaded {
    pub(super) model: Model,
    _folder: Option<tempfile::TempDir>,
}

/// Loads the named package, or the bundled one.
pub(super) fn load(package: Option<&Path>, engine: EngineChoice) -> Result<Loaded> {
    let (folder, path) = match package {
        Some(path) => (None, path.to_owned()),
        None => {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            analysis::registry::unpack_bundled(folder.path())?;
            let path = folder.path().to_owned();
            (Some(folder), path)
        }
    };
    let package = Package::open(&path)?;
    let model = Model::load(&package, ai::EnginePreference::from(engine))?;
    Ok(Loaded {
        model,
        _folder: folder,
    })
}

/// Analyses each file. The exit status is 0 when every file was an image, 1 otherwise.
pub(super) fn run(args: &AnalyzeArgs) -> Result<ExitCode> {
    let loaded = load(args.model.as_deref(), args.engine)?;
    let decoders = crate::decoders::of_this_program()?;
    let outcomes: Vec<(&PathBuf, Result<FilmAssessment>)> = args
        .files
        .iter()
        .map(|file| (file, examine(file, &loaded.model, &decoders, args.age)))
        .collect();
    if args.json {
        let rows: Vec<Value> = outcomes
            .iter()
            .map(|(file, outcome)| as_json(file, outcome))
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        let rows: Vec<Vec<String>> = outcomes
            .iter()
            .map(|(file, outcome)| as_row(file, outcome))
            .collect();
        table::print(
            &[
                "file",
                "risk",
                "probability",
                "low",
                "medium",
                "high",
                "quality",
                "ms",
                "findings",
            ],
            &rows,
        );
        println!(
            "\nDecision support, not a diagnosis. {}",
            loaded.model.manifest().intended_use.statement
        );
    }
    let fine = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn examine(
    file: &Path,
    model: &Model,
    decoders: &Decoders,
    age: Option<f64>,
) -> Result<FilmAssessment> {
    let beside = Beside {
        ages: age.into_iter().collect(),
        study_type: None,
    };
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(analysis::examine(
        &Bytes::from(bytes),
        model,
        decoders,
        &Limits::default(),
        &beside,
    )?)
}

fn as_json(file: &Path, outcome: &Result<FilmAssessment>) -> Value {
    let mut value = match outcome {
        Ok(FilmAssessment::Scored(scored)) => json!({
            "outcome": "scored",
            "risk": scored.risk,
            "probability": scored.probability,
            "probabilities": scored.probabilities,
            "findings": scored.findings,
            "confidence": scored.confidence,
            "threshold": scored.threshold,
            "quality": scored.quality,
            "gate": { "passed": true, "scope": scored.scope },
            "model": { "name": scored.model_name, "version": scored.model_version, "sha256": scored.model_sha256 },
            "engine": scored.engine,
            "input_sha256": scored.input_sha256,
            "milliseconds": scored.milliseconds,
        }),
        Ok(FilmAssessment::NotAssessed {
            code,
            reason,
            quality,
            scope,
            ..
        }) => json!({
            "outcome": "not_assessed",
            "risk": null,
            "code": code,
            "reason": reason,
            "quality": quality,
            "gate": { "passed": false, "scope": scope },
        }),
        Err(error) => json!({ "outcome": "error", "error": format!("{error:#}") }),
    };
    value["file"] = json!(file.display().to_string());
    value
}

fn as_row(file: &Path, outcome: &Result<FilmAssessment>) -> Vec<String> {
    let name = file.display().to_string();
    let share = |value: f64| format!("{value:.3}");
    match outcome {
        Ok(FilmAssessment::Scored(scored)) => vec![
            name,
            scored.risk.to_string(),
            share(scored.probability),
            share(scored.probabilities.low),
            share(scored.probabilities.medium),
            share(scored.probabilities.high),
            share(scored.quality.score),
            format!("{:.0}", scored.milliseconds),
            scored
                .findings
                .iter()
                .map(describe)
                .collect::<Vec<_>>()
                .join("; "),
        ],
        Ok(FilmAssessment::NotAssessed {
            code,
            reason,
            quality,
            ..
        }) => {
            let quality = quality
                .map(|quality| share(quality.score))
                .unwrap_or_default();
            let empty = String::new;
            vec![
                name,
                "not assessed".to_owned(),
                empty(),
                empty(),
                empty(),
                empty(),
                quality,
                empty(),
                format!("{code}: {reason}"),
            ]
        }
        Err(error) => {
            let empty = String::new;
            vec![
                name,
                "error".to_owned(),
                empty(),
                empty(),
                empty(),
                empty(),
                empty(),
                empty(),
                format!("{error:#}"),
            ]
        }
    }
}

fn describe(finding: &ai::Finding) -> String {
    let place = finding
        .region
        .as_ref()
        .map(|region| format!(", {} {}", region.side, region.zone))
        .unwrap_or_default();
    format!("{} ({:.3}{place})", finding.name, finding.probability)
}
