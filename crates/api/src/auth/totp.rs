//! Codes by time (RFC 6238): HMAC-SHA-1, half minutes, six digits, as every authenticator takes them. The
//! secret leaves the portal once, when it is set up; in the database it is sealed.

use chrono::{DateTime, Utc};
use domain::UserId;
use keys::Keyring;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode};
use rand::{TryRng, rngs::SysRng};
use ring::hmac;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    problem::{Away, Problem, chain},
    state::ApiState,
};

/// Seconds for which a code is shown.
const STEP_SECONDS: i64 = 30;
/// Half minutes that the device's clock may be off.
const TOLERANCE: i64 = 1;
/// Bytes of a secret: as many as SHA-1 gives (RFC 4226 section 4).
const SECRET_BYTES: usize = 20;
/// The name under which authenticators list the account.
const ISSUER: &str = "Medical Portal";

/// What an authenticator needs, said this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpSetup {
    /// The secret as people type it: base 32.
    secret: String,
    /// The same as an address that authenticators understand.
    uri: String,
    /// The address as a QR code: rows of `0` (light) and `1` (dark), without the light margin of four.
    qr: Vec<String>,
}

/// The half minute that a moment lies in.
fn step_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(STEP_SECONDS)
}

/// The code of a half minute, by RFC 4226 section 5.3.
fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes[bytes.len() - 1] & 0x0f);
    let four = [
        bytes[offset] & 0x7f,
        bytes[offset + 1],
        bytes[offset + 2],
        bytes[offset + 3],
    ];
    u32::from_be_bytes(four) % 1_000_000
}

/// The six digits of what was typed, if it is of that form; blanks do not matter.
pub(super) fn digits(typed: &str) -> Option<u32> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| plain.parse().ok())
        .flatten()
}

/// The half minute near `now` whose code this is.
pub(super) fn step_of_code(secret: &[u8], typed: u32, now: DateTime<Utc>) -> Option<i64> {
    let present = step_of(now);
    (present - TOLERANCE..=present + TOLERANCE).find(|step| code(secret, *step) == typed)
}

/// A new secret, sealed for the database, and what the authenticator needs.
pub(super) fn new_setup(
    state: &ApiState,
    user_id: UserId,
    email: &str,
) -> Result<(Vec<u8>, TotpSetup), Problem> {
    let mut secret = [0u8; SECRET_BYTES];
    SysRng
        .try_fill_bytes(&mut secret)
        .map_err(|error| Problem::Internal(format!("no randomness: {error}")))?;
    let sealed = keyring(state)?
        .seal(&purpose(user_id), &secret)
        .map_err(|error| Problem::Internal(chain(&error)))?;
    Ok((sealed, setup(&secret, email)?))
}

/// Opens a sealed secret, and finds the half minute whose code was typed.
pub(super) fn matching_step(
    state: &ApiState,
    user_id: UserId,
    sealed: &[u8],
    typed: u32,
) -> Result<Option<i64>, Problem> {
    let secret = keyring(state)?
        .open(&purpose(user_id), sealed)
        .map_err(|error| Problem::Internal(chain(&error)))?;
    Ok(step_of_code(&secret, typed, state.clock().now()))
}

fn keyring(state: &ApiState) -> Result<&Keyring, Problem> {
    state.options.keys.as_ref().ok_or_else(|| {
        Problem::Unavailable(
            Away::Part,
            "this portal was started without a key file".to_owned(),
        )
    })
}

/// What the secret is sealed for, so that one account's does not open as another's.
fn purpose(user_id: UserId) -> String {
    format!("totp/{user_id}")
}

fn setup(secret: &[u8], email: &str) -> Result<TotpSetup, Problem> {
    let secret = base32(secret);
    let text = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let uri = format!(
        "otpauth://totp/{}:{}?secret={secret}&issuer={}&algorithm=SHA1&digits=6&period=30",
        text(ISSUER),
        text(email),
        text(ISSUER)
    );
    let drawn = QrCode::with_error_correction_level(&uri, EcLevel::M)
        .map_err(|error| Problem::Internal(format!("the QR code cannot be drawn: {error}")))?;
    let qr = drawn
        .to_colors()
        .chunks(drawn.width())
        .map(|row| {
            row.iter()
                .map(|color| if *color == Color::Dark { '1' } else { '0' })
                .collect()
        })
        .collect();
    Ok(TotpSetup { secret, uri, qr })
}

/// RFC 4648 section 6, without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let mut block = [0u8; 8];
            block[3..3 + chunk.len()].copy_from_slice(chunk);
            let value = u64::from_be_bytes(block);
            (0..(chunk.len() * 8).div_ceil(5))
                .map(move |at| char::from(LETTERS[(value >> (35 - 5 * at) & 31) as usize]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(code(secret, step_of(at)), expected, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_to_either_side() {
        let secret = b"12345678901234567890";
        let at = DateTime::from_timestamp(1_234_567_890, 0).unwrap();
        let present = step_of(at);
        for off in -3..=3i64 {
            let found = step_of_code(secret, code(secret, present + off), at);
            assert_eq!(found, (off.abs() <= 1).then_some(present + off), "{off}");
        }
        assert_eq!(digits(" 012 345"), Some(12_345));
        for other in ["12345", "1234567", "12345a", "AAAA-BBBB-CCCC-DDDD"] {
            assert_eq!(digits(other), None, "{other}");
        }
    }

    /// RFC 4648 section 10.
    #[test]
    fn secrets_are_written_as_authenticators_read_them() {
        for (plain, written) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), written);
        }
        let setup = setup(b"12345678901234567890", "a+b@example.com").unwrap();
        assert!(setup.uri.contains("a%2Bb%40example%2Ecom"), "{}", setup.uri);
        assert!(setup.qr.iter().all(|row| row.len() == setup.qr.len()));
    }
}
