//! Devices that may send films by DICOM C-STORE: the allow-list.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::{Role, UserId};
use serde::Serialize;

use crate::{ActorTx, DbError, error::During};

/// A device on the list.
#[derive(Debug, Clone, Serialize)]
pub struct DicomPeer {
    /// What it calls itself.
    pub ae_title: String,
    /// The service account that its films belong to.
    pub user_id: UserId,
    /// Networks that it may come from, as `10.1.2.0/24`.
    pub addresses: Vec<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last there, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Adds a device; at the command line only. Says whether it is new.
///
/// # Errors
/// When the database does not answer, or somebody who is signed in tries.
pub async fn add(
    tx: &mut ActorTx,
    ae_title: &str,
    user_id: UserId,
    addresses: &[String],
) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.dicom_peers (ae_title, user_id, addresses, created_at)
         VALUES ($1, $2, $3::text[]::cidr[], $4) ON CONFLICT (ae_title) DO NOTHING",
        ae_title,
        user_id.0,
        addresses,
        now
    )
    .execute(tx.connection())
    .await
    .during("add a device to the list")?;
    Ok(added.rows_affected() == 1)
}

/// Takes a device off the list; at the command line only. Says whose films it sent.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut ActorTx, ae_title: &str) -> Result<Option<UserId>, DbError> {
    sqlx::query_scalar!(
        r#"DELETE FROM portal.dicom_peers WHERE ae_title = $1 RETURNING user_id AS "user_id: UserId""#,
        ae_title
    )
    .fetch_optional(tx.connection())
    .await
    .during("take a device off the list")
}

/// Every device, by its title. There are as many as a hospital has.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<DicomPeer>, DbError> {
    sqlx::query_as!(
        DicomPeer,
        r#"SELECT ae_title, user_id AS "user_id: UserId", addresses::text[] AS "addresses!", created_at, last_seen_at
           FROM portal.dicom_peers ORDER BY ae_title"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the devices")
}

/// The account that a device stands for, if it is on the list and comes from where it may. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    ae_title: &str,
    from: IpAddr,
) -> Result<Option<(UserId, Role)>, DbError> {
    let now = tx.now();
    let row = sqlx::query!(
        r#"SELECT user_id AS "user_id!: UserId", role AS "role!: Role"
           FROM portal.dicom_peer_of($1, $2::text::inet, $3)"#,
        ae_title,
        from.to_string(),
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a device up")?;
    Ok(row.map(|row| (row.user_id, row.role)))
}
