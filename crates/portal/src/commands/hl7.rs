//! `medical-portal hl7 …`.

use std::net::IpAddr;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use db::{
    Actor, accounts,
    audit::Act,
    hl7::{self, Receiver},
};
use domain::{
    Role,
    audit::{AuditAction, EntityType},
};
use ipnet::IpNet;
use serde_json::json;

use super::table;
use crate::{
    cli::{
        PlaceArgs,
        hl7::{Hl7Command, ReceiverArgs},
    },
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: Hl7Command) -> Result<()> {
    match command {
        Hl7Command::AddSender {
            place,
            application,
            addresses,
        } => add_sender(&place, &application, &addresses).await,
        Hl7Command::RemoveSender { place, application } => {
            remove_sender(&place, &application).await
        }
        Hl7Command::AddReceiver(args) => add_receiver(args).await,
        Hl7Command::RemoveReceiver { place, name } => remove_receiver(&place, &name).await,
        Hl7Command::List { place, json } => list(&place, json).await,
    }
}

/// A sender gets a service account of its own, which nobody can sign in to: the trail names it.
async fn add_sender(args: &PlaceArgs, application: &str, addresses: &[IpNet]) -> Result<()> {
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let (id, _) = accounts::create_service(&mut tx, Role::Radiologist, application).await?;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    if !hl7::add_sender(&mut tx, application, id, &addresses).await? {
        bail!("{application} is on the list already: see medical-portal hl7 list");
    }
    tx.audit(
        Act::new(AuditAction::AddSystem, EntityType::User)
            .on(id)
            .new_values(json!({ "application": application, "addresses": addresses })),
    )
    .await?;
    tx.commit().await?;
    println!(
        "{application} may send patients and orders from {}.",
        addresses.join(", ")
    );
    database.close().await;
    place.close().await
}

async fn remove_sender(args: &PlaceArgs, application: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let Some(account) = hl7::remove_sender(&mut tx, application).await? else {
        bail!("{application} is not on the list: see medical-portal hl7 list");
    };
    tx.audit(
        Act::new(AuditAction::RemoveSystem, EntityType::User)
            .on(account)
            .old(json!({ "application": application })),
    )
    .await?;
    tx.commit().await?;
    println!("{application} is refused from now on. What it sent stays.");
    database.close().await;
    place.close().await
}

async fn add_receiver(args: ReceiverArgs) -> Result<()> {
    let (host, port) = args.to;
    let is_here = host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let authorities = match &args.authorities {
        Some(path) => Some(
            std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        ),
        None => None,
    };
    let receiver = Receiver {
        application: args.application.unwrap_or_else(|| args.name.clone()),
        name: args.name,
        host,
        port,
        facility: args.facility,
        // On this machine nobody listens on the way.
        is_tls: !args.in_the_clear && (!is_here || authorities.is_some()),
        authorities,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
        last_taken_at: None,
    };
    let place = Place::open(&args.place, None).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    if !hl7::add_receiver(&mut tx, &receiver).await? {
        bail!(
            "{} is on the list already: see medical-portal hl7 list",
            receiver.name
        );
    }
    let act = Act::new(AuditAction::AddSystem, EntityType::Setting)
        .new_values(json!({ "receiver": receiver }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!(
        "{} is sent every result that is signed from now on, at {}:{} {}.",
        receiver.name,
        receiver.host,
        receiver.port,
        if receiver.is_tls {
            "over TLS"
        } else {
            "in the clear"
        }
    );
    database.close().await;
    place.close().await
}

async fn remove_receiver(args: &PlaceArgs, name: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    if !hl7::remove_receiver(&mut tx, name).await? {
        bail!("{name} is not on the list: see medical-portal hl7 list");
    }
    let act =
        Act::new(AuditAction::RemoveSystem, EntityType::Setting).old(json!({ "receiver": name }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!("{name} is sent no results any more.");
    database.close().await;
    place.close().await
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let senders = hl7::senders(&mut tx).await?;
    let receivers = hl7::receivers(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListSystems, EntityType::Setting))
        .await?;
    tx.commit().await?;
    if json {
        let both = json!({ "senders": senders, "receivers": receivers });
        println!("{}", serde_json::to_string_pretty(&both)?);
    } else {
        let rows: Vec<Vec<String>> = senders
            .into_iter()
            .map(|sender| {
                vec![
                    sender.application,
                    sender.addresses.join(" "),
                    table::moment(sender.last_seen_at),
                    sender.user_id.to_string(),
                ]
            })
            .collect();
        table::print(&["sender", "from", "last there", "account"], &rows);
        let rows: Vec<Vec<String>> = receivers
            .into_iter()
            .map(|receiver| {
                let way = if receiver.is_tls {
                    "TLS"
                } else {
                    "in the clear"
                };
                vec![
                    receiver.name,
                    format!("{}:{}", receiver.host, receiver.port),
                    way.to_owned(),
                    table::moment(receiver.last_taken_at),
                ]
            })
            .collect();
        println!();
        table::print(&["receiver", "at", "way", "last took one"], &rows);
    }
    database.close().await;
    place.close().await
}
