//! `medical-portal model list|import|activate`.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};
use db::Actor;

use super::{evaluate, table};
use crate::{
    cli::{ModelCommand, PlaceArgs},
    place::Place,
};

/// Longest time that trying a model may take.
const TRIAL: Duration = Duration::from_secs(120);

/// Runs the command.
pub(super) async fn run(command: ModelCommand) -> Result<()> {
    match command {
        ModelCommand::List { place, json } => list(&place, json).await,
        ModelCommand::Import { place, package } => import(&place, &package).await,
        ModelCommand::Activate {
            place,
            name,
            version,
        } => activate(&place, &name, &version).await,
        ModelCommand::Evaluate(args) => evaluate::run(&args),
    }
}

async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let models = db::models::list(&mut tx, None, 200).await?.items;
    if json {
        println!("{}", serde_json::to_string_pretty(&models)?);
    } else {
        let share =
            |value: Option<f64>| value.map(|value| format!("{value:.3}")).unwrap_or_default();
        let rows: Vec<Vec<String>> = models
            .iter()
            .map(|model| {
                vec![
                    model.model_name.clone(),
                    model.version.clone(),
                    if model.is_active { "active" } else { "" }.to_owned(),
                    share(model.baseline_accuracy),
                    share(model.baseline_recall),
                    share(model.baseline_precision),
                    model.description.clone().unwrap_or_default(),
                ]
            })
            .collect();
        table::print(
            &[
                "name",
                "version",
                "",
                "accuracy",
                "recall",
                "precision",
                "description",
            ],
            &rows,
        );
    }
    drop(tx);
    database.close().await;
    place.close().await
}

async fn import(args: &PlaceArgs, package: &Path) -> Result<()> {
    let folder = package.to_owned();
    let (checked, notes) = tokio::task::spawn_blocking(move || {
        let program =
            std::env::current_exe().context("cannot find this program to try the model with")?;
        let mut child = Command::new(program);
        child.arg("try-model").arg(&folder);
        anyhow::Ok(ai::manifest_import::check_in_child(child, &folder, TRIAL)?)
    })
    .await??;
    for note in notes {
        println!("note: {note}");
    }
    let place = Place::open(args, None).await?;
    let database = place.database().await?;
    analysis::registry::register(
        &database,
        &Actor::command_line(),
        &checked,
        &place.models()?,
    )
    .await?;
    let manifest = &checked.manifest;
    println!(
        "{} {} is registered and inactive; put it to work with: medical-portal model activate {} {}",
        manifest.name, manifest.version, manifest.name, manifest.version
    );
    database.close().await;
    place.close().await
}

async fn activate(args: &PlaceArgs, name: &str, version: &str) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let model = db::models::find_by_version(&mut tx, name, version)
        .await?
        .with_context(|| {
            format!("no model {name} {version} is registered: see medical-portal model list")
        })?;
    analysis::registry::activate(&mut tx, model.model_id).await?;
    tx.commit().await?;
    println!("{name} {version} scores cases from now on.");
    database.close().await;
    place.close().await
}
