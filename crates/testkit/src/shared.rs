//! The folder with real films, which is not part of the project.

use std::path::PathBuf;

/// A folder of the shared data (`dicom`, `cxr`), or `None` with a message when it is not here:
/// tests that need it skip.
#[must_use]
pub fn shared_folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("skipped: {name} is not here (PORTAL_SHARED_DIR names its folder)");
        None
    }
}
