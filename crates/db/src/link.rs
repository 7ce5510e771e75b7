//! What lies between the portal and its database.

use std::net::IpAddr;

use sqlx::postgres::PgSslMode;

use crate::{DatabaseOptions, DbError};

/// Passwords that stand in manuals and examples, this project's own among them.
const KNOWN_PASSWORDS: [&str; 12] = [
    "PASSWORD",
    "password",
    "postgres",
    "portal",
    "portal_login",
    "portal_admin",
    "medical-portal",
    "change-me",
    "changeme",
    "secret",
    "admin",
    "example",
];

/// How a database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseLink {
    /// Nothing leaves this machine.
    Local,
    /// TLS, and the server has shown a certificate that somebody trusted has signed.
    Verified,
    /// A network that anybody on it may listen to or answer on.
    Plain,
}

impl DatabaseLink {
    /// What an address says.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn of(url: &str) -> Result<Self, DbError> {
        let options = DatabaseOptions::new(url).connect_options()?;
        let host = options.get_host();
        let is_loopback = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if options.get_socket().is_some() || host.starts_with('/') || is_loopback {
            return Ok(Self::Local);
        }
        Ok(match options.get_ssl_mode() {
            PgSslMode::VerifyCa | PgSslMode::VerifyFull => Self::Verified,
            _ => Self::Plain,
        })
    }

    /// Whether an address carries a password that everybody knows.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn has_default_password(url: &str) -> Result<bool, DbError> {
        let url = url::Url::parse(url).map_err(|_| DbError::NoDatabaseName)?;
        Ok(url
            .password()
            .is_some_and(|password| KNOWN_PASSWORDS.contains(&password)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_certificate_counts_over_a_network() {
        for (url, link) in [
            ("postgres://a@db.example.org/portal", DatabaseLink::Plain),
            (
                "postgres://a@db.example.org/portal?sslmode=require",
                DatabaseLink::Plain,
            ),
            (
                "postgres://a@db.example.org/portal?sslmode=verify-full",
                DatabaseLink::Verified,
            ),
            ("postgres://a@10.0.0.7/portal", DatabaseLink::Plain),
            ("postgres://a@127.0.0.1/portal", DatabaseLink::Local),
            ("postgres://a@[::1]/portal", DatabaseLink::Local),
            ("postgres://a@localhost/portal", DatabaseLink::Local),
            (
                "postgres://a@%2Frun%2Fpostgresql/portal",
                DatabaseLink::Local,
            ),
            (
                "postgres:///portal?host=/run/postgresql",
                DatabaseLink::Local,
            ),
        ] {
            assert_eq!(DatabaseLink::of(url).unwrap(), link, "{url}");
        }
        assert!(DatabaseLink::has_default_password("postgres://a:PASSWORD@h/portal").unwrap());
        assert!(!DatabaseLink::has_default_password("postgres://a:v8Zk2@h/portal").unwrap());
    }
}
