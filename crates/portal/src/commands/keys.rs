//! `medical-portal keys list|rotate|encrypt|forget`.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use blobs::{BlobStore, Rewrapped};
use db::{Actor, Database, audit::Act, fhir::subscriptions, second_factors};
use domain::{
    Clock, SystemClock,
    audit::{AuditAction, EntityType},
};
use keys::{KeyId, Keyring};
use serde_json::json;

use super::table;
use crate::{
    cli::{PlaceArgs, keys::KeysCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: KeysCommand) -> Result<()> {
    let (KeysCommand::List { place, .. }
    | KeysCommand::Rotate { place }
    | KeysCommand::Encrypt { place }
    | KeysCommand::Forget { place, .. }) = &command;
    let place = Place::open_existing(&PlaceArgs::clone(place)).await?;
    let outcome = at(&command, &place).await;
    place.close().await?;
    outcome
}

async fn at(command: &KeysCommand, place: &Place) -> Result<()> {
    let (keys, blobs) = (place.keyring()?, place.blob_store()?);
    match command {
        KeysCommand::List { json, .. } => list(&keys, &blobs, *json),
        KeysCommand::Rotate { .. } => rotate(&keys, &blobs, &place.database().await?).await,
        KeysCommand::Encrypt { .. } => encrypt(&blobs),
        KeysCommand::Forget { key, .. } => {
            forget(&keys, &blobs, *key, &place.database().await?).await
        }
    }
}

/// Stored images by the key they are encrypted with; `None` for those that are not.
fn counts(blobs: &BlobStore) -> Result<BTreeMap<Option<KeyId>, u64>> {
    let mut counts = BTreeMap::new();
    for stored in blobs.list()? {
        *counts.entry(blobs.key_of(stored.digest)?).or_default() += 1;
    }
    Ok(counts)
}

fn list(keys: &Keyring, blobs: &BlobStore, as_json: bool) -> Result<()> {
    let counts = counts(blobs)?;
    let images = |id: Option<KeyId>| counts.get(&id).copied().unwrap_or(0);
    let listed = keys.list()?;
    if as_json {
        let items: Vec<_> = listed
            .iter()
            .map(|key| {
                json!({
                    "key": key.id.to_string(),
                    "made_at": key.made_at,
                    "is_current": key.is_current,
                    "images": images(Some(key.id)),
                })
            })
            .collect();
        let all = json!({ "items": items, "not_encrypted": images(None) });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|key| {
            vec![
                key.id.to_string(),
                key.made_at.format("%Y-%m-%d %H:%M UTC").to_string(),
                images(Some(key.id)).to_string(),
                if key.is_current { "current" } else { "" }.to_owned(),
            ]
        })
        .collect();
    table::print(&["key", "made", "images", ""], &rows);
    println!("{}", keys.path().display());
    if images(None) > 0 {
        println!(
            "{} images are not encrypted: medical-portal keys encrypt",
            images(None)
        );
    }
    Ok(())
}

async fn rotate(keys: &Keyring, blobs: &BlobStore, database: &Database) -> Result<()> {
    let id = keys.rotate(SystemClock.now())?;
    let mut count = 0;
    for stored in blobs.list()? {
        count += u64::from(blobs.rewrap(stored.digest)? == Rewrapped::Now);
    }
    let secrets = reseal(keys, database).await?;
    note(
        database,
        json!({ "key": id.to_string(), "images": count, "secrets": secrets }),
    )
    .await?;
    println!(
        "{id} is the current key; {count} images have new envelopes, {secrets} secrets are sealed with it. Older keys stay in the file until `keys forget`:\n\
         backups from before hold the file as it was then. Make a backup now."
    );
    Ok(())
}

fn encrypt(blobs: &BlobStore) -> Result<()> {
    let mut count = 0u64;
    for stored in blobs.list()? {
        if !stored.is_encrypted && blobs.encrypt(stored.digest)? {
            count += 1;
        }
    }
    println!("{count} images were encrypted; all are now.");
    Ok(())
}

async fn forget(keys: &Keyring, blobs: &BlobStore, id: KeyId, database: &Database) -> Result<()> {
    if let Some(images) = counts(blobs)?.get(&Some(id)) {
        bail!("{images} images are encrypted with {id}: run `medical-portal keys rotate` first");
    }
    reseal(keys, database).await?;
    keys.forget(id)?;
    note(database, json!({ "forgotten": id.to_string() })).await?;
    println!("{id} is forgotten.");
    Ok(())
}

/// Seals the database's secrets with the current key, where they are not. Gives how many were not.
async fn reseal(keys: &Keyring, database: &Database) -> Result<u64> {
    Ok(reseal_second_factors(keys, database).await? + reseal_subscriptions(keys, database).await?)
}

async fn reseal_second_factors(keys: &Keyring, database: &Database) -> Result<u64> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let owners = second_factors::owners(&mut tx).await?;
    drop(tx);
    // Of all roles, only that of whoever is not signed in yet reaches them, one account at a time.
    let mut tx = database
        .begin(&Actor::anonymous(db::Origin::default()))
        .await?;
    let mut count = 0;
    for user_id in owners {
        let Some(sealed) = second_factors::sealed(&mut tx, user_id).await? else {
            continue;
        };
        if let Some(anew) = keys.reseal(&sealed)? {
            second_factors::store_sealed(&mut tx, user_id, &anew).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

async fn reseal_subscriptions(keys: &Keyring, database: &Database) -> Result<u64> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let mut count = 0;
    for (subscription_id, sealed) in subscriptions::sealed(&mut tx).await? {
        if let Some(anew) = keys.reseal(&sealed)? {
            subscriptions::store_sealed(&mut tx, subscription_id, &anew).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

async fn note(database: &Database, values: serde_json::Value) -> Result<()> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    tx.audit(Act::new(AuditAction::ChangeKeys, EntityType::Key).new_values(values))
        .await?;
    tx.commit().await?;
    Ok(())
}
