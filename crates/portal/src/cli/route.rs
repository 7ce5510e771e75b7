//! `medical-portal route`.

use clap::Subcommand;
use domain::RouteId;

use super::{PlaceArgs, device::ae_title};

#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// Send films on to a device as they come in, or results as they are signed: all, or those that are as said
    Add {
        #[command(flatten)]
        place: PlaceArgs,
        /// AE title of the device that they go to; it was added with --host and --port
        #[arg(long, value_parser = ae_title)]
        to: String,
        /// Not films but signed results: a structured report, the film with the heatmap, and the report as PDF
        #[arg(long)]
        results: bool,
        /// Only films of this modality, such as DX, or results of cases with one
        #[arg(long, value_parser = code)]
        modality: Option<String>,
        /// Only films of this body part, such as CHEST, or results of cases with one
        #[arg(long, value_parser = code)]
        body_part: Option<String>,
        /// Only films that this device sent, or results of them
        #[arg(long, value_parser = ae_title)]
        from: Option<String>,
    },
    /// List the routes, with how many films or results wait on each
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Send nothing more by a route; what waits is still sent
    Remove {
        #[command(flatten)]
        place: PlaceArgs,
        /// Its identifier (see `route list`)
        route: RouteId,
    },
}

/// A word as DICOM codes have them (PS3.5 6.2, CS).
fn code(text: &str) -> Result<String, String> {
    let word = text.trim().to_ascii_uppercase();
    let is_one = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ['_', ' '].contains(&c);
    if word.is_empty() || word.len() > 16 || !word.chars().all(is_one) {
        return Err("give 1 to 16 letters and digits, such as DX or CHEST".to_owned());
    }
    Ok(word)
}
