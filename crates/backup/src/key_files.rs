//! The portal's own keys in a backup, encrypted with the backup key like all of it: so that the backup key is
//! all that must be kept elsewhere.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use keys::Keyring;

use crate::{BackupError, Key, Manifest, StoredObject, folder, seal, store::Store};

/// Names of files with their text. Keys are text.
type Texts = BTreeMap<String, String>;

/// The file of the keys of stored images and secrets, in a backup and in the folder `keys`.
pub(crate) const STORAGE: &str = "storage.key";

/// Sends the key files that are there. One that is kept elsewhere under another name is known by its place
/// in the list: the first is [`STORAGE`].
pub(crate) fn send(
    files: &[PathBuf],
    store: &dyn Store,
    key: &Key,
    object: &str,
) -> Result<StoredObject, BackupError> {
    let mut texts = Texts::new();
    for (index, path) in files.iter().enumerate() {
        let name = match (index, path.file_name().and_then(|name| name.to_str())) {
            (0, _) => STORAGE,
            (_, Some(name)) => name,
            (_, None) => continue,
        };
        match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            text => {
                let text = text.map_err(BackupError::io("cannot read", path.as_path()))?;
                texts.insert(name.to_owned(), text);
            }
        }
    }
    let bytes = serde_json::to_vec(&texts).expect("texts are JSON");
    Ok(seal::seal(store, object, key, &mut bytes.as_slice())?.1)
}

/// Puts the keys of a backup into the folder `keys` of a portal that is being restored, and opens the ring
/// for its images. Where the ring is kept elsewhere and there is one already, it takes the backup's keys on
/// as older ones.
pub(crate) fn fetch(
    store: &dyn Store,
    manifest: &Manifest,
    key: &Key,
    data_dir: &Path,
    storage_key_file: Option<&Path>,
    now: DateTime<Utc>,
) -> Result<Keyring, BackupError> {
    let mut texts = Texts::new();
    if let Some(object) = &manifest.keys {
        seal::check_stored(store, object)?;
        let mut bytes = Vec::new();
        seal::unseal(store, &object.name, key, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        texts = serde_json::from_slice(&bytes).map_err(|error| BackupError::Damaged {
            name: object.name.clone(),
            reason: error.to_string(),
        })?;
    }
    let keys = data_dir.join("keys");
    folder::make_durable(&keys).map_err(BackupError::io("cannot make", keys.as_path()))?;
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o700))
        .map_err(BackupError::io("cannot set the mode of", keys.as_path()))?;
    let storage = texts.remove(STORAGE);
    for (name, text) in &texts {
        // The list is authenticated; a path out of the folder would still be a fault of its writer.
        if name.contains('/') || name.starts_with('.') {
            continue;
        }
        keys::write_private(&keys.join(name), text.as_bytes())?;
    }
    let path = storage_key_file.map_or_else(|| keys.join(STORAGE), Path::to_owned);
    if let Some(text) = storage {
        Keyring::take_on(&path, &text)?;
    }
    Ok(Keyring::load_or_make(&path, now)?)
}
