//! Indexes: used, unused, broken, doubled, missing.

use serde::Serialize;

use super::Inspector;
use crate::{DbError, error::During};

/// The indexes, and where one is missing.
#[derive(Debug, Clone, Serialize)]
pub struct Indexes {
    /// Every index of the portal, largest first.
    pub indexes: Vec<IndexState>,
    /// Foreign keys that no index leads with: deleting what they point to reads the whole table.
    pub missing: Vec<MissingIndex>,
}

/// One index.
#[derive(Debug, Clone, Serialize)]
pub struct IndexState {
    /// Its schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub index: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// How often it was used since the figures were reset.
    pub scans: i64,
    /// Whether the planner may use it; `false` after a REINDEX CONCURRENTLY that failed.
    pub valid: bool,
    /// Whether it holds a constraint, and so is needed even when nobody reads by it.
    pub holds_constraint: bool,
    /// Another index on the same columns in the same way, if there is one.
    pub doubles: Option<String>,
}

/// A foreign key without an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingIndex {
    /// The table.
    pub table: String,
    /// The constraint.
    pub constraint: String,
    /// The columns that an index should lead with.
    pub columns: String,
}

impl Inspector {
    /// The indexes, and where one is missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn indexes(&mut self) -> Result<Indexes, DbError> {
        let indexes = sqlx::query_as!(
            IndexState,
            r#"SELECT s.schemaname AS "schema!", s.relname AS "table!", s.indexrelname AS "index!",
                      pg_relation_size(s.indexrelid) AS "bytes!", s.idx_scan AS "scans!", i.indisvalid AS "valid!",
                      (i.indisunique OR EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)) AS "holds_constraint!",
                      (SELECT o.indexrelid::regclass::text FROM pg_index o
                       WHERE o.indrelid = i.indrelid AND o.indexrelid < i.indexrelid AND o.indkey = i.indkey
                         AND o.indclass = i.indclass AND o.indoption = i.indoption
                         AND o.indpred IS NOT DISTINCT FROM i.indpred AND o.indexprs IS NOT DISTINCT FROM i.indexprs
                       LIMIT 1) AS doubles
               FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
               WHERE s.schemaname IN ('public', 'portal')
               ORDER BY pg_relation_size(s.indexrelid) DESC, s.indexrelname"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("ask for the indexes")?;
        let missing = sqlx::query_as!(
            MissingIndex,
            r#"SELECT c.conrelid::regclass::text AS "table!", c.conname AS "constraint!",
                      (SELECT string_agg(a.attname, ', ' ORDER BY k.position)
                       FROM unnest(c.conkey) WITH ORDINALITY k(attnum, position)
                       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) AS "columns!"
               FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
               WHERE c.contype = 'f' AND c.conparentid = 0 AND n.nspname IN ('public', 'portal')
                 AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                                 AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)
               ORDER BY 1, 2"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("look for missing indexes")?;
        Ok(Indexes { indexes, missing })
    }
}
