//! Keeps the private cluster running: starts it again when it was killed, and takes it over when the
//! portal that ran it has ended.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pg_embed::{Cluster, ClusterOptions, PgEmbedError};
use tokio_util::sync::CancellationToken;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long to wait after a start that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The private cluster as this process knows it: run by itself, or by another portal on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    data_dir: PathBuf,
    options: ClusterOptions,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    cluster: Option<Cluster>,
    /// Stopped on purpose: it must not be started again.
    is_stopped: bool,
}

impl Keeper {
    /// Of a cluster that runs: in this process when `cluster` is given.
    pub(crate) fn new(
        data_dir: PathBuf,
        options: ClusterOptions,
        cluster: Option<Cluster>,
    ) -> Self {
        Self {
            data_dir,
            options,
            held: Arc::new(Mutex::new(Held {
                cluster,
                is_stopped: false,
            })),
        }
    }

    /// Watches until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            let keeper = self.clone();
            pause = match tokio::task::spawn_blocking(move || keeper.look()).await {
                Ok(Ok(false)) => LOOK,
                Ok(Ok(true)) => {
                    tracing::warn!("the private PostgreSQL was gone and runs again");
                    metrics::counter!("portal_database_restarts_total").increment(1);
                    LOOK
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "the private PostgreSQL is gone and does not start; trying again");
                    AFTER_FAILURE
                }
                Err(error) => {
                    tracing::error!(%error, "the private PostgreSQL could not be looked at");
                    AFTER_FAILURE
                }
            };
        }
    }

    /// Starts it when nobody runs it. Says whether it had to.
    fn look(&self) -> Result<bool, PgEmbedError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.cluster.as_ref() {
            _ if held.is_stopped => return Ok(false),
            Some(running) if running.is_running() => return Ok(false),
            // Its locks must be given back before it is started anew.
            Some(_) => drop(held.cluster.take()),
            None if Cluster::running(&self.data_dir)?.is_some() => return Ok(false),
            None => {}
        }
        match Cluster::start(&self.options) {
            Ok(started) => {
                held.cluster = Some(started);
                Ok(true)
            }
            // Another portal was faster, or is about to stop it for good.
            Err(PgEmbedError::InUse { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stops it, if this process runs it.
    pub(crate) fn stop(&self) -> Result<(), PgEmbedError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_stopped = true;
        held.cluster.take().map_or(Ok(()), Cluster::stop)
    }
}
