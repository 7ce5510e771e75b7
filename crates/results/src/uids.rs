//! Identifiers of what is written, made and not drawn: the same each time.

use sha2::{Digest as _, Sha256};
use uuid::Builder;

/// A UID of these parts (PS3.5 B.2): of an RFC 9562 UUID of version 8 whose bits are a digest of them.
pub(crate) fn uid_of(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // With its length before it, so that no two lists of parts come to one text.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    imaging::write::uid_from_u128(Builder::from_custom_bytes(bytes).into_uuid().as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_list_of_parts_has_one_uid_and_another_has_another() {
        let uid = uid_of(&[b"ab", b"c"]);
        assert_eq!(uid, uid_of(&[b"ab", b"c"]));
        assert_ne!(uid, uid_of(&[b"a", b"bc"]));
        assert!(uid.starts_with("2.25.") && uid.len() <= 44);
    }
}
