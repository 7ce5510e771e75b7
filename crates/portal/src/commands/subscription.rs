//! `medical-portal subscription add|list|remove`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use axum::http::HeaderValue;
use db::{
    Actor,
    audit::Act,
    fhir::subscriptions::{self, Subscription},
};
use domain::{
    SubscriptionId,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, subscription::SubscriptionCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: SubscriptionCommand) -> Result<()> {
    match command {
        SubscriptionCommand::Add {
            place,
            name,
            endpoint,
            content,
            authorization_file,
        } => {
            let shown = authorization_file
                .as_deref()
                .map(authorization)
                .transpose()?;
            let wanted = Wanted {
                name,
                endpoint: endpoint.into(),
                is_content_sent: content,
                shown,
            };
            add(&place, wanted).await
        }
        SubscriptionCommand::List { place, json } => list(&place, json).await,
        SubscriptionCommand::Remove { place, name } => remove(&place, &name).await,
    }
}

struct Wanted {
    name: String,
    endpoint: String,
    is_content_sent: bool,
    shown: Option<String>,
}

/// The first line of the file, if it can stand in a header.
fn authorization(path: &Path) -> Result<String> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value = text.trim();
    if value.is_empty() || value.len() > 8000 || HeaderValue::from_str(value).is_err() {
        bail!(
            "{} must hold one line that can stand in a header, such as `Bearer ...`",
            path.display()
        );
    }
    Ok(value.to_owned())
}

async fn add(args: &PlaceArgs, wanted: Wanted) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let subscription = Subscription {
        subscription_id: SubscriptionId::new_at(tx.now()),
        name: wanted.name,
        endpoint: wanted.endpoint,
        is_content_sent: wanted.is_content_sent,
        created_at: tx.now(),
        last_taken_at: None,
    };
    let purpose = fhir::purpose(subscription.subscription_id);
    let sealed = wanted
        .shown
        .map(|shown| {
            place
                .keyring()?
                .seal(&purpose, shown.as_bytes())
                .map_err(anyhow::Error::from)
        })
        .transpose()?;
    if !subscriptions::add(&mut tx, &subscription, sealed.as_deref()).await? {
        bail!(
            "{} is on the list already: see medical-portal subscription list",
            subscription.name
        );
    }
    let act = Act::new(AuditAction::AddSystem, EntityType::Setting)
        .new_values(json!({ "subscription": subscription }));
    tx.audit(act).await?;
    tx.commit().await?;
    let told = if subscription.is_content_sent {
        "is sent every result that is signed or changed from now on"
    } else {
        "is told that there is something new, whenever a result is signed or changed from now on"
    };
    println!(
        "{} {told}, at {}.",
        subscription.name, subscription.endpoint
    );
    database.close().await;
    place.close().await
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let all = subscriptions::all(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListSystems, EntityType::Setting))
        .await?;
    tx.commit().await?;
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({ "items": all }))?
        );
    } else {
        let rows: Vec<Vec<String>> = all
            .into_iter()
            .map(|one| {
                let what = if one.is_content_sent {
                    "the result"
                } else {
                    "that there is one"
                };
                vec![
                    one.name,
                    one.endpoint,
                    what.to_owned(),
                    table::moment(one.last_taken_at),
                ]
            })
            .collect();
        table::print(&["system", "at", "is told", "last told"], &rows);
    }
    database.close().await;
    place.close().await
}

async fn remove(args: &PlaceArgs, name: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    if !subscriptions::remove(&mut tx, name).await? {
        bail!("{name} is not on the list: see medical-portal subscription list");
    }
    let act = Act::new(AuditAction::RemoveSystem, EntityType::Setting)
        .old(json!({ "subscription": name }));
    tx.audit(act).await?;
    tx.commit().await?;
    println!("{name} is told of nothing any more.");
    database.close().await;
    place.close().await
}
