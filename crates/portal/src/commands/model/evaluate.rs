//! `medical-portal model evaluate`.

use std::path::Path;

use ai::{
    NotAssessedCode,
    evaluate::{Case, Figures, Rate, evaluate},
};
use analysis::{Beside, FilmAssessment};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use imaging::Limits;
use serde::Deserialize;
use serde_json::json;

use crate::{
    cli::EvaluateArgs,
    commands::{analyze::load, table},
};

/// A line of the manifest.
#[derive(Debug, Deserialize)]
struct Line {
    file: String,
    label: String,
}

/// The seed of the bootstrap, so that the same images give the same interval.
const SEED: u64 = 20_261_124;

/// Measures a package on labelled images.
pub(super) fn run(args: &EvaluateArgs) -> Result<()> {
    let lines = read_manifest(&args.manifest)?;
    let loaded = load(args.package.as_deref(), args.engine)?;
    let decoders = crate::decoders::of_this_program()?;
    let mut cases = Vec::new();
    let mut refused: Vec<NotAssessedCode> = Vec::new();
    let mut unreadable = Vec::new();
    for line in &lines {
        let path = args.images.join(&line.file);
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let positive = is_positive(&line.label);
        match analysis::examine(
            &Bytes::from(bytes),
            &loaded.model,
            &decoders,
            &Limits::default(),
            &Beside::default(),
        ) {
            Ok(FilmAssessment::Scored(scored)) => {
                cases.push(Case::at(scored.threshold, scored.probability, positive));
            }
            Ok(FilmAssessment::NotAssessed { code, reason, .. }) => {
                match NotAssessedCode::ALL
                    .iter()
                    .find(|known| known.as_str() == code)
                {
                    Some(known) => refused.push(*known),
                    None => unreadable.push(format!("{}: {reason}", line.file)),
                }
            }
            Err(error) => unreadable.push(format!("{}: {error}", line.file)),
        }
    }
    let figures = evaluate(&cases, &refused, SEED);
    if args.json {
        let manifest = loaded.model.manifest();
        let answer = json!({
            "model": { "name": manifest.name, "version": manifest.version, "engine": loaded.model.engine() },
            "images": lines.len(),
            "auroc": figures.auroc,
            "auroc_interval": figures.auroc_interval,
            "accuracy": value(&figures.accuracy),
            "sensitivity": value(&figures.sensitivity),
            "specificity": value(&figures.specificity),
            "precision": value(&figures.precision),
            "f1_score": figures.f1_score,
            "ece": figures.expected_calibration_error,
            "brier": figures.brier,
            "not_assessed": refused.len() + unreadable.len(),
            "unreadable": unreadable,
            "figures": figures,
        });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        print(&figures, lines.len(), &unreadable);
    }
    Ok(())
}

fn read_manifest(path: &Path) -> Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<Line> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} must have the columns file and label", path.display()))?;
    if lines.is_empty() {
        bail!("{} names no image", path.display());
    }
    Ok(lines)
}

/// Whether a label says that the finding is there.
fn is_positive(label: &str) -> bool {
    !matches!(
        label.to_ascii_lowercase().as_str(),
        "normal" | "0" | "negative" | "false" | "no" | "low"
    )
}

fn value(rate: &Option<Rate>) -> Option<f64> {
    rate.as_ref().map(|rate| rate.value)
}

fn print(figures: &Figures, images: usize, unreadable: &[String]) {
    let rate = |name: &str, rate: &Option<Rate>| {
        let text = rate.as_ref().map_or_else(
            || "-".to_owned(),
            |rate| {
                format!(
                    "{:.4} ({:.4} to {:.4}), {} of {}",
                    rate.value, rate.interval.low, rate.interval.high, rate.count, rate.of
                )
            },
        );
        vec![name.to_owned(), text]
    };
    let number = |name: &str, number: Option<f64>| {
        vec![
            name.to_owned(),
            number.map_or_else(|| "-".to_owned(), |number| format!("{number:.4}")),
        ]
    };
    let auroc = match (figures.auroc, &figures.auroc_interval) {
        (Some(auroc), Some(interval)) => {
            format!("{auroc:.4} ({:.4} to {:.4})", interval.low, interval.high)
        }
        (Some(auroc), None) => format!("{auroc:.4}"),
        _ => "-".to_owned(),
    };
    let refused: Vec<String> = figures
        .not_assessed
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let rows = vec![
        vec!["images".to_owned(), images.to_string()],
        vec![
            "scored".to_owned(),
            format!("{} ({} positive)", figures.cases, figures.positives),
        ],
        vec![
            "not assessed".to_owned(),
            if refused.is_empty() {
                "0".to_owned()
            } else {
                refused.join(", ")
            },
        ],
        vec!["unreadable".to_owned(), unreadable.len().to_string()],
        vec!["AUROC (95 % bootstrap)".to_owned(), auroc],
        rate("accuracy", &figures.accuracy),
        rate("sensitivity", &figures.sensitivity),
        rate("specificity", &figures.specificity),
        rate("precision", &figures.precision),
        number("F1", figures.f1_score),
        number(
            "expected calibration error",
            figures.expected_calibration_error,
        ),
        number("Brier", figures.brier),
    ];
    table::print(&["figure", "value"], &rows);
    println!(
        "\nPositive is a probability from the model's threshold up; intervals of rates are Wilson's, 95 %."
    );
    for line in unreadable {
        println!("unreadable: {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood() {
        for negative in ["NORMAL", "0", "normal", "false"] {
            assert!(!is_positive(negative), "{negative}");
        }
        for positive in ["PNEUMONIA", "1", "abnormal", "true"] {
            assert!(is_positive(positive), "{positive}");
        }
    }
}
