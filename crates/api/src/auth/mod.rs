//! Signing up, in and out; the own profile, password and sessions.

pub(crate) mod invitation;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod signup;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Duration, Utc};
use db::{Actor, Origin, accounts::Profile, sessions::NewSession};
use domain::{SessionId, UserId, settings};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::Problem, state::ApiState, tokens};

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The bearer token; browsers also get it as a cookie that scripts cannot read.
    pub token: String,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub user: Profile,
}

/// Opens a session in a transaction that also notes why.
async fn open_session(
    state: &ApiState,
    tx: &mut db::ActorTx,
    user_id: UserId,
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
    db::sessions::open(tx, &session).await?;
    let user = db::accounts::profile(tx, user_id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
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
        },
        headers,
    ))
}

/// Reads the own profile: as `portal_anonymous`, which alone may see every column of an account.
async fn own_profile(
    state: &ApiState,
    user_id: UserId,
    origin: Origin,
) -> Result<Profile, Problem> {
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    db::accounts::profile(&mut tx, user_id)
        .await?
        .ok_or(Problem::Unauthenticated)
}
