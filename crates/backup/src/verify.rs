//! Trusting a backup because it was restored.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use db::snapshot::{Snapshot, TableFigures};
use serde::Serialize;

use crate::{
    BackupError, FileEntry, Files, Key, Manifest, catalogue, parallel, restore, scratch::Scratch,
    seal, store::Store,
};

/// Something in which a backup is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The object or table.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

/// What a verification found.
#[derive(Debug)]
pub struct Verification {
    /// The backup.
    pub manifest: Manifest,
    /// Tables restored and compared.
    pub tables: usize,
    /// Rows in them.
    pub rows: i64,
    /// Blobs and model files read back.
    pub files: usize,
    /// Their size in bytes, plain.
    pub bytes: u64,
    /// What differs; empty when the backup can be relied on.
    pub faults: Vec<Fault>,
}

/// Checks every checksum, restores the database into a scratch cluster in a folder under `scratch`,
/// compares rows and digest of every table, and reads back every file.
///
/// # Errors
/// When the manifest cannot be trusted or the check cannot be made; what differs is in
/// [`Verification::faults`].
pub async fn verify(
    store: Arc<dyn Store>,
    id: &str,
    key: Arc<Key>,
    scratch: &Path,
    binaries: Option<PathBuf>,
) -> Result<Verification, BackupError> {
    let (lock, manifest) = {
        let (store, key, id) = (store.clone(), key.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || {
            let lock = store.lock(false)?;
            catalogue::find(store.as_ref(), &id, &key).map(|manifest| (lock, manifest))
        })
        .await??
    };
    let read_back = {
        let (store, key, manifest) = (store.clone(), key.clone(), manifest.clone());
        tokio::task::spawn_blocking(move || read_back(store.as_ref(), &manifest, &key))
    };
    let database = compare_database(&store, &manifest, &key, scratch, binaries).await;
    let (files, bytes, mut faults) = read_back.await??;
    faults.extend(database?);
    drop(lock);
    Ok(Verification {
        tables: manifest.tables.len(),
        rows: manifest.tables.iter().map(|table| table.rows).sum(),
        manifest,
        files,
        bytes,
        faults,
    })
}

async fn compare_database(
    store: &Arc<dyn Store>,
    manifest: &Manifest,
    key: &Arc<Key>,
    scratch: &Path,
    binaries: Option<PathBuf>,
) -> Result<Vec<Fault>, BackupError> {
    {
        let (store, archive) = (store.clone(), manifest.archive.clone());
        let checked =
            tokio::task::spawn_blocking(move || seal::check_stored(store.as_ref(), &archive))
                .await?;
        if let Err(error) = checked {
            return Ok(vec![fault(&manifest.archive.name, error)?]);
        }
    }
    let parent = scratch.to_owned();
    let scratch =
        tokio::task::spawn_blocking(move || Scratch::start(&parent, binaries.as_deref())).await??;
    let faults = async {
        db::recovery::create_anew(&scratch.options("postgres"), "portal").await?;
        let options = scratch.options("portal");
        restore::load(store, manifest, key, &options, scratch.programs()).await?;
        let mut snapshot = Snapshot::open(&options).await?;
        let found = snapshot.tables().await?;
        snapshot.close().await?;
        Ok(differences(&manifest.tables, &found))
    }
    .await;
    tokio::task::spawn_blocking(move || drop(scratch)).await?;
    match faults {
        Err(error @ (BackupError::Program { .. } | BackupError::Damaged { .. })) => {
            Ok(vec![Fault {
                name: manifest.archive.name.clone(),
                reason: format!("it cannot be restored: {error}"),
            }])
        }
        faults => faults,
    }
}

/// The tables that are not as they were.
pub(crate) fn differences(wanted: &[TableFigures], found: &[TableFigures]) -> Vec<Fault> {
    let name = |table: &TableFigures| format!("{}.{}", table.schema, table.name);
    let mut found: BTreeMap<String, &TableFigures> =
        found.iter().map(|table| (name(table), table)).collect();
    let mut faults = Vec::new();
    for table in wanted {
        let reason = match found.remove(&name(table)) {
            None => "the table is missing".to_owned(),
            Some(there) if there.rows != table.rows => {
                format!("{} rows instead of {}", there.rows, table.rows)
            }
            Some(there) if there.digest != table.digest => {
                "as many rows, but not the same ones (digest)".to_owned()
            }
            Some(_) => continue,
        };
        faults.push(Fault {
            name: format!("table {}", name(table)),
            reason,
        });
    }
    faults.extend(found.into_keys().map(|table| Fault {
        name: format!("table {table}"),
        reason: "the backup does not have it".to_owned(),
    }));
    faults
}

/// Reads every file of a backup back against its digest.
fn read_back(
    store: &dyn Store,
    manifest: &Manifest,
    key: &Key,
) -> Result<(usize, u64, Vec<Fault>), BackupError> {
    let files = match catalogue::files(store, manifest, key) {
        Ok(files) => files,
        Err(error) => return Ok((0, 0, vec![fault(&manifest.files.name, error)?])),
    };
    let mut faults = Vec::new();
    if let Some(base) = &manifest.base
        && let Err(error) = seal::check_stored(store, &base.object)
    {
        faults.push(fault(&base.object.name, error)?);
    }
    let once = distinct(&files);
    let count = once.len();
    let outcomes = parallel::map(once, |file| {
        let plain = seal::unseal(store, &file.object(), key, &mut |_| Ok(()));
        let faulty = |reason: &str| Fault {
            name: file.object(),
            reason: reason.to_owned(),
        };
        Ok(match plain {
            Ok(plain) if hex::encode(plain.sha256) == file.sha256 => (plain.bytes, None),
            Ok(plain) => (
                plain.bytes,
                Some(faulty("its bytes no longer have that SHA-256")),
            ),
            Err(error) => (0, Some(fault(&file.object(), error)?)),
        })
    })?;
    let bytes = outcomes.iter().map(|(bytes, _)| bytes).sum();
    faults.extend(outcomes.into_iter().filter_map(|(_, fault)| fault));
    Ok((count, bytes, faults))
}

/// Each content once.
pub(crate) fn distinct(files: &Files) -> Vec<&FileEntry> {
    let mut once = std::collections::HashSet::new();
    files
        .blobs
        .iter()
        .chain(&files.models)
        .filter(|file| once.insert(file.sha256.as_str()))
        .collect()
}

/// Damage as a fault; what says nothing about the backup, such as a store that does not answer,
/// stays an error.
fn fault(name: &str, error: BackupError) -> Result<Fault, BackupError> {
    let reason = match error {
        BackupError::Missing { .. } => "it is missing".to_owned(),
        BackupError::Damaged { reason, .. } => format!("it is damaged: {reason}"),
        error => return Err(error),
    };
    Ok(Fault {
        name: name.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rows: i64, digest: &str) -> TableFigures {
        TableFigures {
            schema: "public".to_owned(),
            name: name.to_owned(),
            rows,
            digest: digest.to_owned(),
        }
    }

    #[test]
    fn every_difference_is_named() {
        let wanted = [table("a", 1, "x"), table("b", 2, "y"), table("c", 3, "z")];
        assert_eq!(differences(&wanted, &wanted), []);
        let found = [table("a", 2, "x"), table("b", 2, "Y"), table("d", 0, "")];
        let said: Vec<String> = differences(&wanted, &found)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "table public.a: 2 rows instead of 1",
                "table public.b: as many rows, but not the same ones (digest)",
                "table public.c: the table is missing",
                "table public.d: the backup does not have it",
            ]
        );
    }
}
