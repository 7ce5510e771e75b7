//! `medical-portal keys …`.

use ::keys::KeyId;
use clap::Subcommand;

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys and how many stored images are encrypted with them
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Make a new key and put everything under it; the bytes of stored images stay as they are
    Rotate {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Encrypt the images that were stored before there were keys
    Encrypt {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Take a key that nothing needs any more out of the key file, for good
    Forget {
        #[command(flatten)]
        place: PlaceArgs,
        /// The key, as `keys list` shows it
        key: KeyId,
    },
}
