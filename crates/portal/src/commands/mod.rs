//! What the subcommands do.

mod analyze;
mod archive;
pub(crate) mod audit;
mod backup;
mod check;
mod database;
mod deidentify;
mod demonstration;
mod device;
mod hl7;
mod keys;
mod manual;
mod model;
mod retention;
mod route;
mod settings;
mod subscription;
mod table;
mod token;
mod user;
mod words;

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cli::{Cli, Command},
    serve,
};

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::serve(*args).await?,
        Command::Worker(args) => serve::work(args).await?,
        Command::Analyze(args) => return analyze::run(&args),
        Command::Deidentify(args) => return deidentify::run(&args),
        Command::Check(args) => return check::run(&args).await,
        Command::Settings(command) => settings::run(command).await?,
        Command::Retention(command) => retention::run(command).await?,
        Command::Audit(command) => return audit::run(command).await,
        Command::Keys(command) => keys::run(command).await?,
        Command::Db(command) => return database::run(command).await,
        Command::Model(command) => model::run(command).await?,
        Command::User(command) => user::run(command).await?,
        Command::Token(command) => token::run(command).await?,
        Command::Device(command) => device::run(command).await?,
        Command::Hl7(command) => hl7::run(command).await?,
        Command::Route(command) => route::run(command).await?,
        Command::Archive(command) => archive::run(command).await?,
        Command::Subscription(command) => subscription::run(command).await?,
        Command::Backup(command) => return backup::run(command).await,
        Command::Demo(command) => demonstration::run(&command)?,
        Command::Openapi => println!("{}", serde_json::to_string_pretty(&api::document())?),
        Command::Completions { shell } => manual::completions(shell)?,
        Command::Man { folder } => manual::pages(&folder)?,
        Command::TryModel { package } => ai::manifest_import::child(&package)?,
    }
    Ok(ExitCode::SUCCESS)
}
