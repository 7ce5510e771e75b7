//! Single sign-on (OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0), the relying party's side: the
//! authorization code flow with PKCE (RFC 7636), state and nonce. What a provider says counts only as an ID token
//! whose signature, issuer, audience, nonce and times were verified.
//!
//! The caller keeps states and says what time it is.

// Helpers of tests stop with the reason, as tests do.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod error;
mod flow;
mod jwks;
mod metadata;
mod provider;
mod token;

pub use self::{
    error::OidcError,
    flow::Flow,
    provider::{Client, Provider},
    token::{Claims, Refused},
};
