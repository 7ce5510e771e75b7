//! `medical-portal audit …`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueEnum};

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Move old months of the audit trail out of the database, into files that prove themselves
    Archive {
        #[command(flatten)]
        place: PlaceArgs,
        /// Months that stay in the database, beside this one
        #[arg(long, value_name = "MONTHS")]
        keep_months: u32,
        /// Folder for the files [default: audit-archive in the data folder]
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Prove the trail: each row that was altered, removed, moved or put in is named; exit status 1 then
    Verify {
        #[command(flatten)]
        place: PlaceArgs,
        /// Files that `audit export` or `audit archive` made, instead of the database
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Trusted public keys [default: keys/audit-public-keys.txt in the data folder]
        #[arg(long, value_name = "FILE")]
        public_keys: Option<PathBuf>,
        /// Only what was written from this moment on, such as 2026-11-24T00:00:00Z
        #[arg(long, value_name = "TIME", conflicts_with = "files")]
        since: Option<DateTime<Utc>>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the trail into a file
    Export {
        #[command(flatten)]
        place: PlaceArgs,
        /// `jsonl` proves itself; the others are for other programs
        #[arg(long, value_enum, default_value_t)]
        format: ExportFormat,
        /// File to write; `-` for standard output
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// From the seal on that holds this moment
        #[arg(long, value_name = "TIME")]
        from: Option<DateTime<Utc>>,
        /// Up to the seal that begins before this moment
        #[arg(long, value_name = "TIME")]
        until: Option<DateTime<Utc>>,
    },
    /// Make a new key for seals; what is sealed stays provable
    RotateKey {
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// The form of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Seals and rows as lines of JSON, for `audit verify`.
    #[default]
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// FHIR R4 AuditEvent, a JSON object a line.
    Fhir,
    /// DICOM PS3.15 A.5 audit messages, an XML document a line.
    Dicom,
}
