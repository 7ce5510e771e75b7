//! The whole database as it is at one moment: what a backup is made from and held against.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::{DatabaseOptions, DbError, error::During};

/// One table: how many rows it has and a digest of them that does not depend on their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TableFigures {
    /// The schema.
    pub schema: String,
    /// The table, or partition.
    pub name: String,
    /// How many rows.
    pub rows: i64,
    /// SHA-256 in hexadecimal over the sums of the rows' own SHA-256: equal for equal rows in any
    /// order, whatever the server's version.
    pub digest: String,
}

/// A role that owns something in the database or has rights on it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RoleName {
    /// Its name.
    pub name: String,
    /// Whether it can log in.
    pub can_login: bool,
}

/// A migration that has run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
}

/// A read-only transaction that sees one moment, exported so that `pg_dump` sees the same. It reads
/// past row security, and fails rather than see less than everything.
#[derive(Debug)]
pub struct Snapshot {
    connection: PgConnection,
    name: String,
    server_version: String,
}

impl Snapshot {
    /// Opens it.
    ///
    /// # Errors
    /// [`DbError::CannotReadEverything`] when the role is subject to row security;
    /// [`DbError::NoPortal`] when the database holds no portal.
    pub async fn open(options: &DatabaseOptions) -> Result<Self, DbError> {
        let mut connection = PgConnection::connect_with(&options.connect_options()?)
            .await
            .during("connect to the database to read it whole")?;
        let row = sqlx::query(
            "SELECT current_user::text AS role, rolsuper OR rolbypassrls AS sees_all,
                    to_regclass('portal.schema_migrations') IS NOT NULL AS is_portal,
                    current_setting('server_version') AS server_version
             FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&mut connection)
        .await
        .during("look at the role that reads the database")?;
        if !row.get::<bool, _>("sees_all") {
            return Err(DbError::CannotReadEverything {
                role: row.get("role"),
            });
        }
        if !row.get::<bool, _>("is_portal") {
            return Err(DbError::NoPortal);
        }
        connection
            .execute(
                "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
                 SET lock_timeout = '30s'; SET row_security = off; SET search_path = pg_catalog;
                 SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
                 SET extra_float_digits = 1; SET bytea_output = 'hex';
                 BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )
            .await
            .during("open the snapshot")?;
        let name = sqlx::query_scalar("SELECT pg_export_snapshot()")
            .fetch_one(&mut connection)
            .await
            .during("export the snapshot")?;
        Ok(Self {
            connection,
            name,
            server_version: row.get("server_version"),
        })
    }

    /// What `pg_dump --snapshot` is told.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's version, such as `15.8`.
    #[must_use]
    pub fn server_version(&self) -> &str {
        &self.server_version
    }

    /// Rows and digest of every table that `pg_dump` writes. Reads everything once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tables(&mut self) -> Result<Vec<TableFigures>, DbError> {
        let tables = sqlx::query(
            "SELECT n.nspname::text AS schema, c.relname::text AS name, c.oid::regclass::text AS quoted
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
               AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                               AND d.objid = c.oid AND d.deptype = 'e')
             ORDER BY 1, 2",
        )
        .fetch_all(&mut self.connection)
        .await
        .during("list the tables")?;
        let mut figures = Vec::with_capacity(tables.len());
        for table in tables {
            let quoted: String = table.get("quoted");
            let row = sqlx::query(AssertSqlSafe(format!(
                "SELECT count(*) AS rows, encode(sha256(convert_to(concat_ws('/', count(*),
                        coalesce(sum(('x' || encode(substr(d, 1, 8), 'hex'))::bit(64)::bigint), 0),
                        coalesce(sum(('x' || encode(substr(d, 9, 8), 'hex'))::bit(64)::bigint), 0),
                        coalesce(sum(('x' || encode(substr(d, 17, 8), 'hex'))::bit(64)::bigint), 0)), 'UTF8')), 'hex') AS digest
                 FROM (SELECT sha256(convert_to(t::text, 'UTF8')) AS d FROM ONLY {quoted} t) s"
            )))
            .fetch_one(&mut self.connection)
            .await
            .during("read a table whole")?;
            figures.push(TableFigures {
                schema: table.get("schema"),
                name: table.get("name"),
                rows: row.get("rows"),
                digest: row.get("digest"),
            });
        }
        Ok(figures)
    }

    /// The migrations that have run, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn migrations(&mut self) -> Result<Vec<AppliedMigration>, DbError> {
        let rows = sqlx::query(
            "SELECT version, description FROM portal.schema_migrations WHERE success ORDER BY version",
        )
        .fetch_all(&mut self.connection)
        .await
        .during("read which migrations have run")?;
        Ok(rows
            .iter()
            .map(|row| AppliedMigration {
                version: row.get("version"),
                name: row.get("description"),
            })
            .collect())
    }

    /// The roles that the database's objects and grants name. Passwords are not among what is read.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn roles(&mut self) -> Result<Vec<RoleName>, DbError> {
        let rows = sqlx::query(
            "SELECT DISTINCT r.rolname::text AS name, r.rolcanlogin AS can_login
             FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
             WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname !~ '^pg_' AND NOT r.rolsuper
               AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
             ORDER BY 1",
        )
        .fetch_all(&mut self.connection)
        .await
        .during("list the roles")?;
        Ok(rows
            .iter()
            .map(|row| RoleName {
                name: row.get("name"),
                can_login: row.get("can_login"),
            })
            .collect())
    }

    /// The SHA-256 of every stored image that a row names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn image_digests(&mut self) -> Result<Vec<[u8; 32]>, DbError> {
        sqlx::query_scalar::<_, Vec<u8>>("SELECT DISTINCT sha256 FROM portal.named_blobs")
            .fetch_all(&mut self.connection)
            .await
            .during("list the images")
            // A constraint of the table holds the length to 32.
            .map(|digests| {
                digests
                    .into_iter()
                    .filter_map(|digest| digest.try_into().ok())
                    .collect()
            })
    }

    /// Ends it.
    ///
    /// # Errors
    /// When the connection broke meanwhile, so that what was read may not be of one moment.
    pub async fn close(mut self) -> Result<(), DbError> {
        self.connection
            .execute("COMMIT")
            .await
            .during("end the snapshot")?;
        self.connection.close().await.during("close the connection")
    }
}
