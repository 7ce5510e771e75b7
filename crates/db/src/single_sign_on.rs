//! Single sign-on: sign-ins on their way through a provider, and who its people are here. Links are kept as
//! [`crate::Actor::single_sign_on`], the rest as `portal_anonymous`.

use chrono::{DateTime, Utc};
use domain::{SessionId, UserId};

use crate::{ActorTx, DbError, error::During};

/// Notes a sign-in that goes to the provider, and forgets those that did not come back.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(
    tx: &mut ActorTx,
    state_digest: &str,
    browser_digest: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "DELETE FROM portal.single_sign_on_starts WHERE expires_at <= $1",
        now
    )
    .execute(tx.connection())
    .await
    .during("forget sign-ins that did not come back")?;
    sqlx::query!(
        "INSERT INTO portal.single_sign_on_starts (state, browser, expires_at) VALUES ($1, $2, $3)",
        state_digest,
        browser_digest,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("note a sign-in that goes to the provider")?;
    Ok(())
}

/// Uses a sign-in that came back up. False when it is unknown, used, too old, or another browser's.
///
/// # Errors
/// When the database does not answer.
pub async fn come_back(
    tx: &mut ActorTx,
    state_digest: &str,
    browser_digest: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let gone = sqlx::query!(
        "DELETE FROM portal.single_sign_on_starts WHERE state = $1 AND browser = $2 AND expires_at > $3",
        state_digest,
        browser_digest,
        now
    )
    .execute(tx.connection())
    .await
    .during("use a sign-in that came back up")?;
    Ok(gone.rows_affected() == 1)
}

/// Whose account a provider's somebody has, noting the use.
///
/// # Errors
/// When the database does not answer.
pub async fn linked(
    tx: &mut ActorTx,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"UPDATE portal.single_sign_on_links SET last_used_at = $3 WHERE issuer = $1 AND subject = $2
           RETURNING user_id AS "user_id: UserId""#,
        issuer,
        subject,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for who somebody of a provider is")
}

/// Notes whose account a provider's somebody has.
///
/// # Errors
/// When the database does not answer.
pub async fn link(
    tx: &mut ActorTx,
    issuer: &str,
    subject: &str,
    user_id: UserId,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.single_sign_on_links (issuer, subject, user_id, created_at, last_used_at)
         VALUES ($1, $2, $3, $4, $4)",
        issuer,
        subject,
        user_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("note who somebody of a provider is")?;
    Ok(())
}

/// Notes that a session began at a provider.
///
/// # Errors
/// When the database does not answer.
pub async fn note_session(tx: &mut ActorTx, session_id: SessionId) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO portal.single_sign_on_sessions (session_id) VALUES ($1)",
        session_id.0
    )
    .execute(tx.connection())
    .await
    .during("note where a session began")?;
    Ok(())
}

/// Whether a session began at a provider.
///
/// # Errors
/// When the database does not answer.
pub async fn began_there(tx: &mut ActorTx, session_id: SessionId) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.single_sign_on_sessions WHERE session_id = $1) AS "began_there!""#,
        session_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look where a session began")
}
