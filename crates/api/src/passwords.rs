//! Password hashing: Argon2id (RFC 9106, second recommended choice scaled to m = 19 MiB, t = 2,
//! p = 1 as in the OWASP cheat sheet); bcrypt hashes of an imported system verify and are replaced.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::problem::{Away, Problem};

/// A hash of a password that nobody has, so that an unknown address costs the same time as a wrong
/// password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$SLb1l+MnJ1a9ziuRHwOQyWYVwtQLxVRRRCOEz5FzF1w";

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password.
    Wrong,
    /// It is.
    Right,
    /// It is, and the hash should be replaced by a new one.
    RightButOutdated,
}

/// Hashes and compares passwords, a few at a time: each takes 19 MiB and a core.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Passwords {
    /// A new hash.
    ///
    /// # Errors
    /// When the system has no randomness or the server is going down.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let _turn = self.turns.acquire().await.map_err(|_| {
            Problem::Unavailable(Away::Part, "password hashing is closed".to_owned())
        })?;
        tokio::task::spawn_blocking(move || hash_now(&password)).await?
    }

    /// Compares a password with a hash; with none, takes the same time and says [`Verdict::Wrong`].
    ///
    /// # Errors
    /// When the server is going down.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<Verdict, Problem> {
        let _turn = self.turns.acquire().await.map_err(|_| {
            Problem::Unavailable(Away::Part, "password hashing is closed".to_owned())
        })?;
        Ok(tokio::task::spawn_blocking(move || verify_now(&password, hash.as_deref())).await?)
    }
}

/// Fewest characters of a new password, by the setting.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn minimum_length(tx: &mut db::ActorTx) -> Result<usize, Problem> {
    Ok(db::settings::get(tx, domain::settings::PASSWORD_MINIMUM_LENGTH).await?)
}

/// A new hash, on this thread.
///
/// # Errors
/// When the system has no randomness.
pub fn hash_now(password: &str) -> Result<String, Problem> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Problem::Internal(format!("cannot hash a password: {error}")))
}

fn verify_now(password: &str, hash: Option<&str>) -> Verdict {
    let known = hash.is_some();
    let hash = hash.unwrap_or(NOBODY);
    if hash.starts_with("$2") {
        return match bcrypt::verify(password, hash) {
            Ok(true) => Verdict::RightButOutdated,
            _ => Verdict::Wrong,
        };
    }
    let Ok(parsed) = PasswordHash::new(hash) else {
        return Verdict::Wrong;
    };
    let matches = Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    if !matches || !known {
        return Verdict::Wrong;
    }
    let current = hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$");
    if current {
        Verdict::Right
    } else {
        Verdict::RightButOutdated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_verify_and_old_ones_are_to_be_replaced() {
        let hash = hash_now("correct horse battery").unwrap();
        assert_eq!(
            verify_now("correct horse battery", Some(&hash)),
            Verdict::Right
        );
        assert_eq!(verify_now("wrong", Some(&hash)), Verdict::Wrong);
        let bcrypt = bcrypt::hash("correct horse battery", 4).unwrap();
        assert_eq!(
            verify_now("correct horse battery", Some(&bcrypt)),
            Verdict::RightButOutdated
        );
        assert_eq!(verify_now("wrong", Some(&bcrypt)), Verdict::Wrong);
        assert_eq!(verify_now("anything", None), Verdict::Wrong);
        assert_eq!(verify_now("anything", Some("garbage")), Verdict::Wrong);
        assert!(
            PasswordHash::new(NOBODY).is_ok(),
            "the hash of nobody must cost a real comparison"
        );
    }
}
