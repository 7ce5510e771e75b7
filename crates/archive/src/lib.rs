//! Old months of the audit trail, moved from the database into files. A file is a line of JSON for
//! each row, in the order in which they were written, between a head and an end that prove it: each
//! line is chained to those before by SHA-256, so that an altered, missing, added or moved row is found,
//! by its number; the end is signed.
//!
//! A month leaves the database only after its file is durable and has been read back.

mod file;
mod month;

pub use file::{ArchiveError, Proved, Signature, verify};
pub use month::{Archived, archive, due};
