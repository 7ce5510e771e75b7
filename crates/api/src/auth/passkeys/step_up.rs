//! `POST /api/auth/step-up/options`: a passkey to prove who holds the session.

use axum::{Json as Answer, extract::State};
use db::passkeys::Purpose;

use super::{
    options::{PasskeyRequest, ask_for_proof},
    site::Site,
};
use crate::{
    auth::second_factor::begin,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Ask for a passkey to prove who holds the session
///
/// Gives what `navigator.credentials.get` is asked for; its answer goes to `POST /api/auth/step-up` within five minutes.
#[utoipa::path(post, operation_id = "step_up_options", path = "/api/auth/step-up/options", tag = "auth",
    responses((status = 200, body = PasskeyRequest), (status = 401, body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address, or the account has none", body = ProblemBody)))]
pub(crate) async fn options(
    State(state): State<ApiState>,
    signed: Signed,
    site: Site,
) -> Result<Answer<PasskeyRequest>, Problem> {
    let site = site.required()?;
    let mut tx = begin(&state, &signed).await?;
    let options = ask_for_proof(&mut tx, site, Purpose::StepUp, Some(signed.user_id)).await?;
    tx.commit().await?;
    Ok(Answer(options))
}
