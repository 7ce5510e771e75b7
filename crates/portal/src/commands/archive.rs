//! `medical-portal archive add|list|remove`.

use anyhow::{Result, bail};
use db::{Actor, audit::Act, dicom_archives, dicom_peers};
use domain::audit::{AuditAction, EntityType};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, archive::ArchiveCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: ArchiveCommand) -> Result<()> {
    match command {
        ArchiveCommand::Add { place, ae_title } => add(&place, &ae_title).await,
        ArchiveCommand::List { place, json } => list(&place, json).await,
        ArchiveCommand::Remove { place, ae_title } => remove(&place, &ae_title).await,
    }
}

async fn add(args: &PlaceArgs, ae_title: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let devices = dicom_peers::list(&mut tx).await?;
    let listens =
        |device: &dicom_peers::DicomPeer| device.ae_title == ae_title && device.host.is_some();
    if !devices.iter().any(listens) {
        bail!(
            "{ae_title} is not on the list with where it listens: medical-portal device add --ae-title {ae_title:?} --host … --port …"
        );
    }
    if !dicom_archives::add(&mut tx, ae_title).await? {
        bail!("{ae_title} is an archive already: see medical-portal archive list");
    }
    let act = Act::new(AuditAction::UpdateSetting, EntityType::Setting)
        .new_values(json!({ "archive": ae_title }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!("{ae_title} is asked for earlier studies of each new case's patient from now on.");
    database.close().await;
    place.close().await
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let archives = dicom_archives::list(&mut tx).await?;
    drop(tx);
    if json {
        println!("{}", serde_json::to_string_pretty(&archives)?);
    } else {
        let rows: Vec<Vec<String>> = archives
            .into_iter()
            .map(|archive| {
                vec![
                    archive.ae_title,
                    archive.created_at.format("%Y-%m-%d").to_string(),
                    archive.waiting.to_string(),
                    archive.fault.unwrap_or_default(),
                ]
            })
            .collect();
        table::print(&["archive", "since", "waiting", "last fault"], &rows);
    }
    database.close().await;
    place.close().await
}

async fn remove(args: &PlaceArgs, ae_title: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    if !dicom_archives::remove(&mut tx, ae_title).await? {
        bail!("{ae_title} is no archive: see medical-portal archive list");
    }
    let act = Act::new(AuditAction::UpdateSetting, EntityType::Setting)
        .old(json!({ "archive": ae_title }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!("{ae_title} is asked no more; what was fetched from there stays with its cases.");
    database.close().await;
    place.close().await
}
