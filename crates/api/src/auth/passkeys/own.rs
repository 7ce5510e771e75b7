//! `/api/auth/passkeys`: the own passkeys, listed, renamed and taken away.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    ActorTx,
    audit::Act,
    passkeys::{self, Passkey},
    second_factors,
};
use domain::{
    PasskeyId, StepUp,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    auth::{
        own_profile,
        second_factor::{begin, may_lose_one},
        tell::{Change, Letter, tell},
    },
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// The own passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    /// Oldest first.
    items: Vec<Passkey>,
}

/// The own passkeys
#[utoipa::path(get, operation_id = "passkey_list", path = "/api/auth/passkeys", tag = "auth",
    responses((status = 200, body = PasskeyList), (status = 401, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<PasskeyList>, Problem> {
    let mut tx = begin(&state, &signed).await?;
    let items = passkeys::list(&mut tx, signed.user_id).await?;
    Ok(Answer(PasskeyList { items }))
}

/// A passkey's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyChange {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Rename a passkey
#[utoipa::path(patch, operation_id = "passkey_rename", path = "/api/auth/passkeys/{passkey_id}", tag = "auth", request_body = PasskeyChange,
    params(("passkey_id" = PasskeyId, Path, description = "The passkey")),
    responses((status = 200, body = Passkey), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn rename(
    State(state): State<ApiState>,
    signed: Signed,
    Path(passkey_id): Path<PasskeyId>,
    Json(request): Json<PasskeyChange>,
) -> Result<Answer<Passkey>, Problem> {
    let mut checks = Checks::default();
    check_name(&mut checks, &request.name);
    checks.done()?;
    let mut tx = begin(&state, &signed).await?;
    let passkey = passkeys::rename(&mut tx, signed.user_id, passkey_id, request.name.trim())
        .await?
        .ok_or(Problem::NotFound("passkey"))?;
    note(&mut tx, &signed, "passkey_renamed", passkey_id).await?;
    tx.commit().await?;
    Ok(Answer(passkey))
}

/// Take a passkey away
///
/// Ends every other session of the account. Refused where it is the last second factor and the role needs one.
#[utoipa::path(delete, operation_id = "passkey_remove", path = "/api/auth/passkeys/{passkey_id}", tag = "auth",
    params(("passkey_id" = PasskeyId, Path, description = "The passkey")),
    responses((status = 204, description = "Gone"), (status = 401, body = ProblemBody),
              (status = 403, description = "`step_up_required`", body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "It is the last second factor, and the role needs one", body = ProblemBody)))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    signed: Signed,
    Path(passkey_id): Path<PasskeyId>,
) -> Result<StatusCode, Problem> {
    let mut tx = begin(&state, &signed).await?;
    let factors = second_factors::factors(&mut tx, signed.user_id).await?;
    if !passkeys::remove(&mut tx, signed.user_id, passkey_id).await? {
        return Err(Problem::NotFound("passkey"));
    }
    may_lose_one(&mut tx, &signed, factors).await?;
    signed.stepped_up(StepUp::Account, &state).await?;
    if !factors.several() {
        second_factors::forget_recovery_codes(&mut tx, signed.user_id).await?;
    }
    db::sessions::end_all(&mut tx, signed.user_id, Some(signed.session_id)).await?;
    note(&mut tx, &signed, "passkey_removed", passkey_id).await?;
    tx.commit().await?;
    tell_owner(&state, &signed).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn check_name(checks: &mut Checks, name: &str) {
    checks.present("name", name, 100);
}

pub(super) async fn note(
    tx: &mut ActorTx,
    signed: &Signed,
    event: &str,
    passkey_id: PasskeyId,
) -> Result<(), Problem> {
    let act = Act::new(AuditAction::ChangeSecondFactor, EntityType::User)
        .on(signed.user_id)
        .new_values(json!({ "event": event, "passkey_id": passkey_id }));
    Ok(tx.audit_as(Some(signed.user_id), act).await?)
}

pub(super) async fn tell_owner(state: &ApiState, signed: &Signed) -> Result<(), Problem> {
    let profile = own_profile(state, signed.user_id, signed.actor.origin.clone()).await?;
    tell(state, profile.email, Letter::Changed(Change::Passkeys));
    Ok(())
}
