//! Messages of OpenPGP (RFC 4880) encrypted with a password, as `pgcrypto` reads and writes them: AES-256 in
//! CFB mode with a modification detection code, the key from the password by iterated and salted SHA-256.
//! The password is 256 bits of randomness, so the fewest iterations are enough.

use aes::{
    Aes256,
    cipher::{BlockEncrypt, KeyInit},
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Symmetric-key encrypted session key, version 4.
const SESSION_KEY: u8 = 3;
/// Symmetrically encrypted and integrity protected data, version 1.
const PROTECTED: u8 = 18;
const LITERAL: u8 = 11;
const AES_256: u8 = 9;
const SHA_256: u8 = 8;
const ITERATED_AND_SALTED: u8 = 3;
/// 1024 octets, the fewest.
const COUNT: u8 = 0;
/// The modification detection code's packet: its head, then a SHA-1.
const CODE_HEAD: [u8; 2] = [0xd3, 20];
const BLOCK: usize = 16;

pub(crate) fn encrypt(
    password: &[u8],
    plain: &[u8],
    salt: [u8; 8],
    prefix: [u8; BLOCK],
) -> Vec<u8> {
    let mut body = Zeroizing::new(Vec::with_capacity(plain.len() + 64));
    body.extend_from_slice(&prefix);
    body.extend_from_slice(&prefix[BLOCK - 2..]);
    // Binary, no name, no date.
    let literal = [&[b'b', 0, 0, 0, 0, 0], plain].concat();
    packet(&mut body, LITERAL, &Zeroizing::new(literal));
    body.extend_from_slice(&CODE_HEAD);
    let code = digest(&SHA1_FOR_LEGACY_USE_ONLY, &body);
    body.extend_from_slice(code.as_ref());
    Cfb::new(&session_key(password, salt, COUNT)).encrypt(&mut body);

    let mut message = Vec::with_capacity(body.len() + 32);
    let mut head = vec![4, AES_256, ITERATED_AND_SALTED, SHA_256];
    head.extend_from_slice(&salt);
    head.push(COUNT);
    packet(&mut message, SESSION_KEY, &head);
    packet(&mut message, PROTECTED, &[&[1], body.as_slice()].concat());
    message
}

/// The plain bytes, or `None` when the message is not whole or the password is another one.
pub(crate) fn decrypt(password: &[u8], message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut rest = message;
    let (tag, head) = next_packet(&mut rest)?;
    let &[4, AES_256, ITERATED_AND_SALTED, SHA_256, ref more @ ..] = head.as_slice() else {
        return None;
    };
    let (salt, count) = (more.get(..8)?.try_into().ok()?, *more.get(8)?);
    let (protected, body) = next_packet(&mut rest)?;
    if tag != SESSION_KEY || protected != PROTECTED || !rest.is_empty() || *body.first()? != 1 {
        return None;
    }
    let mut body = Zeroizing::new(body[1..].to_vec());
    Cfb::new(&session_key(password, salt, count)).decrypt(&mut body);
    let (covered, code) = body.split_at_checked(body.len().checked_sub(20)?)?;
    if digest(&SHA1_FOR_LEGACY_USE_ONLY, covered).as_ref() != code {
        return None;
    }
    let mut packets = covered.strip_suffix(&CODE_HEAD)?.get(BLOCK + 2..)?;
    let (tag, literal) = next_packet(&mut packets)?;
    let literal = Zeroizing::new(literal);
    if tag != LITERAL || !packets.is_empty() {
        return None;
    }
    let name = usize::from(*literal.get(1)?);
    Some(Zeroizing::new(literal.get(2 + name + 4..)?.to_vec()))
}

fn session_key(password: &[u8], salt: [u8; 8], count: u8) -> Zeroizing<[u8; 32]> {
    let round = Zeroizing::new([&salt, password].concat());
    let octets = (16 + usize::from(count & 15)) << ((count >> 4) + 6);
    let mut left = octets.max(round.len());
    let mut hasher = Sha256::new();
    while left > 0 {
        let part = left.min(round.len());
        hasher.update(&round[..part]);
        left -= part;
    }
    Zeroizing::new(hasher.finalize().into())
}

/// Writes a packet with a new-format head.
fn packet(message: &mut Vec<u8>, tag: u8, body: &[u8]) {
    message.push(0xc0 | tag);
    let length = body.len();
    match length {
        0..192 => message.push(u8::try_from(length).expect("it is below 192")),
        _ => {
            message.push(0xff);
            let length = u32::try_from(length).expect("a secret is small");
            message.extend_from_slice(&length.to_be_bytes());
        }
    }
    message.extend_from_slice(body);
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

/// Reads a packet with a new-format head, also one that comes in parts, as `pgcrypto` writes them.
fn next_packet(rest: &mut &[u8]) -> Option<(u8, Vec<u8>)> {
    let head = take(rest, 1)?[0];
    let tag = head & 0x3f;
    if head & 0xc0 != 0xc0 {
        return None;
    }
    let mut body = Vec::new();
    loop {
        let first = take(rest, 1)?[0];
        let (length, is_last) = match first {
            0..192 => (usize::from(first), true),
            192..224 => {
                let second = usize::from(take(rest, 1)?[0]);
                (((usize::from(first) - 192) << 8) + second + 192, true)
            }
            224..255 => (1 << (first & 0x1f), false),
            255 => {
                let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
                (usize::try_from(length).ok()?, true)
            }
        };
        body.extend_from_slice(take(rest, length)?);
        if is_last {
            return Some((tag, body));
        }
    }
}

/// Cipher feedback over whole blocks, from a block of zeros.
struct Cfb(Aes256);

impl Cfb {
    fn new(key: &[u8; 32]) -> Self {
        Self(Aes256::new(key.into()))
    }

    fn encrypt(&self, bytes: &mut [u8]) {
        let mut feedback = [0; BLOCK];
        for block in bytes.chunks_mut(BLOCK) {
            self.mask(&feedback, block);
            feedback[..block.len()].copy_from_slice(block);
        }
    }

    fn decrypt(&self, bytes: &mut [u8]) {
        let mut feedback = [0; BLOCK];
        for block in bytes.chunks_mut(BLOCK) {
            let mut next = [0; BLOCK];
            next[..block.len()].copy_from_slice(block);
            self.mask(&feedback, block);
            feedback = next;
        }
    }

    fn mask(&self, feedback: &[u8; BLOCK], block: &mut [u8]) {
        let mut mask = (*feedback).into();
        self.0.encrypt_block(&mut mask);
        for (byte, mask) in block.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_every_altered_byte_is_noticed(
            plain in prop::collection::vec(any::<u8>(), 0..400), position: prop::sample::Index
        ) {
            let mut message = encrypt(b"password", &plain, [7; 8], [9; BLOCK]);
            prop_assert_eq!(&**decrypt(b"password", &message).unwrap(), &plain[..]);
            prop_assert!(decrypt(b"Password", &message).is_none());
            let position = position.index(message.len());
            message[position] ^= 0x10;
            prop_assert!(decrypt(b"password", &message).is_none(), "byte {}", position);
            prop_assert!(decrypt(b"password", &message[..position]).is_none());
        }
    }
}
