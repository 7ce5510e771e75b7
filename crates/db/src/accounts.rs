//! User accounts: the own one, and all of them for tech.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{EmailAddress, Role, UserId, scope::SERVICE_DOMAIN};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A user, as the person concerned sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Profile {
    /// Identifier.
    pub id: UserId,
    /// Address to sign in with.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Name as shown.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Picture.
    pub profile_picture_url: Option<String>,
    /// Theme, language, hotkeys, channels: the screens' own settings.
    pub preferences: Value,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// A user, as tech sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Account {
    /// Identifier.
    pub id: UserId,
    /// Address to sign in with; null for a patient, unless asked for by exactly this address.
    pub email: Option<String>,
    /// Role.
    pub role: Role,
    /// Name as shown; for a patient a pseudonym, the same each time.
    pub name: String,
    /// Whether the account may be used.
    pub is_active: bool,
    /// When it last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A new account.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Identifier.
    pub id: UserId,
    /// Address to sign in with.
    pub email: &'a EmailAddress,
    /// Hash of the password; none: cannot sign in.
    pub password_hash: Option<&'a str>,
    /// Role.
    pub role: Role,
    /// Name as shown.
    pub name: &'a str,
    /// Telephone number.
    pub phone: Option<&'a str>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
}

/// The constraint that refuses a second account with one address.
pub const EMAIL_TAKEN: &str = "idx_users_email";

/// Makes an account.
///
/// # Errors
/// [`EMAIL_TAKEN`] as a constraint when the address has one already.
pub async fn create(tx: &mut ActorTx, account: &NewAccount<'_>) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO users (id, email, password_hash, role, name, phone, date_of_birth, created_at, updated_at)
         VALUES ($1, $2::text::portal.citext, $3, $4, $5, $6, $7, $8, $8)",
        account.id.0,
        account.email.as_str(),
        account.password_hash,
        account.role.as_str(),
        account.name,
        account.phone,
        account.date_of_birth,
        now,
    )
    .execute(tx.connection())
    .await
    .during("make an account")?;
    Ok(())
}

/// Makes an account for a program or a device: nobody can sign in to it.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn create_service(
    tx: &mut ActorTx,
    role: Role,
    name: &str,
) -> Result<(UserId, EmailAddress), DbError> {
    let id = UserId::new_at(tx.now());
    let email = format!("{id}{SERVICE_DOMAIN}")
        .parse()
        .expect("an identifier in a domain is an address");
    let account = NewAccount {
        id,
        email: &email,
        password_hash: None,
        role,
        name,
        phone: None,
        date_of_birth: None,
    };
    create(tx, &account).await?;
    Ok((id, email))
}

/// The profile of a user, read before or at sign-in.
///
/// # Errors
/// When the database does not answer.
pub async fn profile(tx: &mut ActorTx, id: UserId) -> Result<Option<Profile>, DbError> {
    tx.about(id).await?;
    sqlx::query_as!(
        Profile,
        r#"SELECT id AS "id: UserId", email::text AS "email!", role AS "role: Role", name, phone, date_of_birth,
                  profile_picture_url, preferences, created_at, last_login_at
           FROM users WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a profile")
}

/// What of the own profile changes; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct ProfileChange<'a> {
    /// Name as shown.
    pub name: Option<&'a str>,
    /// Telephone number.
    pub phone: Option<&'a str>,
    /// Theme, language, hotkeys, channels.
    pub preferences: Option<&'a Value>,
}

/// Changes the acting user's profile.
///
/// # Errors
/// When the database does not answer.
pub async fn change_own(tx: &mut ActorTx, change: &ProfileChange<'_>) -> Result<(), DbError> {
    let id = tx.actor().user_id().map(sqlx::types::Uuid::from);
    match tx.actor().kind {
        // Tech has no right to the column `phone`.
        crate::ActorKind::User { role: Role::Tech, .. } => sqlx::query!(
            "UPDATE users SET name = coalesce($2, name), preferences = coalesce($3, preferences) WHERE id = $1",
            id,
            change.name,
            change.preferences
        )
        .execute(tx.connection())
        .await,
        _ => {
            sqlx::query!(
                "UPDATE users SET name = coalesce($2, name), phone = coalesce($3, phone),
                        preferences = coalesce($4, preferences)
                 WHERE id = $1",
                id,
                change.name,
                change.phone,
                change.preferences
            )
            .execute(tx.connection())
            .await
        }
    }
    .during("change a profile")?;
    Ok(())
}

