//! The key that seals are signed with (Ed25519), outside of the database: the secret in `audit-signing.key`, every
//! public key that ever was in `audit-public-keys.txt`, which may be given to whoever checks the trail.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use sha2::{Digest, Sha256};

use crate::TrailError;

const SECRET: &str = "audit-signing.key";
const PUBLIC: &str = "audit-public-keys.txt";
const HEAD: &str = "# Public keys of the audit trail's seals (Ed25519), oldest first. A line: identifier, from when on, key.\n";

/// Names a key: the first bytes of the SHA-256 of its public half.
pub type SigningKeyId = [u8; 8];

fn key_id(public: &[u8]) -> SigningKeyId {
    let digest = Sha256::digest(public);
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    id
}

/// Signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    id: SigningKeyId,
}

impl std::fmt::Debug for SigningKey {
    /// Without the key itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &hex::encode(self.id))
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> SigningKeyId {
        self.id
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(bytes).as_ref());
        signature
    }
}

/// The folder of the keys.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    folder: PathBuf,
}

impl SigningKeys {
    /// The keys in a folder, `keys` of the data folder.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The file of the secret key.
    #[must_use]
    pub fn secret_path(&self) -> PathBuf {
        self.folder.join(SECRET)
    }

    /// The file of the public keys.
    #[must_use]
    pub fn public_path(&self) -> PathBuf {
        self.folder.join(PUBLIC)
    }

    /// The current key; made where there is none yet and no seal of an earlier one can exist.
    ///
    /// # Errors
    /// When the file is missing though there have been keys, cannot be read, or others may read it.
    pub fn current(&self, now: DateTime<Utc>) -> Result<SigningKey, TrailError> {
        match self.load() {
            Err(TrailError::NoKey { .. }) if !self.public_path().exists() => self.rotate(now),
            loaded => loaded,
        }
    }

    fn load(&self) -> Result<SigningKey, TrailError> {
        let path = self.secret_path();
        let bad = |reason: String| TrailError::BadKey {
            path: path.clone(),
            reason,
        };
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TrailError::NoKey { path });
            }
            metadata => metadata.map_err(|error| bad(error.to_string()))?,
        };
        if metadata.mode() & 0o077 != 0 {
            return Err(bad(
                "others may read it: say chmod 600, then `audit rotate-key`".to_owned(),
            ));
        }
        let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        let line = text
            .lines()
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .ok_or_else(|| bad("it is empty".to_owned()))?;
        let document = BASE64_STANDARD
            .decode(line.trim())
            .map_err(|_| bad("it holds no key".to_owned()))?;
        let pair = Ed25519KeyPair::from_pkcs8(&document)
            .map_err(|_| bad("it holds no Ed25519 key".to_owned()))?;
        let id = key_id(pair.public_key().as_ref());
        Ok(SigningKey { pair, id })
    }

    /// Makes a new key, which signs from now on. The public halves of the others stay; their secrets are gone.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn rotate(&self, now: DateTime<Utc>) -> Result<SigningKey, TrailError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| keys::KeyError::NoRandomness)?;
        let pair =
            Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("the document was just made");
        let public = pair.public_key().as_ref();
        let id = key_id(public);
        // The public half first: a seal must never be there before what checks it.
        let mut list = match fs::read_to_string(self.public_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => HEAD.to_owned(),
            list => list.map_err(|error| TrailError::BadKey {
                path: self.public_path(),
                reason: error.to_string(),
            })?,
        };
        list.push_str(&format!(
            "{} {} {}\n",
            hex::encode(id),
            now.to_rfc3339_opts(SecondsFormat::Secs, true),
            BASE64_STANDARD.encode(public)
        ));
        keys::write_private(&self.public_path(), list.as_bytes())?;
        let text = format!(
            "# Signs the audit trail's seals (Ed25519, PKCS #8). Whoever has it can forge seals.\n{}\n",
            BASE64_STANDARD.encode(document.as_ref())
        );
        keys::write_private(&self.secret_path(), text.as_bytes())?;
        Ok(SigningKey { pair, id })
    }
}

/// Public keys that are trusted.
#[derive(Debug, Clone, Default)]
pub struct PublicKeys(Vec<(SigningKeyId, Vec<u8>)>);

impl PublicKeys {
    /// Reads a file of public keys.
    ///
    /// # Errors
    /// When it is not there or holds none.
    pub fn load(path: &Path) -> Result<Self, TrailError> {
        let bad = |reason: String| TrailError::BadKey {
            path: path.to_owned(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let mut keys = Vec::new();
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let public = line
                .split_whitespace()
                .last()
                .and_then(|word| BASE64_STANDARD.decode(word).ok())
                .filter(|public| public.len() == 32)
                .ok_or_else(|| bad(format!("'{line}' is no public key")))?;
            keys.push((key_id(&public), public));
        }
        if keys.is_empty() {
            return Err(bad("it holds no public key".to_owned()));
        }
        Ok(Self(keys))
    }

    /// Whether a key is among them.
    #[must_use]
    pub fn knows(&self, id: &[u8]) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    pub(crate) fn verify(&self, id: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
        self.0.iter().any(|(known, public)| {
            known == id
                && UnparsedPublicKey::new(&ED25519, public)
                    .verify(bytes, signature)
                    .is_ok()
        })
    }
}
