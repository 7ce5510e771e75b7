//! `/api/auth/second-factor`: the own second factor of whoever is signed in.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::{
    Actor, ActorTx,
    audit::Act,
    second_factors::{self, Factors},
    session_proofs,
};
use domain::{
    StepUp,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    codes, enter, own_profile,
    tell::{Change, Letter, tell},
    totp::{self, TotpSetup},
};
use crate::{
    body::Json,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// How the own account is secured beside the password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactorState {
    /// Since when codes by time are asked for; absent: they are not.
    totp_since: Option<DateTime<Utc>>,
    /// How many passkeys there are.
    passkeys: i64,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
    /// Whether the role needs a second factor.
    is_required: bool,
}

/// Recovery codes, said this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each is good once, in place of a code by time.
    recovery_codes: Vec<String>,
}

/// A code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstCode {
    /// The six digits that the authenticator shows.
    #[schema(max_length = 64)]
    code: String,
}

/// Secrets are out of reach of every signed-in role, so this is done as at sign-in.
pub(super) async fn begin(state: &ApiState, signed: &Signed) -> Result<ActorTx, Problem> {
    let anonymous = Actor::anonymous(signed.actor.origin.clone());
    Ok(state.database.begin(&anonymous).await?)
}

pub(super) async fn note(tx: &mut ActorTx, signed: &Signed, event: &str) -> Result<(), Problem> {
    let act = Act::new(AuditAction::ChangeSecondFactor, EntityType::User)
        .on(signed.user_id)
        .new_values(json!({ "event": event }));
    Ok(tx.audit_as(Some(signed.user_id), act).await?)
}

/// How the own account is secured
#[utoipa::path(get, operation_id = "second_factor_read", path = "/api/auth/second-factor", tag = "auth",
    responses((status = 200, body = SecondFactorState), (status = 401, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<SecondFactorState>, Problem> {
    let mut tx = begin(&state, &signed).await?;
    let factors = second_factors::factors(&mut tx, signed.user_id).await?;
    Ok(Answer(SecondFactorState {
        totp_since: factors.totp_since,
        passkeys: factors.passkeys,
        recovery_codes_left: second_factors::recovery_codes_left(&mut tx, signed.user_id).await?,
        is_required: enter::is_required(&mut tx, signed.role).await?,
    }))
}

/// Begin to set codes by time up
#[utoipa::path(post, operation_id = "second_factor_begin", path = "/api/auth/second-factor/totp", tag = "auth",
    responses((status = 200, body = TotpSetup), (status = 401, body = ProblemBody),
              (status = 403, description = "`step_up_required`", body = ProblemBody),
              (status = 409, description = "The account has them already", body = ProblemBody)))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<TotpSetup>, Problem> {
    signed.stepped_up(StepUp::Account, &state).await?;
    let mut tx = begin(&state, &signed).await?;
    let profile = db::accounts::profile(&mut tx, signed.user_id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
    let (sealed, setup) = totp::new_setup(&state, signed.user_id, &profile.email)?;
    if !second_factors::begin_totp(&mut tx, signed.user_id, &sealed).await? {
        return Err(Problem::Conflict {
            code: "second_factor_present",
            detail: "this account has a second factor: take it away first".to_owned(),
        });
    }
    tx.commit().await?;
    Ok(Answer(setup))
}

/// Put codes by time into force
///
/// With the first of them. Ends every other session of the account, and gives the recovery codes.
#[utoipa::path(post, operation_id = "second_factor_confirm", path = "/api/auth/second-factor/totp/confirm", tag = "auth", request_body = FirstCode,
    responses((status = 200, body = RecoveryCodes), (status = 400, body = ProblemBody),
              (status = 401, description = "Not signed in, or the code is wrong", body = ProblemBody),
              (status = 409, description = "Nothing was begun", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn confirm(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<FirstCode>,
) -> Result<Answer<RecoveryCodes>, Problem> {
    let mut tx = begin(&state, &signed).await?;
    let origin = &signed.actor.origin;
    let recovery_codes =
        codes::confirm(&state, origin, &mut tx, signed.user_id, &request.code).await?;
    session_proofs::prove(&mut tx, signed.user_id, signed.session_id, true).await?;
    db::sessions::end_all(&mut tx, signed.user_id, Some(signed.session_id)).await?;
    note(&mut tx, &signed, "set_up").await?;
    tx.commit().await?;
    tell_owner(&state, &signed).await?;
    Ok(Answer(RecoveryCodes { recovery_codes }))
}

/// Make new recovery codes
///
/// Those before are worth nothing from then on.
#[utoipa::path(post, operation_id = "second_factor_recovery_codes", path = "/api/auth/second-factor/recovery-codes", tag = "auth",
    responses((status = 200, body = RecoveryCodes), (status = 401, body = ProblemBody),
              (status = 403, description = "`step_up_required`", body = ProblemBody),
              (status = 409, description = "The account has no second factor", body = ProblemBody)))]
pub(crate) async fn recovery_codes(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<RecoveryCodes>, Problem> {
    let mut tx = begin(&state, &signed).await?;
    if !second_factors::factors(&mut tx, signed.user_id)
        .await?
        .any()
    {
        return Err(missing());
    }
    signed.stepped_up(StepUp::Account, &state).await?;
    let recovery_codes = codes::new_recovery_codes(&mut tx, signed.user_id).await?;
    note(&mut tx, &signed, "recovery_codes").await?;
    tx.commit().await?;
    Ok(Answer(RecoveryCodes { recovery_codes }))
}

/// Take codes by time away
///
/// Refused where the role needs a second factor and there is no other.
#[utoipa::path(delete, operation_id = "second_factor_remove", path = "/api/auth/second-factor/totp", tag = "auth",
    responses((status = 204, description = "Gone"), (status = 401, body = ProblemBody),
              (status = 403, description = "`step_up_required`", body = ProblemBody),
              (status = 409, description = "The account has none, or the role needs one", body = ProblemBody)))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let mut tx = begin(&state, &signed).await?;
    let factors = second_factors::factors(&mut tx, signed.user_id).await?;
    if factors.totp_since.is_none() {
        return Err(missing());
    }
    may_lose_one(&mut tx, &signed, factors).await?;
    signed.stepped_up(StepUp::Account, &state).await?;
    second_factors::remove_totp(&mut tx, signed.user_id).await?;
    if !factors.several() {
        second_factors::forget_recovery_codes(&mut tx, signed.user_id).await?;
    }
    db::sessions::end_all(&mut tx, signed.user_id, Some(signed.session_id)).await?;
    note(&mut tx, &signed, "removed").await?;
    tx.commit().await?;
    tell_owner(&state, &signed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses to take the last second factor away from somebody whose role needs one.
pub(super) async fn may_lose_one(
    tx: &mut ActorTx,
    signed: &Signed,
    factors: Factors,
) -> Result<(), Problem> {
    if !factors.several() && enter::is_required(tx, signed.role).await? {
        return Err(Problem::Conflict {
            code: "second_factor_required",
            detail: "accounts of your role need a second factor: tech can reset it when the device is lost".to_owned(),
        });
    }
    Ok(())
}

async fn tell_owner(state: &ApiState, signed: &Signed) -> Result<(), Problem> {
    let profile = own_profile(state, signed.user_id, signed.actor.origin.clone()).await?;
    tell(state, profile.email, Letter::Changed(Change::SecondFactor));
    Ok(())
}

pub(super) fn missing() -> Problem {
    Problem::Conflict {
        code: "second_factor_missing",
        detail: "this account has no second factor".to_owned(),
    }
}
