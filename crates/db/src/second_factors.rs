//! Second factors: the secret of codes by time, recovery codes, and sign-ins that wait for one. Runs as
//! `portal_anonymous`, but for what tech may look at and take away.

use chrono::{DateTime, Utc};
use domain::{Role, UserId};

use crate::{ActorTx, DbError, actor::Owned, error::During};

/// The secret of an account's codes by time.
#[derive(Clone)]
pub struct Totp {
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// Since when it counts; none while it is being set up.
    pub confirmed_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Totp {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Totp")
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// The secret of an account, if there is one.
///
/// # Errors
/// When the database does not answer.
pub async fn totp(tx: &mut ActorTx, user_id: UserId) -> Result<Option<Totp>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_as!(
        Totp,
        "SELECT secret, confirmed_at FROM portal.totp WHERE user_id = $1",
        user_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a second factor")
}

/// Which second factors an account has.
#[derive(Debug, Clone, Copy)]
pub struct Factors {
    /// Since when it has codes by time.
    pub totp_since: Option<DateTime<Utc>>,
    /// How many passkeys it has.
    pub passkeys: i64,
}

impl Factors {
    /// Whether there is any.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.totp_since.is_some() || self.passkeys > 0
    }

    /// Whether there is one that can be taken away without leaving none.
    #[must_use]
    pub const fn several(&self) -> bool {
        self.passkeys > 1 || (self.totp_since.is_some() && self.passkeys > 0)
    }
}

/// Which second factors an account has.
///
/// # Errors
/// When the database does not answer.
pub async fn factors(tx: &mut ActorTx, user_id: UserId) -> Result<Factors, DbError> {
    tx.about(user_id).await?;
    sqlx::query_as!(
        Factors,
        r#"SELECT (SELECT t.confirmed_at FROM portal.totp t WHERE t.user_id = $1) AS totp_since,
                  (SELECT count(p.user_id) FROM portal.passkeys p WHERE p.user_id = $1) AS "passkeys!""#,
        user_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look for second factors")
}

/// Begins to set codes by time up, or begins anew. False when the account has them already.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_totp(tx: &mut ActorTx, user_id: UserId, sealed: &[u8]) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    let begun = sqlx::query!(
        "INSERT INTO portal.totp AS t (user_id, secret, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = $3, last_step = 0
         WHERE t.confirmed_at IS NULL",
        user_id.0,
        sealed,
        now
    )
    .execute(tx.connection())
    .await
    .during("set a second factor up")?;
    Ok(begun.rows_affected() == 1)
}

/// Puts codes by time into force with the first of them. Says whether there were any to confirm.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm_totp(tx: &mut ActorTx, user_id: UserId, step: i64) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    let confirmed = sqlx::query!(
        "UPDATE portal.totp SET confirmed_at = $2, last_step = $3
         WHERE user_id = $1 AND confirmed_at IS NULL",
        user_id.0,
        now,
        step
    )
    .execute(tx.connection())
    .await
    .during("confirm a second factor")?;
    Ok(confirmed.rows_affected() == 1)
}

/// Uses the code of this half minute up. False when it, or a later one, was used already.
///
/// # Errors
/// When the database does not answer.
pub async fn use_step(tx: &mut ActorTx, user_id: UserId, step: i64) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let used = sqlx::query!(
        "UPDATE portal.totp SET last_step = $2
         WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2",
        user_id.0,
        step
    )
    .execute(tx.connection())
    .await
    .during("use a code up")?;
    Ok(used.rows_affected() == 1)
}

/// Takes an account's codes by time away. Says whether there were any.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_totp(tx: &mut ActorTx, user_id: UserId) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let removed = sqlx::query!("DELETE FROM portal.totp WHERE user_id = $1", user_id.0)
        .execute(tx.connection())
        .await
        .during("take codes by time away")?;
    Ok(removed.rows_affected() == 1)
}

/// Takes an account's recovery codes away; for when no second factor is left that they could stand in for.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_recovery_codes(tx: &mut ActorTx, user_id: UserId) -> Result<(), DbError> {
    tx.about(user_id).await?;
    sqlx::query!(
        "DELETE FROM portal.recovery_codes WHERE user_id = $1",
        user_id.0
    )
    .execute(tx.connection())
    .await
    .during("take recovery codes away")?;
    Ok(())
}

/// Takes every second factor of an account away, passkeys and recovery codes included. Says whether there was any.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_all(tx: &mut ActorTx, user_id: UserId) -> Result<bool, DbError> {
    let had = factors(tx, user_id).await?.any();
    remove_totp(tx, user_id).await?;
    forget_recovery_codes(tx, user_id).await?;
    sqlx::query!("DELETE FROM portal.passkeys WHERE user_id = $1", user_id.0)
        .execute(tx.connection())
        .await
        .during("take passkeys away")?;
    Ok(had)
}

