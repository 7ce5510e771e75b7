//! Bringing a database to the schema that this program was built for. Forward only.

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection,
    migrate::{Migrate, Migrator},
};

use crate::{DatabaseOptions, DbError, error::During};

/// The roles, which belong to the server and not to one database.
pub(crate) const ROLES: &str = include_str!("../../../database/roles.sql");

/// Where it is noted which migrations have run.
const TABLE: &str = "portal.schema_migrations";

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../database/migrations");
    migrator.dangerous_set_table_name(TABLE);
    migrator.create_schema("portal");
    // During a rolling upgrade the database may be ahead of this program; `portal.schema_floor` says
    // whether it is too far ahead.
    migrator.set_ignore_missing(true);
    migrator
}

/// The number of the last migration this program knows.
#[must_use]
pub fn latest() -> i64 {
    migrator()
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// One migration and whether it has run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MigrationState {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether this database has it.
    pub applied: bool,
    /// Whether the text that ran is the text that this program carries.
    pub unchanged: bool,
}

/// Makes the roles and runs what is missing. Several portals may start at once: the first one
/// works, the others wait and find nothing to do.
///
/// The address must be that of somebody who may create roles; for the private cluster that is its
/// superuser.
///
/// # Errors
/// When the server cannot be reached, refuses, or a migration that already ran has been edited.
pub async fn migrate(options: &DatabaseOptions) -> Result<(), DbError> {
    migrate_to(options, i64::MAX).await
}

/// As [`migrate`], but only up to a migration: a database as an earlier release left it, for rehearsing
/// the upgrade from there.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(options: &DatabaseOptions, last: i64) -> Result<(), DbError> {
    let mut connection = connect(options).await?;
    let result = migrate_on(&mut connection, last).await;
    // The advisory lock goes with the connection, so close it whatever happened.
    let closed = connection
        .close()
        .await
        .during("close the migration's connection");
    result.and(closed)
}

async fn connect(options: &DatabaseOptions) -> Result<PgConnection, DbError> {
    PgConnection::connect_with(&options.connect_options()?)
        .await
        .during("connect to the database to migrate it")
}

async fn migrate_on(connection: &mut PgConnection, last: i64) -> Result<(), DbError> {
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::integer")
        .fetch_one(&mut *connection)
        .await
        .during("ask for the server's version")?;
    if version < 140_000 {
        return Err(DbError::Migration(format!(
            "PostgreSQL {} is too old: the portal needs 14 or later",
            version / 10_000
        )));
    }
    make_roles(connection).await?;
    connection
        .execute(
            "SET ROLE portal_owner; SET lock_timeout = '5s'; SET client_min_messages = 'warning'",
        )
        .await
        .during("become the owner")?;
    refuse_below_floor(connection).await?;
    let mut migrator = migrator();
    migrator
        .migrations
        .to_mut()
        .retain(|migration| migration.version <= last);
    migrator
        .run_direct(None, &mut *connection, false)
        .await
        .map_err(|error| {
            DbError::Migration(format!("a migration failed and was rolled back: {error}"))
        })?;
    connection
        .execute(
            "SELECT portal.create_audit_partition((now() + make_interval(months => m))::date)
             FROM generate_series(0, 2) m",
        )
        .await
        .during("make the audit trail's partitions")?;
    Ok(())
}

/// Refuses a database from which a newer program has taken away what this one needs.
async fn refuse_below_floor(connection: &mut PgConnection) -> Result<(), DbError> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('portal.schema_floor') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .during("look for the oldest program that may work here")?;
    if !there {
        return Ok(());
    }
    let floor: Option<(i64, String)> = sqlx::query_as(
        "SELECT minimum_migration, reason FROM portal.schema_floor ORDER BY minimum_migration DESC LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await
    .during("ask for the oldest program that may work here")?;
    match floor {
        Some((minimum, reason)) if minimum > latest() => Err(DbError::Migration(format!(
            "this program is too old for this database: it knows migrations up to {:03}, and the database needs one that knows {minimum:03} ({reason}); start the newer version, or restore a backup from before the upgrade",
            latest()
        ))),
        _ => Ok(()),
    }
}

/// Makes the roles. They belong to the server, and its locks to one database each, so that two
/// databases of one server that are migrated at once meet in the middle: PostgreSQL then says that a
/// tuple was updated concurrently (XX000) or is there already (23505), and asking again helps.
async fn make_roles(connection: &mut PgConnection) -> Result<(), DbError> {
    const ATTEMPTS: u32 = 10;
    for attempt in 1.. {
        match connection.execute(ROLES).await {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Database(error))
                if attempt < ATTEMPTS
                    && matches!(error.code().as_deref(), Some("XX000" | "23505" | "42710")) =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(attempt) * 20)).await;
            }
            Err(error) => return Err(error).during("make the portal's roles"),
        }
    }
    Ok(())
}

