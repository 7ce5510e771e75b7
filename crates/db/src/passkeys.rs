//! Passkeys, and the questions that wait for an authenticator's answer. Runs as `portal_anonymous`, but for what
//! tech may count and take away.

use chrono::{DateTime, Utc};
use domain::{PasskeyId, Role, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, actor::Owned, error::During};

/// What an authenticator is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new passkey.
    Register,
    /// A sign-in that begins with the passkey.
    SignIn,
    /// The second factor after the password.
    SecondFactor,
    /// A proof of who holds the session.
    StepUp,
}

impl Purpose {
    /// The word in the database.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::SecondFactor => "second_factor",
            Self::StepUp => "step_up",
        }
    }
}

/// Notes a question, and forgets those that waited too long. `user_id` is who is asked.
///
/// # Errors
/// When the database does not answer.
pub async fn ask(
    tx: &mut ActorTx,
    purpose: Purpose,
    user_id: Option<UserId>,
    digest: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    if let Some(user_id) = user_id {
        tx.about(user_id).await?;
    }
    let now = tx.now();
    sqlx::query!(
        "SELECT portal.forget_passkey_challenges_not_answered($1)",
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("forget questions that were not answered")?;
    sqlx::query!(
        "INSERT INTO portal.passkey_challenges (challenge, purpose, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        digest,
        purpose.as_str(),
        user_id.map(|id| id.0),
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("note a question")?;
    Ok(())
}

/// Uses a question up. False when it is unknown, used, too old, or was put to somebody else or for something else.
///
/// # Errors
/// When the database does not answer.
pub async fn answered(
    tx: &mut ActorTx,
    purpose: Purpose,
    user_id: Option<UserId>,
    digest: &str,
) -> Result<bool, DbError> {
    if let Some(user_id) = user_id {
        tx.about(user_id).await?;
    }
    let now = tx.now();
    let gone = sqlx::query!(
        "DELETE FROM portal.passkey_challenges
         WHERE challenge = $1 AND purpose = $2 AND user_id IS NOT DISTINCT FROM $3 AND expires_at > $4",
        digest,
        purpose.as_str(),
        user_id.map(|id| id.0),
        now
    )
    .execute(tx.connection())
    .await
    .during("use a question up")?;
    Ok(gone.rows_affected() == 1)
}

/// A passkey, as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Passkey {
    /// Identifier.
    pub passkey_id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// Whether copies of it are kept elsewhere, such as in an account with the telephone's maker.
    pub is_backed_up: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The passkeys of an account, oldest first. Served by `idx_passkeys_user_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx, user_id: UserId) -> Result<Vec<Passkey>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_as!(
        Passkey,
        r#"SELECT passkey_id AS "passkey_id: PasskeyId", name, is_backed_up, created_at, last_used_at
           FROM portal.passkeys WHERE user_id = $1 ORDER BY created_at, passkey_id"#,
        user_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("list passkeys")
}

/// How many passkeys an account has.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &mut ActorTx, user_id: UserId) -> Result<i64, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        r#"SELECT count(user_id) AS "count!" FROM portal.passkeys WHERE user_id = $1"#,
        user_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("count passkeys")
}

/// How a browser finds a passkey.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// How it is reached.
    pub transports: Vec<String>,
}

/// How a browser finds the passkeys of an account.
///
/// # Errors
/// When the database does not answer.
pub async fn descriptors(tx: &mut ActorTx, user_id: UserId) -> Result<Vec<Descriptor>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_as!(
        Descriptor,
        "SELECT credential_id, transports FROM portal.passkeys WHERE user_id = $1 ORDER BY created_at, passkey_id",
        user_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("describe passkeys")
}

/// A new passkey.
#[derive(Debug)]
pub struct NewPasskey<'a> {
    /// Identifier.
    pub passkey_id: PasskeyId,
    /// Whose.
    pub user_id: UserId,
    /// The authenticator's name for it.
    pub credential_id: &'a [u8],
    /// Its public key (COSE).
    pub public_key: &'a [u8],
    /// What its owner calls it.
    pub name: &'a str,
    /// How a browser reaches the authenticator.
    pub transports: &'a [String],
    /// How often it was used, where the authenticator counts.
    pub sign_count: u32,
    /// Whether copies of it are kept elsewhere.
    pub is_backed_up: bool,
}

/// The index that refuses a passkey a second time.
pub const PASSKEY_TAKEN: &str = "idx_passkeys_credential_id";

/// Stores a passkey.
///
/// # Errors
/// [`PASSKEY_TAKEN`] as a constraint when it is there already.
pub async fn add(tx: &mut ActorTx, passkey: &NewPasskey<'_>) -> Result<(), DbError> {
    tx.about(passkey.user_id).await?;
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.passkeys (passkey_id, user_id, credential_id, public_key, name, transports, sign_count,
                                      is_backed_up, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        passkey.passkey_id.0,
        passkey.user_id.0,
        passkey.credential_id,
        passkey.public_key,
        passkey.name,
        passkey.transports,
        i64::from(passkey.sign_count),
        passkey.is_backed_up,
        now
    )
    .execute(tx.connection())
    .await
    .during("store a passkey")?;
    Ok(())
}

/// A passkey and whose it is, for verifying a proof.
#[derive(Debug, Clone)]
pub struct Known {
    /// Identifier.
    pub passkey_id: PasskeyId,
    /// Whose.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// Its public key (COSE).
    pub public_key: Vec<u8>,
    /// The highest count of uses that was seen.
    pub sign_count: i64,
}

/// Looks a passkey of an account in use up, by the authenticator's name for it. Served by
/// `idx_passkeys_credential_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, credential_id: &[u8]) -> Result<Option<Known>, DbError> {
    tx.about_owner_of(Owned::Passkey, &hex::encode(credential_id))
        .await?;
    sqlx::query_as!(
        Known,
        r#"SELECT p.passkey_id AS "passkey_id: PasskeyId", p.user_id AS "user_id: UserId", u.role AS "role: Role",
                  p.public_key, p.sign_count
           FROM portal.passkeys p JOIN users u ON u.id = p.user_id
           WHERE p.credential_id = $1 AND u.is_active"#,
        credential_id
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a passkey up")
}

/// Notes a use. False when another use was counted meanwhile, or the passkey is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn used(
    tx: &mut ActorTx,
    passkey: &Known,
    sign_count: u32,
    is_backed_up: bool,
) -> Result<bool, DbError> {
    tx.about(passkey.user_id).await?;
    let now = tx.now();
    let noted = sqlx::query!(
        "UPDATE portal.passkeys SET sign_count = $2, is_backed_up = $3, last_used_at = $4
         WHERE passkey_id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))",
        passkey.passkey_id.0,
        i64::from(sign_count),
        is_backed_up,
        now
    )
    .execute(tx.connection())
    .await
    .during("note the use of a passkey")?;
    Ok(noted.rows_affected() == 1)
}

/// Gives an account's passkey another name. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn rename(
    tx: &mut ActorTx,
    user_id: UserId,
    passkey_id: PasskeyId,
    name: &str,
) -> Result<Option<Passkey>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_as!(
        Passkey,
        r#"UPDATE portal.passkeys SET name = $3 WHERE passkey_id = $2 AND user_id = $1
           RETURNING passkey_id AS "passkey_id: PasskeyId", name, is_backed_up, created_at, last_used_at"#,
        user_id.0,
        passkey_id.0,
        name
    )
    .fetch_optional(tx.connection())
    .await
    .during("rename a passkey")
}

/// Takes an account's passkey away. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(
    tx: &mut ActorTx,
    user_id: UserId,
    passkey_id: PasskeyId,
) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let removed = sqlx::query!(
        "DELETE FROM portal.passkeys WHERE passkey_id = $2 AND user_id = $1",
        user_id.0,
        passkey_id.0
    )
    .execute(tx.connection())
    .await
    .during("take a passkey away")?;
    Ok(removed.rows_affected() == 1)
}
