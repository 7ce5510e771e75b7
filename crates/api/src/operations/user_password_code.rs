//! `POST /api/users/{user_id}/password-code`: a code for a new password, to be handed over in person.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, Duration, Utc};
use db::{account_tokens, accounts, audit::Act};
use domain::{
    StepUp, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
    tokens,
};

/// How long a code that is handed over is good.
const GOOD_FOR: Duration = Duration::hours(24);

/// A code for a new password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasswordCode {
    /// The code, said this once; the portal keeps only its digest.
    code: String,
    /// The page that takes it, on this portal: `/reset#` and the code. What follows the `#` is never sent to
    /// a server.
    path: String,
    /// Until when it is good.
    expires_at: DateTime<Utc>,
}

/// Make a code for a new password
///
/// To be handed over in person: the owner chooses the password, and nobody else knows it. Good once, for a
/// day; the present password stays until then.
#[utoipa::path(post, operation_id = "user_password_code", path = "/api/users/{user_id}/password-code", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 201, body = PasswordCode), (status = 401, body = ProblemBody),
              (status = 403, description = "Not tech, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 409, description = "The account is out of use", body = ProblemBody)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
) -> Result<(StatusCode, Answer<PasswordCode>), Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let account = accounts::find(&mut tx, user_id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    if !account.is_active {
        return Err(Problem::Conflict {
            code: "account_inactive",
            detail: "this account is out of use: put it into use first".to_owned(),
        });
    }
    signed.stepped_up(StepUp::Account, &state).await?;
    let code = tokens::new_code()?;
    let expires_at = tx.now() + GOOD_FOR;
    let digest = tokens::code_digest(&code);
    if !account_tokens::hand_over(&mut tx, user_id, &digest, expires_at).await? {
        return Err(Problem::NotFound("account"));
    }
    tx.audit(
        Act::new(AuditAction::ResetPassword, EntityType::User)
            .on(user_id)
            .new_values(json!({ "event": "code_made", "expires_at": expires_at })),
    )
    .await?;
    tx.commit().await?;
    Ok((
        StatusCode::CREATED,
        Answer(PasswordCode {
            path: format!("/reset#{code}"),
            code,
            expires_at,
        }),
    ))
}
