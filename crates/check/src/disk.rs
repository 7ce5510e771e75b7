//! The data folder and the disk it is on.

use std::os::unix::fs::PermissionsExt;

use crate::{Diagnosis, Subject, room::room};

const GIB: u64 = 1 << 30;
/// Below this share or size, somebody should make room; a shift of 200 films takes about 3 GiB.
const LITTLE: (f64, u64) = (0.10, 10 * GIB);
/// Below this share or size, films will soon be refused.
const TOO_LITTLE: (f64, u64) = (0.02, GIB);

pub(crate) fn look(subject: &Subject, diagnosis: &mut Diagnosis) {
    let folder = subject.data_dir.display();
    match std::fs::metadata(&subject.data_dir) {
        Ok(metadata) if metadata.permissions().mode() & 0o022 != 0 => diagnosis.fail(
            "data_folder",
            format!("others may write in {folder}"),
            format!("chmod go-w {folder}"),
        ),
        Ok(_) => diagnosis.ok("data_folder", format!("nobody else may write in {folder}")),
        Err(error) => {
            diagnosis.fail(
                "data_folder",
                format!("{folder} cannot be looked at: {error}"),
                "Name the right folder with --data-dir, or run as the user whose it is.",
            );
            return;
        }
    }
    match room(&subject.data_dir) {
        Ok(disk) => {
            let (free, whole) = (disk.free, disk.whole);
            let share = free as f64 / whole.max(1) as f64;
            let detail = format!(
                "{:.1} GiB free of {:.1} GiB ({:.0} %) at {folder}",
                free as f64 / GIB as f64,
                whole as f64 / GIB as f64,
                share * 100.0
            );
            let remedy = "Make the volume larger, or move old backups and archives elsewhere (docs/OPERATIONS.md, \"The disk is full\").";
            let is_below = |(least_share, least): (f64, u64)| free < least && share < least_share;
            if is_below(TOO_LITTLE) {
                diagnosis.fail("disk", detail, remedy);
            } else if is_below(LITTLE) {
                diagnosis.warn("disk", detail, remedy);
            } else {
                diagnosis.ok("disk", detail);
            }
        }
        Err(error) => diagnosis.warn(
            "disk",
            format!("the free room at {folder} is not known: {error}"),
            "Look with df.",
        ),
    }
}
