//! Codes with which patients whom staff registered choose their first password. Staff makes them,
//! `portal_anonymous` redeems them.

use chrono::{DateTime, Utc};
use domain::UserId;
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, actor::Owned, error::During};

/// An invitation without its code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invitation {
    /// The patient.
    pub patient_id: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when the code is good.
    pub expires_at: DateTime<Utc>,
}

/// Notes a code for a patient; an earlier one is worth nothing from then on.
///
/// # Errors
/// When the database does not answer.
pub async fn create(
    tx: &mut ActorTx,
    patient_id: UserId,
    code_digest: &str,
    expires_at: DateTime<Utc>,
) -> Result<Invitation, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.invitations (patient_id, code, invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (patient_id) DO UPDATE SET
             code = $2, invited_by = $3, created_at = $4, expires_at = $5",
        patient_id.0,
        code_digest,
        by,
        now,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("make an invitation")?;
    Ok(Invitation {
        patient_id,
        created_at: now,
        expires_at,
    })
}

/// Whether a patient has a password already.
///
/// # Errors
/// When the database does not answer.
pub async fn has_password(tx: &mut ActorTx, patient_id: UserId) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(portal.patient_has_password($1), false) AS "has_password!""#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether a patient has a password")
}

/// Whom a code invites: an account in use that has no password yet.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The patient.
    pub patient_id: UserId,
    /// Name.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// Until when the code is good.
    pub expires_at: DateTime<Utc>,
}

/// Looks a code up; none when it is unknown, used or expired.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, code_digest: &str) -> Result<Option<Invited>, DbError> {
    tx.about_owner_of(Owned::Invitation, code_digest).await?;
    let now = tx.now();
    sqlx::query_as!(
        Invited,
        r#"SELECT u.id AS "patient_id: UserId", u.name, u.email::text AS "email!", v.expires_at
           FROM portal.invitations v JOIN users u ON u.id = v.patient_id
           WHERE v.code = $1 AND v.expires_at > $2 AND u.is_active AND u.password_hash IS NULL"#,
        code_digest,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an invitation up")
}

/// Takes a code out of the world. Says whether it was there: of two who come at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem(tx: &mut ActorTx, code_digest: &str) -> Result<bool, DbError> {
    tx.about_owner_of(Owned::Invitation, code_digest).await?;
    let gone = sqlx::query!(
        "DELETE FROM portal.invitations WHERE code = $1",
        code_digest
    )
    .execute(tx.connection())
    .await
    .during("redeem an invitation")?;
    Ok(gone.rows_affected() == 1)
}
