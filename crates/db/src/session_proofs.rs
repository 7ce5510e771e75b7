//! When whoever holds a session last proved to be its owner. Runs as `portal_anonymous`.

use chrono::{DateTime, Utc};
use domain::{SessionId, UserId};

use crate::{ActorTx, DbError, error::During};

/// Notes a proof. A session that had a second factor keeps it.
///
/// # Errors
/// When the database does not answer.
pub async fn prove(
    tx: &mut ActorTx,
    user_id: UserId,
    session_id: SessionId,
    second_factor: bool,
) -> Result<(), DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.session_proofs AS p (session_id, proved_at, second_factor) VALUES ($1, $2, $3)
         ON CONFLICT (session_id) DO UPDATE
         SET proved_at = $2, second_factor = p.second_factor OR $3, spent = false",
        session_id.0,
        now,
        second_factor
    )
    .execute(tx.connection())
    .await
    .during("note a proof")?;
    Ok(())
}

/// Whether there was a proof since then.
///
/// # Errors
/// When the database does not answer.
pub async fn proved_since(
    tx: &mut ActorTx,
    user_id: UserId,
    session_id: SessionId,
    since: DateTime<Utc>,
) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.session_proofs WHERE session_id = $1 AND proved_at >= $2) AS "proved!""#,
        session_id.0,
        since
    )
    .fetch_one(tx.connection())
    .await
    .during("look for a proof")
}

/// Uses a proof since then up. False when there is none that was not used already.
///
/// # Errors
/// When the database does not answer.
pub async fn spend(
    tx: &mut ActorTx,
    user_id: UserId,
    session_id: SessionId,
    since: DateTime<Utc>,
) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let spent = sqlx::query!(
        "UPDATE portal.session_proofs SET spent = true
         WHERE session_id = $1 AND proved_at >= $2 AND NOT spent",
        session_id.0,
        since
    )
    .execute(tx.connection())
    .await
    .during("use a proof up")?;
    Ok(spent.rows_affected() == 1)
}
