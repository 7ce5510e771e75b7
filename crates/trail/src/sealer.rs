//! Sealing what is there and not sealed.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use db::{
    Actor, ActorTx, Database,
    audit_seals::{self, Horizon},
};
use uuid::Uuid;

use crate::{Entry, Newest, Seal, SigningKeys, TrailError, entry};

/// How much older than the last settled look a row may claim to be and still be sealed: the time between a
/// transaction's begin and its first write, which the connection's time limits hold below two minutes, and the
/// difference between the clocks of two portals.
pub const GRACE: Duration = Duration::hours(1);
/// Rows in a seal at most.
const BATCH: usize = 10_000;

/// What a look at the trail came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Seals written.
    pub seals: u64,
    /// Rows sealed.
    pub rows: u64,
    /// The last one that was written.
    pub newest: Option<Newest>,
}

/// Looks at the trail and seals what is not sealed. Does nothing while another portal is at it. Stopped half-way, what
/// was sealed stays, and the next look goes on.
///
/// # Errors
/// When the database does not answer or the key cannot be used.
pub async fn seal(database: &Database, keys: &SigningKeys) -> Result<Sealed, TrailError> {
    let mut sealed = Sealed::default();
    let mut look: Option<Look> = None;
    loop {
        let mut tx = database.begin(&Actor::worker()).await?;
        let Some(horizon) = audit_seals::try_begin(&mut tx).await? else {
            return Ok(sealed);
        };
        let current = match look.take() {
            Some(look) => look,
            None => Look::begin(&mut tx, horizon).await?,
        };
        let (next, written) = current.seal_batch(&mut tx, keys).await?;
        tx.commit().await?;
        if let Some((newest, rows)) = written {
            sealed.rows += rows;
            sealed.seals += 1;
            sealed.newest = Some(newest);
        }
        match next {
            Some(next) => look = Some(next),
            None => return Ok(sealed),
        }
    }
}

/// One pass over what may not be sealed yet.
struct Look {
    began_at: DateTime<Utc>,
    horizon: Horizon,
    from: DateTime<Utc>,
    settled_until: DateTime<Utc>,
    sealed: HashSet<Uuid>,
    after: Option<(DateTime<Utc>, Uuid)>,
}

impl Look {
    async fn begin(tx: &mut ActorTx, horizon: Horizon) -> Result<Self, TrailError> {
        let settled = audit_seals::settled(tx, horizon).await?;
        let settled_until = settled.unwrap_or(DateTime::UNIX_EPOCH);
        let from = (settled_until - GRACE).max(DateTime::UNIX_EPOCH);
        let mut sealed = HashSet::new();
        for bytes in audit_seals::entries_between(tx, from, None).await? {
            sealed.extend(entry::identifiers(&bytes));
        }
        Ok(Self {
            began_at: tx.now(),
            horizon,
            from,
            settled_until,
            sealed,
            after: None,
        })
    }

    /// Seals the next rows. Gives the look back when there may be more.
    async fn seal_batch(
        mut self,
        tx: &mut ActorTx,
        keys: &SigningKeys,
    ) -> Result<(Option<Self>, Option<(Newest, u64)>), TrailError> {
        let mut wanted: Vec<(DateTime<Utc>, Uuid)> = Vec::new();
        let mut is_last = false;
        while wanted.len() < BATCH && !is_last {
            let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let page = audit_seals::identifiers(tx, self.from, None, self.after, limit).await?;
            is_last = page.len() < BATCH;
            for place in page {
                if wanted.len() == BATCH {
                    is_last = false;
                    break;
                }
                self.after = Some(place);
                if !self.sealed.contains(&place.1) {
                    wanted.push(place);
                }
            }
        }
        let (Some((first, _)), Some((last, _))) = (wanted.first(), wanted.last()) else {
            return Ok((None, None));
        };
        let ids: Vec<Uuid> = wanted.iter().map(|(_, id)| *id).collect();
        let rows = audit_seals::rows(tx, *first, *last, &ids).await?;
        let entries: Vec<Entry> = rows.iter().map(Entry::of).collect();
        let before = audit_seals::newest_seal(tx).await?.map(Seal::from);
        let key = keys.current(self.began_at)?;
        let times = (self.began_at, self.settled_until);
        let seal = Seal::new(&key, before.as_ref(), times, &entries);
        // Only a look that saw the trail to its end lets later ones leave out what is older.
        let next_transaction = is_last.then_some(self.horizon.next);
        audit_seals::insert(tx, &seal.to_row(next_transaction, &entries)).await?;
        let newest = Newest::of(&seal);
        Ok((
            (!is_last).then_some(self),
            Some((newest, entries.len() as u64)),
        ))
    }
}
