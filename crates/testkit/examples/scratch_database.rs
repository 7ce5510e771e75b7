//! Runs a command with DATABASE_URL set to a scratch database that has every migration; the database
//! is gone afterwards.

use std::process::{Command, ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: scratch_database COMMAND [ARGUMENT ...]");
        return ExitCode::from(2);
    };
    let database = testkit::TestDatabase::migrated().await;
    let status = Command::new(&program)
        .args(arguments)
        .env("DATABASE_URL", database.owner().url)
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("{} ended with {status}", program.display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot run {}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
