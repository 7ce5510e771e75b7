//! What a new password must be (NIST SP 800-63B section 5.1.1.2: length counts, not composition).

/// Fewest characters of a new password.
pub const MINIMUM_LENGTH: usize = 10;
/// Most bytes; longer ones only cost hashing time.
pub const MAXIMUM_LENGTH: usize = 256;

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`MINIMUM_LENGTH`] characters.
    #[error(
        "too short: use at least {MINIMUM_LENGTH} characters; a few words make a good password"
    )]
    TooShort,
    /// More than [`MAXIMUM_LENGTH`] bytes.
    #[error("too long: use at most {MAXIMUM_LENGTH} bytes")]
    TooLong,
    /// Fewer than five different characters.
    #[error("too uniform: use at least five different characters")]
    TooUniform,
    /// The account's own address.
    #[error("the password contains the name of the account: choose something else")]
    ContainsAccount,
    /// Among the first that anybody tries.
    #[error("this password is among the most common ones: choose something else")]
    Common,
}

/// Stems of the passwords that are tried first; a password that is one of them with digits and
/// punctuation around it is refused.
const COMMON_STEMS: &[&str] = &[
    "password",
    "passwort",
    "letmein",
    "welcome",
    "qwertyuiop",
    "qwerty",
    "iloveyou",
    "administrator",
    "admin",
    "changeme",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "trustno",
    "hospital",
    "radiology",
    "doctor",
    "portal",
    "medicalportal",
    "abc",
    "asdfghjkl",
    "zxcvbnm",
    "monkey",
    "dragon",
    "master",
    "secret",
];

/// Checks a new password for an account.
///
/// # Errors
/// [`WeakPassword`] names the first rule that it breaks.
pub fn check(password: &str, email: &str) -> Result<(), WeakPassword> {
    if password.chars().count() < MINIMUM_LENGTH {
        return Err(WeakPassword::TooShort);
    }
    if password.len() > MAXIMUM_LENGTH {
        return Err(WeakPassword::TooLong);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < 5 {
        return Err(WeakPassword::TooUniform);
    }
    let lower = password.to_lowercase();
    let account = email.split('@').next().unwrap_or_default();
    if account.len() >= 4 && lower.contains(account) {
        return Err(WeakPassword::ContainsAccount);
    }
    let stem = lower.trim_matches(|c: char| !c.is_alphabetic());
    if stem.is_empty() && is_run(&lower) || COMMON_STEMS.contains(&stem) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

/// Whether the text is digits counting up or down, such as 1234567890.
fn is_run(text: &str) -> bool {
    let bytes = text.as_bytes();
    let steps = |step: i16| {
        bytes.windows(2).all(|pair| {
            let difference = i16::from(pair[1]) - i16::from(pair[0]);
            difference == step || difference == -9 * step
        })
    };
    steps(1) || steps(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_short_and_own_names_are_refused() {
        fn check(password: &str) -> Result<(), WeakPassword> {
            super::check(password, "marie@example.com")
        }
        assert_eq!(check("short"), Err(WeakPassword::TooShort));
        assert_eq!(check("aaaaaaaaaaaa"), Err(WeakPassword::TooUniform));
        assert_eq!(check("Password123!"), Err(WeakPassword::Common));
        assert_eq!(check("1234567890"), Err(WeakPassword::Common));
        assert_eq!(check("marie-loves-it"), Err(WeakPassword::ContainsAccount));
        assert_eq!(check(&"abcdefgh".repeat(40)), Err(WeakPassword::TooLong));
        assert_eq!(check("correct horse battery"), Ok(()));
    }
}
