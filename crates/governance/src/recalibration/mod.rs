//! New calibration and thresholds from a hospital's own signed cases, stored as a new version of the
//! model. The network stays as it is; the new version goes to work like any other, by promotion.

mod fit;

use std::{collections::BTreeSet, path::Path};

use ai::{
    Package, PackageError,
    evaluate::{Case, Confusion, Rate, auroc, brier, expected_calibration_error},
    manifest::{Calibration, Head},
};
use analysis::registry::{self, RegistryError};
use chrono::{DateTime, Utc};
use db::{
    Actor, Database, DbError,
    audit::Act,
    case_scores::{self, JudgedCase},
    models::{self, Model},
};
use domain::{
    ModelId, RiskCategory, UserId,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use fit::Scored;

/// Fewest signed cases of either kind.
pub const FEWEST_CASES: usize = 50;
/// Fewest patients that these cases must be of.
pub const FEWEST_PATIENTS: usize = 20;
/// Patients are divided into so many folds for the honest figures.
const FOLDS: u64 = 5;

/// What a recalibration is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// Share of cases of medium or high risk that must be flagged, 0.5 to 0.999.
    pub sensitivity: f64,
    /// From when on signed cases count.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Recalibrated {
    /// The new model.
    pub model_id: ModelId,
    /// Its name.
    pub model_name: String,
    /// Its version.
    pub version: String,
    /// Signed cases it rests on.
    pub cases: u64,
    /// Of them, medium or high for the doctor.
    pub positives: u64,
    /// New slope on the logit scale.
    pub slope: f64,
    /// New intercept.
    pub intercept: f64,
    /// From here on a case is medium.
    pub medium: f64,
    /// From here on it is high.
    pub high: f64,
    /// Figures on patients left out of the fit, five times in turn.
    pub figures: CrossFitted,
}

/// Figures on cases that the fit did not see.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CrossFitted {
    /// Share of the positive that are flagged.
    pub sensitivity: Option<Rate>,
    /// Share of the negative that are not.
    pub specificity: Option<Rate>,
    /// Share of right calls.
    pub accuracy: Option<Rate>,
    /// Share of the flagged that are positive.
    pub precision: Option<Rate>,
    /// Harmonic mean of precision and sensitivity.
    pub f1_score: Option<f64>,
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Expected calibration error.
    pub expected_calibration_error: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
}

