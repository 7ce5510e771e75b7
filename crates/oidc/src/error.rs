//! What can go wrong between the portal and a provider. No variant holds a secret, a code or a token.

use crate::token::Refused;

/// Why a provider cannot be used, or why somebody was not let in by it.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// An address is none, or open to anybody on the way.
    #[error("{0} must be an https address (http is for this machine only)")]
    Address(&'static str),
    /// The provider does not answer.
    #[error("the provider of single sign-on cannot be asked")]
    Unreachable(#[from] outgoing::OutgoingError),
    /// It answered something that is not of the form.
    #[error("the provider's {0} cannot be read")]
    Answer(&'static str),
    /// It refused.
    #[error("the provider refused the {what}: {status}, {error}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// Its word for the error (RFC 6749 section 5.2).
        error: String,
    },
    /// It calls itself by another name than the one that is configured.
    #[error("the provider calls itself {found}, and {configured} is configured")]
    Issuer {
        /// As configured.
        configured: String,
        /// As it says.
        found: String,
    },
    /// It cannot do what is needed.
    #[error("the provider does not offer {0}")]
    Lacks(&'static str),
    /// Its ID token does not count.
    #[error("the provider's token is refused: {0}")]
    Token(#[from] Refused),
}
