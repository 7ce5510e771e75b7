//! What the portal does by itself from time to time. Every portal runs it; each chore is safe to
//! run in several at once.

use std::{sync::Arc, time::Duration};

use db::{Actor, Database, DbError};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{Worker, retention};

/// Something to be done regularly, in a transaction of its own as the worker.
pub type Chore = Arc<dyn Fn(Database) -> BoxFuture<'static, Result<(), DbError>> + Send + Sync>;

/// The portal's regular chores.
#[derive(Clone)]
pub struct Maintenance {
    database: Database,
    worker: Worker,
    frequent: Vec<Chore>,
    hourly: Vec<Chore>,
}

impl std::fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maintenance").finish_non_exhaustive()
    }
}

/// Lost workers, due releases and claims that ran out are looked for this often.
const FREQUENT: Duration = Duration::from_secs(2);
/// Old rows are cleared this often.
const HOURLY: Duration = Duration::from_secs(3600);

impl Maintenance {
    /// The chores of this room (lost jobs, old rows) and the given ones, to be run every two seconds
    /// and every hour.
    #[must_use]
    pub fn new(
        database: Database,
        worker: Worker,
        frequent: Vec<Chore>,
        hourly: Vec<Chore>,
    ) -> Self {
        Self {
            database,
            worker,
            frequent,
            hourly,
        }
    }

    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut frequent = tokio::time::interval(FREQUENT);
        let mut hourly = tokio::time::interval(HOURLY);
        frequent.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                _ = frequent.tick() => self.frequently().await,
                _ = hourly.tick() => self.hourly().await,
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "a regular chore failed; it will be tried again");
            }
        }
    }

    /// Lost jobs, and what the portal handed in. For tests as well as for [`Maintenance::run`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn frequently(&self) -> Result<(), DbError> {
        self.worker.recover_lost().await?;
        for chore in &self.frequent {
            chore(self.database.clone()).await?;
        }
        Ok(())
    }

    /// Makes the audit trail's next partitions; within the maintenance window also clears what is past
    /// its time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hourly(&self) -> Result<(), DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        db::audit::create_partitions_ahead(&mut tx).await?;
        tx.commit().await?;
        for chore in &self.hourly {
            chore(self.database.clone()).await?;
        }
        if retention::is_window_open(&self.database).await? {
            let cleared = retention::clear(&self.database).await?;
            tracing::info!(?cleared, "cleared what is past its time");
        }
        Ok(())
    }
}
