//! `medical-portal settings …`.

use clap::Subcommand;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// List every setting with the value in force and what it does
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print the value in force of a setting, as JSON
    Get {
        #[command(flatten)]
        place: PlaceArgs,
        /// The key, such as queue.claim_minutes
        key: String,
    },
    /// Change a setting; in force at once, without a restart
    Set {
        #[command(flatten)]
        place: PlaceArgs,
        /// The key, such as queue.claim_minutes
        key: String,
        /// The value, as JSON; a text may stand without quotes
        value: String,
    },
    /// Put the default in force again
    Reset {
        #[command(flatten)]
        place: PlaceArgs,
        /// The key, such as queue.claim_minutes
        key: String,
    },
    /// List who changed what, newest first
    History {
        #[command(flatten)]
        place: PlaceArgs,
        /// Only of this setting
        key: Option<String>,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
}
