//! `medical-portal archive`.

use clap::Subcommand;

use super::{PlaceArgs, device::ae_title};

#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Look for earlier studies of each new case's patient in a device of the list
    Add {
        #[command(flatten)]
        place: PlaceArgs,
        /// AE title of the device; it was added with --host and --port, and should know the portal's AE title
        #[arg(long, value_parser = ae_title)]
        ae_title: String,
    },
    /// List the archives, with what waits for each
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Look there no more; what was fetched stays with its cases
    Remove {
        #[command(flatten)]
        place: PlaceArgs,
        /// AE title of the archive (see `archive list`)
        #[arg(long, value_parser = ae_title)]
        ae_title: String,
    },
}
