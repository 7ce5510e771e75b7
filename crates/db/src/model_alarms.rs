//! Alarms about models: raised by the machinery, taken note of by tech, resolved when the cause is gone.

use chrono::{DateTime, Utc};
use domain::{AlarmKind, ModelAlarmId, ModelId, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// An alarm about a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelAlarm {
    /// Identifier.
    pub alarm_id: ModelAlarmId,
    /// The model.
    pub model_id: ModelId,
    /// What it is about.
    pub kind: AlarmKind,
    /// Which quantity, such as `risk_probability`, `sensitivity` or `exposure`.
    pub quantity: String,
    /// Its figure when it was last looked at.
    pub figure: Option<f64>,
    /// The limit it is on the wrong side of.
    pub alarm_limit: Option<f64>,
    /// In a sentence.
    pub detail: String,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// When its cause was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// Who took note of it.
    pub acknowledged_by: Option<UserId>,
    /// When.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When its cause was gone.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// An alarm to be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Which quantity.
    pub quantity: String,
    /// Its figure.
    pub figure: Option<f64>,
    /// The limit.
    pub alarm_limit: Option<f64>,
    /// In a sentence, without patient data.
    pub detail: String,
}

/// Raises an alarm, or renews the open one of the same model, kind and quantity. The identifier is
/// there when it is new: people are told once.
///
/// # Errors
/// When the database does not answer.
pub async fn raise(
    tx: &mut ActorTx,
    model_id: ModelId,
    alarm: &NewAlarm,
) -> Result<Option<ModelAlarmId>, DbError> {
    let now = tx.now();
    let alarm_id = ModelAlarmId::new_at(now);
    let stored = sqlx::query_scalar!(
        r#"INSERT INTO portal.model_alarms (alarm_id, model_id, kind, quantity, figure, alarm_limit, detail, raised_at, last_seen_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
           ON CONFLICT (model_id, kind, quantity) WHERE resolved_at IS NULL
           DO UPDATE SET figure = excluded.figure, alarm_limit = excluded.alarm_limit, detail = excluded.detail,
               last_seen_at = excluded.last_seen_at
           RETURNING alarm_id AS "alarm_id: ModelAlarmId""#,
        alarm_id.0,
        model_id.0,
        alarm.kind.as_str(),
        alarm.quantity,
        alarm.figure,
        alarm.alarm_limit,
        alarm.detail,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("raise an alarm")?;
    Ok((stored == alarm_id).then_some(alarm_id))
}

/// Resolves the open alarms of a model and kind but for these quantities. Says how many.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve_others(
    tx: &mut ActorTx,
    model_id: ModelId,
    kind: AlarmKind,
    standing: &[String],
) -> Result<u64, DbError> {
    let now = tx.now();
    let resolved = sqlx::query!(
        "UPDATE portal.model_alarms SET resolved_at = $4
         WHERE model_id = $1 AND kind = $2 AND resolved_at IS NULL AND quantity <> ALL ($3)",
        model_id.0,
        kind.as_str(),
        standing,
        now
    )
    .execute(tx.connection())
    .await
    .during("resolve alarms")?;
    Ok(resolved.rows_affected())
}

/// Takes note of an open alarm, as the acting person. Says whether it was there.
///
/// # Errors
/// When the database does not answer.
pub async fn acknowledge(tx: &mut ActorTx, alarm_id: ModelAlarmId) -> Result<bool, DbError> {
    let (now, user) = (tx.now(), tx.actor().user_id());
    let noted = sqlx::query!(
        "UPDATE portal.model_alarms SET acknowledged_by = $2, acknowledged_at = $3
         WHERE alarm_id = $1 AND acknowledged_at IS NULL",
        alarm_id.0,
        user.map(Uuid::from),
        now
    )
    .execute(tx.connection())
    .await
    .during("take note of an alarm")?;
    Ok(noted.rows_affected() == 1)
}

/// Alarms, newest first: all, or those still open. Served by `idx_model_alarms_raised_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    open_only: bool,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<ModelAlarm>, DbError> {
    let rows = sqlx::query_as!(
        ModelAlarm,
        r#"SELECT alarm_id AS "alarm_id: ModelAlarmId", model_id AS "model_id: ModelId", kind AS "kind: AlarmKind",
                  quantity, figure, alarm_limit, detail, raised_at, last_seen_at,
                  acknowledged_by AS "acknowledged_by: UserId", acknowledged_at, resolved_at
           FROM portal.model_alarms
           WHERE (NOT $1 OR resolved_at IS NULL)
             AND ($2::timestamptz IS NULL OR (raised_at, alarm_id) < ($2, $3))
           ORDER BY raised_at DESC, alarm_id DESC LIMIT $4"#,
        open_only,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list alarms")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.raised_at,
        id: row.alarm_id.0,
    }))
}

/// Number of open alarms by kind, for figures.
///
/// # Errors
/// When the database does not answer.
pub async fn open_counts(tx: &mut ActorTx) -> Result<Vec<(AlarmKind, i64)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind: AlarmKind", count(*) AS "alarms!" FROM portal.model_alarms
           WHERE resolved_at IS NULL GROUP BY kind ORDER BY kind"#
    )
    .fetch_all(tx.connection())
    .await
    .during("count open alarms")?;
    Ok(rows.into_iter().map(|row| (row.kind, row.alarms)).collect())
}
