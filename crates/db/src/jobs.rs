//! The job queue in the database: leases, fencing tokens, backoff, dead letters.

use chrono::{DateTime, Utc};
use domain::{JobId, ReportId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// Work that a worker holds a lease on.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Identifier.
    pub job_id: JobId,
    /// What is to be done.
    pub kind: String,
    /// On which report.
    pub report_id: Option<ReportId>,
    /// Further details.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub attempts: i32,
    /// How many there may be.
    pub maximum_attempts: i32,
    /// The token of this lease.
    pub fencing_token: i64,
}

/// Attempts before work is given up, unless it says otherwise.
const ATTEMPTS: i32 = 5;

/// The priority of what is sent to other systems, after all that somebody here waits for.
pub const LATER: i16 = 7;

/// Work to be queued.
#[derive(Debug, Clone)]
pub struct Work {
    kind: &'static str,
    report_id: Option<ReportId>,
    priority: i16,
    maximum_attempts: i32,
    payload: Value,
}

impl Work {
    /// Work of a kind, on no report, of middle priority and without further details.
    #[must_use]
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            report_id: None,
            priority: 5,
            maximum_attempts: ATTEMPTS,
            payload: Value::Object(serde_json::Map::new()),
        }
    }

    /// On this report, of which the same kind waits once only.
    #[must_use]
    pub fn on(mut self, report_id: ReportId) -> Self {
        self.report_id = Some(report_id);
        self
    }

    /// With this priority: 1 goes first.
    #[must_use]
    pub fn priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Tried so often before it is given up.
    #[must_use]
    pub fn attempts(mut self, maximum_attempts: i32) -> Self {
        self.maximum_attempts = maximum_attempts;
        self
    }

    /// With these details.
    #[must_use]
    pub fn details(mut self, payload: Value) -> Self {
        self.payload = payload;
        self
    }

    /// With these details, of identifiers and texts.
    #[must_use]
    pub(crate) fn details_of(self, what: &impl Serialize) -> Self {
        self.details(serde_json::to_value(what).expect("identifiers and texts are always JSON"))
    }
}

/// Queues work. Nothing is queued when the same work on the same report waits already.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue(tx: &mut ActorTx, work: Work) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.jobs (job_id, kind, report_id, payload, priority, maximum_attempts, run_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT DO NOTHING",
        JobId::new_at(now).0,
        work.kind,
        work.report_id.map(Uuid::from),
        work.payload,
        work.priority,
        work.maximum_attempts,
        now
    )
    .execute(tx.connection())
    .await
    .during("queue a job")?;
    Ok(())
}

/// Takes the next job of these kinds. Served by `idx_jobs_ready`.
///
/// No job waits for longer than 17 minutes on purpose, so one that was made in the future, or waits for
/// an hour, was queued before the clock was put back: it is due.
///
/// # Errors
/// When the database does not answer.
pub async fn lease(
    tx: &mut ActorTx,
    kinds: &[String],
    worker: &str,
    lease_seconds: i32,
) -> Result<Option<Leased>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Leased,
        r#"UPDATE portal.jobs
           SET state = 'running', attempts = attempts + 1, fencing_token = fencing_token + 1, worker = $2,
               lease_until = $3::timestamptz + make_interval(secs => $4)
           WHERE job_id = (SELECT job_id FROM portal.jobs
                           WHERE state = 'queued' AND kind = ANY ($1)
                             AND (run_at <= $3 OR created_at > $3 OR run_at > $3::timestamptz + interval '1 hour')
                           ORDER BY priority, run_at, job_id
                           LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING job_id AS "job_id: JobId", kind, report_id AS "report_id: ReportId", payload, attempts,
                     maximum_attempts, fencing_token"#,
        kinds,
        worker,
        now,
        f64::from(lease_seconds)
    )
    .fetch_optional(tx.connection())
    .await
    .during("take a job")
}

