//! `medical-portal device add|list|remove`.

use std::net::IpAddr;

use anyhow::{Context as _, Result, bail};
use db::{
    Actor, accounts,
    audit::Act,
    dicom_peers::{self, Destination},
};
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
            role,
            host,
            port,
            over_tls,
            name,
        } => {
            let listens = host.zip(port).map(|(host, port)| Destination {
                ae_title: ae_title.clone(),
                host,
                port,
                over_tls,
            });
            let device = Device {
                name: name.as_deref().unwrap_or(&ae_title),
                addresses: from(addresses, listens.as_ref())?,
                ae_title: &ae_title,
                role,
                listens,
            };
            add(&place, &device).await
        }
        DeviceCommand::List { place, json } => list(&place, json).await,
        DeviceCommand::Remove { place, ae_title } => remove(&place, &ae_title).await,
    }
}

/// A device to be put on the list.
struct Device<'a> {
    ae_title: &'a str,
    name: &'a str,
    addresses: Vec<IpNet>,
    role: Role,
    listens: Option<Destination>,
}

/// Where a device comes from: from where it listens, unless something else is said.
fn from(addresses: Vec<IpNet>, listens: Option<&Destination>) -> Result<Vec<IpNet>> {
    if !addresses.is_empty() {
        return Ok(addresses);
    }
    let host = listens.and_then(|listens| listens.host.parse::<IpAddr>().ok());
    host.map(|address| vec![IpNet::from(address)])
        .context("say with --address from where it comes, such as 10.1.2.3 or 10.1.2.0/24")
}

/// The device gets a service account of its own, which nobody can sign in to: its films belong to it.
async fn add(args: &PlaceArgs, device: &Device<'_>) -> Result<()> {
    if !matches!(device.role, Role::Radiologist | Role::Doctor) {
        bail!(
            "a device acts as radiologist or doctor, not as {}",
            device.role
        );
    }
    let title = device.ae_title;
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let (id, _) = accounts::create_service(&mut tx, device.role, device.name).await?;
    let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
    if !dicom_peers::add(&mut tx, title, id, &addresses, device.listens.as_ref()).await? {
        bail!("{title} is on the list already: see medical-portal device list");
    }
    let listens = device.listens.as_ref().map(address_of);
    tx.audit(
        Act::new(AuditAction::AddDevice, EntityType::User)
            .on(id)
            .new_values(json!({
                "ae_title": title, "addresses": addresses, "role": device.role, "listens": listens,
            })),
    )
    .await?;
    tx.commit().await?;
    let may = if device.role == Role::Radiologist {
        "send films and find its own"
    } else {
        "find films"
    };
    println!("{title} may {may} from {}.", addresses.join(", "));
    if let Some(listens) = listens {
        println!("Films may be sent to {title} at {listens}.");
    }
    database.close().await;
    place.close().await
}

fn address_of(listens: &Destination) -> String {
    let how = if listens.over_tls { " over TLS" } else { "" };
    format!("{}:{}{how}", listens.host, listens.port)
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
                let listens = device.host.zip(device.port).map(|(host, port)| {
                    let how = if device.over_tls { " over TLS" } else { "" };
                    format!("{host}:{port}{how}")
                });
                vec![
                    device.ae_title,
                    device.role.to_string(),
                    device.addresses.join(" "),
                    listens.unwrap_or_default(),
                    table::moment(seen),
                    device.user_id.to_string(),
                ]
            })
            .collect();
        table::print(
            &["device", "role", "from", "listens", "last there", "account"],
            &rows,
        );
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
