//! `POST /api/auth/single-sign-on`: to the provider.

use axum::{Json as Answer, extract::State, http::HeaderMap, http::header};
use db::{Actor, single_sign_on};
use oidc::Flow;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PATIENCE, policy, provider, set_cookie, unusable};
use crate::{
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
    tokens,
};

/// Where somebody signs in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignOnStart {
    /// The provider's page, to which the browser goes.
    address: String,
}

/// Begin single sign-on
///
/// The browser goes to the address, and comes back to the portal's page `/sso` within ten minutes. A cookie that scripts
/// cannot read ties the way back to this browser.
#[utoipa::path(post, operation_id = "single_sign_on_start", path = "/api/auth/single-sign-on", tag = "auth", security(()),
    responses((status = 200, body = SignOnStart),
              (status = 409, description = "There is no single sign-on", body = ProblemBody),
              (status = 503, description = "The provider does not answer", body = ProblemBody)))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    From(origin): From,
) -> Result<(HeaderMap, Answer<SignOnStart>), Problem> {
    let provider = provider(&state)?;
    let (way, browser) = (tokens::new_token()?, tokens::new_token()?);
    let mut tx = state.database.begin(&Actor::anonymous(origin)).await?;
    let scopes = policy(&mut tx).await?.scopes;
    let expires_at = tx.now() + PATIENCE;
    let digests = (tokens::digest(&way), tokens::digest(&browser));
    single_sign_on::begin(&mut tx, &digests.0, &digests.1, expires_at).await?;
    tx.commit().await?;
    let address = provider
        .sign_in_address(&Flow::of(&browser), &way, &scopes, state.clock().now())
        .await
        .map_err(|error| unusable(&error))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::SET_COOKIE,
        set_cookie(&state, &browser, PATIENCE.num_seconds()),
    );
    let address = String::from(address);
    Ok((headers, Answer(SignOnStart { address })))
}
