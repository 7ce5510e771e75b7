//! The key that backups are encrypted with: an `age` identity (X25519) in a file of its own, outside
//! of the data folder, so that losing the one does not lose the other.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use age::secrecy::ExposeSecret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{BackupError, folder};

/// A key.
pub struct Key {
    identity: age::x25519::Identity,
    path: PathBuf,
}

impl std::fmt::Debug for Key {
    /// Without the key itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

/// Where the key is when nobody says otherwise: `/etc/medical-portal/backup.key` for root, else
/// `medical-portal/backup.key` in the user's configuration folder. `None` without a home folder.
#[must_use]
pub fn default_key_path() -> Option<PathBuf> {
    if nix::unistd::Uid::effective().is_root() {
        return Some(PathBuf::from("/etc/medical-portal/backup.key"));
    }
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    folder("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".config")))
        .map(|config| config.join("medical-portal/backup.key"))
}

impl Key {
    /// Reads a key file: the secret of an `age` identity, lines that begin with `#` left out.
    ///
    /// # Errors
    /// [`BackupError::NoKey`], or [`BackupError::BadKey`] when it holds none or others may read it.
    pub fn load(path: &Path) -> Result<Self, BackupError> {
        let bad = |reason: &str| BackupError::BadKey {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::NoKey {
                    path: path.to_owned(),
                });
            }
            metadata => metadata.map_err(|error| bad(&error.to_string()))?,
        };
        if metadata.mode() & 0o077 != 0 {
            return Err(bad(
                "others may read it: say chmod 600, and think about who has read it",
            ));
        }
        let text = fs::read_to_string(path).map_err(|error| bad(&error.to_string()))?;
        let identity = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .ok_or_else(|| bad("it is empty"))?
            .parse()
            .map_err(|_| bad("it holds no age secret key (AGE-SECRET-KEY-1…)"))?;
        Ok(Self {
            identity,
            path: path.to_owned(),
        })
    }

    /// Reads the key, or makes one where there is none yet. Says whether it was made; then a copy of
    /// it must be kept elsewhere.
    ///
    /// # Errors
    /// As [`Key::load`], and when the file cannot be written.
    pub fn load_or_make(path: &Path) -> Result<(Self, bool), BackupError> {
        match Self::load(path) {
            Err(BackupError::NoKey { .. }) => {}
            loaded => return loaded.map(|key| (key, false)),
        }
        let identity = age::x25519::Identity::generate();
        let make = || -> io::Result<bool> {
            let folder = path.parent().unwrap_or(Path::new("/"));
            folder::make_durable(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(0o600))?;
            writeln!(
                file,
                "# Key of the portal's backups (age, X25519). Without it no backup can be read:\n\
                 # keep a copy where neither this machine nor the backups are.\n\
                 # public key: {}\n{}",
                identity.to_public(),
                identity.to_string().expose_secret()
            )?;
            file.as_file().sync_all()?;
            match file.persist_noclobber(path) {
                // Two first backups at once: the other one's key counts.
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error.error),
                Ok(_) => File::open(folder)?.sync_all().map(|()| true),
            }
        };
        let made = make().map_err(BackupError::io("cannot write the backup key", path))?;
        Self::load(path).map(|key| (key, made))
    }

    /// Names the key without revealing it: the first half of the SHA-256 of its public part.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.identity.to_public().to_string().as_bytes());
        hex::encode(&digest[..16])
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn identity(&self) -> &age::x25519::Identity {
        &self.identity
    }

    /// What only a holder of the key can compute of these bytes.
    pub(crate) fn authenticate(&self, bytes: &[u8]) -> String {
        let mut mac = Self::mac(
            Self::mac(self.identity.to_string().expose_secret().as_bytes())
                .chain_update(b"medical-portal backup manifest 1")
                .finalize()
                .into_bytes()
                .as_slice(),
        );
        mac.update(bytes);
        hex::encode(mac.finalize().into_bytes())
    }

    fn mac(key: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etc/backup.key");
        let (first, made) = Key::load_or_make(&path).unwrap();
        let (second, again) = Key::load_or_make(&path).unwrap();
        assert_eq!((made, again), (true, false));
        assert_eq!(first.fingerprint(), second.fingerprint());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let secret = first.identity.to_string();
        assert!(!format!("{first:?}").contains(secret.expose_secret()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            Key::load(&path)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        fs::remove_file(&path).unwrap();
        assert!(
            Key::load(&path)
                .unwrap_err()
                .to_string()
                .contains("--key-file")
        );
    }
}
