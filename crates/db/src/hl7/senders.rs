//! Systems that may send patients and orders: the allow-list.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::{Role, UserId};
use serde::Serialize;

use crate::{ActorTx, DbError, error::During};

/// A system on the list.
#[derive(Debug, Clone, Serialize)]
pub struct Sender {
    /// What it calls itself (MSH-3).
    pub application: String,
    /// The service account that acts for it.
    pub user_id: UserId,
    /// Networks that it may come from.
    pub addresses: Vec<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last sent something, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Adds a system; at the command line only. Says whether it is new.
///
/// # Errors
/// When the database does not answer, or somebody who is signed in tries.
pub async fn add_sender(
    tx: &mut ActorTx,
    application: &str,
    user_id: UserId,
    addresses: &[String],
) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.hl7_senders (application, user_id, addresses, created_at)
         VALUES ($1, $2, $3::text[]::cidr[], $4) ON CONFLICT (application) DO NOTHING",
        application,
        user_id.0,
        addresses,
        now
    )
    .execute(tx.connection())
    .await
    .during("add a system that may send")?;
    Ok(added.rows_affected() == 1)
}

/// Takes a system off the list; at the command line only. Says which account acted for it.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_sender(tx: &mut ActorTx, application: &str) -> Result<Option<UserId>, DbError> {
    sqlx::query_scalar!(
        r#"DELETE FROM portal.hl7_senders WHERE application = $1 RETURNING user_id AS "user_id: UserId""#,
        application
    )
    .fetch_optional(tx.connection())
    .await
    .during("take a system off the list")
}

/// Every system that may send, by its name. There are as many as a hospital has.
///
/// # Errors
/// When the database does not answer.
pub async fn senders(tx: &mut ActorTx) -> Result<Vec<Sender>, DbError> {
    sqlx::query_as!(
        Sender,
        r#"SELECT application, user_id AS "user_id: UserId", addresses::text[] AS "addresses!", created_at, last_seen_at
           FROM portal.hl7_senders ORDER BY application"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the systems that may send")
}

/// The account that a system stands for, if it is on the list and comes from where it may. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn find_sender(
    tx: &mut ActorTx,
    application: &str,
    from: IpAddr,
) -> Result<Option<(UserId, Role)>, DbError> {
    let now = tx.now();
    let row = sqlx::query!(
        r#"SELECT user_id AS "user_id!: UserId", role AS "role!: Role"
           FROM portal.hl7_sender_of($1, $2::text::inet, $3)"#,
        application,
        from.to_string(),
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a system up")?;
    Ok(row.map(|row| (row.user_id, row.role)))
}

/// Whether any system on the list comes from there.
///
/// # Errors
/// When the database does not answer.
pub async fn is_sender_from(tx: &mut ActorTx, from: IpAddr) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT portal.is_hl7_sender($1::text::inet) AS "known!""#,
        from.to_string()
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether a system may send from there")
}
