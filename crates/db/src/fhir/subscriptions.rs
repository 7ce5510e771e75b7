//! Systems that are told when a result is signed or changed, and what they were told of.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{ReportId, SubscriptionId};
use serde::Serialize;

use crate::{
    ActorTx, DbError,
    error::During,
    jobs::{self, Work},
};

/// The kind of job that tells them.
pub const NOTICE_JOB: &str = "notify_result";
/// Attempts before a job is given up: with up to 17 minutes between two, some five days.
const ATTEMPTS: i32 = 400;

/// A system that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Identifier.
    pub subscription_id: SubscriptionId,
    /// What people call it.
    pub name: String,
    /// Where it listens, an address.
    pub endpoint: String,
    /// Whether the result itself is sent, or only that there is one.
    pub is_content_sent: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last told of a result.
    pub last_taken_at: Option<DateTime<Utc>>,
}

/// Adds a system, with what it wants to be shown, sealed; at the command line only. Says whether the name is new.
///
/// # Errors
/// When the database does not answer, or somebody who is signed in tries.
pub async fn add(
    tx: &mut ActorTx,
    subscription: &Subscription,
    sealed_authorization: Option<&[u8]>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.fhir_subscriptions
             (subscription_id, name, endpoint, is_content_sent, sealed_authorization, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
        subscription.subscription_id.0,
        subscription.name,
        subscription.endpoint,
        subscription.is_content_sent,
        sealed_authorization,
        now
    )
    .execute(tx.connection())
    .await
    .during("add a subscription")?;
    Ok(added.rows_affected() == 1)
}

/// Takes a system off the list, with what was noted of its notices; at the command line only. Says whether it was on it.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut ActorTx, name: &str) -> Result<bool, DbError> {
    let removed = sqlx::query!(
        "DELETE FROM portal.fhir_subscriptions WHERE name = $1",
        name
    )
    .execute(tx.connection())
    .await
    .during("remove a subscription")?;
    Ok(removed.rows_affected() == 1)
}

/// Every system, by its name. When each was last told is served by `idx_fhir_notices_subscription_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn all(tx: &mut ActorTx) -> Result<Vec<Subscription>, DbError> {
    sqlx::query_as!(
        Subscription,
        r#"SELECT subscription_id AS "subscription_id: SubscriptionId", name, endpoint, is_content_sent, created_at,
                  (SELECT max(n.taken_at) FROM portal.fhir_notices n WHERE n.subscription_id = s.subscription_id) AS last_taken_at
           FROM portal.fhir_subscriptions s ORDER BY name"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the subscriptions")
}

/// What each system wants to be shown, sealed, where there is something; for the worker.
///
/// # Errors
/// When the database does not answer.
pub async fn sealed(tx: &mut ActorTx) -> Result<HashMap<SubscriptionId, Vec<u8>>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT subscription_id AS "subscription_id: SubscriptionId", sealed_authorization AS "sealed!"
           FROM portal.fhir_subscriptions WHERE sealed_authorization IS NOT NULL"#
    )
    .fetch_all(tx.connection())
    .await
    .during("read what subscriptions are shown")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.subscription_id, row.sealed))
        .collect())
}

/// Stores what was sealed anew; for the worker.
///
/// # Errors
/// When the database does not answer.
pub async fn store_sealed(
    tx: &mut ActorTx,
    subscription_id: SubscriptionId,
    sealed: &[u8],
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.fhir_subscriptions SET sealed_authorization = $2 WHERE subscription_id = $1",
        subscription_id.0,
        sealed
    )
    .execute(tx.connection())
    .await
    .during("store what a subscription is shown")?;
    Ok(())
}

/// Queues the notices of a result, where somebody wants them; in the transaction of the signature.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn queue(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    let wanted = sqlx::query_scalar!(r#"SELECT portal.has_fhir_subscriptions() AS "wanted!""#)
        .fetch_one(tx.connection())
        .await
        .during("look whether somebody is told of results")?;
    if !wanted {
        return Ok(());
    }
    let work = Work::new(NOTICE_JOB).on(report_id).attempts(ATTEMPTS);
    jobs::enqueue(tx, work).await
}

/// Which state of a result each system was told of. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn told(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<HashMap<SubscriptionId, DateTime<Utc>>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT subscription_id AS "subscription_id: SubscriptionId", result_at
           FROM portal.fhir_notices WHERE report_id = $1"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("look who was told of a result")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.subscription_id, row.result_at))
        .collect())
}

/// Notes that a system was told of a state of a result. One that was taken off the list meanwhile is none.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    tx: &mut ActorTx,
    report_id: ReportId,
    subscription_id: SubscriptionId,
    result_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.fhir_notices (report_id, subscription_id, result_at, taken_at)
         SELECT $1, s.subscription_id, $3, $4 FROM portal.fhir_subscriptions s WHERE s.subscription_id = $2
         ON CONFLICT (report_id, subscription_id) DO UPDATE
         SET result_at = excluded.result_at, taken_at = excluded.taken_at",
        report_id.0,
        subscription_id.0,
        result_at,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that a system was told of a result")?;
    Ok(())
}