/// Why there is no recalibration.
#[derive(Debug, thiserror::Error)]
pub enum RecalibrationError {
    /// There is no such model.
    #[error("there is no such model")]
    NotFound,
    /// Sensitivity out of range.
    #[error("sensitivity must be 0.5 to 0.999")]
    Sensitivity,
    /// Too few signed cases.
    #[error(
        "{positives} signed cases of medium or high risk and {negatives} of low risk are too few: {FEWEST_CASES} of each are needed"
    )]
    TooFew {
        /// Medium or high for the doctor.
        positives: usize,
        /// Low for the doctor.
        negatives: usize,
    },
    /// Too few patients to leave some out.
    #[error(
        "the signed cases are of {patients} patients: {FEWEST_PATIENTS} are needed, so that the figures can be of patients left out"
    )]
    FewPatients {
        /// How many there are.
        patients: usize,
    },
    /// The head has no single probability to recalibrate.
    #[error(
        "only models with one probability (head kind binary) can be recalibrated here; this one has several outputs"
    )]
    Head,
    /// Scores that do not rise with risk.
    #[error(
        "the model's scores do not rise with the doctors' risk on these cases: recalibration cannot mend that"
    )]
    NoOrder,
    /// The new medium threshold is not below the high one.
    #[error(
        "for this sensitivity risk would be medium from {medium:.4} and high from {high:.4} on: ask for another sensitivity"
    )]
    Thresholds {
        /// The new medium threshold.
        medium: f64,
        /// The new high threshold.
        high: f64,
    },
    /// The package cannot be read or is not valid.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The manifest could not be rewritten.
    #[error("the manifest cannot be rewritten: {0}")]
    Manifest(String),
    /// A file could not be written.
    #[error("cannot write the new version: {0}")]
    Io(#[from] std::io::Error),
    /// The new version could not be registered.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The package's own scale and thresholds.
struct Before {
    slope: f64,
    intercept: f64,
    high: f64,
}

/// Makes a new version of a model from the cases signed within a time, and registers it.
///
/// # Errors
/// When the cases are too few or the model cannot be recalibrated, with the reason.
pub async fn recalibrate(
    database: &Database,
    actor: &Actor,
    models_folder: &Path,
    model_id: ModelId,
    wanted: Wanted,
) -> Result<Recalibrated, RecalibrationError> {
    if !(0.5..=0.999).contains(&wanted.sensitivity) {
        return Err(RecalibrationError::Sensitivity);
    }
    // Reviews are not tech's to read; what comes out are two numbers and counts.
    let mut tx = database.begin(&Actor::worker()).await?;
    let model = models::find(&mut tx, model_id)
        .await?
        .ok_or(RecalibrationError::NotFound)?;
    let judged = case_scores::judged(&mut tx, model_id, wanted.from, wanted.until).await?;
    let now = tx.now();
    let version = free_version(&mut tx, &model, now).await?;
    drop(tx);
    let folder = registry::package_folder(models_folder, &model.model_file_url);
    let package = Package::open(&folder)?;
    let before = before(&package)?;
    let made = fit_all(&judged, &before, wanted.sensitivity)?;
    let staging = tempfile::tempdir()?;
    write(&package, staging.path(), &version, &made, &wanted, now)?;
    let changed = Package::open(staging.path())?;
    let new_id = registry::register(database, actor, &changed, models_folder).await?;
    let mut tx = database.begin(actor).await?;
    let act = Act::new(AuditAction::RecalibrateModel, EntityType::Model)
        .on(new_id)
        .new_values(
            json!({ "from_model_id": model_id, "version": version, "cases": made.cases,
            "wanted_sensitivity": wanted.sensitivity, "medium": made.medium, "high": made.high }),
        );
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(Recalibrated {
        model_id: new_id,
        model_name: model.model_name,
        version,
        cases: made.cases,
        positives: made.positives,
        slope: made.slope,
        intercept: made.intercept,
        medium: made.medium,
        high: made.high,
        figures: made.figures,
    })
}

/// A version that says where it comes from and is not taken.
async fn free_version(
    tx: &mut db::ActorTx,
    model: &Model,
    now: DateTime<Utc>,
) -> Result<String, DbError> {
    let base = model.version.split('+').next().unwrap_or_default();
    let day = now.format("%Y%m%d");
    let mut version = format!("{base}+local.{day}");
    let mut count = 1;
    while models::find_by_version(tx, &model.model_name, &version)
        .await?
        .is_some()
    {
        count += 1;
        version = format!("{base}+local.{day}.{count}");
    }
    Ok(version)
}

fn before(package: &Package) -> Result<Before, RecalibrationError> {
    let Head::Binary { thresholds, .. } = &package.manifest.head else {
        return Err(RecalibrationError::Head);
    };
    let (slope, intercept) = match package.manifest.calibration {
        Calibration::None => (1.0, 0.0),
        Calibration::Platt { slope, intercept } => (slope, intercept),
    };
    Ok(Before {
        slope,
        intercept,
        high: thresholds.high(),
    })
}

struct Made {
    cases: u64,
    positives: u64,
    slope: f64,
    intercept: f64,
    medium: f64,
    high: f64,
    figures: CrossFitted,
}

fn fit_all(
    judged: &[JudgedCase],
    before: &Before,
    sensitivity: f64,
) -> Result<Made, RecalibrationError> {
    let cases: Vec<Scored> = judged
        .iter()
        .filter_map(|case| {
            Some(Scored {
                logit: fit::logit(case.risk_probability?),
                positive: case.doctor_risk >= RiskCategory::Medium,
                fold: case.patient_id.0.as_u128() as u64 % FOLDS,
            })
        })
        .collect();
    let positives = cases.iter().filter(|case| case.positive).count();
    let negatives = cases.len() - positives;
    if positives < FEWEST_CASES || negatives < FEWEST_CASES {
        return Err(RecalibrationError::TooFew {
            positives,
            negatives,
        });
    }
    let patients: BTreeSet<UserId> = judged.iter().map(|case| case.patient_id).collect();
    if patients.len() < FEWEST_PATIENTS {
        return Err(RecalibrationError::FewPatients {
            patients: patients.len(),
        });
    }
    let scale = fit::platt(&cases).ok_or(RecalibrationError::NoOrder)?;
    let medium = fit::threshold(&cases, scale, sensitivity);
    // "High" stays at the same raw score: only its probability has another name now.
    let high = fit::round_down(scale.of(fit::logit(before.high)));
    if medium >= high {
        return Err(RecalibrationError::Thresholds { medium, high });
    }
    Ok(Made {
        cases: cases.len() as u64,
        positives: positives as u64,
        slope: scale.slope * before.slope,
        intercept: scale.slope * before.intercept + scale.intercept,
        medium,
        high,
        figures: cross_fitted(&cases, sensitivity),
    })
}

/// Every case judged by a fit on the patients of the other folds.
fn cross_fitted(cases: &[Scored], sensitivity: f64) -> CrossFitted {
    let mut judged = Vec::with_capacity(cases.len());
    for fold in 0..FOLDS {
        let others: Vec<Scored> = cases
            .iter()
            .filter(|case| case.fold != fold)
            .copied()
            .collect();
        let Some(scale) = fit::platt(&others) else {
            continue;
        };
        let threshold = fit::threshold(&others, scale, sensitivity);
        let own = cases.iter().filter(|case| case.fold == fold);
        judged.extend(own.map(|case| Case::at(threshold, scale.of(case.logit), case.positive)));
    }
    let confusion = Confusion::of(&judged);
    let pairs: Vec<(f64, bool)> = judged
        .iter()
        .map(|case| (case.probability, case.positive))
        .collect();
    CrossFitted {
        sensitivity: confusion.sensitivity(),
        specificity: confusion.specificity(),
        accuracy: confusion.accuracy(),
        precision: confusion.precision(),
        f1_score: confusion.f1_score(),
        auroc: auroc(&pairs),
        expected_calibration_error: expected_calibration_error(&pairs),
        brier: brier(&pairs),
    }
}

/// The package again, with another version, calibration, thresholds and test figures.
fn write(
    package: &Package,
    to: &Path,
    version: &str,
    made: &Made,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<(), RecalibrationError> {
    for name in ["model.onnx", "golden.json"] {
        std::fs::copy(package.directory.join(name), to.join(name))?;
    }
    let wrong = |error: &dyn std::fmt::Display| RecalibrationError::Manifest(error.to_string());
    let text = std::fs::read_to_string(package.directory.join("model.toml"))?;
    let mut manifest: toml::Table = text.parse().map_err(|error| wrong(&error))?;
    let figures = &made.figures;
    let rate = |rate: &Option<Rate>| rate.as_ref().map_or(0.0, |rate| rate.value);
    let changes: toml::Table = toml::Table::try_from(json!({
        "version": version,
        "calibration": { "method": "platt", "slope": made.slope, "intercept": made.intercept },
        "thresholds": { "medium": made.medium, "high": made.high },
        "evaluation": {
            "dataset": format!(
                "{} cases of this hospital signed from {} to {}, cross-fitted over {FOLDS} folds of patients; confusion figures at the medium threshold",
                made.cases, wanted.from.format("%Y-%m-%d"), wanted.until.format("%Y-%m-%d")
            ),
            "images": made.cases,
            "auroc": figures.auroc.unwrap_or_default(),
            "sensitivity": rate(&figures.sensitivity),
            "specificity": rate(&figures.specificity),
            "accuracy": rate(&figures.accuracy),
            "precision": rate(&figures.precision),
            "f1_score": figures.f1_score.unwrap_or_default(),
            "expected_calibration_error": figures.expected_calibration_error.unwrap_or_default(),
            "brier": figures.brier.unwrap_or_default(),
        },
    }))
    .map_err(|error| wrong(&error))?;
    manifest.extend(changes);
    std::fs::write(
        to.join("model.toml"),
        toml::to_string(&manifest).map_err(|error| wrong(&error))?,
    )?;
    let card = format!(
        "{}\n\n## Recalibrated on local cases: {version}\n\nOn {} from {} signed cases ({} of medium or high risk), for a sensitivity of {:.1} %. The network is that of {}; \
         everything above about its training holds, its thresholds and calibration do not. New: slope {:.5}, intercept {:.5}, medium from {:.4}, high from {:.4}. \
         On patients left out of the fit: sensitivity {:.1} %, specificity {:.1} %, expected calibration error {:.3}.\n",
        package.card()?.trim_end(),
        now.format("%Y-%m-%d"),
        made.cases,
        made.positives,
        wanted.sensitivity * 100.0,
        package.manifest.version,
        made.slope,
        made.intercept,
        made.medium,
        made.high,
        rate(&figures.sensitivity) * 100.0,
        rate(&figures.specificity) * 100.0,
        figures.expected_calibration_error.unwrap_or_default(),
    );
    Ok(std::fs::write(to.join("MODEL_CARD.md"), card)?)
}
