//! `medical-portal model list|import|activate`.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use db::Actor;

use crate::{
    cli::{ModelName, PlaceArgs},
    commands::table,
    place::Place,
};

use super::named;

pub(super) async fn list(args: &PlaceArgs, json: bool) -> Result<()> {
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
                    model.stage.to_string(),
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
                "stage",
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

pub(super) async fn import(args: &PlaceArgs, package: &Path) -> Result<()> {
    let folder = package.to_owned();
    let (checked, notes) = tokio::task::spawn_blocking(move || {
        let program =
            std::env::current_exe().context("cannot find this program to try the model with")?;
        let mut child = Command::new(program);
        child.arg("try-model").arg(&folder);
        anyhow::Ok(ai::manifest_import::check_in_child(
            child,
            &folder,
            ai::manifest_import::TRIAL,
        )?)
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
        "{name} {version} is registered and inactive.\nHave it score silently:  medical-portal model shadow {name} {version} --reason TEXT\nAsk to put it to work:   medical-portal model promote {name} {version} --reason TEXT",
        name = manifest.name,
        version = manifest.version
    );
    database.close().await;
    place.close().await
}

pub(super) async fn activate(args: &PlaceArgs, name: &ModelName) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let model = named(&mut tx, name).await?;
    analysis::registry::activate_first(&mut tx, model.model_id).await?;
    tx.commit().await?;
    println!("{} {} scores cases from now on.", name.name, name.version);
    database.close().await;
    place.close().await
}
