//! The write-ahead log, kept piece by piece, so that any moment since a backup can be restored.
//!
//! The server lays finished pieces aside (`wal-outgoing/` in the data folder); the portal takes them to
//! the destination, images first, so that a row of the log never names an image that is not there.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use blobs::BlobStore;

use crate::{
    BackupError, Base, Key, folder, local, manifest::blob_object, parallel, seal, store::Store,
};

/// What has been taken to the destination by this portal, so that it is not asked for again.
#[derive(Debug, Default)]
pub struct Shipped {
    blobs: HashSet<String>,
}

fn object(system: &str, segment: &str) -> String {
    format!("wal/{system}/{segment}.zst.age")
}

/// Takes what the server has laid aside in the data folder (the first of `source`) to the destination, images first, and removes it here. Gives the
/// number of pieces.
///
/// # Errors
/// When the destination does not take them; they stay here and are taken the next time.
pub fn ship(
    store: &Arc<dyn Store>,
    key: &Key,
    source: (&Path, &BlobStore),
    system: &str,
    shipped: &mut Shipped,
) -> Result<usize, BackupError> {
    let (data_dir, blobs) = source;
    let outgoing = pg_embed::outgoing_log(data_dir);
    let error = || BackupError::io("cannot read", outgoing.as_path());
    let mut pieces = Vec::new();
    for entry in fs::read_dir(&outgoing).map_err(error())? {
        let path = entry.map_err(error())?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && !name.ends_with(".part")
        {
            pieces.push((name.to_owned(), path.clone()));
        }
    }
    if pieces.is_empty() {
        return Ok(0);
    }
    pieces.sort();
    let _lock = store.lock(true)?;
    let blobs = local::local_blobs(blobs)?;
    if shipped.blobs.is_empty() {
        let there = store.list("blobs")?;
        let there: HashSet<&str> = there.iter().map(|object| object.name.as_str()).collect();
        shipped.blobs = blobs
            .iter()
            .filter(|blob| there.contains(blob_object(&blob.sha256).as_str()))
            .map(|blob| blob.sha256.clone())
            .collect();
    }
    let new = blobs
        .into_iter()
        .filter(|blob| !shipped.blobs.contains(&blob.sha256))
        .collect();
    let sent = parallel::map(new, |blob| {
        local::send(store.as_ref(), key, &blob).map(|_| blob.sha256)
    })?;
    shipped.blobs.extend(sent);
    let count = pieces.len();
    for (name, path) in pieces {
        let mut source = File::open(&path).map_err(BackupError::io("cannot read", &path))?;
        seal::seal(store.as_ref(), &object(system, &name), key, &mut source)?;
        fs::remove_file(&path).map_err(BackupError::io("cannot remove", &path))?;
    }
    Ok(count)
}

/// Fetches the log since a base into a folder, for the server to read.
pub(crate) fn fetch(
    store: &dyn Store,
    key: &Key,
    base: &Base,
    into: &Path,
) -> Result<(), BackupError> {
    folder::make_durable(into).map_err(BackupError::io("cannot make", into))?;
    let prefix = format!("wal/{}", base.system);
    let pieces: Vec<String> = store
        .list(&prefix)?
        .into_iter()
        .filter_map(|object| {
            let name = object
                .name
                .strip_prefix(&prefix)?
                .trim_start_matches('/')
                .strip_suffix(".zst.age")?
                .to_owned();
            // The first eight digits are the timeline; what orders pieces comes after.
            let is_needed = name.len() != 24 || name.get(8..) >= base.first_segment.get(8..);
            is_needed.then_some(name)
        })
        .collect();
    parallel::map(pieces, |name| {
        let path = into.join(&name);
        let mut file = File::create(&path).map_err(BackupError::io("cannot write", &path))?;
        seal::unseal(store, &object(&base.system, &name), key, &mut |part| {
            file.write_all(part)
                .map_err(BackupError::io("cannot write", &path))
        })
        .map(|_| ())
    })?;
    Ok(())
}

/// Unpacks a base into a folder.
pub(crate) fn unpack(
    store: &dyn Store,
    key: &Key,
    base: &Base,
    into: &Path,
) -> Result<(), BackupError> {
    seal::check_stored(store, &base.object)?;
    let failed = |said: String| BackupError::Program {
        program: "tar".to_owned(),
        said,
    };
    let mut tar = Command::new("tar")
        .args(["--extract", "--no-same-owner", "--file=-", "--directory"])
        .arg(into)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut stdin = tar.stdin.take().expect("it was asked for");
    let given = seal::unseal(store, &base.object.name, key, &mut |part| {
        match stdin.write_all(part) {
            // What follows the archive's end is padding, which tar need not read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| failed(error.to_string())),
        }
    });
    drop(stdin);
    let status = tar.wait().map_err(|error| failed(error.to_string()))?;
    given?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(status.to_string()))
    }
}

/// Removes pieces that no remaining base needs. Gives their number.
pub(crate) fn prune(store: &dyn Store, bases: &[Base], dry_run: bool) -> Result<u64, BackupError> {
    let mut removed = 0;
    for object in store.list("wal")? {
        let mut parts = object.name.split('/').skip(1);
        let (Some(system), Some(name)) = (parts.next(), parts.next()) else {
            continue;
        };
        let oldest = bases
            .iter()
            .filter(|base| base.system == system)
            .map(|base| base.first_segment.get(8..))
            .min();
        // Without any base of this cluster the log may be that of one whose first base is on its way.
        let is_needed = oldest.is_none_or(|oldest| name.get(8..24) >= oldest);
        if !is_needed && name.len() == 24 + ".zst.age".len() {
            removed += 1;
            if !dry_run {
                store.delete(&object.name)?;
            }
        }
    }
    Ok(removed)
}
