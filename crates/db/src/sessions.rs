//! Sessions: opened at sign-in, found by the digest of their token, ended by time or by hand.

use chrono::{DateTime, Utc};
use domain::{Role, SessionId, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A new session.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its identifier.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the bearer token, hexadecimal.
    pub token_sha256: &'a str,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// Its identifier.
    pub session_id: SessionId,
    /// The address it was opened from.
    pub ip_address: Option<String>,
    /// The browser or program it was opened with.
    pub user_agent: Option<String>,
    /// When it was opened.
    pub login_time: DateTime<Utc>,
    /// When it was last used.
    pub last_activity: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// Who a token stands for.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The session.
    pub session_id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// The user's role.
    pub role: Role,
    /// When the session was last noted as used.
    pub last_activity: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Whether a second factor was proved in it.
    pub second_factor: bool,
}

/// Opens a session.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &mut ActorTx, session: &NewSession<'_>) -> Result<(), DbError> {
    tx.about(session.user_id).await?;
    let now = tx.now();
    let address = tx.actor().origin.address.map(|address| address.to_string());
    let agent = tx.actor().origin.user_agent.clone();
    sqlx::query!(
        "INSERT INTO sessions (session_id, user_id, token, ip_address, user_agent, login_time, last_activity, expires_at)
         VALUES ($1, $2, $3, $4::text::inet, $5, $6, $6, $7)",
        session.session_id.0,
        session.user_id.0,
        session.token_sha256,
        address,
        agent,
        now,
        session.expires_at,
    )
    .execute(tx.connection())
    .await
    .during("open a session")?;
    Ok(())
}

/// Who a token stands for, if its session and account still hold. Served by `idx_sessions_token`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    token_sha256: &str,
    idle_minutes: i32,
) -> Result<Option<Bearer>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Bearer,
        r#"SELECT session_id AS "session_id!: SessionId", user_id AS "user_id!: UserId", role AS "role!: Role",
                  last_activity AS "last_activity!", expires_at AS "expires_at!", second_factor AS "second_factor!"
           FROM portal.session_of($1, $2, $3)"#,
        token_sha256,
        now,
        idle_minutes
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a session up")
}

/// Whether a session still holds, for streams that outlive the request that opened them.
///
/// # Errors
/// When the database does not answer.
pub async fn is_open(
    tx: &mut ActorTx,
    user_id: UserId,
    session_id: SessionId,
) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM sessions s JOIN users u ON u.id = s.user_id
                          WHERE s.session_id = $1 AND s.is_active AND u.is_active AND s.expires_at > $2) AS "open!""#,
        session_id.0,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("look a session up")
}

/// Notes that a session is in use.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &mut ActorTx, bearer: &Bearer) -> Result<(), DbError> {
    tx.about(bearer.user_id).await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE sessions SET last_activity = $2 WHERE session_id = $1",
        bearer.session_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that a session is in use")?;
    Ok(())
}

/// The open sessions of a user whom the actor may see, newest first. Served by `idx_sessions_user_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list_of(tx: &mut ActorTx, user_id: UserId) -> Result<Vec<Session>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Session,
        r#"SELECT session_id AS "session_id: SessionId", host(ip_address) AS ip_address, user_agent,
                  login_time, last_activity, expires_at
           FROM sessions WHERE user_id = $1 AND is_active AND expires_at > $2
           ORDER BY login_time DESC, session_id DESC"#,
        user_id.0,
        now
    )
    .fetch_all(tx.connection())
    .await
    .during("list sessions")
}

/// Ends a session that the actor may end. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &mut ActorTx, session_id: SessionId) -> Result<bool, DbError> {
    let now = tx.now();
    let ended = sqlx::query!(
        "UPDATE sessions SET is_active = false, logout_time = $2 WHERE session_id = $1 AND is_active",
        session_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("end a session")?;
    Ok(ended.rows_affected() == 1)
}

/// Ends every session of a user but the one named, and every sign-in that waits for a second factor; for a
/// change of password or role.
///
/// # Errors
/// When the database does not answer.
pub async fn end_all(
    tx: &mut ActorTx,
    user_id: UserId,
    except: Option<SessionId>,
) -> Result<u64, DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    let ended = sqlx::query!(
        "UPDATE sessions SET is_active = false, logout_time = $2
         WHERE user_id = $1 AND is_active AND session_id IS DISTINCT FROM $3",
        user_id.0,
        now,
        except.map(Uuid::from)
    )
    .execute(tx.connection())
    .await
    .during("end a user's sessions")?;
    sqlx::query!(
        "DELETE FROM portal.sign_in_challenges WHERE user_id = $1",
        user_id.0
    )
    .execute(tx.connection())
    .await
    .during("end a user's sign-ins that wait")?;
    Ok(ended.rows_affected())
}

/// Deletes sessions that ended a month ago or longer. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut ActorTx, before: DateTime<Utc>) -> Result<u64, DbError> {
    let deleted = sqlx::query!("DELETE FROM sessions WHERE expires_at < $1", before)
        .execute(tx.connection())
        .await
        .during("delete expired sessions")?;
    Ok(deleted.rows_affected())
}
