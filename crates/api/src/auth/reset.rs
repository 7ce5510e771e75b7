//! `POST /api/auth/password/forgot` and `POST /api/auth/password/reset`: a new password by a code that was
//! mailed or handed over.

use axum::{extract::State, http::StatusCode};
use chrono::Duration;
use db::{
    Actor, ActorTx, Origin,
    account_tokens::{self, NewToken, TokenPurpose},
    audit::Act,
    sign_in,
};
use domain::{
    audit::{AuditAction, AuditStatus, EntityType},
    password,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::tell::{Change, Letter, tell};
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    passwords,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
    tokens,
};

/// How long a mailed code is good.
const GOOD_FOR: Duration = Duration::hours(1);
/// How long after a mail the next one is not sent.
const NOT_AGAIN_FOR: Duration = Duration::minutes(2);

/// An address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotRequest {
    /// The account's address.
    #[schema(max_length = 254)]
    email: String,
}

/// The problem of a portal that sends no mail.
pub(super) fn no_mail() -> Problem {
    Problem::Conflict {
        code: "mail_not_set_up",
        detail: "this portal sends no mail: ask tech, who can hand you a code for a new password"
            .to_owned(),
    }
}

/// Ask for a new password
///
/// Where the address has an account that signs in with a password, a code goes there. The answer is the same
/// either way, and comes before anything is looked up. From the fifth request on an address has to wait.
#[utoipa::path(post, operation_id = "password_forgot", path = "/api/auth/password/forgot", tag = "auth", request_body = ForgotRequest, security(()),
    responses((status = 202, description = "A code was sent if there is such an account"), (status = 400, body = ProblemBody),
              (status = 409, description = "This portal sends no mail", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn forgot(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<ForgotRequest>,
) -> Result<StatusCode, Problem> {
    if state.options.mailer.is_none() {
        return Err(no_mail());
    }
    let email = request.email.trim().to_lowercase();
    let mut tx = begin(&state, &origin).await?;
    count(&mut tx, &format!("reset of {email}")).await?;
    tx.commit().await?;
    tokio::spawn(async move {
        if let Err(problem) = send_code(&state, &origin, &email).await {
            tracing::warn!(?problem, "a code for a new password could not be made");
        }
    });
    Ok(StatusCode::ACCEPTED)
}

async fn send_code(state: &ApiState, origin: &Origin, email: &str) -> Result<(), Problem> {
    let mut tx = begin(state, origin).await?;
    let Some(known) = sign_in::credentials_by_email(&mut tx, email)
        .await?
        .filter(|known| known.is_active && known.password_hash.is_some())
    else {
        return Ok(());
    };
    let purpose = TokenPurpose::ResetPassword;
    let made = account_tokens::made_at(&mut tx, known.id, purpose).await?;
    if made.is_some_and(|made| made > tx.now() - NOT_AGAIN_FOR) {
        return Ok(());
    }
    let code = tokens::new_code()?;
    let token = NewToken {
        user_id: known.id,
        purpose,
        digest: &tokens::code_digest(&code),
        address: email,
        expires_at: tx.now() + GOOD_FOR,
    };
    account_tokens::create(&mut tx, &token).await?;
    let act = Act::new(AuditAction::ResetPassword, EntityType::User)
        .on(known.id)
        .new_values(serde_json::json!({ "event": "asked" }));
    tx.audit_as(None, act).await?;
    tx.commit().await?;
    tell(state, email.to_owned(), Letter::Reset { code });
    Ok(())
}

/// A code and a new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetRequest {
    /// The code; case, spaces and hyphens do not matter.
    #[schema(max_length = 64)]
    code: String,
    /// At least as many characters as `GET /api/portal` says, and hard to guess.
    #[schema(format = Password, min_length = 8)]
    password: String,
}

/// Choose a new password with a code
///
/// The code is used up and every session of the account ends. It signs nobody in: a second factor is asked
/// for as ever. Wrong codes are counted for the place they come from.
#[utoipa::path(post, operation_id = "password_reset", path = "/api/auth/password/reset", tag = "auth", request_body = ResetRequest, security(()),
    responses((status = 204, description = "Changed"), (status = 400, body = ProblemBody),
              (status = 404, description = "Unknown, used or expired", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn reset(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<ResetRequest>,
) -> Result<StatusCode, Problem> {
    let purpose = TokenPurpose::ResetPassword;
    let digest = tokens::code_digest(&request.code);
    let named = look_up(
        &state,
        &origin,
        purpose,
        &digest,
        AuditAction::ResetPassword,
    )
    .await?;
    let mut tx = begin(&state, &origin).await?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    drop(tx);
    let mut checks = Checks::default();
    checks.take(
        "password",
        FieldCode::WeakPassword,
        password::check(&request.password, minimum, &named.email, &named.name),
    );
    checks.done()?;
    let hash = state.passwords.hash(request.password).await?;
    let mut tx = begin(&state, &origin).await?;
    if account_tokens::find(&mut tx, purpose, &digest)
        .await?
        .is_none()
        || !account_tokens::redeem(&mut tx, purpose, &digest).await?
    {
        return Err(Problem::NotFound("code"));
    }
    sign_in::set_password_hash(&mut tx, named.user_id, &hash).await?;
    sign_in::forget_failures(&mut tx, &named.email).await?;
    let ended = db::sessions::end_all(&mut tx, named.user_id, None).await?;
    let act = Act::new(AuditAction::ResetPassword, EntityType::User)
        .on(named.user_id)
        .new_values(serde_json::json!({ "event": "changed", "sessions_ended": ended }));
    tx.audit_as(Some(named.user_id), act).await?;
    tx.commit().await?;
    tell(&state, named.email, Letter::Changed(Change::Password));
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn begin(state: &ApiState, origin: &Origin) -> Result<ActorTx, Problem> {
    let anonymous = Actor::anonymous(origin.clone());
    Ok(state.database.begin(&anonymous).await?)
}

/// Refuses while too much was counted under this name, and counts once more.
pub(super) async fn count(tx: &mut ActorTx, name: &str) -> Result<(), Problem> {
    refuse_while_locked(tx, name).await?;
    sign_in::failed(tx, name).await?;
    Ok(())
}

pub(super) async fn refuse_while_locked(tx: &mut ActorTx, name: &str) -> Result<(), Problem> {
    match sign_in::locked_until(tx, name).await? {
        Some(until) => Err(Problem::TooManyAttempts(
            (until - tx.now()).num_seconds().max(1),
        )),
        None => Ok(()),
    }
}

/// Whose code this is. A wrong one is counted for the place it comes from, and audited.
pub(super) async fn look_up(
    state: &ApiState,
    origin: &Origin,
    purpose: TokenPurpose,
    digest: &str,
    action: AuditAction,
) -> Result<account_tokens::Named, Problem> {
    let place = origin
        .address
        .map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let name = format!("code from {place}");
    let mut tx = begin(state, origin).await?;
    refuse_while_locked(&mut tx, &name).await?;
    if let Some(named) = account_tokens::find(&mut tx, purpose, digest).await? {
        return Ok(named);
    }
    sign_in::failed(&mut tx, &name).await?;
    let act = Act::new(action, EntityType::User)
        .ended(AuditStatus::Failure, "unknown, used or expired code");
    tx.audit_as(None, act).await?;
    tx.commit().await?;
    Err(Problem::NotFound("code"))
}
