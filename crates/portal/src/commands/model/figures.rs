//! Figures, comparison, alarms and the report.

use std::path::Path;

use ai::evaluate::Rate;
use anyhow::{Context, Result, bail};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use db::{Actor, ActorTx, models::Model};
use domain::ModelStage;
use governance::{
    comparison,
    standing::{self, ModelStanding},
};
use serde_json::json;

use super::{active, named};
use crate::{
    cli::{ModelName, PlaceArgs},
    commands::table,
    place::Place,
};

fn rate(rate: &Option<Rate>) -> String {
    rate.as_ref().map_or("-".to_owned(), |rate| {
        format!(
            "{:.3} ({:.3} to {:.3}), {} of {}",
            rate.value, rate.interval.low, rate.interval.high, rate.count, rate.of
        )
    })
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.4}"))
}

/// Compares a model with the active one.
pub(super) async fn compare(
    args: &PlaceArgs,
    name: &ModelName,
    days: i64,
    json: bool,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let (model, active) = (named(&mut tx, name).await?, active(&mut tx).await?);
    let since = tx.now() - Duration::days(days);
    drop(tx);
    if model.model_id == active.model_id {
        bail!("{} {} is the active model itself", name.name, name.version);
    }
    let sides = comparison::compare(&database, active.model_id, model.model_id, since).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&sides)?);
    } else {
        let title = |model: &Model| format!("{} {}", model.model_name, model.version);
        println!(
            "{} cases that both saw in {days} days; same answer: {}\n",
            sides.cases,
            rate(&sides.agreement)
        );
        println!("rows: {}; columns: {}", title(&active), title(&model));
        let answers: Vec<Vec<String>> = ["low", "medium", "high", "not assessed"]
            .iter()
            .zip(&sides.answers)
            .map(|(answer, counts)| {
                let counts = counts.iter().map(u64::to_string);
                std::iter::once((*answer).to_owned())
                    .chain(counts)
                    .collect()
            })
            .collect();
        table::print(&["", "low", "medium", "high", "not assessed"], &answers);
        println!("\n{} of them signed, with a score of both:", sides.signed);
        let side = |name: &str, pick: &dyn Fn(&comparison::SideFigures) -> String| {
            vec![name.to_owned(), pick(&sides.first), pick(&sides.second)]
        };
        table::print(
            &["", &title(&active), &title(&model)],
            &[
                side("sensitivity", &|side| rate(&side.sensitivity)),
                side("specificity", &|side| rate(&side.specificity)),
                side("AUROC", &|side| number(side.auroc)),
                vec![
                    "only this one right".to_owned(),
                    sides.only_first_right.to_string(),
                    sides.only_second_right.to_string(),
                ],
            ],
        );
        println!("McNemar's exact p: {}", number(sides.p_value));
    }
    database.close().await;
    place.close().await
}

/// Shows how every model that scores stands.
pub(super) async fn show(args: &PlaceArgs, now: bool, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    if now {
        standing::look_at_all(&database).await?;
    }
    let mut tx = database.begin(&Actor::command_line()).await?;
    let mut all = Vec::new();
    for model in db::models::list(&mut tx, None, 200).await?.items {
        if let Some(latest) = latest(&mut tx, &model).await? {
            all.push((model, latest));
        }
    }
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|(model, (day, at, standing))| {
                json!({ "model_name": model.model_name, "version": model.version, "day": day, "computed_at": at, "standing": standing })
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else if all.is_empty() {
        println!(
            "Nothing was counted yet: a running portal counts once a day; count now with --now."
        );
    }
    for (model, (day, _, standing)) in all.iter().filter(|_| !json) {
        print(model, *day, standing);
    }
    drop(tx);
    database.close().await;
    place.close().await
}

type Latest = (NaiveDate, DateTime<Utc>, ModelStanding);

async fn latest(tx: &mut ActorTx, model: &Model) -> Result<Option<Latest>> {
    Ok(standing::latest(tx, model, 1).await?.into_iter().next())
}

fn print(model: &Model, day: NaiveDate, standing: &ModelStanding) {
    let figures = &standing.figures;
    let answers = &standing.answers;
    println!(
        "{} {} ({}), counted {day}",
        model.model_name, model.version, standing.stage
    );
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let declined: u64 = figures.not_assessed.values().sum();
    let mut rows = vec![
        row(
            "recent answers",
            format!(
                "{} low, {} medium, {} high, {} not assessed",
                answers.low, answers.medium, answers.high, answers.not_assessed
            ),
        ),
        row(
            "signed cases",
            format!("{} scored, {declined} not assessed", figures.cases),
        ),
        row("sensitivity (flagged)", rate(&figures.flagged.sensitivity)),
        row("specificity (flagged)", rate(&figures.flagged.specificity)),
        row("sensitivity (high)", rate(&figures.high.sensitivity)),
        row("specificity (high)", rate(&figures.high.specificity)),
        row("AUROC", number(figures.auroc)),
        row(
            "expected calibration error",
            number(figures.expected_calibration_error),
        ),
        row("Brier", number(figures.brier)),
        row("confirmed by doctors", rate(&figures.confirmed)),
    ];
    for one in &standing.drift {
        let state = if one.has_drifted { "DRIFTED" } else { "steady" };
        rows.push(row(
            &format!("drift: {}", one.quantity),
            format!("{:.3}, limit {:.3}: {state}", one.index, one.limit),
        ));
    }
    if standing.drift.is_empty() {
        let why = if standing.has_drift_reference {
            "too few recent cases"
        } else if standing.stage == ModelStage::Shadow || standing.stage == ModelStage::Active {
            "no reference yet: too few first cases"
        } else {
            "no reference"
        };
        rows.push(row("drift", why.to_owned()));
    }
    table::print(&["figure", "value"], &rows);
    println!();
}

/// Lists alarms.
pub(super) async fn alarms(args: &PlaceArgs, all: bool, json: bool) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let alarms = db::model_alarms::list(&mut tx, !all, None, 200)
        .await?
        .items;
    if json {
        println!("{}", serde_json::to_string_pretty(&alarms)?);
    } else if alarms.is_empty() {
        println!("No alarms.");
    } else {
        let rows: Vec<Vec<String>> = alarms
            .iter()
            .map(|alarm| {
                vec![
                    alarm.raised_at.format("%Y-%m-%d %H:%M").to_string(),
                    alarm.kind.to_string(),
                    if alarm.resolved_at.is_some() {
                        "over"
                    } else if alarm.acknowledged_at.is_some() {
                        "noted"
                    } else {
                        "open"
                    }
                    .to_owned(),
                    alarm.detail.clone(),
                ]
            })
            .collect();
        table::print(&["raised (UTC)", "about", "state", "detail"], &rows);
    }
    drop(tx);
    database.close().await;
    place.close().await
}

/// Writes the page of a model.
pub(super) async fn report(args: &PlaceArgs, name: &ModelName, output: &Path) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let actor = Actor::command_line();
    let mut tx = database.begin(&actor).await?;
    let model = named(&mut tx, name).await?;
    drop(tx);
    let page = governance::page::of(&database, &actor, model.model_id)
        .await?
        .context("the model is gone")?;
    std::fs::write(output, page).with_context(|| format!("cannot write {}", output.display()))?;
    println!("{} is written.", output.display());
    database.close().await;
    place.close().await
}
