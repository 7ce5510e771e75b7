//! Settings as stored; a key without a row has the domain's default.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    SettingId,
    audit::{AuditAction, EntityType},
    settings::SettingDefinition,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, audit::Act, error::During};

/// A setting as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Setting {
    /// The key.
    pub setting_key: String,
    /// The value in force.
    pub setting_value: Value,
    /// What it does.
    pub description: String,
    /// Whether the value is kept from view.
    pub is_sensitive: bool,
    /// Whether it is the default.
    pub is_default: bool,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// By whom.
    pub updated_by: Option<Uuid>,
}

/// Every setting with the value in force.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<Setting>, DbError> {
    let rows = sqlx::query!("SELECT setting_key, setting_value, is_sensitive, updated_at, updated_by FROM system_settings")
        .fetch_all(tx.connection())
        .await
        .during("list settings")?;
    Ok(domain::settings::ALL
        .iter()
        .map(|definition| {
            let row = rows.iter().find(|row| row.setting_key == definition.key);
            Setting {
                setting_key: definition.key.to_owned(),
                setting_value: row.map_or_else(definition.default, |row| row.setting_value.clone()),
                description: definition.description.to_owned(),
                is_sensitive: row.is_some_and(|row| row.is_sensitive),
                is_default: row.is_none(),
                updated_at: row.map(|row| row.updated_at),
                updated_by: row.and_then(|row| row.updated_by),
            }
        })
        .collect())
}

/// A row of `system_settings`, whether or not this version knows its key.
#[derive(Debug, Clone)]
pub struct StoredSetting {
    /// The key.
    pub setting_key: String,
    /// The value.
    pub setting_value: Value,
}

/// Every stored row.
///
/// # Errors
/// When the database does not answer.
pub async fn stored(tx: &mut ActorTx) -> Result<Vec<StoredSetting>, DbError> {
    sqlx::query_as!(
        StoredSetting,
        "SELECT setting_key, setting_value FROM system_settings ORDER BY setting_key"
    )
    .fetch_all(tx.connection())
    .await
    .during("list stored settings")
}

/// Forgets a stored value, so that the default is in force, and notes that in the audit trail. Gives what
/// was stored.
///
/// # Errors
/// When the database does not answer.
pub async fn reset(tx: &mut ActorTx, key: &str) -> Result<Option<Value>, DbError> {
    let before = sqlx::query_scalar!(
        "DELETE FROM system_settings WHERE setting_key = $1 RETURNING setting_value",
        key
    )
    .fetch_optional(tx.connection())
    .await
    .during("forget a setting")?;
    if let Some(before) = &before {
        let default =
            domain::settings::definition(key).map_or(Value::Null, |known| (known.default)());
        note_change(tx, key, before, &default).await?;
    }
    Ok(before)
}

/// The one row of the trail for a change, which [`history`] reads back.
async fn note_change(
    tx: &mut ActorTx,
    key: &str,
    before: &Value,
    after: &Value,
) -> Result<(), DbError> {
    tx.audit(
        Act::new(AuditAction::UpdateSetting, EntityType::Setting)
            .old(json!({ "setting_key": key, "setting_value": before }))
            .new_values(json!({ "setting_key": key, "setting_value": after })),
    )
    .await
}

/// A change of a setting, from the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingChange {
    /// The key.
    pub setting_key: String,
    /// What was in force before.
    pub old_value: Option<Value>,
    /// What came into force.
    pub new_value: Option<Value>,
    /// Who changed it; absent for the command line.
    pub user_id: Option<Uuid>,
    /// In which role: `tech` or `command_line`.
    pub user_role: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The changes of one setting or of all, newest first. Served by `idx_audit_logs_action`.
///
/// # Errors
/// When the database does not answer.
pub async fn history(
    tx: &mut ActorTx,
    key: Option<&str>,
    limit: i64,
) -> Result<Vec<SettingChange>, DbError> {
    tx.plan_with_values().await?;
    sqlx::query_as!(
        SettingChange,
        r#"SELECT coalesce(new_values ->> 'setting_key', '') AS "setting_key!", old_values -> 'setting_value' AS old_value,
                  new_values -> 'setting_value' AS new_value, user_id, user_role, created_at
           FROM audit_logs
           WHERE action = 'update_setting' AND status = 'success'
             AND ($1::text IS NULL OR new_values ->> 'setting_key' = $1)
           ORDER BY created_at DESC, log_id DESC LIMIT $2"#,
        key,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read how settings changed")
}

/// The value in force of a key of the domain's list, as its type.
///
/// # Errors
/// When the database does not answer. A stored value that is no longer of the key's form counts as
/// absent: the default is the safe one.
pub async fn get<T: DeserializeOwned>(tx: &mut ActorTx, key: &'static str) -> Result<T, DbError> {
    let [value] = get_each(tx, [key]).await?;
    Ok(value)
}

/// As [`get`], of several keys at once.
///
/// # Errors
/// As [`get`].
pub async fn get_each<T: DeserializeOwned, const N: usize>(
    tx: &mut ActorTx,
    keys: [&'static str; N],
) -> Result<[T; N], DbError> {
    let named = keys.map(str::to_owned);
    let stored = sqlx::query!(
        "SELECT setting_key, setting_value FROM system_settings WHERE setting_key = ANY ($1)",
        &named
    )
    .fetch_all(tx.connection())
    .await
    .during("read settings")?;
    let mut stored: HashMap<String, Value> = stored
        .into_iter()
        .map(|row| (row.setting_key, row.setting_value))
        .collect();
    Ok(keys.map(|key| in_force(key, stored.remove(key))))
}

fn in_force<T: DeserializeOwned>(key: &'static str, stored: Option<Value>) -> T {
    if let Some(value) = stored {
        match serde_json::from_value(value) {
            Ok(value) => return value,
            Err(error) => {
                tracing::warn!(key, %error, "a stored setting is not of its form; the default is in force");
            }
        }
    }
    let definition =
        domain::settings::definition(key).expect("the keys are constants of the domain's list");
    serde_json::from_value((definition.default)()).expect("a test holds every default to its form")
}

/// Stores a value that passed its definition's check, and notes that in the audit trail. Says what was in
/// force before.
///
/// # Errors
/// When the database does not answer.
pub async fn set(
    tx: &mut ActorTx,
    definition: &SettingDefinition,
    value: &Value,
) -> Result<Value, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let before = sqlx::query_scalar!(
        "SELECT setting_value FROM system_settings WHERE setting_key = $1",
        definition.key
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a setting")?;
    sqlx::query!(
        "INSERT INTO system_settings (setting_id, setting_key, setting_value, description, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (setting_key) DO UPDATE
         SET setting_value = excluded.setting_value, description = excluded.description, updated_by = excluded.updated_by",
        SettingId::new_at(now).0,
        definition.key,
        value,
        definition.description,
        now,
        by
    )
    .execute(tx.connection())
    .await
    .during("store a setting")?;
    let before = before.unwrap_or_else(definition.default);
    note_change(tx, definition.key, &before, value).await?;
    Ok(before)
}
