//! What sealing and verifying the audit trail ask of the database: rows as they are hashed, seals, archived months.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use crate::{ActorTx, DbError, error::During};

/// Keeps two portals from sealing at once.
const SEALING: i64 = 7_286_511;

/// A row of the trail, every column as text but the identifiers: what is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow {
    /// Identifier.
    pub log_id: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who.
    pub user_id: Option<Uuid>,
    /// In which role.
    pub user_role: Option<String>,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub entity_type: String,
    /// To which one.
    pub entity_id: Option<Uuid>,
    /// From where, as PostgreSQL writes an `inet`.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// What was before, as PostgreSQL writes a `jsonb`.
    pub old_values: Option<String>,
    /// What is now, likewise.
    pub new_values: Option<String>,
    /// How it ended.
    pub status: String,
    /// Why it did not work.
    pub error_message: Option<String>,
}

/// A stored seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    /// Its number, from 1.
    pub number: i64,
    /// SHA-256 of the seal before.
    pub previous: Vec<u8>,
    /// When the look at the trail began that it came of.
    pub sealed_at: DateTime<Utc>,
    /// What was written before this moment is sealed.
    pub settled_until: DateTime<Utc>,
    /// `pg_snapshot_xmax` of that look, where it saw the trail to its end.
    pub next_transaction: Option<i64>,
    /// The first row's moment.
    pub first_at: DateTime<Utc>,
    /// The last row's moment.
    pub last_at: DateTime<Utc>,
    /// Its rows' entries.
    pub entries: Vec<u8>,
    /// The root of their tree.
    pub root: Vec<u8>,
    /// The key that signed it.
    pub key_id: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// A month that was moved into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveRow {
    /// Its table's name.
    pub partition: String,
    /// Its first moment.
    pub from_at: DateTime<Utc>,
    /// The moment after its last.
    pub until_at: DateTime<Utc>,
    /// How many rows it had.
    pub row_count: i64,
    /// The last value of the file's chain.
    pub chain: Vec<u8>,
    /// The key that signed it.
    pub key_id: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Which transactions have ended: all below `first_running`; none from `next` on has begun to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// `pg_snapshot_xmin`.
    pub first_running: i64,
    /// `pg_snapshot_xmax`.
    pub next: i64,
}

/// Begins sealing in this transaction, unless another portal is at it.
///
/// # Errors
/// When the database does not answer.
pub async fn try_begin(tx: &mut ActorTx) -> Result<Option<Horizon>, DbError> {
    let row = sqlx::query!(
        r#"SELECT pg_try_advisory_xact_lock($1) AS "mine!",
                  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "first_running!",
                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "next!""#,
        SEALING
    )
    .fetch_one(tx.connection())
    .await
    .during("begin to seal the audit trail")?;
    Ok(row.mine.then_some(Horizon {
        first_running: row.first_running,
        next: row.next,
    }))
}

/// The newest moment before which everything is known to be sealed: that of the newest look whose running
/// transactions have all ended. Transaction numbers of another cluster (before a restore) have ended too.
///
/// # Errors
/// When the database does not answer.
pub async fn settled(tx: &mut ActorTx, horizon: Horizon) -> Result<Option<DateTime<Utc>>, DbError> {
    sqlx::query_scalar!(
        "SELECT sealed_at FROM (SELECT seal_number, sealed_at, next_transaction FROM portal.audit_seals
                                ORDER BY seal_number DESC LIMIT 10000) s
         WHERE next_transaction <= $1 OR next_transaction > $2 ORDER BY seal_number DESC LIMIT 1",
        horizon.first_running,
        horizon.next
    )
    .fetch_optional(tx.connection())
    .await
    .during("ask how far the audit trail is sealed")
}

/// Identifiers of rows from a moment on, after a place, in order. Served by the partitions'
/// `idx_audit_logs_created_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn identifiers(
    tx: &mut ActorTx,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, Uuid)>, DbError> {
    let (at, id) = after.unwrap_or((from, Uuid::nil()));
    let rows = sqlx::query!(
        "SELECT created_at, log_id FROM audit_logs
         WHERE created_at >= $1 AND ($2::timestamptz IS NULL OR created_at < $2) AND (created_at, log_id) > ($1, $3)
         ORDER BY created_at, log_id LIMIT $4",
        at,
        until,
        id,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("list rows of the audit trail")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.created_at, row.log_id))
        .collect())
}

