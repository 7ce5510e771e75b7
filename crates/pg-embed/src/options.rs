//! What a caller decides about its cluster.

use std::path::PathBuf;
use std::time::Duration;

/// How to run the cluster of one data directory.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Made when absent; the cluster is kept in `postgres` below it.
    pub data_dir: PathBuf,
    /// The directory of `postgres` and `initdb` (`--pg-bin`); `None` looks where systems install them.
    pub binaries: Option<PathBuf>,
    /// Server settings that win over the portal's own, e.g. `("shared_buffers", "1GB")`. Those that the safety of the
    /// cluster rests on (addresses, sockets, log contents) are refused.
    pub extra_settings: Vec<(String, String)>,
    /// How long the server may take to accept connections, crash recovery included; the same again for `initdb`.
    pub start_timeout: Duration,
    /// How long a fast shutdown may take before it becomes an immediate one, which the next start recovers from.
    pub stop_timeout: Duration,
}

impl ClusterOptions {
    /// The cluster in `data_dir`, run by the newest fitting PostgreSQL of this system: 120 s to start, 60 s to stop.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries: None,
            extra_settings: Vec::new(),
            start_timeout: Duration::from_secs(120),
            stop_timeout: Duration::from_secs(60),
        }
    }
}
