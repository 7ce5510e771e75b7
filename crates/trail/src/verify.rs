//! Holding a database to its seals.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use db::{
    Actor, ActorTx, Database,
    audit_seals::{self, TrailRow},
};
use uuid::Uuid;

use crate::{Archive, Entry, Fault, GRACE, Newest, PublicKeys, Report, Seal, TrailError, entry};

/// Seals read at a time, of at most 720 kB each.
const PAGE: i64 = 8;
/// Identifiers read at a time.
const IDENTIFIERS: usize = 50_000;

/// How much of the trail is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What was written from this moment on, and the seals that hold it.
    Since(DateTime<Utc>),
}

/// Holds the rows of a database to its seals and the seals to the keys. Reads bounded parts, each in a transaction of
/// its own, so that it may run beside the portal. `newest` is the newest seal that is known to have been there.
///
/// # Errors
/// When the database does not answer. What is wrong with the trail is in the report.
pub async fn verify(
    database: &Database,
    keys: &PublicKeys,
    extent: Extent,
    newest: Option<Newest>,
) -> Result<Report, TrailError> {
    let mut report = Report::default();
    let archives = archives(database, keys, &mut report).await?;
    let (start, before) = beginning(database, extent).await?;
    follow(
        database,
        keys,
        &archives,
        (start, before),
        newest,
        &mut report,
    )
    .await?;
    look_for_rows_put_in(database, extent, &mut report).await?;
    Ok(report)
}

async fn archives(
    database: &Database,
    keys: &PublicKeys,
    report: &mut Report,
) -> Result<Vec<Archive>, TrailError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let mut sound = Vec::new();
    for archive in audit_seals::archives(&mut tx).await? {
        let archive = Archive::from(archive);
        if archive.is_signed(keys) {
            sound.push(archive);
        } else {
            report.fault(Fault::Seal {
                seal: 0,
                reason: format!(
                    "the note that {} was archived is not signed by a trusted key",
                    archive.partition
                ),
            });
        }
    }
    Ok(sound)
}

/// The number of the seal before the first one that is looked at, and that seal.
async fn beginning(database: &Database, extent: Extent) -> Result<(i64, Option<Seal>), TrailError> {
    let Extent::Since(from) = extent else {
        return Ok((0, None));
    };
    let mut tx = database.begin(&Actor::command_line()).await?;
    let Some(first) = audit_seals::first_seal_reaching(&mut tx, from).await? else {
        let newest = audit_seals::newest_seal(&mut tx).await?.map(Seal::from);
        return Ok((newest.as_ref().map_or(0, |seal| seal.number), newest));
    };
    let before = audit_seals::seals(&mut tx, first - 2, 1).await?.pop();
    let before = before.filter(|row| row.number == first - 1).map(Seal::from);
    Ok((first - 1, before))
}

/// Follows the chain of seals and looks at the rows of each.
async fn follow(
    database: &Database,
    keys: &PublicKeys,
    archives: &[Archive],
    (start, mut before): (i64, Option<Seal>),
    newest: Option<Newest>,
    report: &mut Report,
) -> Result<(), TrailError> {
    let mut last = start;
    loop {
        let mut tx = database.begin(&Actor::command_line()).await?;
        let page = audit_seals::seals(&mut tx, last, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let seal = Seal::from(row);
            chained(&seal, last, before.as_ref(), report);
            if newest
                .is_some_and(|newest| newest.number == seal.number && newest.hash != seal.hash())
            {
                report.fault(Fault::Seal {
                    seal: seal.number,
                    reason: "it is another one than this portal wrote".to_owned(),
                });
            }
            last = seal.number;
            report.seals += 1;
            report.settled_until = report.settled_until.max(Some(seal.settled_until));
            match seal.prove(keys) {
                Ok(entries) => look_at_rows(&mut tx, &seal, &entries, archives, report).await?,
                Err(reason) => report.fault(Fault::Seal {
                    seal: seal.number,
                    reason,
                }),
            }
            before = Some(seal);
        }
    }
    if let Some(number) = newest
        .map(|newest| newest.number)
        .filter(|number| *number > last)
    {
        report.fault(Fault::Seal {
            seal: last + 1,
            reason: format!("it and all up to {number}, which this portal wrote, are missing"),
        });
    }
    report.newest_seal = (last > 0).then_some(last);
    Ok(())
}

