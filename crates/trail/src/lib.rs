//! The audit trail, proved: batches of rows under Merkle trees, each seal chained to the one before and signed
//! with a key that is not in the database.
//!
//! [`seal`] writes seals, [`verify`] holds a database to them, [`export`] writes a file that [`verify_file`] proves
//! with nothing but the public keys. How a row is hashed is said in [`Entry`]'s module, how a tree in [`merkle`].
//!
//! Rows commit in another order than they were begun in, so a batch is not a range: it is whatever is there and not
//! sealed. A row that commits late is sealed by a later seal. What makes a late row different from one that was put
//! in afterwards is when it claims to be from: every look notes which transactions were running, and once those have
//! ended no row from before it can come any more, but for the time between a transaction's begin and its first
//! write, which [`GRACE`] covers many times over.

mod entry;
mod error;
mod export;
mod file;
mod finding;
mod newest;
mod seal;
mod sealer;
mod signing;
mod verify;

pub mod formats;
pub mod merkle;
pub mod syslog;

pub use entry::{ENTRY_BYTES, Entry, entries};
pub use error::TrailError;
pub use export::export;
pub use file::{FileProof, verify_file};
pub use finding::{Fault, Report};
pub use newest::Newest;
pub use seal::{Archive, Seal};
pub use sealer::{GRACE, Sealed, seal};
pub use signing::{PublicKeys, SigningKey, SigningKeyId, SigningKeys};
pub use verify::{Extent, verify};
