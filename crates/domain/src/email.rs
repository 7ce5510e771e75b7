//! E-mail addresses, checked and in lower case.

use serde::{Deserialize, Serialize};

/// An address as used to sign in: trimmed, lower case, with one `@`, at most 254 bytes
/// (RFC 5321 section 4.5.3.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "email")]
pub struct EmailAddress(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: write it like name@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let unfit = |c: char| c.is_whitespace() || c.is_control() || "@,;<>()[]\"\\".contains(c);
        let fits = !local.is_empty()
            && local.len() <= 64
            && text.len() <= 254
            && !local.contains(unfit)
            && !host.contains(unfit)
            && host
                .split('.')
                .all(|label| !label.is_empty() && !label.starts_with('-'));
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidEmail)
        }
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = InvalidEmail;
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::try_from(text.to_owned())
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.0
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_and_refuses_the_rest() {
        for good in ["a@b", "Name.Surname@Example.COM ", "o'neil+x@host.example"] {
            let email: EmailAddress = good.parse().unwrap();
            assert_eq!(email.as_str(), good.trim().to_lowercase());
        }
        for bad in [
            "", "a", "@b", "a@", "a b@c", "a@b@c", "a@b..c", "<a@b>", "a@-b",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        }
    }
}
