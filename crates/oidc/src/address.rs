//! Addresses of a provider.

use outgoing::{Method, Sent};
use url::Url;

use crate::OidcError;

/// An address of a provider that cannot be read on the way.
pub(crate) fn checked(text: &str, what: &'static str) -> Result<Url, OidcError> {
    Url::parse(text)
        .ok()
        .filter(outgoing::is_closed)
        .ok_or(OidcError::Address(what))
}

/// A request without a body.
pub(crate) fn question() -> Sent<'static> {
    Sent {
        method: Method::GET,
        authorization: None,
        content_type: None,
        body: bytes::Bytes::new(),
    }
}
