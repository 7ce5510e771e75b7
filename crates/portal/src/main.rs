//! `medical-portal`: serves the portal, runs workers, analyses films, and looks after the database,
//! the models and the accounts.

mod audit_trail;
mod backups;
mod calling;
mod cli;
mod commands;
mod configuration;
mod connections;
mod decoders;
mod disk;
mod keeper;
mod listen;
mod logging;
mod machines;
mod place;
mod production;
mod redirect;
mod schedule;
mod serve;
mod shutdown;
mod supervisor;

use std::process::ExitCode;

fn main() -> ExitCode {
    if decoders::is_child() {
        return decoders::serve();
    }
    let configuration = match configuration::read() {
        Ok(configuration) => configuration,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let cli = configuration.cli;
    if let cli::Command::Serve(args) = &cli.command
        && args.print_config
    {
        print!("{}", configuration.printed);
        return ExitCode::SUCCESS;
    }
    let _telemetry = match logging::start(
        cli.verbose,
        cli.log_format,
        cli.telemetry_endpoint.as_deref(),
    ) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(commands::run(cli));
    // A decoder or hash that is still running must not hold the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
