//! Randomness that a seed decides: the same on every machine and in every release, since films and
//! identifiers of a demo must be the same when they are made again.

use rand::{SeedableRng, rngs::ChaCha8Rng};
use sha2::{Digest, Sha256};

/// A stream of random numbers for one purpose of one seed. Streams of different purposes have
/// nothing to do with each other.
pub(crate) fn stream(purpose: &str, seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(digest(purpose, &seed.to_string()))
}

/// A DICOM UID (`2.25.` and a UUIDv8 of the text's SHA-256) that is the same for the same text.
pub(crate) fn uid(purpose: &str, text: &str) -> String {
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest(purpose, text)[..16]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    imaging::write::uid_from_u128(uuid.as_u128())
}

fn digest(purpose: &str, text: &str) -> [u8; 32] {
    Sha256::digest(format!("medical-portal demo/{purpose}/{text}")).into()
}
