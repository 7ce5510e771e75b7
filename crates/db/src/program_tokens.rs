//! Tokens of programs: made at the command line, found by their digest, revoked by tech.

use chrono::{DateTime, Utc};
use domain::{ProgramTokenId, Role, UserId, scope::Scope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A token as tech sees it; the token itself is nowhere.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProgramToken {
    /// Its identifier.
    pub token_id: ProgramTokenId,
    /// What it is called.
    pub name: String,
    /// The service account that it stands for.
    pub user_id: UserId,
    /// That account's role.
    pub role: Role,
    /// That account's address, as the command line names it.
    pub account: String,
    /// What it opens.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A new token.
#[derive(Debug)]
pub struct NewProgramToken<'a> {
    /// Its identifier.
    pub token_id: ProgramTokenId,
    /// The account it stands for.
    pub user_id: UserId,
    /// What it is called.
    pub name: &'a str,
    /// SHA-256 of the token, hexadecimal.
    pub token_sha256: &'a str,
    /// What it opens.
    pub scopes: &'a [Scope],
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Who a token stands for.
#[derive(Debug, Clone)]
pub struct Program {
    /// The token.
    pub token_id: ProgramTokenId,
    /// The account.
    pub user_id: UserId,
    /// The account's role.
    pub role: Role,
    /// What it opens; words of a newer version are passed over.
    pub scopes: Vec<Scope>,
    /// When it was last noted as used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Makes a token; at the command line only.
///
/// # Errors
/// When the database does not answer, or somebody who is signed in tries.
pub async fn create(tx: &mut ActorTx, token: &NewProgramToken<'_>) -> Result<(), DbError> {
    let now = tx.now();
    let scopes: Vec<String> = token.scopes.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO portal.program_tokens (token_id, user_id, name, token, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        token.token_id.0,
        token.user_id.0,
        token.name,
        token.token_sha256,
        &scopes,
        now,
        token.expires_at
    )
    .execute(tx.connection())
    .await
    .during("make a program's token")?;
    Ok(())
}

/// Who a token stands for, if it and its account still hold. Served by `idx_program_tokens_token`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, token_sha256: &str) -> Result<Option<Program>, DbError> {
    let now = tx.now();
    let row = sqlx::query!(
        r#"SELECT token_id AS "token_id!: ProgramTokenId", user_id AS "user_id!: UserId", role AS "role!: Role",
                  scopes AS "scopes!", last_used_at
           FROM portal.program_of($1, $2)"#,
        token_sha256,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a program's token up")?;
    Ok(row.map(|row| Program {
        token_id: row.token_id,
        user_id: row.user_id,
        role: row.role,
        scopes: row
            .scopes
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect(),
        last_used_at: row.last_used_at,
    }))
}

/// Notes that a token is in use.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &mut ActorTx, token_sha256: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        r#"SELECT portal.note_program_use($1, $2) AS "noted""#,
        token_sha256,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("note that a program's token is in use")?;
    Ok(())
}

/// Every token, newest first. There are as many as there are programs.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<ProgramToken>, DbError> {
    sqlx::query_as!(
        ProgramToken,
        r#"SELECT t.token_id AS "token_id: ProgramTokenId", t.name, t.user_id AS "user_id: UserId",
                  a.role AS "role!: Role", a.email::text AS "account!", t.scopes, t.created_at, t.expires_at,
                  t.last_used_at, t.revoked_at
           FROM portal.program_tokens t JOIN portal.accounts a ON a.id = t.user_id
           ORDER BY t.created_at DESC, t.token_id DESC"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list the tokens of programs")
}

/// Revokes a token. Says whether there was one that held.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke(tx: &mut ActorTx, token_id: ProgramTokenId) -> Result<bool, DbError> {
    let now = tx.now();
    let revoked = sqlx::query!(
        "UPDATE portal.program_tokens SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL",
        token_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("revoke a program's token")?;
    Ok(revoked.rows_affected() == 1)
}
