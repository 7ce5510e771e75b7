//! Which backups there are.

use crate::{BackupError, BackupId, Files, Key, Manifest, seal, store, store::Store};

/// A backup as found, or what is wrong with it.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub id: BackupId,
    /// What it says of itself.
    pub manifest: Result<Manifest, BackupError>,
}

/// The backups at a destination, oldest first. What has no manifest was cut off and is none; one
/// whose manifest cannot be read is listed with the reason. With a key, manifests must be its own.
///
/// # Errors
/// When the destination cannot be read.
pub fn list(store: &dyn Store, key: Option<&Key>) -> Result<Vec<Found>, BackupError> {
    let mut found = Vec::new();
    for id in ids(store)? {
        match read(store, &id, key) {
            // Pruned meanwhile.
            Err(BackupError::Missing { .. }) => {}
            manifest => found.push(Found { id, manifest }),
        }
    }
    Ok(found)
}

/// The names of the backups, oldest first.
pub(crate) fn ids(store: &dyn Store) -> Result<Vec<BackupId>, BackupError> {
    let mut ids: Vec<BackupId> = store
        .list("backups")?
        .iter()
        .filter_map(|object| {
            object
                .name
                .strip_prefix("backups/")?
                .strip_suffix("/manifest.json")?
                .parse()
                .ok()
        })
        .collect();
    ids.sort();
    Ok(ids)
}

fn read(store: &dyn Store, id: &BackupId, key: Option<&Key>) -> Result<Manifest, BackupError> {
    let bytes = store::read_small(store, &id.object("manifest.json"))?;
    Manifest::from_bytes(id, &bytes, key)
}

/// The manifest of the backup of this name.
///
/// # Errors
/// [`BackupError::Unknown`], which lists what is there; [`BackupError::WrongKey`]; damage.
pub fn find(store: &dyn Store, id: &str, key: &Key) -> Result<Manifest, BackupError> {
    /// More would not be read.
    const SHOWN: usize = 5;
    let unknown = |there: String| BackupError::Unknown {
        id: id.chars().take(60).collect(),
        place: store.place(),
        there,
    };
    let known = ids(store)?;
    let wanted = known.iter().find(|known| known.as_str() == id);
    let Some(wanted) = wanted else {
        let newest: Vec<&str> = known
            .iter()
            .rev()
            .take(SHOWN)
            .map(BackupId::as_str)
            .collect();
        return Err(unknown(match known.len() {
            0 => "there are no backups".to_owned(),
            count if count > SHOWN => {
                format!("the newest of {count} there: {}", newest.join(", "))
            }
            _ => format!("there are: {}", newest.join(", ")),
        }));
    };
    read(store, wanted, Some(key))
}

/// The list of a backup's files, checked against its manifest.
pub(crate) fn files(
    store: &dyn Store,
    manifest: &Manifest,
    key: &Key,
) -> Result<Files, BackupError> {
    seal::check_stored(store, &manifest.files)?;
    let mut text = Vec::new();
    seal::unseal(store, &manifest.files.name, key, &mut |part| {
        text.extend_from_slice(part);
        Ok(())
    })?;
    let damaged = |reason: String| BackupError::Damaged {
        name: manifest.files.name.clone(),
        reason,
    };
    let files: Files = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let is_digest =
        |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if files
        .blobs
        .iter()
        .chain(&files.models)
        .any(|file| !is_digest(&file.sha256))
    {
        return Err(damaged("it names what is no SHA-256".to_owned()));
    }
    Ok(files)
}
