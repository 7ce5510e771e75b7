//! What models are there for: shadow, promotion, rollback, suspension, retirement.

use anyhow::{Context, Result};
use db::Actor;
use domain::{ModelEvent, PromotionDecision};
use governance::lifecycle;

use super::{active, named};
use crate::{
    cli::{ModelName, PlaceArgs, ReasonArgs},
    commands::table,
    place::Place,
};

/// Changes the stage of a model; of the active one when none is named.
pub(super) async fn change(
    args: &PlaceArgs,
    name: Option<&ModelName>,
    event: ModelEvent,
    reason: &ReasonArgs,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let model = match name {
        Some(name) => named(&mut tx, name).await?,
        None => active(&mut tx).await?,
    };
    let stage = lifecycle::change_stage(&mut tx, model.model_id, event, &reason.reason).await?;
    tx.commit().await?;
    println!("{} {} is {stage} now.", model.model_name, model.version);
    database.close().await;
    place.close().await
}

/// Asks to put a model to work.
pub(super) async fn promote(args: &PlaceArgs, name: &ModelName, reason: &ReasonArgs) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let actor = Actor::command_line();
    let mut tx = database.begin(&actor).await?;
    let model = named(&mut tx, name).await?;
    drop(tx);
    lifecycle::request_promotion(&database, &actor, model.model_id, &reason.reason).await?;
    println!(
        "Asked. A doctor or a member of tech decides on the portal's page of models; the command line, which asked, cannot."
    );
    database.close().await;
    place.close().await
}

/// Decides on the open promotion.
pub(super) async fn decide(
    args: &PlaceArgs,
    decision: PromotionDecision,
    reason: &ReasonArgs,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let promotion = db::promotions::open(&mut tx)
        .await?
        .context("no promotion is open")?;
    let model = db::models::find(&mut tx, promotion.model_id)
        .await?
        .context("the model of the promotion is gone")?;
    lifecycle::decide(&mut tx, promotion.promotion_id, decision, &reason.reason).await?;
    tx.commit().await?;
    println!("{} {}: {decision}.", model.model_name, model.version);
    database.close().await;
    place.close().await
}

/// Puts the model before back to work.
pub(super) async fn roll_back(args: &PlaceArgs, reason: &ReasonArgs) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    lifecycle::roll_back(&mut tx, &reason.reason).await?;
    let model = active(&mut tx).await?;
    tx.commit().await?;
    println!("{} {} scores cases again.", model.model_name, model.version);
    database.close().await;
    place.close().await
}

/// Shows who changed what, and why.
pub(super) async fn history(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let changes = db::model_stages::changes(&mut tx, None, None, 200)
        .await?
        .items;
    let models = db::models::list(&mut tx, None, 200).await?.items;
    if json {
        println!("{}", serde_json::to_string_pretty(&changes)?);
    } else {
        let title = |change: &db::model_stages::ModelChange| {
            models
                .iter()
                .find(|model| model.model_id == change.model_id)
                .map(|model| format!("{} {}", model.model_name, model.version))
                .unwrap_or_default()
        };
        let rows: Vec<Vec<String>> = changes
            .iter()
            .map(|change| {
                vec![
                    change.created_at.format("%Y-%m-%d %H:%M").to_string(),
                    title(change),
                    change.event.as_str().replace('_', " "),
                    format!("{} to {}", change.from_stage, change.to_stage),
                    change
                        .changed_by_name
                        .clone()
                        .unwrap_or_else(|| change.changed_as.replace('_', " ")),
                    change.reason.clone(),
                ]
            })
            .collect();
        table::print(
            &["when (UTC)", "model", "what", "stage", "who", "why"],
            &rows,
        );
    }
    drop(tx);
    database.close().await;
    place.close().await
}
