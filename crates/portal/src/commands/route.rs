//! `medical-portal route add|list|remove`.

use anyhow::{Result, bail};
use db::{
    Actor,
    audit::Act,
    dicom_peers,
    dicom_routes::{self, Route},
};
use domain::{
    RouteId,
    audit::{AuditAction, EntityType},
    route::Cargo,
};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, route::RouteCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: RouteCommand) -> Result<()> {
    match command {
        RouteCommand::Add {
            place,
            to,
            results,
            modality,
            body_part,
            from,
        } => {
            add(&place, |route_id, created_at| Route {
                route_id,
                destination: to,
                carries: if results {
                    Cargo::Results
                } else {
                    Cargo::Films
                },
                modality,
                body_part,
                sender: from,
                created_at,
            })
            .await
        }
        RouteCommand::List { place, json } => list(&place, json).await,
        RouteCommand::Remove { place, route } => remove(&place, route).await,
    }
}

async fn add(
    args: &PlaceArgs,
    route: impl FnOnce(RouteId, chrono::DateTime<chrono::Utc>) -> Route,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let route = route(RouteId::new_at(tx.now()), tx.now());
    let devices = dicom_peers::list(&mut tx).await?;
    let known = |title: &str| devices.iter().find(|device| device.ae_title == title);
    match known(&route.destination) {
        Some(device) if device.host.is_some() => {}
        _ => bail!(
            "{0} is not on the list with where it listens: medical-portal device add --ae-title {0:?} --host … --port …",
            route.destination
        ),
    }
    if let Some(sender) = route.sender.as_deref()
        && known(sender).is_none()
    {
        bail!("{sender} is not on the list: see medical-portal device list");
    }
    if !dicom_routes::add(&mut tx, &route).await? {
        bail!("there is this very route already: see medical-portal route list");
    }
    let act = Act::new(AuditAction::UpdateSetting, EntityType::Setting)
        .new_values(json!({ "route": route }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!(
        "{} go to {} as they {}.",
        cargo(&route),
        route.destination,
        match route.carries {
            Cargo::Films => "come in",
            Cargo::Results => "are signed",
        }
    );
    database.close().await;
    place.close().await
}

/// What a route is about, in words.
fn cargo(route: &Route) -> String {
    let mut words = Vec::from([route.modality.as_deref(), route.body_part.as_deref()]);
    words.retain(Option::is_some);
    let of: Vec<&str> = words.into_iter().flatten().collect();
    let mut text = match route.carries {
        Cargo::Films => "Films",
        Cargo::Results => "Results",
    }
    .to_owned();
    if !of.is_empty() {
        text = format!("{text} ({})", of.join(", "));
    }
    if let Some(sender) = &route.sender {
        text = format!("{text} of {sender}");
    }
    text
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let routes = dicom_routes::list(&mut tx).await?;
    let waiting = dicom_routes::waiting(&mut tx).await?;
    drop(tx);
    let wait = |route: &Route| {
        let on = (route.destination.clone(), route.carries);
        waiting.get(&on).copied().unwrap_or(0)
    };
    if json {
        let routes: Vec<_> = routes
            .iter()
            .map(|route| json!({ "route": route, "waiting_for_destination": wait(route) }))
            .collect();
        println!("{}", serde_json::to_string_pretty(&routes)?);
    } else {
        let rows: Vec<Vec<String>> = routes
            .iter()
            .map(|route| {
                vec![
                    cargo(route),
                    route.destination.clone(),
                    wait(route).to_string(),
                    route.route_id.to_string(),
                ]
            })
            .collect();
        table::print(&["what", "to", "waiting there", "route"], &rows);
    }
    database.close().await;
    place.close().await
}

async fn remove(args: &PlaceArgs, route_id: RouteId) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let Some(destination) = dicom_routes::remove(&mut tx, route_id).await? else {
        bail!("there is no such route: see medical-portal route list");
    };
    let act = Act::new(AuditAction::UpdateSetting, EntityType::Setting)
        .old(json!({ "route": { "route_id": route_id, "destination": destination } }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!("Nothing more goes to {destination} by this route; what waits is still sent.");
    database.close().await;
    place.close().await
}
