//! What ties the way out to the provider and the way back together. All of it comes of one secret that the browser
//! alone keeps, so that nothing is stored here that could be used.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

/// One way to the provider and back.
#[derive(Clone, PartialEq, Eq)]
pub struct Flow {
    nonce: String,
    verifier: String,
}

impl std::fmt::Debug for Flow {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").finish_non_exhaustive()
    }
}

impl Flow {
    /// The way of the browser that holds this secret, of at least 256 random bits.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let derived = |what: &str| hash(&format!("{what} of {secret}"));
        Self {
            nonce: derived("nonce"),
            verifier: derived("code verifier"),
        }
    }

    /// What the ID token must repeat.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What proves to the provider that the code comes back to whoever asked (RFC 7636).
    pub(crate) fn verifier(&self) -> &str {
        &self.verifier
    }

    /// What the provider is told of the verifier beforehand.
    pub(crate) fn challenge(&self) -> String {
        hash(&self.verifier)
    }
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_has_a_way_of_its_own() {
        let (one, other) = (Flow::of("a"), Flow::of("b"));
        assert_ne!(one, other);
        assert_eq!(one, Flow::of("a"));
        assert_ne!(one.nonce(), one.verifier());
        assert!((43..=128).contains(&one.verifier().len()));
        assert!(!format!("{one:?}").contains(one.verifier()));
    }

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let flow = Flow {
            nonce: String::new(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        };
        assert_eq!(
            flow.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
