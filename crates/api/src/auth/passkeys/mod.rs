//! Passkeys: made and looked after by whoever is signed in, and a proof of who that is at sign-in, after the
//! password, and for acts that want a fresh one. Questions and answers have the form that browsers give them
//! (WebAuthn Level 3, section 5.1: `PublicKeyCredential.toJSON()` and its counterparts).

pub(crate) mod add;
mod options;
pub(crate) mod own;
mod prove;
pub(crate) mod sign_in;
mod site;
pub(crate) mod step_up;

pub(super) use self::prove::{Asked, PasskeyAnswer, prove};
pub(crate) use self::site::Site;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Base64url as the standard writes it, and with padding, as some clients do.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn encode(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}
