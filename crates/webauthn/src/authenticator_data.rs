//! What the authenticator says of a ceremony (WebAuthn section 6.1), and where it stands in an attestation object
//! (section 6.5).

use ciborium::Value;

use crate::{LONGEST_ID, Refused, RelyingParty};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// The authenticator's part of an answer.
#[derive(Debug)]
pub(crate) struct AuthenticatorData {
    site_hash: [u8; 32],
    flags: u8,
    pub(crate) sign_count: u32,
    /// Of a registration.
    pub(crate) credential: Option<Credential>,
}

/// A new credential.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) id: Vec<u8>,
    /// COSE, as it came.
    pub(crate) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// Out of an attestation object, whose statement is not looked at.
    pub(crate) fn of_attestation(object: &[u8]) -> Result<Self, Refused> {
        let mut rest = object;
        let entries = match take_value(&mut rest)? {
            Value::Map(entries) if rest.is_empty() => entries,
            _ => return Err(Refused::Malformed("the attestation is no map")),
        };
        let data = entries.into_iter().find_map(|(key, value)| {
            (key.as_text() == Some("authData")).then(|| value.into_bytes().ok())?
        });
        Self::parse(&data.ok_or(Refused::Malformed("there is no authenticator's part"))?)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let mut rest = bytes;
        let site_hash = take::<32>(&mut rest)?;
        let [flags] = take::<1>(&mut rest)?;
        let sign_count = u32::from_be_bytes(take::<4>(&mut rest)?);
        let credential = if flags & HAS_CREDENTIAL != 0 {
            Some(Credential::take(&mut rest)?)
        } else {
            None
        };
        if flags & HAS_EXTENSIONS != 0 {
            take_value(&mut rest)?;
        }
        if !rest.is_empty() {
            return Err(Refused::Malformed("more follows the authenticator's part"));
        }
        Ok(Self {
            site_hash,
            flags,
            sign_count,
            credential,
        })
    }

    pub(crate) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }

    pub(crate) fn verify(&self, site: &RelyingParty) -> Result<(), Refused> {
        if self.site_hash != site.id_hash() {
            return Err(Refused::Site);
        }
        let wanted = USER_PRESENT | USER_VERIFIED;
        if self.flags & wanted != wanted {
            return Err(Refused::NotVerified);
        }
        if self.is_backed_up() && self.flags & BACKUP_ELIGIBLE == 0 {
            return Err(Refused::Malformed(
                "it is backed up and cannot be backed up",
            ));
        }
        Ok(())
    }
}

impl Credential {
    fn take(rest: &mut &[u8]) -> Result<Self, Refused> {
        // Which make of authenticator it is: nobody asked.
        take::<16>(rest)?;
        let length = usize::from(u16::from_be_bytes(take::<2>(rest)?));
        if length == 0 || length > LONGEST_ID {
            return Err(Refused::Malformed("the credential's name is too long"));
        }
        let (id, after) = rest
            .split_at_checked(length)
            .ok_or(Refused::Malformed("it ends early"))?;
        *rest = after;
        take_value(rest)?;
        let public_key = after[..after.len() - rest.len()].to_vec();
        Ok(Self {
            id: id.to_vec(),
            public_key,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Refused> {
    let (taken, after) = rest
        .split_first_chunk::<N>()
        .ok_or(Refused::Malformed("it ends early"))?;
    *rest = after;
    Ok(*taken)
}

/// The next value in CBOR (RFC 8949).
fn take_value(rest: &mut &[u8]) -> Result<Value, Refused> {
    ciborium::from_reader(rest).map_err(|_| Refused::Malformed("it is no CBOR"))
}
