//! Which site passkeys are for: the one that `public_url` names. Without it only `localhost`, as the browser names
//! it, so that the portal can be tried where it runs. The name in a request is not believed otherwise: a proxy may
//! have put it there, and passkeys made for a wrong name would work nowhere.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use url::Url;
use webauthn::RelyingParty;

use crate::{problem::Problem, state::ApiState};

/// The site of a request, where passkeys can be used at it.
#[derive(Debug)]
pub(crate) struct Site(Option<RelyingParty>);

impl FromRequestParts<ApiState> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        let address = match &state.options.public_url {
            Some(address) => Some(address.clone()),
            None => localhost(parts, state.options.secure_cookies),
        };
        Ok(Self(address.as_ref().and_then(RelyingParty::at)))
    }
}

/// The address of a request to this machine by that name.
fn localhost(parts: &Parts, over_tls: bool) -> Option<Url> {
    let named = parts.headers.get(header::HOST)?.to_str().ok()?;
    let scheme = if over_tls { "https" } else { "http" };
    let address = Url::parse(&format!("{scheme}://{named}/")).ok()?;
    (address.host_str() == Some("localhost")).then_some(address)
}

impl Site {
    /// Whether passkeys can be used.
    pub(crate) const fn has_passkeys(&self) -> bool {
        self.0.is_some()
    }

    /// The site, or a refusal that says what to do.
    pub(super) fn required(&self) -> Result<&RelyingParty, Problem> {
        self.0.as_ref().ok_or_else(|| Problem::Conflict {
            code: "passkeys_not_set_up",
            detail: "passkeys are bound to the portal's address, which tech has to name: public_url = \"https://…\", a name and no number, in the configuration".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn here(host: &str, over_tls: bool) -> Option<String> {
        let (parts, ()) = Request::builder()
            .header("host", host)
            .body(())
            .unwrap()
            .into_parts();
        let address = localhost(&parts, over_tls)?;
        RelyingParty::at(&address).map(|site| site.origin().to_owned())
    }

    #[test]
    fn without_a_configured_address_only_localhost_is_believed() {
        assert_eq!(
            here("localhost:8080", false).as_deref(),
            Some("http://localhost:8080")
        );
        assert_eq!(
            here("localhost:8443", true).as_deref(),
            Some("https://localhost:8443")
        );
        for other in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "portal.example.org",
            "localhost.evil.example",
            "evil.example/localhost",
            "",
        ] {
            assert_eq!(here(other, false), None, "{other}");
            assert_eq!(here(other, true), None, "{other}");
        }
    }
}
