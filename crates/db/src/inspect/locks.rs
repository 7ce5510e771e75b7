//! Who waits for whom.

use serde::Serialize;

use super::{Inspector, without_constants};
use crate::{DbError, error::During};

/// One process that waits for a lock.
#[derive(Debug, Clone, Serialize)]
pub struct Wait {
    /// The process that waits.
    pub pid: i32,
    /// For how many seconds its statement has run.
    pub seconds: f64,
    /// The processes that hold what it wants. `SELECT pg_terminate_backend(pid)` ends one.
    pub blocked_by: Vec<i32>,
    /// The table, where the lock is on one.
    pub relation: Option<String>,
    /// What waits, without constants.
    pub statement: String,
    /// What the first holder does, without constants.
    pub holder_statement: String,
    /// `active`, `idle in transaction` …: the first holder's state.
    pub holder_state: String,
}

impl Inspector {
    /// Every wait for a lock in this database, longest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn locks(&mut self) -> Result<Vec<Wait>, DbError> {
        let mut waits = sqlx::query_as!(
            Wait,
            r#"SELECT w.pid AS "pid!", coalesce(extract(epoch FROM clock_timestamp() - w.query_start), 0)::float8 AS "seconds!",
                      pg_blocking_pids(w.pid) AS "blocked_by!",
                      (SELECT l.relation::regclass::text FROM pg_locks l
                       WHERE l.pid = w.pid AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) AS relation,
                      coalesce(w.query, '') AS "statement!", coalesce(h.query, '') AS "holder_statement!",
                      coalesce(h.state, '') AS "holder_state!"
               FROM pg_stat_activity w
               LEFT JOIN pg_stat_activity h ON h.pid = (pg_blocking_pids(w.pid))[1]
               WHERE w.datname = current_database() AND cardinality(pg_blocking_pids(w.pid)) > 0
               ORDER BY w.query_start"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("ask who waits for a lock")?;
        for wait in &mut waits {
            wait.statement = without_constants(&wait.statement);
            wait.holder_statement = without_constants(&wait.holder_statement);
        }
        Ok(waits)
    }
}
