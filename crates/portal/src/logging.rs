//! The log: to standard error, for people or as JSON. It holds request ids and path templates,
//! never patient data.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::cli::LogFormat;

/// Starts the log. `RUST_LOG` overrides the level.
pub(crate) fn start(verbose: u8, format: LogFormat) {
    let default = match verbose {
        0 => {
            "warn,portal=info,medical_portal=info,jobs=info,analysis=info,api=warn,ort=warn,sqlx=warn"
        }
        1 => "info,ort=warn,sqlx=warn",
        _ => "debug,ort=info,hyper=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_target(false)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .init(),
    }
}