/// Whether a seal follows the one before.
fn chained(seal: &Seal, last: i64, before: Option<&Seal>, report: &mut Report) {
    let reason = if seal.number != last + 1 {
        format!("it and all up to {} are missing", seal.number - 1)
    } else if before.map_or([0; 32], Seal::hash)[..] != seal.previous[..]
        && (last == 0 || before.is_some())
    {
        report.fault(Fault::Seal {
            seal: seal.number,
            reason: "it does not follow the seal before".to_owned(),
        });
        return;
    } else {
        return;
    };
    report.fault(Fault::Seal {
        seal: last + 1,
        reason,
    });
}

async fn look_at_rows(
    tx: &mut ActorTx,
    seal: &Seal,
    entries: &[Entry],
    archives: &[Archive],
    report: &mut Report,
) -> Result<(), TrailError> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(());
    };
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.log_id).collect();
    let rows = audit_seals::rows(tx, first.created_at, last.created_at, &ids).await?;
    let users: Vec<Uuid> = {
        let without: HashSet<Uuid> = rows
            .iter()
            .filter(|row| row.user_id.is_none())
            .map(|row| row.log_id)
            .collect();
        let cleared = entries
            .iter()
            .filter(|entry| !entry.user_id.is_nil() && without.contains(&entry.log_id));
        let asked: Vec<Uuid> = cleared.map(|entry| entry.user_id).collect();
        audit_seals::existing_users(tx, &asked).await?
    };
    let users: HashSet<Uuid> = users.into_iter().collect();
    let rows: HashMap<Uuid, TrailRow> = rows.into_iter().map(|row| (row.log_id, row)).collect();
    for entry in entries {
        let (log_id, created_at, seal) = (entry.log_id, entry.created_at, seal.number);
        let fault = match rows.get(&log_id) {
            Some(row) => match Entry::of(row) {
                found if found == *entry => {
                    report.rows += 1;
                    continue;
                }
                found if found.created_at != created_at => Fault::Moved {
                    log_id,
                    created_at,
                    claims: Some(found.created_at),
                    seal,
                },
                // Deleting an account empties this one column.
                found
                    if found.digest == entry.digest
                        && found.user_id.is_nil()
                        && !users.contains(&entry.user_id) =>
                {
                    report.rows += 1;
                    report.without_account += 1;
                    continue;
                }
                _ => Fault::Altered {
                    log_id,
                    created_at,
                    seal,
                },
            },
            None if archives.iter().any(|archive| archive.covers(created_at)) => {
                report.archived += 1;
                continue;
            }
            None => match audit_seals::whereabouts(tx, log_id).await? {
                Some(claims) => Fault::Moved {
                    log_id,
                    created_at,
                    claims: Some(claims),
                    seal,
                },
                None => Fault::Missing {
                    log_id,
                    created_at,
                    seal,
                },
            },
        };
        report.fault(fault);
    }
    Ok(())
}

/// Rows that no seal holds: too new, or put in after their time was sealed. Looked at by days, so that only a
/// day's identifiers are held.
async fn look_for_rows_put_in(
    database: &Database,
    extent: Extent,
    report: &mut Report,
) -> Result<(), TrailError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    let Some((mut from, last)) = audit_seals::extent(&mut tx).await? else {
        return Ok(());
    };
    drop(tx);
    if let Extent::Since(since) = extent {
        from = from.max(since);
    }
    let open_from = report.settled_until.map(|settled| settled - GRACE);
    while from <= last {
        let until = from + Duration::days(1);
        let mut tx = database.begin(&Actor::command_line()).await?;
        let mut sealed = HashSet::new();
        let mut after = None;
        let mut unsealed = Vec::new();
        for bytes in audit_seals::entries_between(&mut tx, from, Some(until)).await? {
            sealed.extend(entry::identifiers(&bytes));
        }
        loop {
            let limit = i64::try_from(IDENTIFIERS).unwrap_or(i64::MAX);
            let page = audit_seals::identifiers(&mut tx, from, Some(until), after, limit).await?;
            after = page.last().copied();
            let is_last = page.len() < IDENTIFIERS;
            unsealed.extend(page.into_iter().filter(|(_, id)| !sealed.contains(id)));
            if is_last {
                break;
            }
        }
        for (created_at, log_id) in unsealed {
            if open_from.is_none_or(|open| created_at >= open) {
                report.waiting += 1;
            } else if !report.faults.iter().any(|fault| {
                // One that was moved is not put in besides.
                matches!(fault, Fault::Moved { log_id: moved, .. } if *moved == log_id)
            }) {
                report.fault(Fault::PutIn { log_id, created_at });
            }
        }
        from = until;
    }
    Ok(())
}
