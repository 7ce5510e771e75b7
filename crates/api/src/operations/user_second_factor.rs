//! `DELETE /api/users/{user_id}/second-factor`: for somebody who lost the device and the recovery codes.

use axum::{extract::State, http::StatusCode};
use db::{accounts, audit::Act, second_factors};
use domain::{
    StepUp, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

use crate::{
    auth::{
        own_profile,
        tell::{Change, Letter, tell},
    },
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Reset the second factor of an account
///
/// Takes passkeys, codes by time and recovery codes away. Ends its sessions. Whoever resets it has made sure in person whose the account is. Not for the own one.
#[utoipa::path(delete, operation_id = "user_second_factor_reset", path = "/api/users/{user_id}/second-factor", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 204, description = "Reset"), (status = 401, body = ProblemBody),
              (status = 403, description = "Not tech, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "The account has none, or is the own one", body = ProblemBody)))]
pub(crate) async fn reset(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    if accounts::find(&mut tx, user_id).await?.is_none() {
        return Err(Problem::NotFound("account"));
    }
    if user_id == signed.user_id {
        return Err(Problem::Conflict {
            code: "own_account",
            detail: "you cannot reset your own second factor here: another member of tech can"
                .to_owned(),
        });
    }
    if !second_factors::factors(&mut tx, user_id).await?.any() {
        return Err(Problem::Conflict {
            code: "second_factor_missing",
            detail: "this account has no second factor".to_owned(),
        });
    }
    signed.stepped_up(StepUp::Account, &state).await?;
    second_factors::remove_all(&mut tx, user_id).await?;
    let ended = db::sessions::end_all(&mut tx, user_id, None).await?;
    tx.audit(
        Act::new(AuditAction::ChangeSecondFactor, EntityType::User)
            .on(user_id)
            .new_values(json!({ "event": "reset", "sessions_ended": ended })),
    )
    .await?;
    tx.commit().await?;
    let owner = own_profile(&state, user_id, signed.actor.origin.clone()).await?;
    tell(&state, owner.email, Letter::Changed(Change::SecondFactor));
    Ok(StatusCode::NO_CONTENT)
}
