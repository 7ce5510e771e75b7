//! The loop of a worker.

use std::{sync::Arc, time::Duration};

use db::{
    Actor, ActorTx, Database, DbError,
    jobs::{Fate, Leased},
};
use futures::{Stream, StreamExt, future::BoxFuture};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Why a job did not end well. The text is shown to tech and holds no patient data.
#[derive(Debug)]
pub struct JobError(pub String);

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        Self(text)
    }
}

/// What one kind of job does.
pub trait Handler: Send + Sync {
    /// The kind, as in `portal.jobs.kind`.
    fn kind(&self) -> &'static str;

    /// Does the work and ends the job with [`db::jobs::complete`] in the transaction that holds the
    /// result. When `complete` says that the lease is gone, the transaction is dropped and the
    /// answer is still `Ok`: whoever has the job now will do it.
    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>>;

    /// The job has had its attempts: leaves things so that a human sees the case, in the
    /// transaction that marks the job dead.
    fn died<'a>(
        &'a self,
        tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>>;
}

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// What it is called in the job list, such as host and process.
    pub name: String,
    /// Jobs at a time.
    pub concurrency: usize,
    /// Seconds a lease holds without a sign of life.
    pub lease_seconds: i32,
    /// Longest time between two looks at the queue when nothing wakes the worker.
    pub poll: Duration,
    /// How long a stopping worker waits for its jobs before it gives them back.
    pub drain: Duration,
}

impl WorkerOptions {
    /// The usual ones.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            concurrency: 2,
            lease_seconds: 30,
            poll: Duration::from_secs(5),
            drain: Duration::from_secs(10),
        }
    }
}

/// A worker.
#[derive(Clone)]
pub struct Worker {
    database: Database,
    handlers: Arc<Vec<Arc<dyn Handler>>>,
    options: WorkerOptions,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker for the kinds of these handlers.
    #[must_use]
    pub fn new(
        database: Database,
        handlers: Vec<Arc<dyn Handler>>,
        options: WorkerOptions,
    ) -> Self {
        Self {
            database,
            handlers: Arc::new(handlers),
            options,
        }
    }

    fn kinds(&self) -> Vec<String> {
        self.handlers
            .iter()
            .map(|handler| handler.kind().to_owned())
            .collect()
    }

    /// Works until `stop`, then lets running jobs end or gives them back. A database that is away
    /// is waited for.
    pub async fn run(self, stop: CancellationToken) {
        let mut running = JoinSet::new();
        let mut wake = Box::pin(self.wake_ups());
        tracing::info!(
            worker = self.options.name,
            concurrency = self.options.concurrency,
            "worker started"
        );
        while !stop.is_cancelled() {
            while running.try_join_next().is_some() {}
            let full = running.len() >= self.options.concurrency;
            match if full { Ok(None) } else { self.lease().await } {
                Ok(Some(job)) => {
                    let worker = self.clone();
                    let stop = stop.clone();
                    running.spawn(async move { worker.work_on(job, stop).await });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "cannot look for jobs; trying again"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                _ = running.join_next(), if !running.is_empty() => {}
                _ = wake.next(), if !full => {}
                () = tokio::time::sleep(self.options.poll) => {}
            }
        }
        while running.join_next().await.is_some() {}
        tracing::info!(worker = self.options.name, "worker stopped");
    }

    /// Does what is queued and due, and returns when nothing is left. For tests and commands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_until_idle(&self) -> Result<usize, DbError> {
        let mut done = 0;
        while let Some(job) = self.lease().await? {
            self.work_on(job, CancellationToken::new()).await;
            done += 1;
        }
        Ok(done)
    }

    /// A stream that yields when the database says that there may be work of a kind that this worker does.
    fn wake_ups(&self) -> impl Stream<Item = ()> + Send + use<> {
        let database = self.database.clone();
        let poll = self.options.poll;
        let kinds = self.kinds();
        futures::stream::once(async move {
            loop {
                match database.listen("portal_jobs").await {
                    Ok(stream) => return of_kinds(stream, kinds).boxed(),
                    Err(error) => tracing::warn!(%error, "cannot listen for jobs; trying again"),
                }
                tokio::time::sleep(poll).await;
            }
        })
        .flatten()
    }

