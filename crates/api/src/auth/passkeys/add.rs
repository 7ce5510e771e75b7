//! `POST /api/auth/passkeys/options` and `POST /api/auth/passkeys`: a new passkey.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    passkeys::{self, NewPasskey, PASSKEY_TAKEN, Passkey, Purpose},
    second_factors, session_proofs,
};
use domain::{PasskeyId, StepUp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use webauthn::{Registration, RelyingParty};

use super::{
    decode,
    options::{PasskeyCreation, ask_for_new},
    own::{check_name, note, tell_owner},
    site::Site,
};
use crate::{
    auth::{codes, second_factor::begin},
    body::{Checks, Json},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
    tokens,
};

/// Most passkeys of an account.
const MOST: i64 = 20;
/// Ways to reach an authenticator that are kept; browsers name a few, and may come to name more.
const MOST_TRANSPORTS: usize = 10;

/// Ask for a new passkey
///
/// Gives what `navigator.credentials.create` is asked for; its answer goes to `POST /api/auth/passkeys` within five
/// minutes.
#[utoipa::path(post, operation_id = "passkey_options", path = "/api/auth/passkeys/options", tag = "auth",
    responses((status = 200, body = PasskeyCreation), (status = 401, body = ProblemBody),
              (status = 403, description = "`step_up_required`", body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address, or there are too many", body = ProblemBody)))]
pub(crate) async fn options(
    State(state): State<ApiState>,
    signed: Signed,
    site: Site,
) -> Result<Answer<PasskeyCreation>, Problem> {
    let site = site.required()?;
    let mut tx = begin(&state, &signed).await?;
    if passkeys::count(&mut tx, signed.user_id).await? >= MOST {
        return Err(too_many());
    }
    signed.stepped_up(StepUp::Account, &state).await?;
    let options = ask_for_new(&mut tx, site, signed.user_id).await?;
    tx.commit().await?;
    Ok(Answer(options))
}

/// A new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyAddition {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What `navigator.credentials.create` answered.
    credential: PasskeyMade,
}

/// What `navigator.credentials.create` answered (`RegistrationResponseJSON`).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PasskeyMade {
    /// What the authenticator says.
    response: PasskeyAttestation,
}

/// What an authenticator says of a new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyAttestation {
    /// The browser's part, in base64url.
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    /// The authenticator's part, in base64url.
    attestation_object: String,
    /// How it is reached.
    #[serde(default)]
    transports: Vec<String>,
}

/// A passkey that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyAdded {
    /// The passkey.
    passkey: Passkey,
    /// Codes for when it is lost, said this once; there where it is the account's first second factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
}

/// Add a passkey
///
/// It signs in by itself, counts as the second factor after the password, and proves who holds a session. The first
/// second factor of an account ends its other sessions and gives recovery codes.
#[utoipa::path(post, operation_id = "passkey_add", path = "/api/auth/passkeys", tag = "auth", request_body = PasskeyAddition,
    responses((status = 201, body = PasskeyAdded), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address, it is there already, or there are too many", body = ProblemBody),
              (status = 422, description = "The name, or the authenticator's answer", body = ProblemBody)))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    signed: Signed,
    site: Site,
    Json(request): Json<PasskeyAddition>,
) -> Result<(StatusCode, Answer<PasskeyAdded>), Problem> {
    let site = site.required()?;
    let mut checks = Checks::default();
    check_name(&mut checks, &request.name);
    checks.done()?;
    let made = verified(&state, &signed, site, &request.credential.response).await?;
    let mut tx = begin(&state, &signed).await?;
    let factors = second_factors::factors(&mut tx, signed.user_id).await?;
    if factors.passkeys >= MOST {
        return Err(too_many());
    }
    let passkey = NewPasskey {
        passkey_id: PasskeyId::new_at(tx.now()),
        user_id: signed.user_id,
        credential_id: &made.credential_id,
        public_key: &made.public_key,
        name: request.name.trim(),
        transports: &transports(&request.credential.response.transports),
        sign_count: made.sign_count,
        is_backed_up: made.is_backed_up,
    };
    let created_at = tx.now();
    match passkeys::add(&mut tx, &passkey).await {
        Err(error) if error.is_constraint(PASSKEY_TAKEN) => {
            return Err(Problem::Conflict {
                code: "passkey_taken",
                detail: "this passkey is known here already".to_owned(),
            });
        }
        outcome => outcome?,
    }
    let recovery_codes = if factors.any() {
        Vec::new()
    } else {
        db::sessions::end_all(&mut tx, signed.user_id, Some(signed.session_id)).await?;
        codes::new_recovery_codes(&mut tx, signed.user_id).await?
    };
    session_proofs::prove(&mut tx, signed.user_id, signed.session_id, true).await?;
    note(&mut tx, &signed, "passkey_added", passkey.passkey_id).await?;
    tx.commit().await?;
    tell_owner(&state, &signed).await?;
    let passkey = Passkey {
        passkey_id: passkey.passkey_id,
        name: passkey.name.to_owned(),
        is_backed_up: passkey.is_backed_up,
        created_at,
        last_used_at: None,
    };
    let added = PasskeyAdded {
        passkey,
        recovery_codes,
    };
    Ok((StatusCode::CREATED, Answer(added)))
}

/// Uses the question up, and verifies the answer.
async fn verified(
    state: &ApiState,
    signed: &Signed,
    site: &RelyingParty,
    attestation: &PasskeyAttestation,
) -> Result<webauthn::NewPasskey, Problem> {
    let refused = |why: &str| {
        let detail = format!("the authenticator's answer is not taken: {why}; begin anew");
        Problem::field("credential", FieldCode::InvalidValue, detail)
    };
    let client = decode(&attestation.client_data_json);
    let object = decode(&attestation.attestation_object);
    let (Some(client), Some(object)) = (client, object) else {
        return Err(refused("it is no base64url"));
    };
    let registration =
        Registration::parse(&client, &object).map_err(|error| refused(&error.to_string()))?;
    let digest = tokens::digest(registration.challenge());
    let mut tx = begin(state, signed).await?;
    let asked =
        passkeys::answered(&mut tx, Purpose::Register, Some(signed.user_id), &digest).await?;
    tx.commit().await?;
    if !asked {
        return Err(refused("its question is unknown, used or too old"));
    }
    registration
        .verify(site)
        .map_err(|error| refused(&error.to_string()))
}

/// The words among what a browser says of how an authenticator is reached.
fn transports(named: &[String]) -> Vec<String> {
    named
        .iter()
        .filter(|word| {
            (1..=20).contains(&word.len())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        })
        .take(MOST_TRANSPORTS)
        .cloned()
        .collect()
}

fn too_many() -> Problem {
    Problem::Conflict {
        code: "too_many_passkeys",
        detail: format!("an account has at most {MOST} passkeys: take one away first"),
    }
}
