//! Small secrets for columns of the database: encrypted here, in the format that `pgcrypto` reads and
//! writes, so that the key never reaches the server. There it could land in a log: PostgreSQL writes bind
//! parameters out with `log_statement` or `log_min_duration_statement`, and the portal's role may not
//! forbid it.

use zeroize::Zeroizing;

use crate::{
    KeyError, Keyring, openpgp,
    ring_file::{Key, Use, random},
};

/// What `pgp_sym_decrypt_bytea` takes as its password.
fn password(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(key.derive(Use::Secrets).as_slice()))
}

impl Keyring {
    /// Encrypts a secret. `purpose` says what and whose it is, such as `totp/USER_ID`; it opens for the
    /// same purpose only, so that one row's secret cannot be put into another row.
    ///
    /// # Errors
    /// When the key file cannot be read or the system gives no randomness.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(purpose.len() + 1 + secret.len()));
        plain.extend_from_slice(purpose.as_bytes());
        plain.push(0);
        plain.extend_from_slice(secret);
        let password = password(&self.current()?);
        Ok(openpgp::encrypt(
            password.as_bytes(),
            &plain,
            random()?,
            random()?,
        ))
    }

    /// Decrypts a secret.
    ///
    /// # Errors
    /// [`KeyError::Secret`].
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        for key in self.keys()?.iter().rev() {
            let Some(plain) = openpgp::decrypt(password(key).as_bytes(), sealed) else {
                continue;
            };
            if let Some(secret) = plain
                .strip_prefix(purpose.as_bytes())
                .and_then(|rest| rest.strip_prefix(&[0]))
            {
                return Ok(Zeroizing::new(secret.to_vec()));
            }
        }
        Err(KeyError::Secret {
            purpose: purpose.to_owned(),
        })
    }

    /// The same secret under the current key, or `None` when it is already.
    ///
    /// # Errors
    /// [`KeyError::Secret`] when no key of the file opens it.
    pub fn reseal(&self, sealed: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        let keys = self.keys()?;
        for (age, key) in keys.iter().rev().enumerate() {
            let Some(plain) = openpgp::decrypt(password(key).as_bytes(), sealed) else {
                continue;
            };
            if age == 0 {
                return Ok(None);
            }
            let password = password(&self.current()?);
            let anew = openpgp::encrypt(password.as_bytes(), &plain, random()?, random()?);
            return Ok(Some(anew));
        }
        Err(KeyError::Secret {
            purpose: "of any purpose".to_owned(),
        })
    }

    /// The password that opens the newest secrets with `pgp_sym_decrypt_bytea`, for a technician at a
    /// closed-off `psql`. It is the key: whoever has it reads every secret.
    ///
    /// # Errors
    /// When the key file cannot be read.
    pub fn pgcrypto_password(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(password(&self.current()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_purpose_also_after_a_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let keys = Keyring::load_or_make(&folder.path().join("k"), now).unwrap();
        let sealed = keys.seal("totp/anna", b"JBSWY3DPEHPK3PXP").unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"JBSWY3DP"));
        assert_ne!(sealed, keys.seal("totp/anna", b"JBSWY3DPEHPK3PXP").unwrap());
        assert_eq!(keys.reseal(&sealed).unwrap(), None);
        keys.rotate(now).unwrap();
        assert_eq!(
            **keys.open("totp/anna", &sealed).unwrap(),
            *b"JBSWY3DPEHPK3PXP"
        );
        assert!(keys.open("totp/bert", &sealed).is_err());
        let anew = keys.reseal(&sealed).unwrap().unwrap();
        keys.forget(keys.list().unwrap()[0].id).unwrap();
        assert!(keys.open("totp/anna", &sealed).is_err());
        assert_eq!(
            **keys.open("totp/anna", &anew).unwrap(),
            *b"JBSWY3DPEHPK3PXP"
        );
    }
}
