//! Devices of the list in which earlier studies of patients are looked for.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    ActorTx, DbError,
    error::During,
    priors::{FETCH, FIND},
};

/// An archive.
#[derive(Debug, Clone, Serialize)]
pub struct DicomArchive {
    /// What it calls itself.
    pub ae_title: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Jobs that wait for it, or were given up on.
    pub waiting: i64,
    /// What the latest attempt of one of them failed of.
    pub fault: Option<String>,
}

/// Has earlier studies looked for in a device of the list; at the command line only. Says whether that is new.
///
/// # Errors
/// When the database does not answer, or the device is not on the list.
pub async fn add(tx: &mut ActorTx, ae_title: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let added = sqlx::query!(
        "INSERT INTO portal.dicom_archives (ae_title, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        ae_title,
        now
    )
    .execute(tx.connection())
    .await
    .during("add an archive")?;
    Ok(added.rows_affected() == 1)
}

/// Ends that; at the command line only. Says whether there was such an archive.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut ActorTx, ae_title: &str) -> Result<bool, DbError> {
    let removed = sqlx::query!(
        "DELETE FROM portal.dicom_archives WHERE ae_title = $1",
        ae_title
    )
    .execute(tx.connection())
    .await
    .during("remove an archive")?;
    Ok(removed.rows_affected() == 1)
}

/// Every archive, by its title, and what waits for it. There are as many as a hospital has; its jobs are found by
/// `idx_jobs_state`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<DicomArchive>, DbError> {
    sqlx::query_as!(
        DicomArchive,
        r#"SELECT a.ae_title, a.created_at, count(j.job_id) AS "waiting!",
                  (array_agg(j.last_error ORDER BY j.run_at DESC) FILTER (WHERE j.last_error IS NOT NULL))[1] AS fault
           FROM portal.dicom_archives a
           LEFT JOIN portal.jobs j ON j.kind IN ($1, $2) AND j.state IN ('queued', 'running', 'dead')
                                  AND j.payload->>'archive' = a.ae_title
           GROUP BY a.ae_title ORDER BY a.ae_title"#,
        FIND,
        FETCH
    )
    .fetch_all(tx.connection())
    .await
    .during("list the archives")
}

/// Whether earlier studies are looked for in a device. Served by the primary key.
///
/// # Errors
/// When the database does not answer.
pub async fn is_archive(tx: &mut ActorTx, ae_title: &str) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.dicom_archives WHERE ae_title = $1) AS "is_one!""#,
        ae_title
    )
    .fetch_one(tx.connection())
    .await
    .during("look an archive up")
}
