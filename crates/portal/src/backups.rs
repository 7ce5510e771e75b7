//! Making and verifying backups for the command line and the schedule alike, with each run noted in
//! the portal's own database.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use backup::{BackupError, BackupId, Key, Manifest, Source, Store, Verification};
use db::{
    Actor, Database,
    backups::{self, RunEnd},
};
use domain::{BackupRunId, Clock, backup::BackupKind};

/// Notes runs in the portal's own database, where that is at hand and has the table: a backup before
/// an upgrade, or on another machine, works without.
pub(crate) struct Notes {
    pub(crate) database: Option<Database>,
    pub(crate) actor: Actor,
}

impl Notes {
    /// Notes that a run begins.
    pub(crate) async fn begin(
        &self,
        kind: BackupKind,
        backup: &str,
        place: &str,
    ) -> Option<BackupRunId> {
        let database = self.database.as_ref()?;
        let noted = async {
            let mut tx = database.begin(&self.actor).await?;
            let id = backups::begin(&mut tx, kind, backup, place).await?;
            tx.commit().await.map(|()| id)
        };
        noted
            .await
            .inspect_err(|error| tracing::warn!(%error, "this run is not noted in the database"))
            .ok()
    }

    /// Notes how it ended.
    async fn finish(&self, id: Option<BackupRunId>, end: &RunEnd<'_>) {
        let (Some(database), Some(id)) = (&self.database, id) else {
            return;
        };
        let noted = async {
            let mut tx = database.begin(&self.actor).await?;
            backups::finish(&mut tx, id, end).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the end of this run is not noted in the database");
        }
    }

    /// Makes a backup; `run` was noted by [`Notes::begin`].
    pub(crate) async fn create(
        &self,
        run: Option<BackupRunId>,
        source: &Source,
        store: Arc<dyn Store>,
        key: Arc<Key>,
        id: BackupId,
        clock: Arc<dyn Clock>,
    ) -> Result<Manifest, BackupError> {
        let made = backup::create(source, store, key, id, clock).await;
        match &made {
            Ok(manifest) => {
                let (bytes, blobs) = (manifest.bytes_sent, manifest.blobs);
                self.finish(run, &RunEnd::Succeeded { bytes, blobs }).await;
            }
            Err(error) => {
                let error = error.to_string();
                self.finish(run, &RunEnd::Failed { error: &error }).await;
            }
        }
        made
    }

    /// Verifies a backup, noting the run.
    pub(crate) async fn verify(
        &self,
        store: Arc<dyn Store>,
        id: &str,
        key: Arc<Key>,
        scratch: &Path,
        binaries: Option<PathBuf>,
    ) -> Result<Verification, BackupError> {
        let run = self
            .begin(BackupKind::Verification, id, &store.place())
            .await;
        let verified = backup::verify(store, id, key, scratch, binaries).await;
        match &verified {
            Ok(verified) if verified.faults.is_empty() => {
                let (bytes, blobs) = (verified.bytes, verified.manifest.blobs);
                self.finish(run, &RunEnd::Succeeded { bytes, blobs }).await;
            }
            other => {
                let error = match other {
                    Ok(verified) => faults_in_brief(verified),
                    Err(error) => error.to_string(),
                };
                self.finish(run, &RunEnd::Failed { error: &error }).await;
            }
        }
        verified
    }

    /// Closes the connections.
    pub(crate) async fn close(self) {
        if let Some(database) = self.database {
            database.close().await;
        }
    }
}

/// The first of a verification's faults.
pub(crate) fn faults_in_brief(verified: &Verification) -> String {
    let shown: Vec<String> = verified
        .faults
        .iter()
        .take(10)
        .map(ToString::to_string)
        .collect();
    format!("{} faults: {}", verified.faults.len(), shown.join("; "))
}
