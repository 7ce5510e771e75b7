//! Who is connected and what they do.

use serde::Serialize;

use super::{Inspector, without_constants};
use crate::{DbError, error::During};

/// The connections of the server.
#[derive(Debug, Clone, Serialize)]
pub struct Connections {
    /// How many there may be.
    pub maximum: i64,
    /// How many there are, all databases together.
    pub open: i64,
    /// Those of this database.
    pub connections: Vec<ConnectionUse>,
}

/// One connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionUse {
    /// The server process.
    pub pid: i32,
    /// Logged in as.
    pub user: String,
    /// What it calls itself.
    pub application: String,
    /// `active`, `idle`, `idle in transaction` …
    pub state: String,
    /// Seconds in that state.
    pub seconds: f64,
    /// What it waits for, if it does.
    pub waits_for: Option<String>,
    /// Its statement, or the last one, without constants.
    pub statement: String,
}

impl Inspector {
    /// Who is connected, longest in its state first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connections(&mut self) -> Result<Connections, DbError> {
        let totals = sqlx::query!(
            r#"SELECT current_setting('max_connections')::bigint AS "maximum!",
                      (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS "open!""#
        )
        .fetch_one(&mut self.connection)
        .await
        .during("count the connections")?;
        let mut connections = sqlx::query_as!(
            ConnectionUse,
            r#"SELECT pid AS "pid!", coalesce(usename, '') AS "user!", coalesce(application_name, '') AS "application!",
                      coalesce(state, '') AS "state!",
                      coalesce(extract(epoch FROM clock_timestamp() - state_change), 0)::float8 AS "seconds!",
                      CASE WHEN state = 'active' THEN wait_event_type || ': ' || wait_event END AS waits_for,
                      coalesce(query, '') AS "statement!"
               FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
               ORDER BY state_change"#
        )
        .fetch_all(&mut self.connection)
        .await
        .during("ask who is connected")?;
        for connection in &mut connections {
            connection.statement = without_constants(&connection.statement);
        }
        Ok(Connections {
            maximum: totals.maximum,
            open: totals.open,
            connections,
        })
    }
}
