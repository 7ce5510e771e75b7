//! The job queue: leases, fencing, backoff, dead letters.

use std::sync::Arc;

use chrono::{DateTime, Duration};
use db::{
    Actor, ActorTx, Database,
    jobs::{self, Fate, Leased, Work},
};
use domain::FixedClock;
use serde_json::json;
use testkit::TestDatabase;

struct Queue {
    database: Database,
    clock: FixedClock,
}

impl Queue {
    async fn new() -> Self {
        let test = TestDatabase::migrated().await;
        let clock = FixedClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self {
            database: Database::connect(&test.login(), Arc::new(clock.clone()))
                .await
                .unwrap(),
            clock,
        }
    }

    async fn tx(&self) -> ActorTx {
        self.database.begin(&Actor::worker()).await.unwrap()
    }

    async fn add(&self, priority: i16) {
        let mut tx = self.tx().await;
        let details = json!({ "priority": priority });
        let work = Work::new("test").priority(priority).details(details);
        jobs::enqueue(&mut tx, work).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn lease(&self) -> Option<Leased> {
        let mut tx = self.tx().await;
        let job = jobs::lease(&mut tx, &["test".to_owned()], "worker", 30)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        job
    }

    async fn fail(&self, job: &Leased) -> Fate {
        let mut tx = self.tx().await;
        let fate = jobs::fail(&mut tx, job, "broken").await.unwrap();
        tx.commit().await.unwrap();
        fate
    }

    async fn complete(&self, job: &Leased) -> bool {
        let mut tx = self.tx().await;
        let done = jobs::complete(&mut tx, job).await.unwrap();
        tx.commit().await.unwrap();
        done
    }
}

#[tokio::test]
async fn the_most_urgent_job_comes_first_and_each_only_once() {
    let queue = Queue::new().await;
    for priority in [5, 1, 3] {
        queue.add(priority).await;
    }
    let mut order = Vec::new();
    while let Some(job) = queue.lease().await {
        order.push(job.payload["priority"].as_i64().unwrap());
    }
    assert_eq!(order, [1, 3, 5]);
}

#[tokio::test]
async fn many_workers_never_get_the_same_job() {
    let queue = Arc::new(Queue::new().await);
    for _ in 0..40 {
        queue.add(5).await;
    }
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while let Some(job) = queue.lease().await {
                    mine.push(job.job_id);
                }
                mine
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    all.sort();
    let before = all.len();
    all.dedup();
    assert_eq!((before, all.len()), (40, 40));
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_can_write_nothing() {
    let queue = Queue::new().await;
    queue.add(5).await;
    let slow = queue.lease().await.unwrap();
    queue.clock.advance(Duration::seconds(31));
    let mut tx = queue.tx().await;
    let lost = jobs::take_lost(&mut tx)
        .await
        .unwrap()
        .expect("its lease ran out");
    assert_eq!(
        jobs::fail(&mut tx, &lost, "lost").await.unwrap(),
        Fate::Queued
    );
    tx.commit().await.unwrap();
    assert!(
        !queue.complete(&slow).await,
        "the old lease must not end the job"
    );
    queue.clock.advance(Duration::seconds(60));
    let again = queue.lease().await.expect("the job is there again");
    assert_eq!(again.attempts, 2);
    assert!(!queue.complete(&slow).await);
    assert!(queue.complete(&again).await);
    assert!(queue.lease().await.is_none());
}

#[tokio::test]
async fn a_heartbeat_keeps_the_lease() {
    let queue = Queue::new().await;
    queue.add(5).await;
    let job = queue.lease().await.unwrap();
    for _ in 0..5 {
        queue.clock.advance(Duration::seconds(20));
        let mut tx = queue.tx().await;
        assert!(jobs::take_lost(&mut tx).await.unwrap().is_none());
        assert!(jobs::heartbeat(&mut tx, &job, 30).await.unwrap());
        tx.commit().await.unwrap();
    }
    assert!(queue.complete(&job).await);
}

#[tokio::test]
async fn failures_wait_longer_each_time_and_end_in_the_dead_letters() {
    let queue = Queue::new().await;
    queue.add(5).await;
    let mut waits = Vec::new();
    loop {
        let job = queue.lease().await.expect("due");
        if queue.fail(&job).await == Fate::Dead {
            break;
        }
        let mut waited = 0;
        while queue.lease_is_early().await {
            queue.clock.advance(Duration::seconds(1));
            waited += 1;
        }
        waits.push(waited);
    }
    assert_eq!(waits, [2, 4, 8, 16]);
    let mut tx = queue.tx().await;
    let dead = jobs::list(&mut tx, Some("dead"), None, 10)
        .await
        .unwrap()
        .items;
    assert_eq!(
        (dead.len(), dead[0].last_error.as_deref()),
        (1, Some("broken"))
    );
    assert!(jobs::retry(&mut tx, dead[0].job_id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(queue.lease().await.unwrap().attempts, 1);
}

impl Queue {
    /// Whether the one queued job is not yet due.
    async fn lease_is_early(&self) -> bool {
        let mut tx = self.tx().await;
        let due = jobs::next_due(&mut tx, &["test".to_owned()])
            .await
            .unwrap()
            .expect("one job is queued");
        due > tx.now()
    }
}

#[tokio::test]
async fn a_job_given_back_has_lost_no_attempt() {
    let queue = Queue::new().await;
    queue.add(5).await;
    let job = queue.lease().await.unwrap();
    let mut tx = queue.tx().await;
    jobs::give_back(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(queue.lease().await.unwrap().attempts, 1);
}
