//! Room that is taken by nothing.

use serde::Serialize;

use super::Inspector;
use crate::{DbError, error::During};

/// How much of a table or index is estimated to be empty.
#[derive(Debug, Clone, Serialize)]
pub struct Bloat {
    /// Its schema.
    pub schema: String,
    /// The table's name, or the index's.
    pub name: String,
    /// `table` or `index`.
    pub kind: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// Bytes that its rows would not need, if it were made anew.
    pub wasted_bytes: i64,
}

impl Inspector {
    /// What is estimated to be empty, most first; needs figures from ANALYZE, and is good to about a
    /// fifth. A table's rows are taken as wide as `pg_stats` says, with 28 bytes of header each; an
    /// index's entries as wide as its columns with 12 bytes each, in pages nine tenths full
    /// (PostgreSQL manual, "Database Page Layout").
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bloat(&mut self) -> Result<Vec<Bloat>, DbError> {
        sqlx::query_as!(
            Bloat,
            r#"WITH tables AS (
                   SELECT c.oid, n.nspname, c.relname, c.reltuples, c.relpages,
                          (SELECT sum((1 - null_frac) * avg_width) FROM pg_stats s
                           WHERE s.schemaname = n.nspname AND s.tablename = c.relname) AS width
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('public', 'portal') AND c.relkind = 'r' AND c.reltuples > 0
               ), indexes AS (
                   SELECT i.indexrelid, t.nspname, x.relname, x.reltuples, x.relpages,
                          (SELECT sum((1 - s.null_frac) * s.avg_width) FROM pg_attribute a
                           JOIN pg_stats s ON s.schemaname = t.nspname AND s.tablename = t.relname AND s.attname = a.attname
                           WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS width
                   FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
                   JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
                   WHERE i.indpred IS NULL
               )
               SELECT nspname AS "schema!", relname AS "name!", 'table' AS "kind!", relpages::bigint * 8192 AS "bytes!",
                      greatest(relpages - ceil(reltuples * (width + 28) / 8168), 0)::bigint * 8192 AS "wasted_bytes!"
               FROM tables WHERE width IS NOT NULL
               UNION ALL
               SELECT nspname, relname, 'index', relpages::bigint * 8192,
                      greatest(relpages - 1 - ceil(reltuples * (width + 12) / (8152 * 0.9)), 0)::bigint * 8192
               FROM indexes WHERE width IS NOT NULL
               ORDER BY 5 DESC, 2"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("estimate how much is empty")
    }
}
