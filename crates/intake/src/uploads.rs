//! Clearing files that were begun and never finished, and those that became part of a report.

use std::sync::Arc;

use blobs::BlobStore;
use db::{Actor, Database, DbError};
use jobs::Chore;

/// The regular chore that clears uploads, for [`jobs::Maintenance`].
#[must_use]
pub fn chore(blobs: BlobStore) -> Chore {
    Arc::new(move |database| {
        let blobs = blobs.clone();
        Box::pin(async move { clear_expired(&database, &blobs).await })
    })
}

/// Forgets expired uploads and removes their bytes.
///
/// # Errors
/// When the database does not answer. Bytes that cannot be removed are left for the next start, which
/// clears what is old.
async fn clear_expired(database: &Database, blobs: &BlobStore) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let expired = db::uploads::delete_expired(&mut tx).await?;
    tx.commit().await?;
    if expired.is_empty() {
        return Ok(());
    }
    let blobs = blobs.clone();
    let removed = tokio::task::spawn_blocking(move || {
        for upload in expired {
            if let Err(error) = blobs.remove_partial(&upload.to_string()) {
                tracing::warn!(%error, %upload, "the bytes of an expired upload stay");
            }
        }
    })
    .await;
    if let Err(error) = removed {
        tracing::warn!(%error, "expired uploads were not removed");
    }
    Ok(())
}