/// Which accounts are wanted.
#[derive(Debug, Default)]
pub struct AccountFilter<'a> {
    /// Of this role only.
    pub role: Option<Role>,
    /// In use, or not.
    pub is_active: Option<bool>,
    /// With this in the name or address; patients are known by their pseudonyms alone.
    pub search: Option<&'a str>,
}

/// Lists accounts, newest first. Served by `idx_users_created_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    filter: &AccountFilter<'_>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Account>, DbError> {
    let rows = sqlx::query_as!(
        Account,
        r#"SELECT id AS "id!: UserId", email::text AS email, role AS "role!: Role", name AS "name!", is_active AS "is_active!",
                  last_login_at, created_at AS "created_at!", updated_at AS "updated_at!"
           FROM portal.accounts
           WHERE ($1::text IS NULL OR role = $1)
             AND ($2::boolean IS NULL OR is_active = $2)
             AND ($3::text IS NULL OR name ILIKE '%' || $3 || '%' OR email::text ILIKE '%' || $3 || '%')
             AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5))
           ORDER BY created_at DESC, id DESC
           LIMIT $6"#,
        filter.role.map(Role::as_str),
        filter.is_active,
        filter.search.map(crate::search::literal),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list accounts")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.id.0,
    }))
}

/// One account.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, id: UserId) -> Result<Option<Account>, DbError> {
    sqlx::query_as!(
        Account,
        r#"SELECT id AS "id!: UserId", email::text AS email, role AS "role!: Role", name AS "name!", is_active AS "is_active!",
                  last_login_at, created_at AS "created_at!", updated_at AS "updated_at!"
           FROM portal.accounts WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read an account")
}

/// The account of exactly this address, which the asker has from its owner.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_email(
    tx: &mut ActorTx,
    email: &EmailAddress,
) -> Result<Option<Account>, DbError> {
    let id = sqlx::query_scalar!(
        r#"SELECT portal.account_at($1) AS "id: UserId""#,
        email.as_str()
    )
    .fetch_one(tx.connection())
    .await
    .during("look an account up")?;
    let Some(id) = id else { return Ok(None) };
    let account = find(tx, id).await?;
    Ok(account.map(|account| Account {
        email: Some(email.as_str().to_owned()),
        ..account
    }))
}

/// What of an account changes; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct AccountChange<'a> {
    /// Name as shown.
    pub name: Option<&'a str>,
    /// Role.
    pub role: Option<Role>,
    /// Whether the account may be used.
    pub is_active: Option<bool>,
    /// A new password's hash.
    pub password_hash: Option<&'a str>,
}

/// Changes an account. Says whether there was one. Of a patient's, name and role stay as they are.
///
/// # Errors
/// When the database does not answer.
pub async fn change(
    tx: &mut ActorTx,
    id: UserId,
    change: &AccountChange<'_>,
) -> Result<bool, DbError> {
    let patient = sqlx::query_scalar!(
        r#"SELECT portal.change_patient_account($1, $2, $3) AS "changed""#,
        id.0,
        change.is_active,
        change.password_hash
    )
    .fetch_one(tx.connection())
    .await
    .during("change a patient's account")?;
    if patient == Some(true) {
        return Ok(true);
    }
    let changed = sqlx::query!(
        "UPDATE users SET name = coalesce($2, name), role = coalesce($3, role), is_active = coalesce($4, is_active)
         WHERE id = $1",
        id.0,
        change.name,
        change.role.map(Role::as_str),
        change.is_active
    )
    .execute(tx.connection())
    .await
    .during("change an account")?;
    // By itself, since tech may write the hash and not read it.
    if let Some(hash) = change.password_hash {
        sqlx::query!(
            "UPDATE users SET password_hash = $2 WHERE id = $1",
            id.0,
            hash
        )
        .execute(tx.connection())
        .await
        .during("change a password")?;
    }
    Ok(changed.rows_affected() == 1)
}

/// How many people with tech's role may sign in.
///
/// # Errors
/// When the database does not answer.
pub async fn count_active_tech(tx: &mut ActorTx) -> Result<i64, DbError> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users
           WHERE role = 'tech' AND is_active AND NOT portal.is_program(email::text)"#
    )
    .fetch_one(tx.connection())
    .await
    .during("count tech accounts")
}
