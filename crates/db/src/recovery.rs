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

/// The longest name of a database, in bytes; PostgreSQL cuts longer ones without a word
/// (`NAMEDATALEN` is 64).
const LONGEST_NAME: usize = 63;

/// The name of a database that belongs to `name`: it ends with `suffix`, and `name` is cut where both
/// would be too long together, so that it never comes out as `name` itself.
#[must_use]
pub fn derived_name(name: &str, suffix: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME.saturating_sub(suffix.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
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
/// under the name `aside`, or `aside` with a number where that is taken, and its sessions are ended.
/// Gives the name of what was there.
///
/// # Errors
/// When the server refuses.
pub async fn put_in_place(
    maintenance: &DatabaseOptions,
    restored: &str,
    name: &str,
    aside: &str,
) -> Result<Option<String>, DbError> {
    let mut connection = connect(maintenance).await?;
    let kept = if is_there(&mut connection, name).await? {
        Some(free_name(&mut connection, aside).await?)
    } else {
        None
    };
    let (restored, target) = (quoted(restored), quoted(name));
    if kept.is_some() {
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
    let first = kept
        .as_deref()
        .map(|kept| format!("ALTER DATABASE {target} RENAME TO {};", quoted(kept)))
        .unwrap_or_default();
    connection
        .execute(AssertSqlSafe(format!(
            "BEGIN; {first} ALTER DATABASE {restored} RENAME TO {target}; COMMIT"
        )))
        .await
        .during("put the restored database in its place")?;
    if let Some(kept) = &kept {
        connection
            .execute(AssertSqlSafe(format!(
                "ALTER DATABASE {} ALLOW_CONNECTIONS true",
                quoted(kept)
            )))
            .await
            .during("open the old database again")?;
    }
    connection.close().await.during("close the connection")?;
    Ok(kept)
}

async fn is_there(connection: &mut PgConnection, name: &str) -> Result<bool, DbError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .during("look for the database")
}

/// `wanted`, or `wanted` with the first number that makes it a name nobody has.
async fn free_name(connection: &mut PgConnection, wanted: &str) -> Result<String, DbError> {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while is_there(connection, &name).await? {
        number += 1;
        name = derived_name(wanted, &format!("_{number}"));
    }
    Ok(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_name_is_never_the_name_itself() {
        assert_eq!(derived_name("clinic", "_restoring"), "clinic_restoring");
        for name in ["d".repeat(63), "ü".repeat(31)] {
            let derived = derived_name(&name, "_restoring");
            assert!(derived.len() <= LONGEST_NAME && derived.ends_with("_restoring"));
            assert_ne!(derived, name);
        }
    }
}
