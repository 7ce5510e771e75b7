//! The pool of connections, and what every connection is set to.

use std::{str::FromStr, sync::Arc, time::Duration};

use domain::Clock;
use sqlx::{
    Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{DbError, error::During};

/// How to reach the database.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// The address, such as `postgres://portal_login@host/portal?sslmode=verify-full`.
    pub url: String,
    /// Most connections at a time.
    pub maximum_connections: u32,
    /// Longest wait for a free connection.
    pub acquire_timeout: Duration,
}

impl std::fmt::Debug for DatabaseOptions {
    /// Without the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseOptions")
            .field("maximum_connections", &self.maximum_connections)
            .finish_non_exhaustive()
    }
}

impl DatabaseOptions {
    /// The address with the defaults for the rest.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            maximum_connections: 16,
            acquire_timeout: Duration::from_secs(5),
        }
    }

    /// The name of the database in the address.
    ///
    /// # Errors
    /// When the address names none.
    pub fn database_name(&self) -> Result<String, DbError> {
        self.connect_options()?
            .get_database()
            .map(str::to_owned)
            .ok_or(DbError::NoDatabaseName)
    }

    /// The same server and user, another database.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn with_database(&self, name: &str) -> Result<Self, DbError> {
        let mut options = self.clone();
        let mut url = url::Url::parse(&self.url).map_err(|_| DbError::NoDatabaseName)?;
        url.set_path(name);
        options.url = url.into();
        Ok(options)
    }

    pub(crate) fn connect_options(&self) -> Result<PgConnectOptions, DbError> {
        Ok(PgConnectOptions::from_str(&self.url)
            .during("read the database address")?
            .application_name("medical-portal")
            .statement_cache_capacity(256))
    }
}

/// The database as the running portal uses it: always as `portal_login`, which can see nothing by
/// itself, and in transactions that take on an actor's role.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
    clock: Arc<dyn Clock>,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy)]
pub struct PoolState {
    /// Open ones.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses us.
    pub async fn connect(
        options: &DatabaseOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DbError> {
        let pool = PgPoolOptions::new()
            .max_connections(options.maximum_connections)
            .acquire_timeout(options.acquire_timeout)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // An administrator's address works too, but the portal never keeps the rights:
                    // whatever is asked outside an actor's transaction fails closed.
                    connection
                        .execute(
                            "SET ROLE portal_login;
                             SET TIME ZONE 'UTC';
                             SET statement_timeout = '30s';
                             SET lock_timeout = '10s';
                             SET idle_in_transaction_session_timeout = '60s'",
                        )
                        .await?;
                    Ok(())
                })
            })
            // sqlx 0.9.0 gives a connection back with its transaction open when `begin` is
            // cancelled (launchbadge/sqlx#4393); the next borrower would see another user's rows.
            // BEGIN first, because a bare ROLLBACK outside a transaction fills the server's log
            // with warnings. It is a sign of life as well: a connection that gives none is replaced.
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    connection.execute("BEGIN; ROLLBACK").await?;
                    Ok(true)
                })
            })
            .connect_with(options.connect_options()?)
            .await
            .during("connect to the database")?;
        Ok(Self { pool, clock })
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.pool
            .execute("SELECT 1")
            .await
            .during("ask for a sign of life")
            .map(|_| ())
    }

    /// How many connections there are.
    #[must_use]
    pub fn pool_state(&self) -> PoolState {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        PoolState {
            open: self.pool.size(),
            idle,
        }
    }

    /// Closes every connection; waits for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The clock this database's transactions go by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }
}