/// These rows, of a time that holds them all, in order; those that are not there are left out. Served by the
/// partitions' primary keys.
///
/// # Errors
/// When the database does not answer.
pub async fn rows(
    tx: &mut ActorTx,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    ids: &[Uuid],
) -> Result<Vec<TrailRow>, DbError> {
    sqlx::query_as!(
        TrailRow,
        r#"SELECT log_id, created_at, user_id, user_role, action, entity_type, entity_id,
                  ip_address::text AS ip_address, user_agent, old_values::text AS old_values,
                  new_values::text AS new_values, status, error_message
           FROM audit_logs WHERE created_at BETWEEN $1 AND $2 AND log_id = ANY($3) ORDER BY created_at, log_id"#,
        from,
        until,
        ids
    )
    .fetch_all(tx.connection())
    .await
    .during("read rows of the audit trail")
}

/// When a row says that it was written, wherever it is. Reads every partition's primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn whereabouts(tx: &mut ActorTx, log_id: Uuid) -> Result<Option<DateTime<Utc>>, DbError> {
    sqlx::query_scalar!(
        "SELECT created_at FROM audit_logs WHERE log_id = $1 ORDER BY created_at LIMIT 1",
        log_id
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for a row of the audit trail")
}

/// The moments of the first and the last row.
///
/// # Errors
/// When the database does not answer.
pub async fn extent(tx: &mut ActorTx) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, DbError> {
    let row =
        sqlx::query!("SELECT min(created_at) AS first, max(created_at) AS last FROM audit_logs")
            .fetch_one(tx.connection())
            .await
            .during("ask how far the audit trail reaches")?;
    Ok(row.first.zip(row.last))
}

/// Which of these users exist; for tech, which sees no patient in the table itself.
///
/// # Errors
/// When the database does not answer.
pub async fn existing_users(tx: &mut ActorTx, ids: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM portal.accounts WHERE id = ANY($1)"#,
        ids
    )
    .fetch_all(tx.connection())
    .await
    .during("ask which users exist")
}

/// The seals after a number, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn seals(tx: &mut ActorTx, after: i64, limit: i64) -> Result<Vec<SealRow>, DbError> {
    sqlx::query_as!(
        SealRow,
        "SELECT seal_number AS number, previous, sealed_at, settled_until, next_transaction, first_at, last_at,
                entries, root, key_id, signature
         FROM portal.audit_seals WHERE seal_number > $1 ORDER BY seal_number LIMIT $2",
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read the seals of the audit trail")
}

/// The newest seal.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_seal(tx: &mut ActorTx) -> Result<Option<SealRow>, DbError> {
    sqlx::query_as!(
        SealRow,
        "SELECT seal_number AS number, previous, sealed_at, settled_until, next_transaction, first_at, last_at,
                entries, root, key_id, signature
         FROM portal.audit_seals ORDER BY seal_number DESC LIMIT 1"
    )
    .fetch_optional(tx.connection())
    .await
    .during("read the newest seal of the audit trail")
}

/// The entries of the seals that hold rows of a time. Served by `idx_audit_seals_last_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn entries_between(
    tx: &mut ActorTx,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Vec<u8>>, DbError> {
    sqlx::query_scalar!(
        "SELECT entries FROM portal.audit_seals
         WHERE last_at >= $1 AND ($2::timestamptz IS NULL OR first_at < $2)",
        from,
        until
    )
    .fetch_all(tx.connection())
    .await
    .during("read which rows are sealed")
}

/// The number of the seal that holds rows of this moment, first of all.
///
/// # Errors
/// When the database does not answer.
pub async fn first_seal_reaching(
    tx: &mut ActorTx,
    at: DateTime<Utc>,
) -> Result<Option<i64>, DbError> {
    sqlx::query_scalar!(
        "SELECT min(seal_number) FROM portal.audit_seals WHERE last_at >= $1",
        at
    )
    .fetch_one(tx.connection())
    .await
    .during("look for a seal of the audit trail")
}

/// Writes a seal.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(tx: &mut ActorTx, seal: &SealRow) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO portal.audit_seals (seal_number, previous, sealed_at, settled_until, next_transaction, first_at,
                                         last_at, entries, root, key_id, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        seal.number,
        seal.previous,
        seal.sealed_at,
        seal.settled_until,
        seal.next_transaction,
        seal.first_at,
        seal.last_at,
        seal.entries,
        seal.root,
        seal.key_id,
        seal.signature
    )
    .execute(tx.connection())
    .await
    .during("write a seal of the audit trail")?;
    Ok(())
}

/// The archived months, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn archives(tx: &mut ActorTx) -> Result<Vec<ArchiveRow>, DbError> {
    sqlx::query_as!(
        ArchiveRow,
        "SELECT partition, from_at, until_at, row_count, chain, key_id, signature FROM portal.audit_archives
         ORDER BY from_at"
    )
    .fetch_all(tx.connection())
    .await
    .during("list the archived months of the audit trail")
}
