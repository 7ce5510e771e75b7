//! Passkeys: Web Authentication (W3C, Level 3), the relying party's side. What an authenticator answered is parsed
//! and verified; no I/O, no clock, no randomness, so challenges are made, kept and used up by whoever calls.
//!
//! Attestation is not asked for, so a statement that comes all the same is not looked at. User verification always
//! is: an answer without it is no proof.

// Helpers of tests stop with the reason, as tests do.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(any(test, feature = "authenticator"))]
pub mod authenticator;
mod authenticator_data;
mod client_data;
mod public_key;
mod relying_party;

use authenticator_data::AuthenticatorData;
use client_data::ClientData;

pub use self::{public_key::ALGORITHMS, relying_party::RelyingParty};

/// Longest identifier of a credential, in bytes.
pub const LONGEST_ID: usize = 1023;

/// Why an answer is no proof.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read.
    #[error("the answer is malformed: {0}")]
    Malformed(&'static str),
    /// It is of another kind of ceremony.
    #[error("the answer is to another question")]
    Ceremony,
    /// It was given to another site.
    #[error("the answer was given to another site")]
    Site,
    /// Nobody touched the authenticator, or it did not verify who did.
    #[error("the authenticator did not verify who used it")]
    NotVerified,
    /// The key is of a kind that is not taken.
    #[error("the key is of a kind that is not taken")]
    Algorithm,
    /// The signature is not the key's.
    #[error("the signature is not right")]
    Signature,
    /// The authenticator has counted fewer uses than were seen already: there may be a copy of it.
    #[error("the signature counter went back from {known} to {given}")]
    CounterWentBack {
        /// The highest that was seen.
        known: u32,
        /// What came.
        given: u32,
    },
}

/// A new passkey, as an authenticator answered.
#[derive(Debug)]
pub struct Registration {
    client: ClientData,
    data: AuthenticatorData,
}

/// A passkey that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// Its public key (COSE, RFC 9052).
    pub public_key: Vec<u8>,
    /// How often it was used, where the authenticator counts.
    pub sign_count: u32,
    /// Whether copies of it are kept elsewhere, such as in the user's account with a maker of telephones.
    pub is_backed_up: bool,
}

impl Registration {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn parse(client_data_json: &[u8], attestation_object: &[u8]) -> Result<Self, Refused> {
        Ok(Self {
            client: ClientData::parse(client_data_json)?,
            data: AuthenticatorData::of_attestation(attestation_object)?,
        })
    }

    /// The challenge that it answers, in base64url.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.client.challenge
    }

    /// Verifies everything but the challenge, which the caller has used up.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong.
    pub fn verify(mut self, site: &RelyingParty) -> Result<NewPasskey, Refused> {
        self.client.verify("webauthn.create", site)?;
        self.data.verify(site)?;
        let credential = self
            .data
            .credential
            .take()
            .ok_or(Refused::Malformed("there is no credential in it"))?;
        public_key::parse(&credential.public_key)?;
        Ok(NewPasskey {
            credential_id: credential.id,
            public_key: credential.public_key,
            sign_count: self.data.sign_count,
            is_backed_up: self.data.is_backed_up(),
        })
    }
}

/// A proof with a passkey, as an authenticator answered.
#[derive(Debug)]
pub struct Assertion<'a> {
    client: ClientData,
    data: AuthenticatorData,
    client_data_json: &'a [u8],
    authenticator_data: &'a [u8],
    signature: &'a [u8],
}

/// What is known of the passkey that a proof is given with.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its public key (COSE).
    pub public_key: &'a [u8],
    /// The highest count of uses that was seen.
    pub sign_count: u32,
}

/// What a verified proof says of the passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// How often it was used, where the authenticator counts.
    pub sign_count: u32,
    /// Whether copies of it are kept elsewhere.
    pub is_backed_up: bool,
}

impl<'a> Assertion<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn parse(
        client_data_json: &'a [u8],
        authenticator_data: &'a [u8],
        signature: &'a [u8],
    ) -> Result<Self, Refused> {
        Ok(Self {
            client: ClientData::parse(client_data_json)?,
            data: AuthenticatorData::parse(authenticator_data)?,
            client_data_json,
            authenticator_data,
            signature,
        })
    }

    /// The challenge that it answers, in base64url.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.client.challenge
    }

    /// Verifies everything but the challenge, which the caller has used up.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong.
    pub fn verify(&self, site: &RelyingParty, known: Known<'_>) -> Result<Proved, Refused> {
        self.client.verify("webauthn.get", site)?;
        self.data.verify(site)?;
        let client_hash = ring::digest::digest(&ring::digest::SHA256, self.client_data_json);
        let signed = [self.authenticator_data, client_hash.as_ref()].concat();
        public_key::parse(known.public_key)?.verify(&signed, self.signature)?;
        let given = self.data.sign_count;
        // Authenticators that do not count always say 0.
        if (given > 0 || known.sign_count > 0) && given <= known.sign_count {
            return Err(Refused::CounterWentBack {
                known: known.sign_count,
                given,
            });
        }
        Ok(Proved {
            sign_count: given,
            is_backed_up: self.data.is_backed_up(),
        })
    }
}

#[cfg(test)]
mod tests;
