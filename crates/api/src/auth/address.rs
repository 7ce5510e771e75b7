//! `POST /api/auth/address/code` and `POST /api/auth/address/verify`: whether mail reaches the owner of an
//! account.

use axum::{extract::State, http::StatusCode};
use chrono::Duration;
use db::{
    ActorTx,
    account_tokens::{self, NewToken, TokenPurpose},
    audit::Act,
};
use domain::{
    UserId,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    reset::{begin, count, look_up, no_mail},
    tell::{Letter, tell},
};
use crate::{
    body::Json,
    problem::{Problem, ProblemBody},
    signed::{From, Signed},
    state::ApiState,
    tokens,
};

/// How long a mailed code is good.
const GOOD_FOR: Duration = Duration::days(2);

/// Makes a code for an address in this transaction. It is sent with [`tell`] once that is committed.
pub(super) async fn new_letter(
    tx: &mut ActorTx,
    user_id: UserId,
    address: &str,
) -> Result<Letter, Problem> {
    let code = tokens::new_code()?;
    let token = NewToken {
        user_id,
        purpose: TokenPurpose::VerifyAddress,
        digest: &tokens::code_digest(&code),
        address,
        expires_at: tx.now() + GOOD_FOR,
    };
    account_tokens::create(tx, &token).await?;
    Ok(Letter::Verify { code })
}

/// Have a code sent to the own address
#[utoipa::path(post, operation_id = "address_code", path = "/api/auth/address/code", tag = "auth",
    responses((status = 202, description = "It is on its way"), (status = 401, body = ProblemBody),
              (status = 409, description = "This portal sends no mail", body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn send(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    if state.options.mailer.is_none() {
        return Err(no_mail());
    }
    let origin = &signed.actor.origin;
    let profile = super::own_profile(&state, signed.user_id, origin.clone()).await?;
    let mut tx = begin(&state, origin).await?;
    count(&mut tx, &format!("verification of {}", profile.email)).await?;
    let letter = new_letter(&mut tx, signed.user_id, &profile.email).await?;
    tx.commit().await?;
    tell(&state, profile.email, letter);
    Ok(StatusCode::ACCEPTED)
}

/// A code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// The code; case, spaces and hyphens do not matter.
    #[schema(max_length = 64)]
    code: String,
}

/// Show that mail arrives
///
/// With the code that was sent. It is used up, and opens nothing.
#[utoipa::path(post, operation_id = "address_verify", path = "/api/auth/address/verify", tag = "auth", request_body = VerifyRequest, security(()),
    responses((status = 204, description = "Noted"), (status = 400, body = ProblemBody),
              (status = 404, description = "Unknown, used or expired", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn verify(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<VerifyRequest>,
) -> Result<StatusCode, Problem> {
    let purpose = TokenPurpose::VerifyAddress;
    let digest = tokens::code_digest(&request.code);
    let named = look_up(
        &state,
        &origin,
        purpose,
        &digest,
        AuditAction::VerifyAddress,
    )
    .await?;
    let mut tx = begin(&state, &origin).await?;
    if !account_tokens::redeem(&mut tx, purpose, &digest).await? {
        return Err(Problem::NotFound("code"));
    }
    account_tokens::verified(&mut tx, named.user_id, &named.email).await?;
    let act = Act::new(AuditAction::VerifyAddress, EntityType::User).on(named.user_id);
    tx.audit_as(Some(named.user_id), act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
