//! How far the audit trail was handed to collectors.

use chrono::{DateTime, Duration, Utc};

use crate::{ActorTx, DbError, error::During};

/// A collector and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its address.
    pub collector: String,
    /// The last seal whose rows it has.
    pub seal_number: i64,
    /// When it got them.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Since when it does not take them.
    pub failing_since: Option<DateTime<Utc>>,
}

/// Takes on delivering to a collector for so long, unless another portal is at it. Gives the last seal that it has:
/// for a new collector the newest there is.
///
/// # Errors
/// When the database does not answer.
pub async fn take(
    tx: &mut ActorTx,
    collector: &str,
    lease: Duration,
) -> Result<Option<i64>, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        "INSERT INTO portal.audit_deliveries AS d (collector, seal_number, taken_until)
         VALUES ($1, (SELECT coalesce(max(seal_number), 0) FROM portal.audit_seals), $2)
         ON CONFLICT (collector) DO UPDATE SET taken_until = excluded.taken_until
             WHERE d.taken_until IS NULL OR d.taken_until < $3
         RETURNING seal_number",
        collector,
        now + lease,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("take on delivering the audit trail")
}

/// Notes that a collector has the rows of a seal and of all before it, and keeps at it for so long.
///
/// # Errors
/// When the database does not answer.
pub async fn delivered(
    tx: &mut ActorTx,
    collector: &str,
    seal_number: i64,
    lease: Duration,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.audit_deliveries
         SET seal_number = $2, delivered_at = $3, failing_since = NULL, taken_until = $4
         WHERE collector = $1",
        collector,
        seal_number,
        tx.now(),
        tx.now() + lease
    )
    .execute(tx.connection())
    .await
    .during("note how far the audit trail was delivered")?;
    Ok(())
}

/// Leaves delivering to whoever comes next; `failed`: because the collector did not take it. Gives since when it has
/// not.
///
/// # Errors
/// When the database does not answer.
pub async fn leave(
    tx: &mut ActorTx,
    collector: &str,
    failed: bool,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let failing_since = sqlx::query_scalar!(
        "UPDATE portal.audit_deliveries
         SET taken_until = NULL, failing_since = CASE WHEN $2 THEN coalesce(failing_since, $3) END
         WHERE collector = $1 RETURNING failing_since",
        collector,
        failed,
        tx.now()
    )
    .fetch_optional(tx.connection())
    .await
    .during("leave delivering the audit trail")?;
    Ok(failing_since.flatten())
}

/// All collectors that there were.
///
/// # Errors
/// When the database does not answer.
pub async fn all(tx: &mut ActorTx) -> Result<Vec<Delivery>, DbError> {
    sqlx::query_as!(
        Delivery,
        "SELECT collector, seal_number, delivered_at, failing_since FROM portal.audit_deliveries ORDER BY collector"
    )
    .fetch_all(tx.connection())
    .await
    .during("list the collectors of the audit trail")
}
