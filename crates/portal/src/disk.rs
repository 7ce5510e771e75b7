//! The room on the data folder's disk, as figures for monitoring.

use std::{path::PathBuf, time::Duration};

use tokio_util::sync::CancellationToken;

const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Notes it every quarter of a minute until `stop`.
pub(crate) async fn watch(data_dir: PathBuf, stop: CancellationToken) {
    loop {
        let folder = data_dir.clone();
        // A network file system may take its time.
        match tokio::task::spawn_blocking(move || check::room(&folder)).await {
            Ok(Ok(room)) => {
                metrics::gauge!("portal_disk_free_bytes").set(room.free as f64);
                metrics::gauge!("portal_disk_bytes").set(room.whole as f64);
            }
            Ok(Err(error)) => tracing::warn!(%error, "the room on the disk is not known"),
            Err(_) => return,
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
