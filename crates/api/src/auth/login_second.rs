//! `POST /api/auth/login/second` and `POST /api/auth/login/enrol`: the second step of a sign-in.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    Actor,
    audit::Act,
    second_factors::{self, Challenged},
};
use domain::audit::{AuditAction, EntityType};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    codes,
    enter::{Entered, SignedIn, open_session},
    passkeys::{self, Asked, PasskeyAnswer, Site},
    totp::{self, TotpSetup},
};
use crate::{
    body::Json,
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
    tokens,
};

/// A sign-in that waits, and the code or a passkey's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorRequest {
    /// From the answer to the password.
    #[schema(max_length = 64)]
    challenge: String,
    /// The six digits that the authenticator shows, or a recovery code.
    #[schema(max_length = 64)]
    code: Option<String>,
    /// In its place: the answer of a passkey to `POST /api/auth/login/passkey/options`.
    passkey: Option<PasskeyAnswer>,
}

/// Sign in with the second factor
///
/// Each code is good once. Where the second factor has just been set up, its first code puts it into force
/// and the answer holds the recovery codes.
#[utoipa::path(post, operation_id = "login_second", path = "/api/auth/login/second", tag = "auth", request_body = SecondFactorRequest, security(()),
    responses((status = 200, body = SignedIn), (status = 400, body = ProblemBody),
              (status = 401, description = "The code or passkey is wrong, or the sign-in is over", body = ProblemBody),
              (status = 409, description = "No second factor was set up yet, or passkeys are not offered here", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn second(
    State(state): State<ApiState>,
    From(origin): From,
    site: Site,
    Json(request): Json<SecondFactorRequest>,
) -> Result<Entered, Problem> {
    let anonymous = Actor::anonymous(origin.clone());
    let digest = tokens::digest(&request.challenge);
    let mut tx = state.database.begin(&anonymous).await?;
    let waiting = look_up(&mut tx, &digest).await?;
    let factors = second_factors::factors(&mut tx, waiting.user_id).await?;
    let mut recovery_codes = Vec::new();
    if let Some(answer) = &request.passkey {
        drop(tx);
        let asked = Asked::SecondFactor(waiting.user_id);
        tx = passkeys::prove(&state, &origin, &site, asked, answer)
            .await?
            .1;
    } else {
        let code = request
            .code
            .ok_or_else(|| Problem::field("code", FieldCode::Required, "give the code"))?;
        if factors.any() {
            drop(tx);
            let action = AuditAction::SignIn;
            codes::use_code(&state, &origin, waiting.user_id, &code, action).await?;
            tx = state.database.begin(&anonymous).await?;
        } else {
            recovery_codes =
                codes::confirm(&state, &origin, &mut tx, waiting.user_id, &code).await?;
            let act = Act::new(AuditAction::ChangeSecondFactor, EntityType::User)
                .on(waiting.user_id)
                .new_values(json!({ "event": "set_up" }));
            tx.audit_as(Some(waiting.user_id), act).await?;
        }
    }
    if !second_factors::end_challenge(&mut tx, &digest).await? {
        return Err(Problem::SignInOver);
    }
    let (mut signed_in, headers) = open_session(&state, &mut tx, waiting.user_id, true).await?;
    tx.commit().await?;
    signed_in.recovery_codes = recovery_codes;
    Ok(Entered::In(StatusCode::OK, headers, Box::new(signed_in)))
}

/// A sign-in that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolRequest {
    /// From the answer to the password.
    #[schema(max_length = 64)]
    challenge: String,
}

/// Set a second factor up while signing in
///
/// For accounts that need one and have none. The first code goes to `POST /api/auth/login/second`.
#[utoipa::path(post, operation_id = "login_enrol", path = "/api/auth/login/enrol", tag = "auth", request_body = EnrolRequest, security(()),
    responses((status = 200, body = TotpSetup), (status = 400, body = ProblemBody),
              (status = 401, description = "The sign-in is over", body = ProblemBody),
              (status = 409, description = "The account has a second factor", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn enrol(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<EnrolRequest>,
) -> Result<Answer<TotpSetup>, Problem> {
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    let waiting = look_up(&mut tx, &tokens::digest(&request.challenge)).await?;
    // With a passkey alone as with codes: the password is not enough for a further factor.
    if second_factors::factors(&mut tx, waiting.user_id)
        .await?
        .any()
    {
        return Err(factor_present());
    }
    let (sealed, setup) = totp::new_setup(&state, waiting.user_id, &waiting.email)?;
    if !second_factors::begin_totp(&mut tx, waiting.user_id, &sealed).await? {
        return Err(factor_present());
    }
    tx.commit().await?;
    Ok(Answer(setup))
}

fn factor_present() -> Problem {
    Problem::Conflict {
        code: "second_factor_present",
        detail: "this account has a second factor: sign in with it".to_owned(),
    }
}

pub(super) async fn look_up(tx: &mut db::ActorTx, digest: &str) -> Result<Challenged, Problem> {
    second_factors::challenged(tx, digest)
        .await?
        .ok_or(Problem::SignInOver)
}
