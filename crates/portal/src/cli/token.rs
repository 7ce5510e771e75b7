//! `medical-portal token`.

use clap::Subcommand;
use domain::{EmailAddress, ProgramTokenId, Role, scope::Scope};

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for a program and print it, once; it stands for a service account that nobody can sign in to
    Create {
        #[command(flatten)]
        place: PlaceArgs,
        /// What the program is, such as "CT room 1": the name of the token, and of a new account
        #[arg(long)]
        name: String,
        /// What it opens; may be repeated: dicomweb.read, dicomweb.write, or of FHIR such as system/Patient.rs (a kind
        /// of resource or *, and of the letters cruds)
        #[arg(long = "scope", required = true, value_name = "SCOPE")]
        scopes: Vec<Scope>,
        /// Role of a new service account: radiologist (stores studies and reads its own), doctor
        /// (reads all) or tech (reads models and the audit trail)
        #[arg(long, required_unless_present = "account", conflicts_with = "account")]
        role: Option<Role>,
        /// Address of the service account, where there is one already (see `token list`)
        #[arg(long)]
        account: Option<EmailAddress>,
        /// Days until it ends
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=1095))]
        days: u16,
    },
    /// List tokens, with the accounts they stand for
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: it opens nothing from now on
    Revoke {
        #[command(flatten)]
        place: PlaceArgs,
        /// Its identifier (see `token list`)
        token: ProgramTokenId,
    },
}
