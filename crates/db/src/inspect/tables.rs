//! Each table's rows and care.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Inspector;
use crate::{DbError, error::During};

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct TableState {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Live rows, as the server counts them.
    pub live_rows: i64,
    /// Rows that are gone but still take room.
    pub dead_rows: i64,
    /// All of it in bytes.
    pub total_bytes: i64,
    /// Times the whole table was read.
    pub sequential_scans: i64,
    /// Times an index was used.
    pub index_scans: i64,
    /// When dead rows were last cleared, by hand or by the server.
    pub last_vacuum: Option<DateTime<Utc>>,
    /// When the planner's figures were last renewed.
    pub last_analyze: Option<DateTime<Utc>>,
}

impl Inspector {
    /// Every table of the portal, largest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tables(&mut self) -> Result<Vec<TableState>, DbError> {
        sqlx::query_as!(
            TableState,
            r#"SELECT schemaname AS "schema!", relname AS "table!", n_live_tup AS "live_rows!", n_dead_tup AS "dead_rows!",
                      pg_total_relation_size(relid) AS "total_bytes!", seq_scan AS "sequential_scans!",
                      coalesce(idx_scan, 0) AS "index_scans!", greatest(last_vacuum, last_autovacuum) AS last_vacuum,
                      greatest(last_analyze, last_autoanalyze) AS last_analyze
               FROM pg_stat_user_tables
               WHERE schemaname IN ('public', 'portal')
               ORDER BY pg_total_relation_size(relid) DESC, relname"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("ask for the tables")
    }
}
