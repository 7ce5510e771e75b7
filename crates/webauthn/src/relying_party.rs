//! The site that passkeys belong to.

use ring::digest::{SHA256, digest};
use url::{Host, Url};

/// The portal, as authenticators and browsers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

impl RelyingParty {
    /// The portal that people reach at this address. None where browsers offer no passkeys: at an address without a
    /// name, and without TLS but on `localhost`.
    #[must_use]
    pub fn at(address: &Url) -> Option<Self> {
        let Some(Host::Domain(domain)) = address.host() else {
            return None;
        };
        let is_here = domain == "localhost" || domain.ends_with(".localhost");
        match address.scheme() {
            "https" => {}
            "http" if is_here => {}
            _ => return None,
        }
        Some(Self {
            id: domain.to_owned(),
            origin: address.origin().ascii_serialization(),
        })
    }

    /// The name that passkeys are bound to.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where its pages come from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What authenticators say of the name.
    pub(crate) fn id_hash(&self) -> [u8; 32] {
        let hash = digest(&SHA256, self.id.as_bytes());
        hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Option<(String, String)> {
        RelyingParty::at(&address.parse().unwrap()).map(|site| (site.id, site.origin))
    }

    #[test]
    fn passkeys_need_a_name_and_tls_or_localhost() {
        let pair = |id: &str, origin: &str| Some((id.to_owned(), origin.to_owned()));
        assert_eq!(
            at("https://Portal.Example.org/"),
            pair("portal.example.org", "https://portal.example.org")
        );
        assert_eq!(
            at("https://portal.example.org:8443"),
            pair("portal.example.org", "https://portal.example.org:8443")
        );
        assert_eq!(
            at("http://localhost:8080"),
            pair("localhost", "http://localhost:8080")
        );
        for none in [
            "http://portal.example.org",
            "https://10.0.0.1",
            "http://127.0.0.1:8080",
            "https://[::1]",
            "http://localhost.example.org",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
