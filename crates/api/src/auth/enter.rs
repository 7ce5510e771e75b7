//! What comes of a right password: a session, or the wait for a second factor.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use db::{
    ActorTx,
    accounts::Profile,
    audit::Act,
    second_factors, session_proofs,
    sessions::{self, NewSession},
    sign_in,
};
use domain::{
    Role, SessionId, UserId,
    audit::{AuditAction, EntityType},
    settings,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::Problem, state::ApiState, tokens};

/// How long a sign-in waits for its second factor, also when that is still to be set up.
const PATIENCE: Duration = Duration::minutes(10);

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The bearer token; browsers also get it as a cookie that scripts cannot read.
    pub token: String,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub user: Profile,
    /// The session, for what else is noted of it.
    #[serde(skip)]
    #[schema(ignore)]
    pub session_id: SessionId,
    /// Codes for when the device is lost, said this once; there where a second factor was just set up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
}

/// The password was right; there is no session before the second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactorNeeded {
    /// What `POST /api/auth/login/second` wants along with the code or the passkey's answer.
    pub challenge: String,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// Whether the account has none yet and the role needs one: set it up with `POST /api/auth/login/enrol`.
    pub must_enrol: bool,
    /// Whether an authenticator shows codes for the account.
    pub has_totp: bool,
    /// Whether it has passkeys: `POST /api/auth/login/passkey/options` asks for one.
    pub has_passkeys: bool,
}

/// What came of a right password.
pub(crate) enum Entered {
    /// A session, and its cookie.
    In(StatusCode, HeaderMap, Box<SignedIn>),
    /// The wait for a second factor.
    Waiting(SecondFactorNeeded),
}

impl IntoResponse for Entered {
    fn into_response(self) -> Response {
        match self {
            Self::In(status, headers, signed_in) => {
                (status, headers, Json(signed_in)).into_response()
            }
            Self::Waiting(needed) => (StatusCode::ACCEPTED, Json(needed)).into_response(),
        }
    }
}

/// Whether accounts of a role need a second factor.
pub(crate) async fn is_required(tx: &mut ActorTx, role: Role) -> Result<bool, Problem> {
    let roles: Vec<Role> = db::settings::get(tx, settings::SIGN_IN_SECOND_FACTOR_ROLES).await?;
    Ok(roles.contains(&role))
}

/// Opens a session for whoever knew the password, unless a second factor is set up or needed. `status` is
/// that of an answer with a session.
pub(super) async fn enter(
    state: &ApiState,
    tx: &mut ActorTx,
    user_id: UserId,
    role: Role,
    status: StatusCode,
) -> Result<Entered, Problem> {
    let factors = second_factors::factors(tx, user_id).await?;
    if !factors.any() && !is_required(tx, role).await? {
        let (signed_in, headers) = open_session(state, tx, user_id, false).await?;
        return Ok(Entered::In(status, headers, Box::new(signed_in)));
    }
    let challenge = tokens::new_token()?;
    let expires_at = tx.now() + PATIENCE;
    second_factors::challenge(tx, user_id, &tokens::digest(&challenge), expires_at).await?;
    Ok(Entered::Waiting(SecondFactorNeeded {
        challenge,
        expires_at,
        must_enrol: !factors.any(),
        has_totp: factors.totp_since.is_some(),
        has_passkeys: factors.passkeys > 0,
    }))
}

/// Opens a session, and notes the sign-in. The caller has seen every proof that the account needs.
pub(super) async fn open_session(
    state: &ApiState,
    tx: &mut ActorTx,
    user_id: UserId,
    second_factor: bool,
) -> Result<(SignedIn, HeaderMap), Problem> {
    let hours: i64 = db::settings::get(tx, settings::SESSION_ABSOLUTE_HOURS).await?;
    let token = tokens::new_token()?;
    let expires_at = tx.now() + Duration::hours(hours);
    let session = NewSession {
        session_id: SessionId::new_at(tx.now()),
        user_id,
        token_sha256: &tokens::digest(&token),
        expires_at,
    };
    sessions::open(tx, &session).await?;
    session_proofs::prove(tx, user_id, session.session_id, second_factor).await?;
    sign_in::succeeded(tx, user_id).await?;
    let user = db::accounts::profile(tx, user_id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
    let mut act = Act::new(AuditAction::SignIn, EntityType::User).on(user_id);
    if second_factor {
        act = act.new_values(serde_json::json!({ "second_factor": true }));
    }
    tx.audit_as(Some(user_id), act).await?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::SET_COOKIE,
        tokens::set_cookie(&token, hours * 3600, state.options.secure_cookies),
    );
    Ok((
        SignedIn {
            token,
            expires_at,
            user,
            session_id: session.session_id,
            recovery_codes: Vec::new(),
        },
        headers,
    ))
}
