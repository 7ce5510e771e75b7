//! Stored images: each row has its bytes, each stored file has its row, and the bytes are those that
//! came in.

use std::{collections::BTreeSet, time::Duration};

use blobs::{BlobError, BlobStore, Digest, Stored};
use db::{Actor, Database, DbError, consistency};
use keys::{KeyError, Keyring};

use crate::{Diagnosis, Outcome, Subject, Wanted, finding::chain, unanswered};

/// A file younger than this may belong to an upload that is about to commit.
const SETTLED: Duration = Duration::from_secs(24 * 3600);
/// Rows asked for at a time.
const PAGE: i64 = 10_000;
/// Digests named in a finding.
const NAMED: usize = 3;

/// The key file: there, and its owner's alone.
pub(crate) fn look_at_keys(subject: &Subject, diagnosis: &mut Diagnosis) -> Option<Keyring> {
    match Keyring::load(&subject.storage_key).and_then(|keys| Ok((keys.list()?.len(), keys))) {
        Ok((count, keys)) => {
            let detail = format!("{} holds {count} keys", subject.storage_key.display());
            diagnosis.ok("storage_key", detail);
            Some(keys)
        }
        Err(KeyError::NoFile { .. }) if holds_none(subject) => {
            diagnosis.ok(
                "storage_key",
                "nothing is encrypted yet; the first start makes the key file",
            );
            None
        }
        Err(error) => {
            diagnosis.fail(
                "storage_key",
                chain(&error),
                "Without it encrypted images cannot be read: put your copy back, or take it from a backup (docs/BACKUP.md).",
            );
            None
        }
    }
}

/// Whether no image is encrypted; one that cannot be asked about may be.
fn holds_none(subject: &Subject) -> bool {
    BlobStore::open(&subject.blobs).is_ok_and(|store| store.holds_encrypted().is_ok_and(|any| !any))
}

fn not_encrypted(stored: &[Stored], diagnosis: &mut Diagnosis) {
    let count = stored.iter().filter(|stored| !stored.is_encrypted).count();
    if count == 0 {
        diagnosis.ok("blobs_encrypted", "all stored images are encrypted");
    } else {
        diagnosis.warn(
            "blobs_encrypted",
            format!(
                "{count} stored images are not encrypted: they are from before there were keys"
            ),
            "medical-portal keys encrypt does it; the portal may run meanwhile.",
        );
    }
}

pub(crate) async fn look(
    database: &Database,
    store: &BlobStore,
    subject: &Subject,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    match store.probe() {
        Ok(()) => diagnosis.ok("blob_store", "takes and gives back"),
        Err(error) => diagnosis.fail(
            "blob_store",
            chain(&error),
            "Films are refused until it takes writes: make room, or give the portal's user the folder back.",
        ),
    }
    let named = match named(database).await {
        Ok(named) => named,
        Err(error) => return unanswered(diagnosis, "blobs_missing", &error),
    };
    let stored = match store.list() {
        Ok(stored) => stored,
        Err(error) => return unanswered(diagnosis, "blobs_missing", &error),
    };
    let there: BTreeSet<Digest> = stored.iter().map(|stored| stored.digest).collect();
    missing(&named, &there, diagnosis);
    not_encrypted(&stored, diagnosis);
    let unnamed: Vec<Digest> = stored
        .iter()
        .filter(|stored| stored.age > SETTLED && !named.contains(&stored.digest))
        .map(|stored| stored.digest)
        .collect();
    set_aside(database, store, subject, &unnamed, wanted, diagnosis).await;
    if wanted.thorough {
        damaged(store, &named, diagnosis);
    }
}

async fn named(database: &Database) -> Result<BTreeSet<Digest>, DbError> {
    let mut named = BTreeSet::new();
    let mut after = None;
    loop {
        let mut tx = database.begin(&Actor::worker()).await?;
        let page = consistency::named_blobs(&mut tx, after, PAGE).await?;
        after = page.last().copied();
        named.extend(page.iter().map(|digest| Digest(*digest)));
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(named);
        }
    }
}

fn some(digests: &[Digest]) -> String {
    let mut text = digests
        .iter()
        .take(NAMED)
        .map(Digest::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if digests.len() > NAMED {
        text.push_str(", …");
    }
    text
}

fn missing(named: &BTreeSet<Digest>, there: &BTreeSet<Digest>, diagnosis: &mut Diagnosis) {
    let missing: Vec<Digest> = named.difference(there).copied().collect();
    if missing.is_empty() {
        diagnosis.ok(
            "blobs_missing",
            format!("all {} stored images are there", named.len()),
        );
    } else {
        diagnosis.fail(
            "blobs_missing",
            format!("{} stored images are gone: {}", missing.len(), some(&missing)),
            "Bring them back from a backup: restore it into another folder and copy its blobs here (docs/BACKUP.md).",
        );
    }
}

/// Files that no row names: left by an upload that broke off after its bytes were kept. They were
/// never acknowledged, but nothing is deleted without a human: they are moved beside the store.
async fn set_aside(
    database: &Database,
    store: &BlobStore,
    subject: &Subject,
    unnamed: &[Digest],
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    const CHECK: &str = "blobs_unnamed";
    if unnamed.is_empty() {
        return diagnosis.ok(CHECK, "every stored file belongs to an image");
    }
    let detail = format!(
        "{} stored files belong to no image: {}",
        unnamed.len(),
        some(unnamed)
    );
    let folder = subject.data_dir.join("unnamed-blobs");
    if !wanted.fix {
        return diagnosis.warn(
            CHECK,
            detail,
            format!(
                "They were never acknowledged. medical-portal check --fix moves them to {}.",
                folder.display()
            ),
        );
    }
    for digest in unnamed {
        // Asked again, since an upload may have named it a moment ago.
        let outcome = async {
            let mut tx = database.begin(&Actor::worker()).await?;
            consistency::is_named(&mut tx, &digest.0).await
        };
        match outcome.await {
            Ok(true) => {}
            Ok(false) => {
                if let Err(error) = store.set_aside(*digest, &folder) {
                    return unanswered(diagnosis, CHECK, &error);
                }
            }
            Err(error) => return unanswered(diagnosis, CHECK, &error),
        }
    }
    diagnosis.fixed(
        CHECK,
        Outcome::Warn,
        format!("{detail}; moved to {}", folder.display()),
    );
}

fn damaged(store: &BlobStore, named: &BTreeSet<Digest>, diagnosis: &mut Diagnosis) {
    let (mut damaged, mut unreadable) = (Vec::new(), None);
    for digest in named {
        match store.read(*digest) {
            // Encrypted ones are read without asking the address again.
            Ok(bytes) if Digest::of(&bytes) != *digest => damaged.push(*digest),
            // What is gone is said by `missing`.
            Ok(_) | Err(BlobError::NotFound(_)) => {}
            Err(BlobError::Damaged(_)) => damaged.push(*digest),
            Err(error) => unreadable = Some(error),
        }
    }
    if !damaged.is_empty() {
        diagnosis.fail(
            "blobs_damaged",
            format!("the bytes of {} stored images have changed: {}", damaged.len(), some(&damaged)),
            "The disk or somebody changed them: move these files away and bring them back from a backup.",
        );
    } else if let Some(error) = unreadable {
        diagnosis.fail(
            "blobs_damaged",
            chain(&error),
            "Stored images cannot be read: put the key file that was in use back, or look after the disk.",
        );
    } else {
        diagnosis.ok(
            "blobs_damaged",
            format!(
                "the bytes of all {} stored images are those that came in",
                named.len()
            ),
        );
    }
}
