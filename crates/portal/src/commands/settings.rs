//! `medical-portal settings list|get|set|reset|history`.

use anyhow::{Result, anyhow, bail};
use db::{Actor, ActorTx};
use domain::settings::{self, SettingDefinition};
use serde_json::Value;

use super::table;
use crate::{
    cli::{PlaceArgs, SettingsCommand},
    place::Place,
};

/// Runs the command.
pub(super) async fn run(command: SettingsCommand) -> Result<()> {
    let (place_args, question) = match command {
        SettingsCommand::List { place, json } => (place, Question::List { json }),
        SettingsCommand::Get { place, key } => (place, Question::Get(definition(&key)?)),
        SettingsCommand::Set { place, key, value } => {
            let definition = definition(&key)?;
            let value = checked(definition, &value)?;
            (place, Question::Set(definition, value))
        }
        SettingsCommand::Reset { place, key } => (place, Question::Reset(key)),
        SettingsCommand::History { place, key, json } => (place, Question::History { key, json }),
    };
    answer(&place_args, question).await
}

enum Question {
    List { json: bool },
    Get(&'static SettingDefinition),
    Set(&'static SettingDefinition, Value),
    Reset(String),
    History { key: Option<String>, json: bool },
}

fn definition(key: &str) -> Result<&'static SettingDefinition> {
    settings::definition(key).ok_or_else(|| {
        let known: Vec<&str> = settings::ALL.iter().map(|setting| setting.key).collect();
        anyhow!(
            "there is no setting {key}; there are:\n  {}",
            known.join("\n  ")
        )
    })
}

/// The value as JSON, or as a text where it is none, of the setting's form.
fn checked(definition: &SettingDefinition, text: &str) -> Result<Value> {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    (definition.check)(&value).map_err(|fault| {
        anyhow!(
            "{} is not valid for {}: {fault}. It looks like this: {}",
            value,
            definition.key,
            (definition.default)()
        )
    })?;
    Ok(value)
}

async fn answer(args: &PlaceArgs, question: Question) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let mut tx = database.begin(&Actor::command_line()).await?;
    let outcome = match question {
        Question::List { json } => list(&mut tx, json).await,
        Question::Get(definition) => get(&mut tx, definition).await,
        Question::Set(definition, value) => set(&mut tx, definition, &value).await,
        Question::Reset(key) => reset(&mut tx, &key).await,
        Question::History { key, json } => history(&mut tx, key.as_deref(), json).await,
    };
    if outcome.is_ok() {
        tx.commit().await?;
    }
    database.close().await;
    place.close().await?;
    outcome
}

async fn list(tx: &mut ActorTx, as_json: bool) -> Result<()> {
    let listed = db::settings::list(tx).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|setting| {
            let value = setting.setting_value.to_string();
            let shown = if value.chars().count() > 50 {
                "(long: settings get)".to_owned()
            } else {
                value
            };
            vec![
                setting.setting_key.clone(),
                shown,
                if setting.is_default {
                    "default"
                } else {
                    "changed"
                }
                .to_owned(),
                setting.description.clone(),
            ]
        })
        .collect();
    table::print(&["setting", "value", "", "what it does"], &rows);
    Ok(())
}

async fn get(tx: &mut ActorTx, definition: &SettingDefinition) -> Result<()> {
    let value: Value = db::settings::get(tx, definition.key).await?;
    println!("{}", serde_json::to_string_pretty(&value)?);
    Ok(())
}

async fn set(tx: &mut ActorTx, definition: &SettingDefinition, value: &Value) -> Result<()> {
    let before = db::settings::set(tx, definition, value).await?;
    println!("{}: {before} -> {value}", definition.key);
    Ok(())
}

async fn reset(tx: &mut ActorTx, key: &str) -> Result<()> {
    let Some(before) = db::settings::reset(tx, key).await? else {
        definition(key)?;
        println!("{key} has its default already.");
        return Ok(());
    };
    let default =
        settings::definition(key).map_or(Value::Null, |definition| (definition.default)());
    println!("{key}: {before} -> {default} (the default)");
    Ok(())
}

async fn history(tx: &mut ActorTx, key: Option<&str>, as_json: bool) -> Result<()> {
    let changes = db::settings::history(tx, key, 200).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&changes)?);
        return Ok(());
    }
    if let Some(key) = key
        && changes.is_empty()
        && settings::definition(key).is_none()
    {
        bail!("there is no setting {key}, and none of that name was ever changed");
    }
    let shown = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|change| {
            vec![
                change.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                change.setting_key.clone(),
                shown(&change.old_value),
                shown(&change.new_value),
                change
                    .user_id
                    .map_or_else(|| "command line".to_owned(), |user| user.to_string()),
            ]
        })
        .collect();
    table::print(&["when (UTC)", "setting", "before", "after", "by"], &rows);
    Ok(())
}