/// Which migrations there are and which of them this database has.
///
/// # Errors
/// When the server cannot be reached.
pub async fn status(options: &DatabaseOptions) -> Result<Vec<MigrationState>, DbError> {
    let mut connection = connect(options).await?;
    let known: bool =
        sqlx::query_scalar("SELECT to_regclass('portal.schema_migrations') IS NOT NULL")
            .fetch_one(&mut connection)
            .await
            .during("look for the list of migrations")?;
    let applied = if known {
        connection
            .list_applied_migrations(TABLE)
            .await
            .map_err(|error| {
                DbError::Migration(format!("cannot read which migrations have run: {error}"))
            })?
    } else {
        Vec::new()
    };
    let states = migrator()
        .iter()
        .map(|migration| {
            let ran = applied
                .iter()
                .find(|done| done.version == migration.version);
            MigrationState {
                version: migration.version,
                name: migration.description.to_string(),
                applied: ran.is_some(),
                unchanged: ran.is_none_or(|done| done.checksum == migration.checksum),
            }
        })
        .collect();
    connection.close().await.during("close the connection")?;
    Ok(states)
}

/// Drops everything the portal made in this database and builds it anew, empty. The caller has
/// asked whether that is meant.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn reset(options: &DatabaseOptions) -> Result<(), DbError> {
    let mut connection = connect(options).await?;
    let dropped = async {
        let mut transaction = connection.begin().await?;
        let views: Vec<String> =
            sqlx::query_scalar("SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE viewowner = 'portal_owner'")
                .fetch_all(&mut *transaction)
                .await?;
        for view in views {
            transaction
                .execute(AssertSqlSafe(format!("DROP VIEW IF EXISTS {view} CASCADE")))
                .await?;
        }
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
             WHERE schemaname = 'public' AND tableowner = 'portal_owner'",
        )
        .fetch_all(&mut *transaction)
        .await?;
        for table in tables {
            transaction
                .execute(AssertSqlSafe(format!(
                    "DROP TABLE IF EXISTS {table} CASCADE"
                )))
                .await?;
        }
        transaction
            .execute("DROP SCHEMA IF EXISTS portal CASCADE")
            .await?;
        transaction.commit().await
    };
    dropped.await.during("drop the portal's tables")?;
    migrate_on(&mut connection, i64::MAX).await?;
    connection.close().await.during("close the connection")
}

/// The number of the newest migration that this program carries.
#[must_use]
pub fn newest() -> i64 {
    migrator()
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Makes the named database if it is not there.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn create_database(options: &DatabaseOptions, name: &str) -> Result<(), DbError> {
    let mut connection = connect(options).await?;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await
            .during("look for the database")?;
    if !exists {
        let quoted = name.replace('"', "\"\"");
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE \"{quoted}\"")))
            .await
            .during("create the database")?;
    }
    connection.close().await.during("close the connection")
}

/// The development data.
const SEEDS: &str = include_str!("../../../database/seeds/development.sql");

/// Loads the development data; what is there already stays.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn seed(options: &DatabaseOptions) -> Result<(), DbError> {
    let mut connection = connect(options).await?;
    connection
        .execute(SEEDS)
        .await
        .during("load the development data")?;
    connection.close().await.during("close the connection")
}

/// The whole schema as plain SQL that `psql -f` loads into an empty database, after which
/// [`migrate`] finds nothing to do. Made by `pg_dump` from a migrated database, without what changes
/// from run to run.
///
/// # Errors
/// When `pg_dump` is missing or fails, or the server cannot be reached.
pub async fn dump_schema(
    options: &DatabaseOptions,
    programs: Option<&std::path::Path>,
) -> Result<String, DbError> {
    let program = programs.map_or_else(|| "pg_dump".into(), |folder| folder.join("pg_dump"));
    let output = tokio::process::Command::new(&program)
        .args([
            "--schema-only",
            "--no-tablespaces",
            "--exclude-table=portal.audit_logs_2*",
            "--dbname",
        ])
        .arg(&options.url)
        .output()
        .await
        .map_err(|error| {
            DbError::Migration(format!("cannot run {}: {error}", program.display()))
        })?;
    if !output.status.success() {
        return Err(DbError::Migration(format!(
            "pg_dump failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    let dump = String::from_utf8_lossy(&output.stdout);
    let mut schema = String::from(HEAD);
    schema.push_str(ROLES);
    schema.push('\n');
    let mut blank = false;
    for line in dump.lines().filter(|line| !changes_from_run_to_run(line)) {
        if !(line.is_empty() && blank) {
            schema.push_str(line);
            schema.push('\n');
        }
        blank = line.is_empty();
    }
    schema.push_str(&migrations_that_ran());
    Ok(schema)
}

const HEAD: &str =
    "-- The whole schema, for reading and for `psql -f` into an empty database. Generated from
-- database/migrations by `make schema`; do not edit.

";

/// Versions, and the random word that newer `pg_dump`s put around a dump.
fn changes_from_run_to_run(line: &str) -> bool {
    [
        "-- Dumped ",
        "\\restrict",
        "\\unrestrict",
        "-- PostgreSQL database dump",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || line == "--"
}

/// The rows of the list of migrations.
fn migrations_that_ran() -> String {
    let mut rows: Vec<String> = Vec::new();
    for migration in migrator().iter() {
        let checksum: String = migration
            .checksum
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        rows.push(format!(
            "    ({}, '{}', true, '\\x{checksum}', 0)",
            migration.version, migration.description
        ));
    }
    format!(
        "INSERT INTO {TABLE} (version, description, success, checksum, execution_time) VALUES\n{};\n",
        rows.join(",\n")
    )
}
