//! Jobs that are stuck, and reports that nobody works on.

use db::{
    Actor, Database, DbError,
    consistency::{self, WorkState},
};

use crate::{Diagnosis, Outcome, Wanted, unanswered};

/// A job that has been ready for longer than this has no worker.
const LONG_QUEUED_MINUTES: i64 = 10;

pub(crate) async fn look(database: &Database, wanted: Wanted, diagnosis: &mut Diagnosis) {
    match state(database).await {
        Ok(work) => jobs(database, work, diagnosis),
        Err(error) => return unanswered(diagnosis, "jobs", &error),
    }
    match stranded(database, wanted.fix).await {
        Ok(0) => diagnosis.ok("stranded_reports", "every waiting report has a job"),
        Ok(count) if wanted.fix => diagnosis.fixed(
            "stranded_reports",
            Outcome::Fail,
            format!("{count} reports waited for an analysis without a job; they have one now"),
        ),
        Ok(count) => diagnosis.fail(
            "stranded_reports",
            format!("{count} reports wait for an analysis that no job will do"),
            "medical-portal check --fix gives each a job; no worker would have found them.",
        ),
        Err(error) => unanswered(diagnosis, "stranded_reports", &error),
    }
}

fn jobs(database: &Database, work: WorkState, diagnosis: &mut Diagnosis) {
    let waited = work
        .oldest_queued
        .map_or(0, |since| (database.clock().now() - since).num_minutes());
    let mut fine = true;
    if work.dead > 0 {
        fine = false;
        diagnosis.warn(
            "jobs",
            format!("{} jobs failed for good; their cases are in the queue unscored", work.dead),
            "Read why under Jobs (or GET /api/jobs?state=dead), mend the cause, then retry them there.",
        );
    }
    if work.lost > 0 {
        fine = false;
        diagnosis.fail(
            "jobs",
            format!("{} jobs are held by workers that gave no sign of life", work.lost),
            "A running portal takes them over within seconds: start one with `medical-portal serve` or `worker`.",
        );
    }
    if waited >= LONG_QUEUED_MINUTES {
        fine = false;
        diagnosis.fail(
            "jobs",
            format!(
                "{} jobs wait, the longest for {waited} min: no worker takes them",
                work.queued
            ),
            "Start a worker (`medical-portal worker`), or see in the log why it cannot work.",
        );
    }
    if fine {
        diagnosis.ok(
            "jobs",
            format!(
                "{} running, {} waiting, none stuck",
                work.running, work.queued
            ),
        );
    }
}

async fn state(database: &Database) -> Result<WorkState, DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    consistency::work(&mut tx).await
}

/// How many reports nobody works on; each gets a job when that is wanted.
async fn stranded(database: &Database, fix: bool) -> Result<usize, DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let reports = consistency::stranded_reports(&mut tx, 10_000).await?;
    if fix {
        for report_id in &reports {
            analysis::job::queue(&mut tx, *report_id).await?;
        }
        tx.commit().await?;
    }
    Ok(reports.len())
}
