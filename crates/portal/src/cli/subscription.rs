//! `medical-portal subscription`.

use std::path::PathBuf;

use clap::Subcommand;
use outgoing::url::Url;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Tell a system of every result that is signed from now on, or changed (FHIR rest-hook)
    Add {
        #[command(flatten)]
        place: PlaceArgs,
        /// What people call it, such as EHR
        #[arg(long, value_parser = name)]
        name: String,
        /// Where it listens: an https address, or http on this machine
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        endpoint: Url,
        /// Send the DiagnosticReport itself (PUT ADDRESS/DiagnosticReport/ID) instead of a notice without content (POST)
        #[arg(long)]
        content: bool,
        /// File with the value of the header Authorization that is shown to it, such as `Bearer ...`; it is kept sealed
        #[arg(long, value_name = "FILE")]
        authorization_file: Option<PathBuf>,
    },
    /// List the systems, with when each was last told
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Tell a system of nothing any more
    Remove {
        #[command(flatten)]
        place: PlaceArgs,
        /// What people call it
        #[arg(long)]
        name: String,
    },
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err("give a name of 1 to 64 characters".to_owned());
    }
    Ok(name.to_owned())
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(outgoing::is_closed);
    let url = url.ok_or(
        "give an https address without a name and password, such as https://ehr.example.org/results; http is for this \
         machine only",
    )?;
    if url.query().is_some() || url.as_str().len() > 2000 {
        return Err("give an address of at most 2000 characters, without ?".to_owned());
    }
    Ok(url)
}
