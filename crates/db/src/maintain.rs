//! Care by hand, as the owner: VACUUM, ANALYZE, REINDEX, the audit trail's partitions. Each table is
//! done by itself, so that stopping half-way leaves the rest as it was and loses nothing.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{DatabaseOptions, DbError, error::During};

/// A connection of the owner's, for care.
#[derive(Debug)]
pub struct Caretaker {
    connection: PgConnection,
}

/// What is done to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Clears dead rows and renews the planner's figures. Reads and writes go on.
    Vacuum,
    /// Renews the planner's figures. Reads and writes go on.
    Analyze,
    /// Makes the indexes anew. Writes wait meanwhile.
    Reindex,
    /// Makes the indexes anew beside the old ones. Reads and writes go on; takes twice the room.
    ReindexConcurrently,
}

impl Care {
    fn statement(self, table: &str) -> String {
        match self {
            Self::Vacuum => format!("VACUUM (ANALYZE) {table}"),
            Self::Analyze => format!("ANALYZE {table}"),
            Self::Reindex => format!("REINDEX TABLE {table}"),
            Self::ReindexConcurrently => format!("REINDEX TABLE CONCURRENTLY {table}"),
        }
    }
}

/// A month of the audit trail.
#[derive(Debug, Clone, Serialize)]
pub struct Partition {
    /// The partition's table in schema `portal`.
    pub table: String,
    /// Its first moment; absent for the default partition.
    pub from: Option<DateTime<Utc>>,
    /// The moment after its last; absent for the default partition.
    pub until: Option<DateTime<Utc>>,
    /// Rows, as PostgreSQL estimates them; -1 when it never counted.
    pub estimated_rows: i64,
    /// Its size in bytes, with indexes.
    pub bytes: i64,
}

impl Caretaker {
    /// Connects as the owner.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(owner: &DatabaseOptions) -> Result<Self, DbError> {
        let mut connection = PgConnection::connect_with(&owner.connect_options()?)
            .await
            .during("connect to the database to look after it")?;
        // Care waits for nobody for long: whoever works comes first.
        connection
            .execute("SET lock_timeout = '10s'; SET statement_timeout = 0; SET client_min_messages = 'warning'")
            .await
            .during("set how long to wait for locks")?;
        Ok(Self { connection })
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the server does not hear it.
    pub async fn close(self) -> Result<(), DbError> {
        self.connection.close().await.during("close the connection")
    }

    /// The portal's tables, smallest first; partitions by themselves.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tables(&mut self) -> Result<Vec<String>, DbError> {
        sqlx::query_scalar!(
            r#"SELECT format('%I.%I', n.nspname, c.relname) AS "name!"
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'portal') AND c.relkind = 'r'
               ORDER BY pg_total_relation_size(c.oid), 1"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("list the tables")
    }

    /// Does it to one table of [`Caretaker::tables`].
    ///
    /// # Errors
    /// When the database does not answer, or somebody holds the table for longer than 10 s.
    pub async fn care(&mut self, care: Care, table: &str) -> Result<(), DbError> {
        self.connection
            .execute(AssertSqlSafe(care.statement(table)))
            .await
            .during("look after a table")?;
        Ok(())
    }

    /// Runs a statement that [`crate::inspect::SchemaFault::remedy`] gave.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remedy(&mut self, statement: &str) -> Result<(), DbError> {
        self.connection
            .execute(AssertSqlSafe(statement))
            .await
            .during("put the schema right")?;
        Ok(())
    }

    /// The audit trail's partitions, oldest first, the default one last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn partitions(&mut self) -> Result<Vec<Partition>, DbError> {
        sqlx::query_as!(
            Partition,
            r#"SELECT c.relname AS "table!",
                      substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([^'']+)''\)')::timestamptz AS "from",
                      substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz AS "until",
                      c.reltuples::bigint AS "estimated_rows!", pg_total_relation_size(c.oid) AS "bytes!"
               FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'public.audit_logs'::regclass
               ORDER BY 2 NULLS LAST"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("list the audit trail's partitions")
    }

    /// Makes the partitions of this month and the next `ahead`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make_partitions(&mut self, ahead: i32) -> Result<(), DbError> {
        sqlx::query!(
            r#"SELECT portal.create_audit_partition((now() + make_interval(months => m))::date) AS "made"
               FROM generate_series(0, $1) m"#,
            ahead
        )
        .fetch_all(&mut self.connection)
        .await
        .during("make the audit trail's next partitions")?;
        Ok(())
    }
}
