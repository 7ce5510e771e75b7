//! The portal's keys at rest. They lie in one file, outside of the database and of the stored images, and
//! never reach the database server.
//!
//! [`Keyring`] is that file. [`Keyring::wrap`] puts a data key into an envelope, so that a key can be
//! changed without writing anew what it protects; [`Keyring::seal`] encrypts a small secret for a column
//! of the database, in the format of `pgcrypto`.

mod envelope;
mod error;
mod openpgp;
mod ring_file;
mod secret;

pub use envelope::{DataKey, ENVELOPE_BYTES, wrapped_with};
pub use error::KeyError;
pub use ring_file::{KeyId, KeyInfo, Keyring, write_private};
