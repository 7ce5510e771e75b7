//! Public keys of passkeys (COSE, RFC 9052 and 9053), of the kinds that authenticators make.

use ciborium::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use crate::Refused;

const ES256: i64 = -7;
const ED_DSA: i64 = -8;
const RS256: i64 = -257;

/// The kinds that are taken, best first: ECDSA on P-256, Ed25519, and RSA with SHA-256, which Windows makes.
pub const ALGORITHMS: [i64; 3] = [ES256, ED_DSA, RS256];

/// A key that signatures are verified with.
#[derive(Debug)]
pub(crate) enum PublicKey {
    /// A point, as SEC 1 writes it whole.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// Reads a key.
pub(crate) fn parse(cose: &[u8]) -> Result<PublicKey, Refused> {
    let Ok(Value::Map(entries)) = ciborium::from_reader(cose) else {
        return Err(Refused::Malformed("the key is no map"));
    };
    let find = |label: i64| {
        entries
            .iter()
            .find(|(key, _)| *key == Value::from(label))
            .map(|(_, value)| value)
    };
    let number = |label| find(label).and_then(Value::as_integer).map(i128::from);
    let bytes = |label| {
        find(label)
            .and_then(Value::as_bytes)
            .ok_or(Refused::Malformed("a part of the key is missing"))
    };
    let is = |label, wanted: i64| number(label) == Some(wanted.into());
    // Labels: 1 the family, 3 the algorithm, -1 the curve (or n), -2 x (or e), -3 y.
    if is(1, 2) && is(3, ES256) && is(-1, 1) {
        let (x, y) = (bytes(-2)?, bytes(-3)?);
        if x.len() != 32 || y.len() != 32 {
            return Err(Refused::Malformed("the key is of the wrong length"));
        }
        return Ok(PublicKey::Es256([&[4], x.as_slice(), y].concat()));
    }
    if is(1, 1) && is(3, ED_DSA) && is(-1, 6) {
        return Ok(PublicKey::EdDsa(bytes(-2)?.clone()));
    }
    if is(1, 3) && is(3, RS256) {
        return Ok(PublicKey::Rs256 {
            n: bytes(-1)?.clone(),
            e: bytes(-2)?.clone(),
        });
    }
    Err(Refused::Algorithm)
}

impl PublicKey {
    pub(crate) fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
        match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature)
            }
            Self::EdDsa(point) => UnparsedPublicKey::new(&ED25519, point).verify(signed, signature),
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                signed,
                signature,
            ),
        }
        .map_err(|_| Refused::Signature)
    }
}
