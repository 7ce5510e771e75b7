//! `medical-portal db migrate|status|reset|seed|schema`; looking and care are in files of their own.

mod care;
mod look;

use std::process::ExitCode;

use anyhow::{Result, bail};
use db::maintain::Care;

use super::table;
use crate::{audit_trail, cli::DbCommand, place::Place};

/// Runs the command.
pub(super) async fn run(command: DbCommand) -> Result<ExitCode> {
    match command {
        DbCommand::Migrate { place } => {
            let place = Place::open(&place, None).await?;
            let before = missing(&db::migrations::status(&place.owner).await?);
            db::migrations::migrate(&place.owner).await?;
            println!("{before} migrations ran; the database is up to date.");
            place.close().await?;
        }
        DbCommand::Status { place, json } => {
            // A folder that is named may be new; the usual one is not made just by asking.
            let place = if place.data_dir.is_some() {
                Place::open(&place, None).await?
            } else {
                Place::open_existing(&place).await?
            };
            let states = db::migrations::status(&place.owner).await?;
            place.close().await?;
            print_status(&states, json)?;
            if states
                .iter()
                .any(|state| !state.applied || !state.unchanged)
            {
                return Ok(ExitCode::FAILURE);
            }
        }
        DbCommand::Look(command) => look::run(command).await?,
        DbCommand::Vacuum(args) => care::run(Care::Vacuum, &args).await?,
        DbCommand::Analyze(args) => care::run(Care::Analyze, &args).await?,
        DbCommand::Reindex {
            care: args,
            concurrently,
        } => {
            let care = if concurrently {
                Care::ReindexConcurrently
            } else {
                Care::Reindex
            };
            care::run(care, &args).await?;
        }
        DbCommand::Partitions {
            place,
            make_ahead,
            json,
        } => care::partitions(&place, make_ahead, json).await?,
        DbCommand::Reset {
            place,
            yes_delete_everything,
        } => {
            if !yes_delete_everything {
                bail!(
                    "this deletes every report, review and account: say --yes-delete-everything if that is meant"
                );
            }
            let place = Place::open(&place, None).await?;
            db::migrations::reset(&place.owner).await?;
            // The new trail begins with its first seal.
            std::fs::remove_file(audit_trail::newest_seal_note(&place)).or_else(
                |error| match error.kind() {
                    std::io::ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                },
            )?;
            println!(
                "The database is new and empty. Stored images stay in {}/blobs.",
                place.data_dir().display()
            );
            place.close().await?;
        }
        DbCommand::Seed { place } => {
            let place = Place::open(&place, None).await?;
            db::migrations::migrate(&place.owner).await?;
            db::migrations::seed(&place.owner).await?;
            println!(
                "The development data is loaded; the accounts' password is in database/seeds/."
            );
            place.close().await?;
        }
        DbCommand::Schema { place } => {
            let place = Place::open(&place, None).await?;
            db::migrations::migrate(&place.owner).await?;
            let schema =
                db::migrations::dump_schema(&place.owner, place.postgres_programs.as_deref())
                    .await?;
            print!("{schema}");
            place.close().await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(states: &[db::migrations::MigrationState]) -> usize {
    states.iter().filter(|state| !state.applied).count()
}

fn print_status(states: &[db::migrations::MigrationState], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(states)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = states
        .iter()
        .map(|state| {
            let word = match (state.applied, state.unchanged) {
                (true, true) => "applied",
                (true, false) => "applied, but edited since",
                (false, _) => "missing",
            };
            vec![
                format!("{:03}", state.version),
                state.name.clone(),
                word.to_owned(),
            ]
        })
        .collect();
    table::print(&["version", "name", "state"], &rows);
    println!(
        "{} of {} applied",
        states.len() - missing(states),
        states.len()
    );
    Ok(())
}
