//! Systems that signed results are sent to.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{ActorTx, DbError, error::During};

/// A system that results are sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it is called in MSH-5.
    pub application: String,
    /// What it is called in MSH-6.
    pub facility: String,
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// PEM of the authorities that it is known by; none: those that this system trusts.
    #[serde(skip)]
    pub authorities: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last took a result.
    pub last_taken_at: Option<DateTime<Utc>>,
}

/// Adds a receiver; at the command line only. Says whether it is new.
///
/// # Errors
/// When the database does not answer, or somebody who is signed in tries.
pub async fn add_receiver(tx: &mut ActorTx, receiver: &Receiver) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.hl7_receivers (name, host, port, application, facility, is_tls, authorities, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
        receiver.name,
        receiver.host,
        i32::from(receiver.port),
        receiver.application,
        receiver.facility,
        receiver.is_tls,
        receiver.authorities,
        now
    )
    .execute(tx.connection())
    .await
    .during("add a receiver of results")?;
    Ok(added.rows_affected() == 1)
}

/// Takes a receiver off the list, with what was noted of its deliveries; at the command line only. Says whether it was on
/// it.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_receiver(tx: &mut ActorTx, name: &str) -> Result<bool, DbError> {
    let removed = sqlx::query!("DELETE FROM portal.hl7_receivers WHERE name = $1", name)
        .execute(tx.connection())
        .await
        .during("take a receiver off the list")?;
    Ok(removed.rows_affected() == 1)
}

/// Every receiver, by its name. When each last took one is served by `idx_hl7_deliveries_receiver`.
///
/// # Errors
/// When the database does not answer.
pub async fn receivers(tx: &mut ActorTx) -> Result<Vec<Receiver>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT name, host, port, application, facility, is_tls, authorities, created_at,
                  (SELECT max(d.taken_at) FROM portal.hl7_deliveries d WHERE d.receiver = r.name) AS last_taken_at
           FROM portal.hl7_receivers r ORDER BY name"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the receivers of results")?;
    Ok(rows
        .into_iter()
        .map(|row| Receiver {
            name: row.name,
            host: row.host,
            // The table's check: 1 to 65535.
            port: u16::try_from(row.port).unwrap_or(u16::MAX),
            application: row.application,
            facility: row.facility,
            is_tls: row.is_tls,
            authorities: row.authorities,
            created_at: row.created_at,
            last_taken_at: row.last_taken_at,
        })
        .collect())
}
