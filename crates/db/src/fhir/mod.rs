//! What FHIR searches ask for, one file a kind of resource. Lists go from the newest to the oldest by identifier, which
//! carries the time, so that a page starts right after the last row of the one before. Rows that the actor may not see
//! are not there.

pub mod audit_events;
pub mod devices;
pub mod documents;
pub mod observations;
pub mod patients;
pub mod practitioners;
pub mod reports;
pub mod studies;
pub mod subscriptions;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Uuid;

/// From a moment on and before another; open where none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    /// The first that counts.
    pub from: Option<T>,
    /// The first that does not count any more.
    pub until: Option<T>,
}

impl<T> Default for Span<T> {
    fn default() -> Self {
        Self {
            from: None,
            until: None,
        }
    }
}

/// Which part of what there is: what every search may name.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// One of these identifiers.
    pub ids: Option<Vec<Uuid>>,
    /// Last changed then.
    pub updated: Span<DateTime<Utc>>,
    /// After the row with this identifier.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// A number of a patient that is searched for, and who issued it; none: whoever.
pub type WantedNumber = (Option<String>, String);

/// When a study was made, as far as its films say.
#[derive(Debug, Clone, Default)]
pub struct StudyTime {
    /// Day.
    pub date: Option<NaiveDate>,
    /// Time of day.
    pub time: Option<chrono::NaiveTime>,
    /// Offset from UTC, such as `+0100`.
    pub timezone: Option<String>,
}
