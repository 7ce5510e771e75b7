//! Before somebody is signed in: looking an account up, counting failures, noting success. Runs as
//! `portal_anonymous`.

use chrono::{DateTime, Utc};
use domain::{Role, UserId};
use sha2::{Digest, Sha256};

use crate::{ActorTx, DbError, actor::Owned, error::During};

/// What signing in needs to know of an account.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose.
    pub id: UserId,
    /// As what.
    pub role: Role,
    /// The hash in PHC or bcrypt form; none: no password sign-in.
    pub password_hash: Option<String>,
    /// Whether the account is in use.
    pub is_active: bool,
}

/// Looks the account of an address up. Served by `idx_users_email`.
///
/// # Errors
/// When the database does not answer.
pub async fn credentials_by_email(
    tx: &mut ActorTx,
    email: &str,
) -> Result<Option<Credentials>, DbError> {
    tx.about_owner_of(Owned::Address, email).await?;
    sqlx::query_as!(
        Credentials,
        r#"SELECT id AS "id: UserId", role AS "role: Role", password_hash, is_active
           FROM users WHERE email = $1::text::portal.citext"#,
        email
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an account up")
}

/// The same by identifier, for a change of password.
///
/// # Errors
/// When the database does not answer.
pub async fn credentials_by_id(
    tx: &mut ActorTx,
    id: UserId,
) -> Result<Option<Credentials>, DbError> {
    tx.about(id).await?;
    sqlx::query_as!(
        Credentials,
        r#"SELECT id AS "id: UserId", role AS "role: Role", password_hash, is_active
           FROM users WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an account up")
}

/// Stores a new password hash.
///
/// # Errors
/// When the database does not answer.
pub async fn set_password_hash(tx: &mut ActorTx, id: UserId, hash: &str) -> Result<(), DbError> {
    tx.about(id).await?;
    sqlx::query!(
        "UPDATE users SET password_hash = $2 WHERE id = $1",
        id.0,
        hash
    )
    .execute(tx.connection())
    .await
    .during("store a password hash")?;
    Ok(())
}

/// Notes a successful sign-in.
///
/// # Errors
/// When the database does not answer.
pub async fn succeeded(tx: &mut ActorTx, id: UserId) -> Result<(), DbError> {
    tx.about(id).await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE users SET last_login_at = $2 WHERE id = $1",
        id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("note the sign-in")?;
    Ok(())
}

/// Forgets the failures that were counted under an address.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_failures(tx: &mut ActorTx, email: &str) -> Result<(), DbError> {
    let key = counted_under(tx, email).await?;
    sqlx::query!(
        "DELETE FROM portal.sign_in_failures WHERE account_key = $1",
        &key
    )
    .execute(tx.connection())
    .await
    .during("forget failed sign-ins")?;
    Ok(())
}

/// Until when an address may not sign in, whether or not it has an account.
///
/// # Errors
/// When the database does not answer.
pub async fn locked_until(tx: &mut ActorTx, email: &str) -> Result<Option<DateTime<Utc>>, DbError> {
    let key = counted_under(tx, email).await?;
    let now = tx.now();
    let until = sqlx::query_scalar!(
        r#"SELECT locked_until AS "locked_until!" FROM portal.sign_in_failures
           WHERE account_key = $1 AND locked_until > $2"#,
        &key,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for a lock-out")?;
    Ok(until)
}

/// Counts a failed sign-in. From the fifth in a row on the address is locked for 2, 4, 8 … seconds,
/// at most a quarter of an hour; a day without failures starts over.
///
/// # Errors
/// When the database does not answer.
pub async fn failed(tx: &mut ActorTx, email: &str) -> Result<i32, DbError> {
    let key = counted_under(tx, email).await?;
    let now = tx.now();
    sqlx::query_scalar!(
        r#"INSERT INTO portal.sign_in_failures AS f (account_key, failures, last_failure)
           VALUES ($1, 1, $2)
           ON CONFLICT (account_key) DO UPDATE
           SET failures = CASE WHEN f.last_failure < $2 - interval '1 day' THEN 1 ELSE f.failures + 1 END,
               last_failure = $2,
               locked_until = CASE WHEN f.failures + 1 >= 5 AND f.last_failure >= $2 - interval '1 day'
                   THEN $2 + least(interval '1 second' * power(2, least(f.failures - 3, 20)), interval '15 minutes') END
           RETURNING failures"#,
        &key,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("count a failed sign-in")
}

/// The digest under which failures of an address are counted; before sign-in the database shows that row
/// only.
async fn counted_under(tx: &mut ActorTx, email: &str) -> Result<Vec<u8>, DbError> {
    let key = Sha256::digest(email.to_lowercase().as_bytes()).to_vec();
    sqlx::query!(
        "SELECT set_config('portal.sought_key', encode($1, 'hex'), true)",
        &key
    )
    .fetch_one(tx.connection())
    .await
    .during("say which failures this is about")?;
    Ok(key)
}
