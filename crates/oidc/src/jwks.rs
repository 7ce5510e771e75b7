//! A provider's keys (RFC 7517), and signatures verified with them (RFC 7518, RFC 8037). Only signatures by a private
//! key count: neither `none` nor a secret that both sides hold.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

use crate::token::Refused;

/// A provider's keys.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Jwks {
    keys: Vec<Jwk>,
}

/// One of them. Those of other kinds are passed over.
#[derive(Debug, Clone, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// How a token may be signed.
#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Rsa(&'static RsaParameters),
    Curve {
        kty: &'static str,
        crv: &'static str,
        verifier: &'static dyn VerificationAlgorithm,
    },
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        let curve = |kty, crv, verifier| Self::Curve { kty, crv, verifier };
        Some(match name {
            "RS256" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&RSA_PSS_2048_8192_SHA256),
            "ES256" => curve("EC", "P-256", &ECDSA_P256_SHA256_FIXED),
            "ES384" => curve("EC", "P-384", &ECDSA_P384_SHA384_FIXED),
            "EdDSA" | "Ed25519" => curve("OKP", "Ed25519", &ED25519),
            _ => return None,
        })
    }

    fn suits(self, key: &Jwk) -> bool {
        match self {
            Self::Rsa(_) => key.kty == "RSA",
            Self::Curve { kty, crv, .. } => key.kty == kty && key.crv.as_deref() == Some(crv),
        }
    }

    fn verify(self, key: &Jwk, signed: &[u8], signature: &[u8]) -> Option<()> {
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        match self {
            Self::Rsa(parameters) => {
                let (n, e) = (bytes(&key.n)?, bytes(&key.e)?);
                RsaPublicKeyComponents { n: &n, e: &e }
                    .verify(parameters, signed, signature)
                    .ok()
            }
            Self::Curve { kty, verifier, .. } => {
                let x = bytes(&key.x)?;
                let point = match kty {
                    // As SEC 1 writes it whole.
                    "EC" => [[4].as_slice(), &x, &bytes(&key.y)?].concat(),
                    _ => x,
                };
                UnparsedPublicKey::new(verifier, point)
                    .verify(signed, signature)
                    .ok()
            }
        }
    }
}

impl Jwks {
    /// Reads keys.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Verifies a signature, with the key that the token names or with each that suits.
    pub(crate) fn verify(
        &self,
        algorithm: &str,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), Refused> {
        let how = Algorithm::named(algorithm).ok_or(Refused::Algorithm)?;
        let mut suiting = self
            .keys
            .iter()
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid)
            .filter(|key| key.r#use.as_deref().is_none_or(|purpose| purpose == "sig"))
            .filter(|key| key.alg.as_deref().is_none_or(|named| named == algorithm))
            .filter(|key| how.suits(key))
            .peekable();
        if suiting.peek().is_none() {
            return Err(Refused::UnknownKey);
        }
        suiting
            .any(|key| how.verify(key, signed, signature).is_some())
            .then_some(())
            .ok_or(Refused::Signature)
    }
}
