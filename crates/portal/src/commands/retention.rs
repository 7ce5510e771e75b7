//! `medical-portal retention show`.

use anyhow::Result;
use db::{Actor, ActorTx, removals};
use domain::settings;
use privacy::Terms;
use serde_json::json;

use super::table;
use crate::{cli::retention::RetentionCommand, place::Place};

/// Runs the command.
pub(super) async fn run(command: RetentionCommand) -> Result<()> {
    let RetentionCommand::Show { place, json } = command;
    let place = Place::open_existing(&place).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let outcome = show(&mut tx, json).await;
    drop(tx);
    database.close().await;
    place.close().await?;
    outcome
}

async fn show(tx: &mut ActorTx, as_json: bool) -> Result<()> {
    let terms = Terms::read(tx).await?;
    let beyond = removals::beyond(tx, terms.reports_before, terms.accounts_before).await?;
    let mut kept = Vec::new();
    for (what, key, unit) in [
        (
            "reports, with films and reviews",
            settings::RETENTION_REPORTS_YEARS,
            "years",
        ),
        (
            "accounts of patients without reports",
            settings::RETENTION_EMPTY_ACCOUNTS_MONTHS,
            "months",
        ),
        (
            "audit trail in the database",
            settings::RETENTION_AUDIT_MONTHS,
            "months",
        ),
        (
            "read notifications",
            settings::RETENTION_NOTIFICATION_DAYS,
            "days",
        ),
        (
            "sessions that are over",
            settings::RETENTION_SESSION_DAYS,
            "days",
        ),
    ] {
        let number: u32 = db::settings::get(tx, key).await?;
        kept.push((what, key, number, unit));
    }
    let least: u32 = db::settings::get(tx, settings::PRIVACY_KEEP_REPORTS_YEARS).await?;
    let goes = |key: &str| match key {
        settings::RETENTION_REPORTS_YEARS => Some(beyond.reports),
        settings::RETENTION_EMPTY_ACCOUNTS_MONTHS => Some(beyond.accounts),
        _ => None,
    };
    if as_json {
        let rows: Vec<_> = kept
            .iter()
            .map(|(what, key, number, unit)| {
                json!({ "what": what, "setting": key, "kept": number, "unit": unit, "goes": goes(key) })
            })
            .collect();
        let all = json!({ "kinds": rows, "records_held": beyond.held, "reports_kept_at_least_years": least });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = kept
        .iter()
        .map(|(what, key, number, unit)| {
            let term = match number {
                0 => "for ever".to_owned(),
                number => format!("{number} {unit}"),
            };
            let goes = goes(key).map_or_else(|| "–".to_owned(), |count| count.to_string());
            vec![(*what).to_owned(), term, goes, (*key).to_owned()]
        })
        .collect();
    table::print(&["what", "stays", "goes next", "setting"], &rows);
    println!(
        "\n{} records are held. Reports stay at least {least} years (privacy.keep_reports_years). Nothing was removed.",
        beyond.held
    );
    Ok(())
}
