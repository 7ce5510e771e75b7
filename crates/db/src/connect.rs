//! The pool of connections, and what every connection is set to.

use std::{str::FromStr, sync::Arc, time::Duration};

use domain::Clock;
use sqlx::{
    AssertSqlSafe, Executor, PgPool, Postgres, SqlSafeStr, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{DbError, error::During};

/// Most connections that listen at a time: one for screens and one for workers, and a new one of each while a lost one
/// is still being closed.
const MOST_LISTENING: u32 = 4;

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
    listening: PgPool,
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
        let pool = pool_options(options)
            .max_connections(options.maximum_connections)
            .connect_with(options.connect_options()?)
            .await
            .during("connect to the database")?;
        // Whoever listens does so for as long as the portal runs, on a connection that nobody else had before: a LISTEN
        // within a transaction that was left open would never be heard.
        let listening = pool_options(options)
            .max_connections(MOST_LISTENING)
            .test_before_acquire(true)
            .connect_lazy_with(options.connect_options()?);
        Ok(Self {
            pool,
            listening,
            clock,
        })
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.alive("SELECT 1")
            .await
            .during("ask for a sign of life")
            .map(drop)
    }

    /// A transaction, opened by this text in one trip to the server, which does nothing but that, and more than once
    /// where it has to: a connection of the pool may have been lost since it was last used.
    pub(crate) async fn open(
        &self,
        text: &str,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let opening = || AssertSqlSafe(text.to_owned());
        match self.pool.begin_with(opening()).await {
            Err(error) if !is_of_the_pool(&error) => {
                tracing::debug!(%error, "a transaction was not opened; trying again on a connection that works");
            }
            otherwise => return otherwise,
        }
        // Unlike the text, a bare ROLLBACK works on a connection whose transaction has failed, too.
        let connection = self.alive("ROLLBACK").await?;
        Transaction::begin(connection, Some(opening().into_sql_str())).await
    }

    /// A connection that has answered to a statement just now; those that do not are closed.
    async fn alive(&self, sign: &'static str) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let mut others = self.pool.options().get_max_connections();
        loop {
            let mut connection = self.pool.acquire().await?;
            match connection.execute(sign).await {
                Ok(_) => return Ok(connection),
                Err(error) if others == 0 => return Err(error),
                Err(_) => connection.close_on_drop(),
            }
            others -= 1;
        }
    }

    /// Closes every connection; waits for those in use.
    pub async fn close(&self) {
        self.listening.close().await;
        self.pool.close().await;
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

    /// The clock this database's transactions go by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The connections for those who listen.
    pub(crate) const fn listening(&self) -> &PgPool {
        &self.listening
    }
}

/// What every connection is set to. None is asked for a sign of life before it is used: see [`Database::open`].
fn pool_options(options: &DatabaseOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
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
}

/// Whether there was no connection at all.
const fn is_of_the_pool(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
    )
}
