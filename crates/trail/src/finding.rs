//! What verifying comes to.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// What is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// A row is not what it was when it was sealed.
    Altered {
        /// Which row.
        log_id: Uuid,
        /// When it was written.
        created_at: DateTime<Utc>,
        /// The seal that holds it.
        seal: i64,
    },
    /// A sealed row is gone.
    Missing {
        /// Which row.
        log_id: Uuid,
        /// When it was written.
        created_at: DateTime<Utc>,
        /// The seal that holds it.
        seal: i64,
    },
    /// A row stands at another place, or claims another time, than when it was sealed.
    Moved {
        /// Which row.
        log_id: Uuid,
        /// When it was written.
        created_at: DateTime<Utc>,
        /// When it claims to be from; absent in an export.
        claims: Option<DateTime<Utc>>,
        /// The seal that holds it.
        seal: i64,
    },
    /// A row that was not there when its time was sealed.
    PutIn {
        /// Which row.
        log_id: Uuid,
        /// When it claims to be from.
        created_at: DateTime<Utc>,
    },
    /// A seal cannot be relied on.
    Seal {
        /// Its number.
        seal: i64,
        /// Why not.
        reason: String,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Altered {
                log_id,
                created_at,
                seal,
            } => {
                write!(f, "row {log_id} of {created_at} was altered (seal {seal})")
            }
            Self::Missing {
                log_id,
                created_at,
                seal,
            } => {
                write!(f, "row {log_id} of {created_at} is missing (seal {seal})")
            }
            Self::Moved {
                log_id,
                created_at,
                claims: Some(claims),
                seal,
            } => {
                write!(
                    f,
                    "row {log_id} of {created_at} was moved to {claims} (seal {seal})"
                )
            }
            Self::Moved {
                log_id,
                created_at,
                claims: None,
                seal,
            } => {
                write!(
                    f,
                    "row {log_id} of {created_at} stands at another place (seal {seal})"
                )
            }
            Self::PutIn { log_id, created_at } => {
                write!(
                    f,
                    "row {log_id}, which claims {created_at}, was put in after that time was sealed"
                )
            }
            Self::Seal { seal, reason } => write!(f, "seal {seal}: {reason}"),
        }
    }
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Seals that were followed.
    pub seals: u64,
    /// Rows that are what they were.
    pub rows: u64,
    /// Sealed rows that are in archived months.
    pub archived: u64,
    /// Rows whose account was deleted since, which emptied `user_id` and nothing else.
    pub without_account: u64,
    /// Rows that are too new to be sealed.
    pub waiting: u64,
    /// The newest seal.
    pub newest_seal: Option<i64>,
    /// Up to when everything is sealed.
    pub settled_until: Option<DateTime<Utc>>,
    /// What is wrong, the first thing first; at most [`Report::SHOWN`].
    pub faults: Vec<Fault>,
    /// How many things are wrong.
    pub fault_count: u64,
}

impl Report {
    /// Faults that are kept.
    pub const SHOWN: usize = 20;

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.fault_count == 0
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < Self::SHOWN {
            self.faults.push(fault);
        }
    }
}
