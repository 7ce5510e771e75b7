//! `medical-portal model …`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{EngineChoice, PlaceArgs};

/// Which model.
#[derive(Debug, Args)]
pub(crate) struct ModelName {
    /// Name of the model
    pub(crate) name: String,
    /// Its version
    pub(crate) version: String,
}

/// Why.
#[derive(Debug, Args)]
pub(crate) struct ReasonArgs {
    /// Why; it stays with the change
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the registered models
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Check a package and register it, inactive
    Import {
        #[command(flatten)]
        place: PlaceArgs,
        /// The package's folder
        package: PathBuf,
    },
    /// Put a registered model to work where none is
    Activate {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
    },
    /// Have a model score every case silently beside the active one
    Shadow {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        /// Stop it instead
        #[arg(long)]
        stop: bool,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Compare a model with the active one on the cases that both saw
    Compare {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        /// Days back
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
        /// Print JSON instead of tables
        #[arg(long)]
        json: bool,
    },
    /// Ask to put a model to work; a second person decides
    Promote {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Approve the promotion that somebody with an account asked for
    Approve {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Decline the promotion that somebody with an account asked for
    Decline {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Withdraw the promotion that the command line asked for
    Withdraw {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Put the model before back to work
    Rollback {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Let the active model score silently; cases come without a score
    Suspend {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Let the suspended model's scores stand again
    Resume {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Put a model away for good
    Retire {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Who changed what models are there for, and why
    History {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Figures against signed reviews, and drift, of every model that scores
    Figures {
        #[command(flatten)]
        place: PlaceArgs,
        /// Count anew instead of showing the latest daily count
        #[arg(long)]
        now: bool,
        /// Print JSON instead of tables
        #[arg(long)]
        json: bool,
    },
    /// Alarms about models
    Alarms {
        #[command(flatten)]
        place: PlaceArgs,
        /// Those that are over as well
        #[arg(long)]
        all: bool,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Make a new version with calibration and thresholds from local signed cases
    Recalibrate {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        /// Share of cases of medium or high risk that must be flagged
        #[arg(long, default_value_t = 0.95)]
        sensitivity: f64,
        /// Signed cases of so many days back
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
    },
    /// Write signed cases without identities into a new folder, for training
    ExportTrainingSet {
        #[command(flatten)]
        place: PlaceArgs,
        /// A folder that is new or empty
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
        /// First day of signing [default: the first of all]
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<NaiveDate>,
        /// First day not included any more [default: up to now]
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Option<NaiveDate>,
        #[command(flatten)]
        reason: ReasonArgs,
    },
    /// Write everything about a model into one HTML page
    Report {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        model: ModelName,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Measure a package on labelled images, without a server or database
    Evaluate(EvaluateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The package's folder [default: the bundled model]
    #[arg(long, value_name = "DIR")]
    pub(crate) package: Option<PathBuf>,
    /// CSV with the columns file and label (NORMAL, or 0, is negative; anything else positive)
    #[arg(long, value_name = "CSV")]
    pub(crate) manifest: PathBuf,
    /// Folder that the files of the manifest are in
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Engine that runs the model
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineChoice,
}
