//! What a new password must be (OWASP ASVS 5.0 section 6.2, NIST SP 800-63B section 3.1.1.2): long
//! enough, hard to guess, none that is known to be tried first. Nothing is asked of its composition.

use std::{collections::HashSet, sync::LazyLock};

use zxcvbn::Score;

/// Fewest characters that the setting may ask for (ASVS 6.2.1).
pub const LEAST_MINIMUM_LENGTH: usize = 8;
/// Fewest characters by default.
pub const DEFAULT_MINIMUM_LENGTH: usize = 12;
/// Most bytes; longer ones only cost hashing time.
pub const MAXIMUM_LENGTH: usize = 256;
/// Characters that are looked at when the strength is estimated; a password that is strong up to there is
/// strong, and the estimate's time grows with the square of the length.
const ESTIMATED_LENGTH: usize = 64;
/// Words that attackers of this very product try.
const PRODUCT_WORDS: &[&str] = &[
    "medical",
    "portal",
    "medicalportal",
    "radiology",
    "radiologie",
    "xray",
    "roentgen",
    "hospital",
    "krankenhaus",
    "klinik",
    "clinic",
    "doctor",
    "patient",
    "passwort",
];

/// The bundled list: passwords of at least [`LEAST_MINIMUM_LENGTH`] characters that leaked most often, in
/// small letters, one a line. Where it comes from: `common.LICENSE` beside it.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("too short: use at least {0} characters; a few words make a good password")]
    TooShort(usize),
    /// More than [`MAXIMUM_LENGTH`] bytes.
    #[error("too long: use at most {MAXIMUM_LENGTH} bytes")]
    TooLong,
    /// The account's own address or name.
    #[error("the password contains the name of the account: choose something else")]
    ContainsAccount,
    /// Among the first that anybody tries.
    #[error("this password is among the most common ones: choose something else")]
    Common,
    /// Fewer than 10^8 guesses.
    #[error("too easy to guess: take several words that do not belong together, or a longer one")]
    TooEasy,
}

/// Checks a new password of an account with this address and name. `minimum_length` counts characters.
///
/// Strength is estimated by zxcvbn (Wheeler 2016), with the address, the name and the product's words
/// among those that are tried first: at least 10^8 guesses (score 3 of 4).
///
/// # Errors
/// [`WeakPassword`] names the first rule that it breaks.
pub fn check(
    password: &str,
    minimum_length: usize,
    email: &str,
    name: &str,
) -> Result<(), WeakPassword> {
    if password.chars().count() < minimum_length {
        return Err(WeakPassword::TooShort(minimum_length));
    }
    if password.len() > MAXIMUM_LENGTH {
        return Err(WeakPassword::TooLong);
    }
    let lower = password.to_lowercase();
    let account = email.split('@').next().unwrap_or_default().to_lowercase();
    let whole_name: String = name.to_lowercase().split_whitespace().collect();
    let holds = |word: &str| word.len() >= 4 && lower.contains(word);
    if holds(&account) || holds(&whole_name) {
        return Err(WeakPassword::ContainsAccount);
    }
    if COMMON.contains(lower.as_str()) {
        return Err(WeakPassword::Common);
    }
    let words: Vec<String> = email
        .split(|c: char| !c.is_alphanumeric())
        .chain(name.split_whitespace())
        .filter(|word| word.len() >= 3)
        .map(str::to_lowercase)
        .collect();
    let mut known: Vec<&str> = words.iter().map(String::as_str).collect();
    known.extend(PRODUCT_WORDS);
    let start: String = password.chars().take(ESTIMATED_LENGTH).collect();
    if zxcvbn::zxcvbn(&start, &known).score() < Score::Three {
        return Err(WeakPassword::TooEasy);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), WeakPassword> {
        super::check(
            password,
            DEFAULT_MINIMUM_LENGTH,
            "marie@example.com",
            "Marie Curie",
        )
    }

    #[test]
    fn common_short_and_own_names_are_refused() {
        assert_eq!(check("short"), Err(WeakPassword::TooShort(12)));
        assert_eq!(check("aaaaaaaaaaaa"), Err(WeakPassword::TooEasy));
        assert_eq!(check("Password1234"), Err(WeakPassword::Common));
        assert_eq!(check("marie-loves-it"), Err(WeakPassword::ContainsAccount));
        assert_eq!(
            check("I am mariecurie."),
            Err(WeakPassword::ContainsAccount)
        );
        assert_eq!(check(&"abcdefgh".repeat(40)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn what_is_guessed_at_once_is_refused_whatever_its_composition() {
        for easy in [
            "P@ssw0rd2026!",
            "123456789012345",
            "abcabcabcabcabc",
            "qwertyuiop123",
            "Hospital2026!",
            "MedicalPortal1",
            "Curie12345678",
        ] {
            assert!(check(easy).is_err(), "{easy}");
        }
    }

    #[test]
    fn words_blanks_and_any_script_are_taken() {
        for fine in [
            "correct horse battery",
            "a quiet garden",
            "demo-portal-2026",
            "another quiet garden",
            "vier kleine Igel am Zaun",
            "тихий сад за домом",
            &"long and longer, ".repeat(15),
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    /// ASVS 6.2.4: at least the 3000 most common that the length rule lets through.
    #[test]
    fn every_password_of_the_list_is_refused() {
        let long_enough = COMMON
            .iter()
            .filter(|word| word.chars().count() >= LEAST_MINIMUM_LENGTH);
        assert_eq!(long_enough.count(), COMMON.len());
        assert!(COMMON.len() >= 3000, "{}", COMMON.len());
        for word in COMMON.iter() {
            for typed in [(*word).to_owned(), word.to_uppercase()] {
                let refused =
                    super::check(&typed, LEAST_MINIMUM_LENGTH, "marie@example.com", "Marie");
                assert!(refused.is_err(), "{typed}");
            }
        }
    }
}
