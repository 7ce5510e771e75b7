//! Keyset pagination: a page ends with a cursor that names its last row, and the next page starts
//! right after it, so that depth costs nothing and a row that arrives in between shifts nothing.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last one.
    pub next_cursor: Option<String>,
}

/// The sort key of the last row of a page: a rank (0 where there is none), a time and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Such as the class of the queue.
    pub rank: i32,
    /// Such as the time of upload.
    pub at: DateTime<Utc>,
    /// What makes the key unique.
    pub id: Uuid,
}

/// A cursor that this portal did not make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this list: leave it out to start again")]
pub struct InvalidCursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}_{}_{}",
            self.rank,
            self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.id.simple()
        )
    }
}

impl std::str::FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('_');
        let (Some(rank), Some(at), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidCursor);
        };
        Ok(Self {
            rank: rank.parse().map_err(|_| InvalidCursor)?,
            at: DateTime::parse_from_rfc3339(at)
                .map_err(|_| InvalidCursor)?
                .with_timezone(&Utc),
            id: Uuid::parse_str(id).map_err(|_| InvalidCursor)?,
        })
    }
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` rows from up to `limit + 1` fetched ones.
    pub(crate) fn of(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more {
            rows.last().map(|row| cursor(row).to_string())
        } else {
            None
        };
        Self {
            items: rows,
            next_cursor,
        }
    }

    /// The same page with its rows turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip() {
        let cursor = Cursor {
            rank: 3,
            at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            id: Uuid::from_u128(7),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in [
            "",
            "1_2",
            "x_2026-01-01T00:00:00Z_0",
            "1_2026-01-01T00:00:00Z_00000000000000000000000000000007_9",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
    }
}