    async fn lease(&self) -> Result<Option<Leased>, DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let job = db::jobs::lease(
            &mut tx,
            &self.kinds(),
            &self.options.name,
            self.options.lease_seconds,
        )
        .await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Runs one job with its lease kept alive. A job that a stop interrupts is given back.
    async fn work_on(&self, job: Leased, stop: CancellationToken) {
        let span = tracing::info_span!("job", kind = job.kind, job_id = %job.job_id, attempt = job.attempts);
        let Some(handler) = self
            .handlers
            .iter()
            .find(|handler| handler.kind() == job.kind)
            .cloned()
        else {
            return;
        };
        async {
            let started = Instant::now();
            let work = handler.run(&job);
            let lost = self.keep_alive(&job);
            let interrupted = async {
                stop.cancelled().await;
                tokio::time::sleep(self.options.drain).await;
            };
            let outcome = tokio::select! {
                outcome = work => Some(outcome),
                () = lost => None,
                () = interrupted => {
                    self.give_back(&job).await;
                    None
                }
            };
            count(&job, &outcome, started.elapsed());
            match outcome {
                Some(Ok(())) => {
                    tracing::info!(milliseconds = started.elapsed().as_millis(), "job done");
                }
                Some(Err(error)) => self.failed(handler.as_ref(), &job, &error.0).await,
                None => {}
            }
        }
        .instrument(span)
        .await;
    }

    /// Renews the lease; returns when it is lost.
    async fn keep_alive(&self, job: &Leased) {
        let every =
            Duration::from_secs(u64::try_from(self.options.lease_seconds).unwrap_or(30)) / 3;
        loop {
            tokio::time::sleep(every).await;
            match self.heartbeat(job).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("the lease is lost; another worker has the job");
                    return;
                }
                Err(error) => tracing::warn!(%error, "cannot renew the lease; trying again"),
            }
        }
    }

    async fn heartbeat(&self, job: &Leased) -> Result<bool, DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let held = db::jobs::heartbeat(&mut tx, job, self.options.lease_seconds).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn give_back(&self, job: &Leased) {
        let given = async {
            let mut tx = self.database.begin(&Actor::worker()).await?;
            db::jobs::give_back(&mut tx, job).await?;
            tx.commit().await
        };
        if let Err(error) = given.await {
            tracing::warn!(%error, "cannot give a job back; its lease will run out");
        }
    }

    async fn failed(&self, handler: &dyn Handler, job: &Leased, error: &str) {
        tracing::warn!(error, "job failed");
        if let Err(problem) = settle(&self.database, handler, job, error).await {
            tracing::error!(error = %problem, "cannot note a job's failure; its lease will run out");
        }
    }

    /// Decides the fate of jobs whose worker was lost: back to the queue, or dead with the case in
    /// front of a human. Returns how many there were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover_lost(&self) -> Result<usize, DbError> {
        let mut recovered = 0;
        loop {
            let mut tx = self.database.begin(&Actor::worker()).await?;
            let Some(job) = db::jobs::take_lost(&mut tx).await? else {
                return Ok(recovered);
            };
            let error = "the worker was lost (killed, crashed or cut off) while it had this job";
            let fate = db::jobs::fail(&mut tx, &job, error).await?;
            if fate == Fate::Dead
                && let Some(handler) = self
                    .handlers
                    .iter()
                    .find(|handler| handler.kind() == job.kind)
            {
                handler.died(&mut tx, &job, error).await?;
            }
            tx.commit().await?;
            tracing::warn!(kind = job.kind, job_id = %job.job_id, ?fate, "a worker was lost; its job was taken back");
            recovered += 1;
        }
    }
}

/// Counts how a job went: done, failed (it may be tried again), or interrupted.
fn count(job: &Leased, outcome: &Option<Result<(), JobError>>, elapsed: Duration) {
    let word = match outcome {
        Some(Ok(())) => "done",
        Some(Err(_)) => "failed",
        None => "interrupted",
    };
    metrics::counter!("portal_jobs_ended_total", "kind" => job.kind.clone(), "outcome" => word)
        .increment(1);
    metrics::histogram!("portal_job_seconds", "kind" => job.kind.clone())
        .record(elapsed.as_secs_f64());
}

async fn settle(
    database: &Database,
    handler: &dyn Handler,
    job: &Leased,
    error: &str,
) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    if db::jobs::fail(&mut tx, job, error).await? == Fate::Dead {
        handler.died(&mut tx, job, error).await?;
    }
    tx.commit().await
}

/// The announcements that concern these kinds. One that names none says that some were missed.
fn of_kinds(
    announced: impl Stream<Item = Option<String>> + Send,
    kinds: Vec<String>,
) -> impl Stream<Item = ()> + Send {
    announced.filter_map(move |kind| {
        let concerns = kind.is_none_or(|kind| kinds.contains(&kind));
        std::future::ready(concerns.then_some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_is_woken_for_its_own_kinds_and_for_what_it_may_have_missed() {
        let announced = [Some("analyze"), Some("forward"), None, Some("analyze")];
        let announced = futures::stream::iter(announced.map(|kind| kind.map(str::to_owned)));
        let woken = of_kinds(announced, vec!["forward".to_owned()]);
        assert_eq!(woken.count().await, 2);
    }
}
