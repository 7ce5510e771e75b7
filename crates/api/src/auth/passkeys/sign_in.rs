//! `POST /api/auth/login/passkey/options` and `POST /api/auth/login/passkey`: signing in with a passkey.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{Actor, passkeys::Purpose};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    options::{PasskeyRequest, ask_for_proof},
    prove::{Asked, PasskeyAnswer, prove},
    site::Site,
};
use crate::{
    auth::{
        enter::{Entered, SignedIn, open_session},
        login_second::look_up,
    },
    body::Json,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
    tokens,
};

/// What a passkey is asked for at sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyQuestion {
    /// From the answer to the password, for the second factor; absent: to sign in with the passkey alone.
    #[schema(max_length = 64)]
    challenge: Option<String>,
}

/// Ask for a passkey to sign in with
///
/// Gives what `navigator.credentials.get` is asked for. Its answer goes to `POST /api/auth/login/passkey`, or, after
/// a password, to `POST /api/auth/login/second`, within five minutes.
#[utoipa::path(post, operation_id = "login_passkey_options", path = "/api/auth/login/passkey/options", tag = "auth", request_body = PasskeyQuestion, security(()),
    responses((status = 200, body = PasskeyRequest), (status = 400, body = ProblemBody),
              (status = 401, description = "The sign-in is over", body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address, or the account has none", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn options(
    State(state): State<ApiState>,
    From(origin): From,
    site: Site,
    Json(request): Json<PasskeyQuestion>,
) -> Result<Answer<PasskeyRequest>, Problem> {
    let site = site.required()?;
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    let (purpose, user_id) = match request.challenge {
        Some(challenge) => {
            let waiting = look_up(&mut tx, &tokens::digest(&challenge)).await?;
            (Purpose::SecondFactor, Some(waiting.user_id))
        }
        None => (Purpose::SignIn, None),
    };
    let options = ask_for_proof(&mut tx, site, purpose, user_id).await?;
    tx.commit().await?;
    Ok(Answer(options))
}

/// Sign in with a passkey
///
/// The authenticator has verified who uses it, so this counts as both factors. Whatever is wrong, the answer is the
/// same; from the fifth failure in a row on the place that it comes from has to wait.
#[utoipa::path(post, operation_id = "login_passkey", path = "/api/auth/login/passkey", tag = "auth", request_body = PasskeyAnswer, security(()),
    responses((status = 200, body = SignedIn), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn login(
    State(state): State<ApiState>,
    From(origin): From,
    site: Site,
    Json(answer): Json<PasskeyAnswer>,
) -> Result<Entered, Problem> {
    let (known, mut tx) = prove(&state, &origin, &site, Asked::SignIn, &answer).await?;
    let (signed_in, headers) = open_session(&state, &mut tx, known.user_id, true).await?;
    tx.commit().await?;
    Ok(Entered::In(StatusCode::OK, headers, Box::new(signed_in)))
}
