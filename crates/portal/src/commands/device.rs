//! `medical-portal device add|list|remove`.

use anyhow::{Result, bail};
use db::{Actor, accounts, audit::Act, dicom_peers};
use domain::{
    Role,
    audit::{AuditAction, EntityType},
};
use ipnet::IpNet;
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, device::DeviceCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: DeviceCommand) -> Result<()> {
    match command {
        DeviceCommand::Add {
            place,
            ae_title,
            addresses,
            name,
        } => {
            add(
                &place,
                &ae_title,
                &addresses,
                name.as_deref().unwrap_or(&ae_title),
            )
            .await
        }
        DeviceCommand::List { place, json } => list(&place, json).await,
        DeviceCommand::Remove { place, ae_title } => remove(&place, &ae_title).await,
    }
}

/// The device gets a service account of its own, which nobody can sign in to: its films belong to it.
async fn add(args: &PlaceArgs, ae_title: &str, addresses: &[IpNet], name: &str) -> Result<()> {
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let (id, _) = accounts::create_service(&mut tx, Role::Radiologist, name).await?;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    if !dicom_peers::add(&mut tx, ae_title, id, &addresses).await? {
        bail!("{ae_title} is on the list already: see medical-portal device list");
    }
    tx.audit(
        Act::new(AuditAction::AddDevice, EntityType::User)
            .on(id)
            .new_values(json!({ "ae_title": ae_title, "addresses": addresses })),
    )
    .await?;
    tx.commit().await?;
    println!("{ae_title} may send films from {}.", addresses.join(", "));
    database.close().await;
    place.close().await
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let devices = dicom_peers::list(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListDevices, EntityType::User))
        .await?;
    tx.commit().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&devices)?);
    } else {
        let rows: Vec<Vec<String>> = devices
            .into_iter()
            .map(|device| {
                let seen = device.last_seen_at;
                vec![
                    device.ae_title,
                    device.addresses.join(" "),
                    seen.map_or_else(
                        || "never".to_owned(),
                        |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
                    ),
                    device.user_id.to_string(),
                ]
            })
            .collect();
        table::print(&["device", "from", "last there", "account"], &rows);
    }
    database.close().await;
    place.close().await
}

async fn remove(args: &PlaceArgs, ae_title: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let Some(account) = dicom_peers::remove(&mut tx, ae_title).await? else {
        bail!("{ae_title} is not on the list: see medical-portal device list");
    };
    tx.audit(
        Act::new(AuditAction::RemoveDevice, EntityType::User)
            .on(account)
            .old(json!({ "ae_title": ae_title })),
    )
    .await?;
    tx.commit().await?;
    println!("{ae_title} is refused from now on. What it sent stays.");
    database.close().await;
    place.close().await
}
