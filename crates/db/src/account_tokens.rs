//! Codes for a new password and for showing that mail reaches the owner of an address. Sent or handed over
//! once; only their digests are kept. Runs as `portal_anonymous`, but for those that tech hands over.

use chrono::{DateTime, Utc};
use domain::UserId;

use crate::{ActorTx, DbError, actor::Owned, error::During};

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPurpose {
    /// To choose a new password.
    ResetPassword,
    /// To show that mail reaches the owner.
    VerifyAddress,
}

impl TokenPurpose {
    /// The word in the database.
    const fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyAddress => "verify_address",
        }
    }
}

/// A new code.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Whose.
    pub user_id: UserId,
    /// What for.
    pub purpose: TokenPurpose,
    /// SHA-256 of the code, hexadecimal.
    pub digest: &'a str,
    /// The account's address.
    pub address: &'a str,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Notes a code; an earlier one for the same purpose is worth nothing from then on.
///
/// # Errors
/// When the database does not answer.
pub async fn create(tx: &mut ActorTx, token: &NewToken<'_>) -> Result<(), DbError> {
    tx.about(token.user_id).await?;
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.account_tokens (user_id, purpose, token, address, created_at, expires_at)
         VALUES ($1, $2, $3, $4::text::portal.citext, $5, $6)
         ON CONFLICT (user_id, purpose) DO UPDATE SET
             token = $3, address = $4::text::portal.citext, created_at = $5, expires_at = $6",
        token.user_id.0,
        token.purpose.as_str(),
        token.digest,
        token.address,
        now,
        token.expires_at
    )
    .execute(tx.connection())
    .await
    .during("note a code")?;
    Ok(())
}

/// Notes a code for a new password that tech hands over. It is bound to the address that the account has, which
/// tech need not know. Says whether there is such an account.
///
/// # Errors
/// When the database does not answer.
pub async fn hand_over(
    tx: &mut ActorTx,
    user_id: UserId,
    digest: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, DbError> {
    let noted = sqlx::query_scalar!(
        r#"SELECT portal.hand_password_code_over($1, $2, $3) AS "noted""#,
        user_id.0,
        digest,
        expires_at
    )
    .fetch_one(tx.connection())
    .await
    .during("note a code that is handed over")?;
    Ok(noted == Some(true))
}

/// When the newest code of an account was made, if there is one.
///
/// # Errors
/// When the database does not answer.
pub async fn made_at(
    tx: &mut ActorTx,
    user_id: UserId,
    purpose: TokenPurpose,
) -> Result<Option<DateTime<Utc>>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        "SELECT created_at FROM portal.account_tokens WHERE user_id = $1 AND purpose = $2",
        user_id.0,
        purpose.as_str()
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for a code")
}

/// Whose code this is.
#[derive(Debug, Clone)]
pub struct Named {
    /// Who.
    pub user_id: UserId,
    /// Name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// Whose code this is; none when it is unknown, used, expired, of another address, or the account is out of
/// use.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    purpose: TokenPurpose,
    digest: &str,
) -> Result<Option<Named>, DbError> {
    tx.about_owner_of(Owned::Code, digest).await?;
    let now = tx.now();
    sqlx::query_as!(
        Named,
        r#"SELECT u.id AS "user_id: UserId", u.name, u.email::text AS "email!"
           FROM portal.account_tokens t JOIN users u ON u.id = t.user_id
           WHERE t.token = $1 AND t.purpose = $2 AND t.expires_at > $3 AND t.address = u.email AND u.is_active"#,
        digest,
        purpose.as_str(),
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a code up")
}

/// Uses a code up. Says whether it was there: of two who come at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem(
    tx: &mut ActorTx,
    purpose: TokenPurpose,
    digest: &str,
) -> Result<bool, DbError> {
    tx.about_owner_of(Owned::Code, digest).await?;
    let gone = sqlx::query!(
        "DELETE FROM portal.account_tokens WHERE token = $1 AND purpose = $2",
        digest,
        purpose.as_str()
    )
    .execute(tx.connection())
    .await
    .during("use a code up")?;
    Ok(gone.rows_affected() == 1)
}

/// Notes that mail reaches the owner of an account's address.
///
/// # Errors
/// When the database does not answer.
pub async fn verified(tx: &mut ActorTx, user_id: UserId, address: &str) -> Result<(), DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.verified_addresses (user_id, address, verified_at) VALUES ($1, $2::text::portal.citext, $3)
         ON CONFLICT (user_id) DO UPDATE SET address = $2::text::portal.citext, verified_at = $3",
        user_id.0,
        address,
        now
    )
    .execute(tx.connection())
    .await
    .during("note a verified address")?;
    Ok(())
}

/// Whether mail has been shown to reach the owner of the account's present address.
///
/// # Errors
/// When the database does not answer.
pub async fn is_verified(tx: &mut ActorTx, user_id: UserId) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.verified_addresses v JOIN users u ON u.id = v.user_id AND u.email = v.address
                          WHERE v.user_id = $1) AS "verified!""#,
        user_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether an address is verified")
}
