//! What can go wrong when asking the database.

/// An error of this room. Constraint names are kept, so that the caller can turn them into words.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The server could not be reached or the connection broke.
    #[error("cannot reach the database: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// The server has no disk, memory or connections left (class 53).
    #[error("the database has no room left: {0}")]
    NoRoom(#[source] sqlx::Error),
    /// A constraint of the schema refused the change.
    #[error("the database refused the change: constraint {constraint}")]
    Constraint {
        /// The constraint's name, such as `idx_users_email`.
        constraint: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// Anything else the database answered.
    #[error("{what}: {source}")]
    Query {
        /// What was being done.
        what: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// Row security would hide rows from this role, so that a backup would silently lack them.
    #[error(
        "the role {role} cannot read every row, so a backup made by it would lack some: put a role with BYPASSRLS into DATABASE_ADMIN_URL (a superuser grants it with: ALTER ROLE {role} BYPASSRLS)"
    )]
    CannotReadEverything {
        /// The role.
        role: String,
    },
    /// An address names no database.
    #[error(
        "the address of the database does not end in the name of one, as postgres://user@host/portal does"
    )]
    NoDatabaseName,
    /// There is no portal in this database.
    #[error(
        "this database holds no portal: there is nothing to back up (is DATABASE_URL or --data-dir the right one?)"
    )]
    NoPortal,
    /// The schema is not the one this program was built for.
    #[error("{0}")]
    Migration(String),
}

impl DbError {
    /// Whether the server says that the database does not exist.
    #[must_use]
    pub fn is_missing_database(&self) -> bool {
        // 3D000: invalid_catalog_name.
        matches!(self, Self::Query { source: sqlx::Error::Database(error), .. }
            if error.code().is_some_and(|code| code == "3D000"))
    }

    /// Whether this is the named constraint's refusal.
    #[must_use]
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Self::Constraint { constraint, .. } if constraint == name)
    }
}

/// Adds what was being done to a database error.
pub(crate) trait During<T> {
    fn during(self, what: &'static str) -> Result<T, DbError>;
}

impl<T> During<T> for Result<T, sqlx::Error> {
    fn during(self, what: &'static str) -> Result<T, DbError> {
        self.map_err(|source| match &source {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed => DbError::Unreachable(source),
            sqlx::Error::Database(error) if error.constraint().is_some() => DbError::Constraint {
                constraint: error.constraint().unwrap_or_default().to_owned(),
                source,
            },
            // 57P01..57P03: the server is shutting down, crashed or not up yet.
            sqlx::Error::Database(error)
                if error.code().is_some_and(|code| code.starts_with("57P")) =>
            {
                DbError::Unreachable(source)
            }
            // 53100 disk full, 53200 out of memory, 53300 too many connections.
            sqlx::Error::Database(error)
                if error.code().is_some_and(|code| code.starts_with("53")) =>
            {
                DbError::NoRoom(source)
            }
            _ => DbError::Query { what, source },
        })
    }
}
