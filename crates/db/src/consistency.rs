//! Whether the rows agree with each other and with what lies beside the database. Asked by the
//! diagnosis and by the regular sweep, as the worker.

use chrono::{DateTime, Utc};
use domain::ReportId;

use crate::{ActorTx, DbError, error::During};

/// Digests of the blobs that rows name, in order, after the given one. Served by
/// `idx_image_blobs_sha256` and `idx_prior_images_sha256`.
///
/// # Errors
/// When the database does not answer.
pub async fn named_blobs(
    tx: &mut ActorTx,
    after: Option<[u8; 32]>,
    limit: i64,
) -> Result<Vec<[u8; 32]>, DbError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT DISTINCT sha256 AS "sha256!" FROM portal.named_blobs WHERE sha256 > coalesce($1::bytea, '') ORDER BY 1 LIMIT $2"#,
        after.as_ref().map(<[u8; 32]>::as_slice),
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("list the blobs that rows name")?;
    Ok(rows
        .into_iter()
        .map(|digest| {
            digest
                .try_into()
                .expect("a constraint holds digests to 32 bytes")
        })
        .collect())
}

/// Whether a row names this blob.
///
/// # Errors
/// When the database does not answer.
pub async fn is_named(tx: &mut ActorTx, digest: &[u8; 32]) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.named_blobs WHERE sha256 = $1) AS "named!""#,
        digest.as_slice()
    )
    .fetch_one(tx.connection())
    .await
    .during("ask whether a row names a blob")
}

/// Reports that wait for an analysis that nobody will do: `pending` or `analyzing` without a job
/// that is queued or running. Oldest first. Served by `idx_medical_reports_status`.
///
/// # Errors
/// When the database does not answer.
pub async fn stranded_reports(tx: &mut ActorTx, limit: i64) -> Result<Vec<ReportId>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT r.report_id AS "report_id: ReportId" FROM medical_reports r
           WHERE r.status IN ('pending', 'analyzing')
             AND NOT EXISTS (SELECT FROM portal.jobs j WHERE j.report_id = r.report_id AND j.state IN ('queued', 'running'))
           ORDER BY r.upload_date LIMIT $1"#,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("look for reports that nobody works on")
}

/// How the work stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkState {
    /// Jobs that failed for good.
    pub dead: i64,
    /// Jobs that a worker holds.
    pub running: i64,
    /// Jobs whose worker has given no sign of life for five minutes past its lease.
    pub lost: i64,
    /// Jobs that wait.
    pub queued: i64,
    /// Since when the longest waiting job may run.
    pub oldest_queued: Option<DateTime<Utc>>,
}

/// How the work stands. Served by `idx_jobs_state`.
///
/// # Errors
/// When the database does not answer.
pub async fn work(tx: &mut ActorTx) -> Result<WorkState, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        WorkState,
        r#"SELECT count(*) FILTER (WHERE state = 'dead') AS "dead!", count(*) FILTER (WHERE state = 'running') AS "running!",
                  count(*) FILTER (WHERE state = 'running' AND lease_until < $1::timestamptz - interval '5 minutes') AS "lost!",
                  count(*) FILTER (WHERE state = 'queued') AS "queued!",
                  min(run_at) FILTER (WHERE state = 'queued' AND run_at <= $1) AS oldest_queued
           FROM portal.jobs WHERE state <> 'done'"#,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("ask how the work stands")
}

/// Since when the longest waiting open case of each class waits; absent where none waits. Served by
/// the four indexes `idx_medical_reports_queue_*`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OldestOpen {
    /// Of risk high.
    pub high: Option<DateTime<Utc>>,
    /// Of those that were not assessed.
    pub unscored: Option<DateTime<Utc>>,
    /// Of risk medium.
    pub medium: Option<DateTime<Utc>>,
    /// Of risk low.
    pub low: Option<DateTime<Utc>>,
}

/// Since when the longest waiting open cases wait, for figures and alarms.
///
/// # Errors
/// When the database does not answer.
pub async fn oldest_open(tx: &mut ActorTx) -> Result<OldestOpen, DbError> {
    sqlx::query_as!(
        OldestOpen,
        "SELECT (SELECT min(upload_date) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'high') AS high,
                (SELECT min(upload_date) FROM medical_reports WHERE status = 'analyzed' AND risk_score IS NULL) AS unscored,
                (SELECT min(upload_date) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'medium') AS medium,
                (SELECT min(upload_date) FROM medical_reports WHERE status = 'analyzed' AND risk_score = 'low') AS low"
    )
    .fetch_one(tx.connection())
    .await
    .during("ask for the oldest open cases")
}

/// A case that is not what the trail says it was last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFault {
    /// Which.
    pub report_id: ReportId,
    /// `altered`, `gone` or `put in`.
    pub fault: String,
}

/// Cases that changed since then and are not what the trail says they were last, in order: those that somebody
/// altered, removed or put in past the portal. Reads the trail's notes of that time by `idx_audit_logs_action`.
///
/// # Errors
/// When the database does not answer.
pub async fn content_faults(
    tx: &mut ActorTx,
    since: DateTime<Utc>,
) -> Result<Vec<ContentFault>, DbError> {
    sqlx::query_as!(
        ContentFault,
        r#"SELECT report_id AS "report_id!: ReportId", fault AS "fault!" FROM portal.content_faults($1)"#,
        since
    )
    .fetch_all(tx.connection())
    .await
    .during("compare cases with the trail")
}