/// Renews a lease. Says whether it still held.
///
/// # Errors
/// When the database does not answer.
pub async fn heartbeat(
    tx: &mut ActorTx,
    job: &Leased,
    lease_seconds: i32,
) -> Result<bool, DbError> {
    let now = tx.now();
    let renewed = sqlx::query!(
        "UPDATE portal.jobs SET lease_until = $3::timestamptz + make_interval(secs => $4)
         WHERE job_id = $1 AND fencing_token = $2 AND state = 'running'",
        job.job_id.0,
        job.fencing_token,
        now,
        f64::from(lease_seconds)
    )
    .execute(tx.connection())
    .await
    .during("renew a lease")?;
    Ok(renewed.rows_affected() == 1)
}

/// Ends a job in the transaction that holds its result. Says whether the lease still held; if not,
/// the transaction must be dropped: somebody else has the job.
///
/// # Errors
/// When the database does not answer.
pub async fn complete(tx: &mut ActorTx, job: &Leased) -> Result<bool, DbError> {
    let now = tx.now();
    let done = sqlx::query!(
        "UPDATE portal.jobs SET state = 'done', finished_at = $3, lease_until = NULL, last_error = NULL
         WHERE job_id = $1 AND fencing_token = $2 AND state = 'running'",
        job.job_id.0,
        job.fencing_token,
        now
    )
    .execute(tx.connection())
    .await
    .during("end a job")?;
    Ok(done.rows_affected() == 1)
}

/// Gives a job back untouched, so that a worker that stops loses nothing and the attempt does not
/// count.
///
/// # Errors
/// When the database does not answer.
pub async fn give_back(tx: &mut ActorTx, job: &Leased) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE portal.jobs j
         SET attempts = attempts - 1, lease_until = NULL, worker = NULL, run_at = $3,
             state = CASE WHEN EXISTS (SELECT FROM portal.jobs q WHERE q.state = 'queued' AND q.kind = j.kind
                                         AND q.report_id = j.report_id) THEN 'done' ELSE 'queued' END
         WHERE job_id = $1 AND fencing_token = $2 AND state = 'running'",
        job.job_id.0,
        job.fencing_token,
        now
    )
    .execute(tx.connection())
    .await
    .during("give a job back")?;
    Ok(())
}

/// What became of a job that failed or whose worker was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It will be tried again.
    Queued,
    /// It has had its attempts.
    Dead,
    /// The same work was queued anew in the meantime, or the lease no longer held.
    Superseded,
}

/// Notes that a job failed: it waits 2, 4, 8 … seconds for its next attempt, or is dead.
///
/// # Errors
/// When the database does not answer.
pub async fn fail(tx: &mut ActorTx, job: &Leased, error: &str) -> Result<Fate, DbError> {
    let now = tx.now();
    let state = sqlx::query_scalar!(
        "UPDATE portal.jobs j
         SET lease_until = NULL, last_error = $3, run_at = $4::timestamptz + interval '1 second' * power(2, least(attempts, 10)),
             finished_at = CASE WHEN attempts >= maximum_attempts THEN $4 END,
             state = CASE WHEN attempts >= maximum_attempts THEN 'dead'
                          WHEN EXISTS (SELECT FROM portal.jobs q WHERE q.state = 'queued' AND q.kind = j.kind
                                         AND q.report_id = j.report_id) THEN 'done'
                          ELSE 'queued' END
         WHERE job_id = $1 AND fencing_token = $2 AND state = 'running'
         RETURNING state",
        job.job_id.0,
        job.fencing_token,
        error,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("note a job's failure")?;
    Ok(match state.as_deref() {
        Some("queued") => Fate::Queued,
        Some("dead") => Fate::Dead,
        _ => Fate::Superseded,
    })
}

/// Takes one job whose worker was lost (its lease ran out), so that its fate can be decided with
/// [`fail`]. A lease of more than an hour was taken before the clock was put back. Served by
/// `idx_jobs_leases`.
///
/// # Errors
/// When the database does not answer.
pub async fn take_lost(tx: &mut ActorTx) -> Result<Option<Leased>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Leased,
        r#"UPDATE portal.jobs SET fencing_token = fencing_token + 1
           WHERE job_id = (SELECT job_id FROM portal.jobs WHERE state = 'running'
                             AND (lease_until < $1 OR lease_until > $1::timestamptz + interval '1 hour')
                           ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING job_id AS "job_id: JobId", kind, report_id AS "report_id: ReportId", payload, attempts,
                     maximum_attempts, fencing_token"#,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for lost jobs")
}

