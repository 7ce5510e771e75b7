//! Devices that speak DICOM over the network: the allow-list, and where they are found.

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
    /// The service account that it stands for, which its films belong to.
    pub user_id: UserId,
    /// That account's role.
    pub role: Role,
    /// Networks that it may come from, as `10.1.2.0/24`.
    pub addresses: Vec<String>,
    /// Where it listens, if anything may be sent to it.
    pub host: Option<String>,
    /// On which port.
    pub port: Option<i32>,
    /// Over TLS.
    pub over_tls: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last there, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// What a device stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceAccount {
    /// Its service account.
    pub user_id: UserId,
    /// That account's role.
    pub role: Role,
    /// Whether earlier studies are looked for there.
    pub is_archive: bool,
}

/// Where a device listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What it calls itself.
    pub ae_title: String,
    /// Name or address of its machine.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Over TLS.
    pub over_tls: bool,
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
    listens: Option<&Destination>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.dicom_peers (ae_title, user_id, addresses, host, port, over_tls, created_at)
         VALUES ($1, $2, $3::text[]::cidr[], $4, $5, $6, $7) ON CONFLICT (ae_title) DO NOTHING",
        ae_title,
        user_id.0,
        addresses,
        listens.map(|listens| listens.host.as_str()),
        listens.map(|listens| i32::from(listens.port)),
        listens.is_some_and(|listens| listens.over_tls),
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
        r#"SELECT p.ae_title, p.user_id AS "user_id: UserId", u.role AS "role: Role", p.addresses::text[] AS "addresses!", p.host,
                  p.port, p.over_tls, p.created_at, p.last_seen_at
           FROM portal.dicom_peers p JOIN users u ON u.id = p.user_id ORDER BY p.ae_title"#
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
) -> Result<Option<DeviceAccount>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        DeviceAccount,
        r#"SELECT user_id AS "user_id!: UserId", role AS "role!: Role", is_archive AS "is_archive!"
           FROM portal.dicom_peer_of($1, $2::text::inet, $3)"#,
        ae_title,
        from.to_string(),
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a device up")
}

/// Where a device of the list listens, if anything may be sent to it. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn destination(tx: &mut ActorTx, ae_title: &str) -> Result<Option<Destination>, DbError> {
    let row = sqlx::query!(
        r#"SELECT host AS "host!", port AS "port!", over_tls AS "over_tls!" FROM portal.dicom_destination($1)"#,
        ae_title
    )
    .fetch_optional(tx.connection())
    .await
    .during("look up where a device listens")?;
    Ok(row.map(|row| Destination {
        ae_title: ae_title.to_owned(),
        host: row.host,
        port: u16::try_from(row.port).unwrap_or_default(),
        over_tls: row.over_tls,
    }))
}
