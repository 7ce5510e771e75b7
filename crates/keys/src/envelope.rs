//! Envelopes: a data key, encrypted with the current key (AES-256-GCM).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{
    KeyError, KeyId, Keyring,
    ring_file::{Key, Use, random},
};

/// The length of an envelope: the key's identifier, a nonce, the data key, a tag.
pub const ENVELOPE_BYTES: usize = 8 + 12 + 32 + 16;

/// A key of its own for one stored thing.
pub type DataKey = Zeroizing<[u8; 32]>;

fn cipher(key: &Key) -> LessSafeKey {
    let derived = key.derive(Use::Envelopes);
    LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, derived.as_slice()).expect("AES-256 takes 32 bytes"),
    )
}

impl Keyring {
    /// A new data key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new_data_key(&self) -> Result<DataKey, KeyError> {
        Ok(Zeroizing::new(random()?))
    }

    /// Puts a data key into an envelope that opens only for the same `belongs_to`.
    ///
    /// # Errors
    /// When the key file cannot be read, or the system gives no randomness.
    pub fn wrap(
        &self,
        data_key: &DataKey,
        belongs_to: &[u8],
    ) -> Result<[u8; ENVELOPE_BYTES], KeyError> {
        let key = self.current()?;
        let nonce: [u8; 12] = random()?;
        let mut body = Zeroizing::new(data_key.to_vec());
        cipher(&key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(belongs_to),
                &mut *body,
            )
            .expect("32 bytes are not too many");
        let mut envelope = [0; ENVELOPE_BYTES];
        envelope[..8].copy_from_slice(&key.id.0);
        envelope[8..20].copy_from_slice(&nonce);
        envelope[20..].copy_from_slice(&body);
        Ok(envelope)
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`KeyError::UnknownKey`], or [`KeyError::Envelope`] when it was altered or belongs to something else.
    pub fn unwrap(
        &self,
        envelope: &[u8; ENVELOPE_BYTES],
        belongs_to: &[u8],
    ) -> Result<DataKey, KeyError> {
        let key = self.find(wrapped_with(envelope))?;
        let nonce =
            Nonce::try_assume_unique_for_key(&envelope[8..20]).map_err(|_| KeyError::Envelope)?;
        let mut body = Zeroizing::new(envelope[20..].to_vec());
        let plain = cipher(&key)
            .open_in_place(nonce, Aad::from(belongs_to), &mut body)
            .map_err(|_| KeyError::Envelope)?;
        let plain: &[u8; 32] = (&*plain).try_into().map_err(|_| KeyError::Envelope)?;
        Ok(Zeroizing::new(*plain))
    }

    /// The key that new envelopes are made with.
    ///
    /// # Errors
    /// When the key file cannot be read.
    pub fn current_id(&self) -> Result<KeyId, KeyError> {
        Ok(self.current()?.id)
    }
}

/// The key that an envelope was made with.
#[must_use]
pub fn wrapped_with(envelope: &[u8; ENVELOPE_BYTES]) -> KeyId {
    let mut id = [0; 8];
    id.copy_from_slice(&envelope[..8]);
    KeyId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_opens_after_a_rotation_and_for_its_own_thing_only() {
        let folder = tempfile::tempdir().unwrap();
        let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let keys = Keyring::load_or_make(&folder.path().join("k"), now).unwrap();
        let data_key = keys.new_data_key().unwrap();
        let envelope = keys.wrap(&data_key, b"one").unwrap();
        keys.rotate(now).unwrap();
        assert_eq!(keys.unwrap(&envelope, b"one").unwrap(), data_key);
        assert!(matches!(
            keys.unwrap(&envelope, b"two"),
            Err(KeyError::Envelope)
        ));
        for position in 0..ENVELOPE_BYTES {
            let mut altered = envelope;
            altered[position] ^= 1;
            assert!(keys.unwrap(&altered, b"one").is_err(), "byte {position}");
        }
        let old = keys.list().unwrap()[0].id;
        keys.forget(old).unwrap();
        assert!(matches!(
            keys.unwrap(&envelope, b"one"),
            Err(KeyError::UnknownKey { .. })
        ));
    }
}
