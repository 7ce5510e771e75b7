//! Everything the portal asks PostgreSQL. The one door is [`ActorTx`]: a transaction that runs as
//! the role of whoever acts, so that row-level security decides what it can see. One file an
//! aggregate holds its SQL; nothing outside this crate writes any.

mod actor;
mod connect;
mod error;
mod link;
mod page;
mod search;

pub mod account_tokens;
pub mod accounts;
pub mod analyses;
pub mod audit;
pub mod audit_deliveries;
pub mod audit_months;
pub mod audit_seals;
pub mod backups;
pub mod case_scores;
pub mod claims;
pub mod consents;
pub mod consistency;
pub mod corrections;
pub mod dicom;
pub mod emergency;
pub mod events;
pub mod figures;
pub mod history;
pub mod history_proposals;
pub mod identity;
pub mod images;
pub mod inspect;
pub mod invitations;
pub mod jobs;
pub mod maintain;
pub mod migrations;
pub mod model_alarms;
pub mod model_failures;
pub mod model_stages;
pub mod model_standings;
pub mod models;
pub mod notifications;
pub mod passkeys;
pub mod patients;
pub mod personal_data;
pub mod program_tokens;
pub mod promotions;
pub mod queue;
pub mod recovery;
pub mod refusals;
pub mod releases;
pub mod reports;
pub mod reviews;
pub mod second_factors;
pub mod session_proofs;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod single_sign_on;
pub mod snapshot;
pub mod unknown_patients;
pub mod uploads;

pub use actor::{Actor, ActorKind, ActorTx, Origin};
pub use connect::{Database, DatabaseOptions, PoolState};
pub use error::DbError;
pub use link::DatabaseLink;
pub use page::{Cursor, InvalidCursor, Page};
