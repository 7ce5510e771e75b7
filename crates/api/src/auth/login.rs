//! `POST /api/auth/login`.

use axum::{extract::State, http::StatusCode};
use db::{
    Actor, Origin,
    audit::Act,
    sign_in::{self, Credentials},
};
use domain::audit::{AuditAction, AuditStatus, EntityType};
use serde::Deserialize;
use utoipa::ToSchema;

use super::enter::{Entered, SecondFactorNeeded, SignedIn, enter};
use crate::{
    body::Json,
    passwords::Verdict,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
};

/// E-mail and password.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LoginRequest {
    /// The account's address.
    email: String,
    /// Its password.
    #[schema(format = Password)]
    password: String,
}

/// Sign in
///
/// An unknown address and a wrong password get the same answer after the same time. From the fifth
/// failure in a row on an address has to wait 2, 4, 8 … seconds, at most a quarter of an hour,
/// whether or not it has an account. Where the account has a second factor, or its role needs one, there is no
/// session before its code was sent to `POST /api/auth/login/second`.
#[utoipa::path(post, operation_id = "login", path = "/api/auth/login", tag = "auth", request_body = LoginRequest, security(()),
    responses((status = 200, body = SignedIn),
              (status = 202, description = "The password is right and a second factor is wanted", body = SecondFactorNeeded), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn login(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<LoginRequest>,
) -> Result<Entered, Problem> {
    let email = request.email.trim().to_lowercase();
    let (credentials, locked_for) = look_up(&state, &origin, &email).await?;
    // Compared even when the address is locked or unknown, so that the time tells nothing.
    let hash = credentials
        .as_ref()
        .filter(|known| known.is_active)
        .and_then(|known| known.password_hash.clone());
    let verdict = state
        .passwords
        .verify(request.password.clone(), hash)
        .await?;
    if let Some(seconds) = locked_for {
        return Err(Problem::TooManyAttempts(seconds));
    }
    let Some(known) = credentials.filter(|_| verdict != Verdict::Wrong) else {
        note_failure(&state, &origin, &email).await?;
        return Err(Problem::WrongCredentials);
    };
    let new_hash = match verdict {
        Verdict::RightButOutdated => Some(state.passwords.hash(request.password).await?),
        _ => None,
    };
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    if let Some(hash) = new_hash {
        sign_in::set_password_hash(&mut tx, known.id, &hash).await?;
    }
    sign_in::forget_failures(&mut tx, &email).await?;
    let entered = enter(&state, &mut tx, known.id, known.role, StatusCode::OK).await?;
    tx.commit().await?;
    Ok(entered)
}

async fn look_up(
    state: &ApiState,
    origin: &Origin,
    email: &str,
) -> Result<(Option<Credentials>, Option<i64>), Problem> {
    let mut tx = state
        .database
        .begin(&Actor::anonymous(origin.clone()))
        .await?;
    let credentials = sign_in::credentials_by_email(&mut tx, email).await?;
    let locked_until = sign_in::locked_until(&mut tx, email).await?;
    let seconds = locked_until.map(|until| (until - tx.now()).num_seconds().max(1));
    Ok((credentials, seconds))
}

/// Counts and audits a failure. The address is not written down: it may be somebody's password,
/// typed into the wrong field.
async fn note_failure(state: &ApiState, origin: &Origin, email: &str) -> Result<(), Problem> {
    let mut tx = state
        .database
        .begin(&Actor::anonymous(origin.clone()))
        .await?;
    sign_in::failed(&mut tx, email).await?;
    let user = sign_in::credentials_by_email(&mut tx, email)
        .await?
        .map(|known| known.id);
    let mut act = Act::new(AuditAction::SignIn, EntityType::User)
        .ended(AuditStatus::Failure, "wrong e-mail or password");
    if let Some(user) = user {
        act = act.on(user);
    }
    tx.audit_as(user, act).await?;
    Ok(tx.commit().await?)
}
