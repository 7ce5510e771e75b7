//! The version a PostgreSQL server reports about itself.

use std::fmt;

/// The oldest major version the portal's schema works with.
pub(crate) const OLDEST_MAJOR: u32 = 14;

/// A PostgreSQL version such as 15.14; orders oldest to newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    /// Decides whether binaries and a cluster fit together.
    pub major: u32,
    /// Bug-fix release; 0 for a beta or release candidate.
    pub minor: u32,
}

impl ServerVersion {
    /// Reads the answer of `postgres --version`, e.g. `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
    /// `None` when the text is something else.
    pub(crate) fn parse(answer: &str) -> Option<Self> {
        let number = answer
            .split_once("(PostgreSQL)")?
            .1
            .split_whitespace()
            .next()?;
        let (major, rest) = leading_number(number)?;
        let minor = rest.strip_prefix('.').and_then(leading_number);
        Some(Self {
            major,
            minor: minor.map_or(0, |(minor, _)| minor),
        })
    }
}

/// The digits that `text` begins with, and what follows them.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(answer: &str) -> Option<(u32, u32)> {
        ServerVersion::parse(answer).map(|version| (version.major, version.minor))
    }

    #[test]
    fn reads_what_servers_answer() {
        assert_eq!(
            parsed("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some((15, 14))
        );
        assert_eq!(parsed("postgres (PostgreSQL) 17.2"), Some((17, 2)));
        assert_eq!(parsed("postgres (PostgreSQL) 18beta1"), Some((18, 0)));
        assert_eq!(parsed("postgres (PostgreSQL) 9.6.24"), Some((9, 6)));
        assert_eq!(parsed("postgres (PostgreSQL)"), None);
        assert_eq!(parsed("psql 15.2"), None);
    }

    proptest! {
        #[test]
        fn round_trips(major in 0u32..100, minor in 0u32..100) {
            let version = ServerVersion { major, minor };
            prop_assert_eq!(ServerVersion::parse(&format!("postgres (PostgreSQL) {version}")), Some(version));
        }

        #[test]
        fn never_panics(text in ".*") {
            let _ = ServerVersion::parse(&format!("(PostgreSQL){text}"));
        }
    }
}
