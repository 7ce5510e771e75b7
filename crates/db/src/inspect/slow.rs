//! Which statements cost the most, from `pg_stat_statements`.

use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::{Inspector, without_constants};
use crate::{DbError, error::During};

/// The statements that cost the most, or how to have them counted.
#[derive(Debug, Clone, Serialize)]
pub struct SlowStatements {
    /// What to do so that statements are counted; absent when they are.
    pub to_enable: Option<String>,
    /// Costliest first.
    pub statements: Vec<SlowStatement>,
}

/// One statement's figures since they were last reset.
#[derive(Debug, Clone, Serialize)]
pub struct SlowStatement {
    /// How often it ran.
    pub calls: i64,
    /// Milliseconds in all.
    pub total_milliseconds: f64,
    /// Milliseconds on average.
    pub mean_milliseconds: f64,
    /// Milliseconds at most.
    pub maximum_milliseconds: f64,
    /// Rows given, on average.
    pub mean_rows: f64,
    /// Share of pages found in memory.
    pub cache_hit_share: f64,
    /// The statement, with its constants taken out by PostgreSQL.
    pub statement: String,
}

/// The view is made by an extension that may be absent, so the query is not checked at compile time.
const STATEMENTS: &str = "SELECT s.calls, s.total_exec_time, s.mean_exec_time, s.max_exec_time,
            s.rows::float8 / greatest(s.calls, 1) AS mean_rows,
            s.shared_blks_hit, s.shared_blks_hit + s.shared_blks_read AS blocks, s.query
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
     WHERE d.datname = $1
     ORDER BY s.total_exec_time DESC LIMIT $2";

impl Inspector {
    /// The statements that cost the most time in all, costliest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn slow(&mut self, limit: i64) -> Result<SlowStatements, DbError> {
        let preloaded: bool = sqlx::query_scalar!(
            r#"SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' AS "there!""#
        )
        .fetch_one(&mut self.connection)
        .await
        .during("ask whether statements are counted")?;
        if !preloaded {
            return Ok(SlowStatements::absent(
                "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; -- then restart the server, and: \
                 CREATE EXTENSION pg_stat_statements;",
            ));
        }
        let database: String = sqlx::query_scalar!(r#"SELECT current_database() AS "name!""#)
            .fetch_one(&mut self.connection)
            .await
            .during("ask for the database's name")?;
        if let Some(maintenance) = &self.maintenance {
            let mut connection = PgConnection::connect_with(&maintenance.connect_options()?)
                .await
                .during("connect to the cluster's own database")?;
            sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
                .execute(&mut connection)
                .await
                .during("have statements counted")?;
            let statements = statements(&mut connection, &database, limit).await;
            connection.close().await.during("close the connection")?;
            return statements.map(SlowStatements::found);
        }
        let made: bool = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS "there!""#
        )
        .fetch_one(&mut self.connection)
        .await
        .during("look for pg_stat_statements")?;
        if !made {
            return Ok(SlowStatements::absent(
                "CREATE EXTENSION pg_stat_statements;",
            ));
        }
        statements(&mut self.connection, &database, limit)
            .await
            .map(SlowStatements::found)
    }
}

impl SlowStatements {
    fn absent(to_enable: &str) -> Self {
        Self {
            to_enable: Some(to_enable.to_owned()),
            statements: Vec::new(),
        }
    }

    fn found(statements: Vec<SlowStatement>) -> Self {
        Self {
            to_enable: None,
            statements,
        }
    }
}

async fn statements(
    connection: &mut PgConnection,
    database: &str,
    limit: i64,
) -> Result<Vec<SlowStatement>, DbError> {
    let rows = sqlx::query(AssertSqlSafe(STATEMENTS))
        .bind(database)
        .bind(limit)
        .fetch_all(connection)
        .await
        .during("ask which statements cost the most")?;
    rows.iter()
        .map(|row| {
            let hit: i64 = row.try_get("shared_blks_hit")?;
            let blocks: i64 = row.try_get("blocks")?;
            let statement: Option<String> = row.try_get("query")?;
            Ok(SlowStatement {
                calls: row.try_get("calls")?,
                total_milliseconds: row.try_get("total_exec_time")?,
                mean_milliseconds: row.try_get("mean_exec_time")?,
                maximum_milliseconds: row.try_get("max_exec_time")?,
                mean_rows: row.try_get("mean_rows")?,
                cache_hit_share: super::share(hit, blocks),
                statement: without_constants(&statement.unwrap_or_default()),
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .during("read which statements cost the most")
}
