//! Single sign-on: to the provider and back. Only a page of this portal in the browser that began can come back, once
//! and within ten minutes; what the provider then says counts as the setting `sign_in.single_sign_on` has it.

mod account;
pub(crate) mod finish;
pub(crate) mod start;

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::Duration;
use db::ActorTx;
use domain::{settings, single_sign_on::SingleSignOn};
use oidc::{OidcError, Provider};

use crate::{
    problem::{Problem, SignOnFault, chain},
    state::ApiState,
};

/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::minutes(10);

fn provider(state: &ApiState) -> Result<&Provider, Problem> {
    let configured = state.options.single_sign_on.as_ref();
    configured.ok_or_else(|| Problem::Conflict {
        code: "single_sign_on_not_set_up",
        detail: "this portal has no single sign-on: sign in with a password or passkey".to_owned(),
    })
}

async fn policy(tx: &mut ActorTx) -> Result<SingleSignOn, Problem> {
    Ok(db::settings::get(tx, settings::SIGN_IN_SINGLE_SIGN_ON).await?)
}

/// What the button calls the provider; none where there is no single sign-on.
pub(crate) async fn label(state: &ApiState, tx: &mut ActorTx) -> Result<Option<String>, Problem> {
    let Some(provider) = &state.options.single_sign_on else {
        return Ok(None);
    };
    let named = policy(tx).await?.label;
    if !named.trim().is_empty() {
        return Ok(Some(named.trim().to_owned()));
    }
    let host = url::Url::parse(provider.issuer())
        .ok()
        .and_then(|address| address.host_str().map(str::to_owned));
    Ok(Some(host.unwrap_or_default()))
}

/// Where somebody signs out at the provider as well, if it offers that and answers.
pub(super) async fn sign_out_address(state: &ApiState) -> Option<String> {
    let provider = state.options.single_sign_on.as_ref()?;
    let asking = provider.sign_out_address(state.clock().now());
    // Whoever signs out does not wait for a provider that is away.
    match tokio::time::timeout(std::time::Duration::from_secs(2), asking).await {
        Ok(Ok(address)) => address.map(String::from),
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "nobody signs out at the provider");
            None
        }
        Err(_) => None,
    }
}

/// Why the provider was of no use, for whoever waits, and with its cause for the log.
fn unusable(error: &OidcError) -> Problem {
    let cause = chain(error);
    match error {
        OidcError::Token(_) | OidcError::Refused { what: "code", .. } => {
            SignOnFault::Refused.with(cause)
        }
        _ => SignOnFault::Away.with(cause),
    }
}

/// The cookie of the browser that began; with TLS its prefix keeps other hosts from setting it.
fn cookie_name(state: &ApiState) -> &'static str {
    if state.options.secure_cookies {
        "__Host-portal_single_sign_on"
    } else {
        "portal_single_sign_on"
    }
}

/// Gives the browser its secret, or takes it back with an empty one and 0 seconds.
fn set_cookie(state: &ApiState, secret: &str, seconds: i64) -> HeaderValue {
    let secure = if state.options.secure_cookies {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "{}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
        cookie_name(state)
    );
    HeaderValue::try_from(cookie).expect("a token is base64url, which a header may hold")
}

/// The secret of the browser that sent this.
fn browser_secret(state: &ApiState, headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(state))
        .map(|(_, secret)| secret.to_owned())
}
