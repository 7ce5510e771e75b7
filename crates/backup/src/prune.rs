//! Letting old backups go.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{BackupError, BackupId, Key, catalogue, store::Store, wal};

/// Which backups stay: the newest of each of the last so many days, weeks and months (UTC) that have
/// one. The newest of all stays always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Days.
    pub daily: u32,
    /// Weeks, from Monday on.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

/// What was let go, or would be.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Backups that stay.
    pub kept: Vec<BackupId>,
    /// Backups that are gone.
    pub removed: Vec<BackupId>,
    /// Objects of backups that were cut off before they were complete.
    pub unfinished: Vec<String>,
    /// Blobs that no backup names any more.
    pub blobs: u64,
    /// Their size in bytes, as stored.
    pub bytes: u64,
    /// Pieces of the write-ahead log that no remaining copy needs.
    pub log_pieces: u64,
    /// Why blobs were left alone, if they were.
    pub blobs_left: Option<String>,
}

/// Younger objects of a store without locks may belong to a backup that is just being made.
const GRACE: Duration = Duration::hours(24);

/// Removes backups beyond `keep`, what cut-off ones left, and blobs that no remaining backup names.
/// A backup's manifest goes first: killed half-way, nothing that is listed lacks anything.
///
/// # Errors
/// When the destination does not answer or is in use.
pub fn prune(
    store: &dyn Store,
    key: &Key,
    keep: Keep,
    dry_run: bool,
    now: DateTime<Utc>,
) -> Result<Pruned, BackupError> {
    let _lock = store.lock(!dry_run)?;
    let is_left_behind = |modified: DateTime<Utc>| store.has_locks() || modified < now - GRACE;
    let found = catalogue::list(store, Some(key))?;
    let ids: Vec<BackupId> = found.iter().map(|found| found.id.clone()).collect();
    let kept = select(&ids, keep);
    let mut pruned = Pruned {
        removed: ids
            .iter()
            .filter(|id| !kept.contains(*id))
            .cloned()
            .collect(),
        kept: kept.iter().cloned().collect(),
        ..Pruned::default()
    };
    let objects = store.list("backups")?;
    for id in &pruned.removed {
        if !dry_run {
            store.delete(&id.object("manifest.json"))?;
        }
    }
    for object in &objects {
        let owner = object.name.split('/').nth(1).unwrap_or_default();
        if kept.iter().any(|id| id.as_str() == owner) {
            continue;
        }
        let was_complete = ids.iter().any(|id| id.as_str() == owner);
        if !was_complete {
            if !is_left_behind(object.modified) {
                continue;
            }
            pruned.unfinished.push(object.name.clone());
        }
        if !dry_run {
            store.delete(&object.name)?;
        }
    }
    // What a kept backup names is known only when its list can be read.
    let mut named = HashSet::new();
    let mut bases = Vec::new();
    for found in found.into_iter().filter(|found| kept.contains(&found.id)) {
        let files = found.manifest.and_then(|manifest| {
            let files = catalogue::files(store, &manifest, key)?;
            bases.extend(manifest.base);
            Ok(files)
        });
        match files {
            Ok(files) => named.extend(
                files
                    .blobs
                    .iter()
                    .chain(&files.models)
                    .map(crate::FileEntry::object),
            ),
            Err(error) => {
                pruned.blobs_left = Some(format!("{}: {error}", found.id));
                return Ok(pruned);
            }
        }
    }
    pruned.log_pieces = wal::prune(store, &bases, dry_run)?;
    for object in store.list("blobs")? {
        if named.contains(&object.name) || !is_left_behind(object.modified) {
            continue;
        }
        pruned.blobs += 1;
        pruned.bytes += object.size;
        if !dry_run {
            store.delete(&object.name)?;
        }
    }
    if !dry_run {
        store.sweep()?;
    }
    Ok(pruned)
}

/// The backups that stay.
fn select(ids: &[BackupId], keep: Keep) -> BTreeSet<BackupId> {
    let mut kept: BTreeSet<BackupId> = ids.iter().max().cloned().into_iter().collect();
    let day = |at: NaiveDateTime| at.date().to_string();
    let week = |at: NaiveDateTime| format!("{:?}", at.date().iso_week());
    let month = |at: NaiveDateTime| format!("{}-{}", at.year(), at.month());
    let rules: [(u32, &dyn Fn(NaiveDateTime) -> String); 3] = [
        (keep.daily, &day),
        (keep.weekly, &week),
        (keep.monthly, &month),
    ];
    for (count, period) in rules {
        let mut seen = HashSet::new();
        let mut newest_first: Vec<&BackupId> = ids.iter().collect();
        newest_first.sort_by(|one, other| other.cmp(one));
        for id in newest_first {
            // The form of an id holds its time.
            let Ok(at) = NaiveDateTime::parse_from_str(&id.as_str()[..16], "%Y%m%dT%H%M%SZ") else {
                kept.insert(id.clone());
                continue;
            };
            if seen.len() < count as usize && seen.insert(period(at)) {
                kept.insert(id.clone());
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> BackupId {
        format!("{text}-000000").parse().unwrap()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_stays() {
        let ids = [
            "20260930T020000Z",
            "20261031T020000Z",
            "20261109T020000Z",
            "20261116T020000Z",
            "20261122T020000Z",
            "20261123T020000Z",
            "20261124T020000Z",
            "20261124T140000Z",
        ]
        .map(id);
        let kept = |daily, weekly, monthly| {
            select(
                &ids,
                Keep {
                    daily,
                    weekly,
                    monthly,
                },
            )
            .into_iter()
            .map(|id| id.as_str()[4..11].to_owned())
            .collect::<Vec<_>>()
        };
        assert_eq!(kept(2, 0, 0), ["1123T02", "1124T14"]);
        assert_eq!(kept(0, 3, 0), ["1109T02", "1122T02", "1124T14"]);
        assert_eq!(kept(0, 0, 9), ["0930T02", "1031T02", "1124T14"]);
        assert_eq!(kept(0, 0, 0), ["1124T14"], "the newest stays always");
    }
}
