//! `POST /api/auth/password`.

use axum::{extract::State, http::StatusCode};
use db::{Actor, audit::Act, sign_in};
use domain::{
    audit::{AuditAction, AuditStatus, EntityType},
    password,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    own_profile,
    tell::{Change, Letter, tell},
};
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    passwords::{self, Verdict},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// The old and the new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The present one.
    #[schema(format = Password)]
    current_password: String,
    /// The new one: at least as many characters as `GET /api/portal` says, and hard to guess.
    #[schema(format = Password, min_length = 8)]
    new_password: String,
}

/// Change the own password
///
/// Ends every other session of the account.
#[utoipa::path(post, operation_id = "password_change", path = "/api/auth/password", tag = "auth", request_body = PasswordChange,
    responses((status = 204, description = "Changed"), (status = 400, body = ProblemBody),
              (status = 401, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let profile = own_profile(&state, signed.user_id, signed.actor.origin.clone()).await?;
    let anonymous = Actor::anonymous(signed.actor.origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    let mut checks = Checks::default();
    checks.take(
        "new_password",
        FieldCode::WeakPassword,
        password::check(
            &request.new_password,
            minimum,
            &profile.email,
            &profile.name,
        ),
    );
    checks.done()?;
    let hash = sign_in::credentials_by_id(&mut tx, signed.user_id)
        .await?
        .and_then(|known| known.password_hash);
    if let Some(until) = sign_in::locked_until(&mut tx, &profile.email).await? {
        return Err(Problem::TooManyAttempts(
            (until - tx.now()).num_seconds().max(1),
        ));
    }
    drop(tx);
    if state
        .passwords
        .verify(request.current_password, hash)
        .await?
        == Verdict::Wrong
    {
        let mut tx = state.database.begin(&anonymous).await?;
        sign_in::failed(&mut tx, &profile.email).await?;
        let act = Act::new(AuditAction::UpdateProfile, EntityType::User)
            .on(signed.user_id)
            .ended(AuditStatus::Failure, "the present password was wrong");
        tx.audit_as(Some(signed.user_id), act).await?;
        tx.commit().await?;
        return Err(Problem::field(
            "current_password",
            FieldCode::WrongPassword,
            "this is not the present password",
        ));
    }
    let new_hash = state.passwords.hash(request.new_password).await?;
    let mut tx = state.database.begin(&anonymous).await?;
    sign_in::set_password_hash(&mut tx, signed.user_id, &new_hash).await?;
    let ended = db::sessions::end_all(&mut tx, signed.user_id, Some(signed.session_id)).await?;
    let act = Act::new(AuditAction::UpdateProfile, EntityType::User)
        .on(signed.user_id)
        .new_values(json!({ "changed": ["password"], "sessions_ended": ended }));
    tx.audit_as(Some(signed.user_id), act).await?;
    tx.commit().await?;
    tell(&state, profile.email, Letter::Changed(Change::Password));
    Ok(StatusCode::NO_CONTENT)
}