/// When the next job that waits for its time is due.
///
/// # Errors
/// When the database does not answer.
pub async fn next_due(
    tx: &mut ActorTx,
    kinds: &[String],
) -> Result<Option<DateTime<Utc>>, DbError> {
    sqlx::query_scalar!(
        "SELECT min(run_at) FROM portal.jobs WHERE state = 'queued' AND kind = ANY ($1)",
        kinds
    )
    .fetch_one(tx.connection())
    .await
    .during("look for the next job")
}

/// A job as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Job {
    /// Identifier.
    pub job_id: JobId,
    /// What is to be done.
    pub kind: String,
    /// On which report.
    pub report_id: Option<ReportId>,
    /// 1 first.
    pub priority: i16,
    /// `queued`, `running`, `done` or `dead`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i32,
    /// How many there may be.
    pub maximum_attempts: i32,
    /// From when on it may run.
    pub run_at: DateTime<Utc>,
    /// Which worker has or had it.
    pub worker: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Lists jobs, newest first. Served by `idx_jobs_state` when a state is given.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    state: Option<&str>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Job>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        Job,
        r#"SELECT job_id AS "job_id: JobId", kind, report_id AS "report_id: ReportId", priority, state, attempts,
                  maximum_attempts, run_at, worker, last_error, created_at, finished_at
           FROM portal.jobs
           WHERE ($1::text IS NULL OR state = $1)
             AND ($2::timestamptz IS NULL OR (created_at, job_id) < ($2, $3))
           ORDER BY created_at DESC, job_id DESC
           LIMIT $4"#,
        state,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list jobs")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.job_id.0,
    }))
}

/// Sends a dead job back to the queue with its attempts anew. Says whether it was dead.
///
/// # Errors
/// When the database does not answer.
pub async fn retry(tx: &mut ActorTx, job_id: JobId) -> Result<bool, DbError> {
    let now = tx.now();
    let revived = sqlx::query!(
        "UPDATE portal.jobs SET state = 'queued', attempts = 0, run_at = $2, finished_at = NULL
         WHERE job_id = $1 AND state = 'dead'",
        job_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("send a job back to the queue")?;
    Ok(revived.rows_affected() == 1)
}

/// How many jobs are in a state.
#[derive(Debug, Clone, Serialize)]
pub struct StateCount {
    /// What they do.
    pub kind: String,
    /// The state.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// Counts the jobs that are not done, by kind and state.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &mut ActorTx) -> Result<Vec<StateCount>, DbError> {
    sqlx::query_as!(
        StateCount,
        r#"SELECT kind, state, count(*) AS "count!" FROM portal.jobs WHERE state <> 'done' GROUP BY kind, state"#
    )
    .fetch_all(tx.connection())
    .await
    .during("count jobs")
}

/// Deletes jobs that were done a week ago or longer.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_done(tx: &mut ActorTx) -> Result<u64, DbError> {
    let now = tx.now();
    let deleted = sqlx::query!("DELETE FROM portal.jobs WHERE state = 'done' AND finished_at < $1::timestamptz - interval '7 days'", now)
        .execute(tx.connection())
        .await
        .during("delete done jobs")?;
    Ok(deleted.rows_affected())
}
