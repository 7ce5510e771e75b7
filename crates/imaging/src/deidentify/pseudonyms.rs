//! Pseudonyms that are the same in all films of a patient and say nothing without the key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Days by which dates move back, at most: five years.
const MOST_DAYS: u64 = 5 * 365;
/// RFC 4648 without letters that are mistaken for digits when read aloud.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Makes pseudonyms by HMAC-SHA-256 from a key: the same key gives the same ones, another key gives
/// ones that cannot be brought together with them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pseudonyms {
    key: [u8; 32],
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// Pseudonyms of one project. Whoever has the key can tell which patient a pseudonym belongs to.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Patient ID and name: `P-` and ten letters or digits, 50 bits.
    #[must_use]
    pub fn patient(&self, subject: &str) -> String {
        let digest = self.digest(&[b"patient", subject.as_bytes()]);
        let number = u64::from_be_bytes(first(&digest));
        let letters = (0..10).map(|at| char::from(LETTERS[((number >> (5 * at)) & 31) as usize]));
        format!("P-{}", letters.collect::<String>())
    }

    /// A unique identifier below `2.25` (PS3.5 B.2).
    #[must_use]
    pub fn uid(&self, uid: &str) -> String {
        let digest = self.digest(&[b"uid", uid.as_bytes()]);
        format!("2.25.{}", u128::from_be_bytes(first(&digest)))
    }

    /// By how many days the dates of a patient move back, 1 to 1825.
    #[must_use]
    pub fn days(&self, subject: &str) -> i64 {
        let digest = self.digest(&[b"dates", subject.as_bytes()]);
        let days = u64::from_be_bytes(first(&digest)) % MOST_DAYS + 1;
        i64::try_from(days).expect("at most 1825")
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn first<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    *digest
        .first_chunk()
        .expect("at most 32 bytes are asked for")
}