/// Gives an account these recovery codes; those before are worth nothing from then on.
///
/// # Errors
/// When the database does not answer.
pub async fn replace_recovery_codes(
    tx: &mut ActorTx,
    user_id: UserId,
    digests: &[String],
) -> Result<(), DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    forget_recovery_codes(tx, user_id).await?;
    sqlx::query!(
        "INSERT INTO portal.recovery_codes (user_id, code, created_at)
         SELECT $1, code, $3 FROM unnest($2::text[]) AS code",
        user_id.0,
        digests,
        now
    )
    .execute(tx.connection())
    .await
    .during("store recovery codes")?;
    Ok(())
}

/// Uses a recovery code up. False when it is none, or was used.
///
/// # Errors
/// When the database does not answer.
pub async fn use_recovery_code(
    tx: &mut ActorTx,
    user_id: UserId,
    digest: &str,
) -> Result<bool, DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    let used = sqlx::query!(
        "UPDATE portal.recovery_codes SET used_at = $3
         WHERE user_id = $1 AND code = $2 AND used_at IS NULL",
        user_id.0,
        digest,
        now
    )
    .execute(tx.connection())
    .await
    .during("use a recovery code up")?;
    Ok(used.rows_affected() == 1)
}

/// How many recovery codes an account has left.
///
/// # Errors
/// When the database does not answer.
pub async fn recovery_codes_left(tx: &mut ActorTx, user_id: UserId) -> Result<i64, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "left!" FROM portal.recovery_codes WHERE user_id = $1 AND used_at IS NULL"#,
        user_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("count recovery codes")
}

/// Whose sign-in waits for a second factor.
#[derive(Debug, Clone)]
pub struct Challenged {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// The address.
    pub email: String,
}

/// Notes a sign-in that waits for its second factor, and forgets those that waited too long.
///
/// # Errors
/// When the database does not answer.
pub async fn challenge(
    tx: &mut ActorTx,
    user_id: UserId,
    digest: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.about(user_id).await?;
    let now = tx.now();
    sqlx::query!("SELECT portal.forget_sign_ins_given_up($1)", now)
        .fetch_one(tx.connection())
        .await
        .during("forget sign-ins that were given up")?;
    sqlx::query!(
        "INSERT INTO portal.sign_in_challenges (challenge, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        digest,
        user_id.0,
        now,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("note a sign-in that waits")?;
    Ok(())
}

/// Whose sign-in this is; none when it is unknown, over, or the account is out of use.
///
/// # Errors
/// When the database does not answer.
pub async fn challenged(tx: &mut ActorTx, digest: &str) -> Result<Option<Challenged>, DbError> {
    tx.about_owner_of(Owned::Challenge, digest).await?;
    let now = tx.now();
    sqlx::query_as!(
        Challenged,
        r#"SELECT u.id AS "user_id: UserId", u.role AS "role: Role", u.email::text AS "email!"
           FROM portal.sign_in_challenges c JOIN users u ON u.id = c.user_id
           WHERE c.challenge = $1 AND c.expires_at > $2 AND u.is_active"#,
        digest,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look up a sign-in that waits")
}

/// Ends a sign-in that waited. Says whether it was there: of two who come at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn end_challenge(tx: &mut ActorTx, digest: &str) -> Result<bool, DbError> {
    tx.about_owner_of(Owned::Challenge, digest).await?;
    let ended = sqlx::query!(
        "DELETE FROM portal.sign_in_challenges WHERE challenge = $1",
        digest
    )
    .execute(tx.connection())
    .await
    .during("end a sign-in that waited")?;
    Ok(ended.rows_affected() == 1)
}

/// Whose second factors there are, for a change of the key. Tech may know that, and no secret.
///
/// # Errors
/// When the database does not answer.
pub async fn owners(tx: &mut ActorTx) -> Result<Vec<UserId>, DbError> {
    sqlx::query_scalar!(r#"SELECT user_id AS "user_id: UserId" FROM portal.totp ORDER BY user_id"#)
        .fetch_all(tx.connection())
        .await
        .during("list second factors")
}

/// The sealed secret of an account, held until it is sealed anew.
///
/// # Errors
/// When the database does not answer.
pub async fn sealed(tx: &mut ActorTx, user_id: UserId) -> Result<Option<Vec<u8>>, DbError> {
    tx.about(user_id).await?;
    sqlx::query_scalar!(
        "SELECT secret FROM portal.totp WHERE user_id = $1 FOR UPDATE",
        user_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a sealed secret")
}

/// Stores a secret that was sealed anew.
///
/// # Errors
/// When the database does not answer.
pub async fn store_sealed(tx: &mut ActorTx, user_id: UserId, sealed: &[u8]) -> Result<(), DbError> {
    tx.about(user_id).await?;
    sqlx::query!(
        "UPDATE portal.totp SET secret = $2 WHERE user_id = $1",
        user_id.0,
        sealed
    )
    .execute(tx.connection())
    .await
    .during("store a sealed secret")?;
    Ok(())
}
