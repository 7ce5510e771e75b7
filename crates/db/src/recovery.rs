//! What a restore asks of a server: roles, databases, and what must be put right in restored rows.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{DatabaseOptions, DbError, error::During, snapshot::RoleName};

async fn connect(options: &DatabaseOptions) -> Result<PgConnection, DbError> {
    PgConnection::connect_with(&options.connect_options()?)
        .await
        .during("connect to the server to restore")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether the database holds any table, view or sequence of its own.
///
/// # Errors
/// When the server does not answer.
pub async fn is_empty(options: &DatabaseOptions) -> Result<bool, DbError> {
    let mut connection = connect(options).await?;
    let empty = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                              AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f'))",
    )
    .fetch_one(&mut connection)
    .await
    .during("look whether the database is empty")?;
    connection.close().await.during("close the connection")?;
    Ok(empty)
}

/// Makes a database anew, dropping what carries its name: the name is that of an unfinished restore.
///
/// # Errors
/// When the server refuses, as without CREATEDB.
pub async fn create_anew(maintenance: &DatabaseOptions, name: &str) -> Result<(), DbError> {
    let mut connection = connect(maintenance).await?;
    let name = quoted(name);
    connection
        .execute(AssertSqlSafe(format!(
            "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        )))
        .await
        .during("drop the rest of an unfinished restore")?;
    connection
        .execute(AssertSqlSafe(format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
        )))
        .await
        .during("create the database to restore into (the role needs CREATEDB)")?;
    connection.close().await.during("close the connection")
}

/// Makes the roles that are missing: the portal's own, and those that a site has added, which get no
/// password and cannot log in until an administrator says so.
///
/// # Errors
/// When the server refuses, as without CREATEROLE.
pub async fn create_roles(options: &DatabaseOptions, others: &[RoleName]) -> Result<(), DbError> {
    let mut connection = connect(options).await?;
    connection
        .execute(crate::migrations::ROLES)
        .await
        .during("make the portal's roles")?;
    for role in others {
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
                .bind(&role.name)
                .fetch_one(&mut connection)
                .await
                .during("look for a role")?;
        if !there {
            tracing::warn!(role = %role.name, "the backup names a role that is not there; made without login");
            connection
                .execute(AssertSqlSafe(format!(
                    "CREATE ROLE {} NOLOGIN NOINHERIT",
                    quoted(&role.name)
                )))
                .await
                .during("make a role")?;
        }
    }
    connection.close().await.during("close the connection")
}

/// Puts a restored database in the place of `name`, in one transaction; what was there is kept
/// under the name `aside`, and its sessions are ended. Says whether something was there.
///
/// # Errors
/// When the server refuses.
pub async fn put_in_place(
    maintenance: &DatabaseOptions,
    restored: &str,
    name: &str,
    aside: &str,
) -> Result<bool, DbError> {
    let mut connection = connect(maintenance).await?;
    let (restored, target, aside) = (quoted(restored), quoted(name), quoted(aside));
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await
            .during("look for the database")?;
    if there {
        connection
            .execute(AssertSqlSafe(format!(
                "ALTER DATABASE {target} ALLOW_CONNECTIONS false"
            )))
            .await
            .during("close the old database to new sessions")?;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        )
        .bind(name)
        .execute(&mut connection)
        .await
        .during("end the sessions of the old database")?;
    }
    let first = if there {
        format!("ALTER DATABASE {target} RENAME TO {aside};")
    } else {
        String::new()
    };
    connection
        .execute(AssertSqlSafe(format!(
            "BEGIN; {first} ALTER DATABASE {restored} RENAME TO {target}; COMMIT"
        )))
        .await
        .during("put the restored database in its place")?;
    if there {
        connection
            .execute(AssertSqlSafe(format!(
                "ALTER DATABASE {aside} ALLOW_CONNECTIONS true"
            )))
            .await
            .during("open the old database again")?;
    }
    connection.close().await.during("close the connection")?;
    Ok(there)
}

/// What a restored portal must not take over from the old one: sessions end, so that everybody
/// signs in again, and model packages are where this portal's folder is. Gives the number of sessions that ended.
///
/// # Errors
/// When the server does not answer.
pub async fn settle(
    options: &DatabaseOptions,
    models_before: &str,
    models_now: &str,
) -> Result<u64, DbError> {
    let mut connection = connect(options).await?;
    let mut transaction = connection
        .begin()
        .await
        .during("settle the restored database")?;
    let ended = sqlx::query(
        "UPDATE public.sessions SET is_active = false, logout_time = now() WHERE is_active",
    )
    .execute(&mut *transaction)
    .await
    .during("end the sessions")?
    .rows_affected();
    sqlx::query(
        "UPDATE public.ai_models SET model_file_url = $2 || substr(model_file_url, length($1) + 1)
         WHERE starts_with(model_file_url, $1 || '/')",
    )
    .bind(models_before)
    .bind(models_now)
    .execute(&mut *transaction)
    .await
    .during("say where the model packages are")?;
    transaction
        .commit()
        .await
        .during("settle the restored database")?;
    // A new database has no statistics, and its first lists would be planned blindly.
    connection
        .execute("ANALYZE")
        .await
        .during("gather statistics")?;
    connection.close().await.during("close the connection")?;
    Ok(ended)
}

/// Where a server's write-ahead log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    /// Tells this cluster from every other one.
    pub system: String,
    /// The piece that is written just now, such as `000000010000000000000003`.
    pub segment: String,
    /// Whether finished pieces are laid aside.
    pub is_kept: bool,
}

/// Where the write-ahead log stands. Needs the superuser.
///
/// # Errors
/// When the server does not answer.
pub async fn log_position(options: &DatabaseOptions) -> Result<LogPosition, DbError> {
    let mut connection = connect(options).await?;
    let (system, segment, is_kept) = sqlx::query_as(
        "SELECT system_identifier::text, pg_walfile_name(pg_current_wal_lsn()),
                current_setting('archive_mode') <> 'off' FROM pg_control_system()",
    )
    .fetch_one(&mut connection)
    .await
    .during("ask where the write-ahead log stands")?;
    connection.close().await.during("close the connection")?;
    Ok(LogPosition {
        system,
        segment,
        is_kept,
    })
}
