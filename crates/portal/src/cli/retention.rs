//! `medical-portal retention …`.

use clap::Subcommand;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Show for how long each kind of data stays, and how much of it goes at the next cleaning; removes nothing
    Show {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
}
