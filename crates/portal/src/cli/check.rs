//! `medical-portal check`.

use std::{net::SocketAddr, path::PathBuf};

use check::Serving;
use clap::Args;

use super::{EngineChoice, PlaceArgs, backup::KeyArgs};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Put right what is safe to put right
    #[arg(long)]
    pub(crate) fix: bool,
    /// Read every stored image and compare it with its digest
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Print JSON instead of lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Engine that runs the model
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineChoice,
}

/// How `serve` is run, so that it can be judged. Read from where `serve` reads it.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServingArgs {
    /// Address that `serve` listens on
    #[arg(long, env = "PORTAL_LISTEN")]
    listen: Option<SocketAddr>,
    /// Whether `serve` marks cookies Secure
    #[arg(long, env = "PORTAL_SECURE_COOKIES")]
    secure_cookies: bool,
    /// Certificate that `serve` shows
    #[arg(long, env = "PORTAL_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
}

impl From<ServingArgs> for Serving {
    fn from(args: ServingArgs) -> Self {
        Self {
            listen: args.listen,
            secure_cookies: args.secure_cookies,
            certificate: args.tls_certificate,
        }
    }
}
