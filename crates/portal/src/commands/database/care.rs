//! `medical-portal db vacuum|analyze|reindex|partitions`.

use std::time::Instant;

use anyhow::{Result, bail};
use db::maintain::{Care, Caretaker};

use super::{
    super::{table, words::bytes},
    look::{estimate, moment},
};
use crate::{
    cli::{CareArgs, PlaceArgs},
    place::Place,
};

/// Looks after every table, or the named one. Safe to interrupt: each table is done by itself.
pub(super) async fn run(care: Care, args: &CareArgs) -> Result<()> {
    let place = Place::open_existing(&args.place).await?;
    let mut caretaker = Caretaker::connect(&place.owner).await?;
    let outcome = each(&mut caretaker, care, args.table.as_deref()).await;
    caretaker.close().await?;
    place.close().await?;
    outcome
}

async fn each(caretaker: &mut Caretaker, care: Care, only: Option<&str>) -> Result<()> {
    let tables = caretaker.tables().await?;
    let chosen: Vec<&String> = match only {
        None => tables.iter().collect(),
        Some(name) => {
            let full = if name.contains('.') {
                name.to_owned()
            } else {
                format!("public.{name}")
            };
            let found: Vec<_> = tables
                .iter()
                .filter(|table| **table == full || **table == format!("portal.{name}"))
                .collect();
            if found.is_empty() {
                bail!("there is no table {name}: `medical-portal db tables` lists them");
            }
            found
        }
    };
    let mut failed = 0;
    for (number, table) in chosen.iter().enumerate() {
        let started = Instant::now();
        let outcome = caretaker.care(care, table).await;
        let progress = format!("[{}/{}] {table}", number + 1, chosen.len());
        match outcome {
            Ok(()) => println!("{progress}  {:.1} s", started.elapsed().as_secs_f64()),
            Err(error) => {
                failed += 1;
                println!("{progress}  not done: {error}");
            }
        }
    }
    if failed > 0 {
        bail!(
            "{failed} of {} tables were not done; run it again when nobody holds them",
            chosen.len()
        );
    }
    Ok(())
}

/// Lists the audit trail's partitions, after making those ahead if wanted.
pub(super) async fn partitions(
    args: &PlaceArgs,
    make_ahead: Option<i32>,
    json: bool,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let mut caretaker = Caretaker::connect(&place.owner).await?;
    if let Some(months) = make_ahead {
        caretaker.make_partitions(months).await?;
    }
    let partitions = caretaker.partitions().await?;
    caretaker.close().await?;
    place.close().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&partitions)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = partitions
        .iter()
        .map(|partition| {
            vec![
                partition.table.clone(),
                partition
                    .from
                    .map_or_else(|| "every other time".to_owned(), |from| moment(Some(from))),
                partition
                    .until
                    .map(|until| moment(Some(until)))
                    .unwrap_or_default(),
                estimate(partition.estimated_rows),
                bytes(partition.bytes),
            ]
        })
        .collect();
    table::print(
        &["partition", "from", "until", "rows (estimate)", "size"],
        &rows,
    );
    Ok(())
}
