//! How large the database is, and what of it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Inspector;
use crate::{DbError, error::During};

/// The database and what the server keeps beside it.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseSize {
    /// The database's name.
    pub database: String,
    /// Its size in bytes.
    pub database_bytes: i64,
    /// The write-ahead log in bytes; absent where we may not look.
    pub wal_bytes: Option<i64>,
    /// Bytes of the audit trail, all partitions together.
    pub audit_bytes: i64,
    /// Transactions until PostgreSQL must freeze old rows, at most 2 thousand million; below 200
    /// million somebody should look.
    pub transactions_left: i64,
    /// Since when the server runs.
    pub started_at: DateTime<Utc>,
    /// The largest tables.
    pub largest: Vec<TableSize>,
}

/// One table's size.
#[derive(Debug, Clone, Serialize)]
pub struct TableSize {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// All of it: rows, long values, indexes.
    pub total_bytes: i64,
    /// The indexes' part of it.
    pub index_bytes: i64,
    /// Rows, as PostgreSQL estimates them; -1 when it never counted.
    pub estimated_rows: i64,
}

impl Inspector {
    /// How large everything is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn size(&mut self) -> Result<DatabaseSize, DbError> {
        let whole = sqlx::query!(
            r#"SELECT current_database() AS "database!",
                      pg_database_size(current_database()) AS "database_bytes!",
                      (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
                       WHERE inhparent = 'public.audit_logs'::regclass)::bigint AS audit_bytes,
                      (SELECT 2000000000 - max(age(datfrozenxid))::bigint FROM pg_database) AS "transactions_left!",
                      pg_postmaster_start_time() AS "started_at!""#
        )
        .fetch_one(&mut self.connection)
        .await
        .during("ask how large the database is")?;
        // Needs pg_monitor; whoever owns a database at a provider may not have it.
        let wal_bytes = sqlx::query_scalar!("SELECT sum(size)::bigint FROM pg_ls_waldir()")
            .fetch_one(&mut self.connection)
            .await
            .unwrap_or_default();
        let largest = sqlx::query_as!(
            TableSize,
            r#"SELECT n.nspname AS "schema!", c.relname AS "table!",
                      pg_total_relation_size(c.oid) AS "total_bytes!", pg_indexes_size(c.oid) AS "index_bytes!",
                      c.reltuples::bigint AS "estimated_rows!"
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'portal') AND c.relkind = 'r'
               ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 10"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("ask how large the tables are")?;
        Ok(DatabaseSize {
            database: whole.database,
            database_bytes: whole.database_bytes,
            wal_bytes,
            audit_bytes: whole.audit_bytes.unwrap_or_default(),
            transactions_left: whole.transactions_left,
            started_at: whole.started_at,
            largest,
        })
    }
}
