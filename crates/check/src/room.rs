//! How much room a disk has.

use std::{io, path::Path};

use nix::sys::statvfs::statvfs;

/// The room on the file system of a folder, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What others than root may still fill.
    pub free: u64,
    /// All of it.
    pub whole: u64,
}

/// Asks the system.
///
/// # Errors
/// When the folder is not there or may not be entered.
pub fn room(folder: &Path) -> io::Result<Room> {
    let disk = statvfs(folder)?;
    let size = disk.fragment_size();
    Ok(Room {
        free: disk.blocks_available() * size,
        whole: disk.blocks() * size,
    })
}
