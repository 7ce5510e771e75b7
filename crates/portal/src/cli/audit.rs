//! `medical-portal audit …`.

use std::path::PathBuf;

use clap::Subcommand;

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
    /// Prove archived months: a row that was altered, added, removed or moved is named
    Verify {
        /// Files that `audit archive` made
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}
