//! The daily look at every model that scores: figures, drift, alarms. A job, so that it is tried again,
//! seen in the job list, and done once by many portals.

use std::sync::Arc;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use db::{
    Actor, ActorTx, Database, DbError, case_scores,
    jobs::{Leased, Work},
    model_standings,
    models::{self, Model, PeriodCounts},
};
use domain::{
    ModelStage, RiskCategory,
    model::{DriftPolicy, PerformancePolicy},
    settings,
};
use futures::{FutureExt, future::BoxFuture};
use jobs::{Chore, Handler, JobError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    alarms,
    drift::{self, QuantityDrift},
    figures::{self, ModelFigures},
};

/// The kind of this job.
pub const KIND: &str = "govern_models";

/// Behind clinical work, before silent scoring.
const PRIORITY: i16 = 500;

/// Most cases that drift looks at.
const MOST_RECENT: i64 = 20_000;

/// How a model stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelStanding {
    /// What it was there for.
    pub stage: ModelStage,
    /// What it said of the cases of the drift window.
    pub answers: Answers,
    /// Against signed reviews.
    pub figures: ModelFigures,
    /// Quantities with a reference and cases enough.
    pub drift: Vec<QuantityDrift>,
    /// Whether there is a reference yet: made of the model's first cases.
    pub has_drift_reference: bool,
}

/// Counts of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Answers {
    /// Low.
    pub low: i64,
    /// Medium.
    pub medium: i64,
    /// High.
    pub high: i64,
    /// Declined.
    pub not_assessed: i64,
}

/// Queues the day's look, unless it was done or is under way. A chore.
#[must_use]
pub fn daily_chore() -> Chore {
    Arc::new(|database| {
        async move {
            let mut tx = database.begin(&Actor::worker()).await?;
            let today = tx.now().date_naive();
            if model_standings::is_counted(&mut tx, today).await? {
                return Ok(());
            }
            queue(&mut tx).await?;
            tx.commit().await
        }
        .boxed()
    })
}

/// Queues a look now.
///
/// # Errors
/// When the database does not answer.
pub async fn queue(tx: &mut ActorTx) -> Result<(), DbError> {
    db::jobs::enqueue(tx, Work::new(KIND).priority(PRIORITY)).await
}

/// Looks at every model that scores.
#[derive(Debug, Clone)]
pub struct GovernanceJob {
    database: Database,
}

impl GovernanceJob {
    /// The job on this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    async fn look(&self, job: &Leased) -> Result<(), JobError> {
        look_at_all(&self.database).await?;
        jobs::end(&self.database, job).await
    }
}

/// Looks at every model that scores, keeps the figures, raises and resolves alarms.
///
/// # Errors
/// When the database does not answer.
pub async fn look_at_all(database: &Database) -> Result<(), crate::LifecycleError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let mut scoring = models::silent(&mut tx).await?;
    scoring.extend(
        models::active(&mut tx)
            .await?
            .filter(|model| model.stage == ModelStage::Active),
    );
    drop(tx);
    for model in &scoring {
        look_at(database, model).await?;
    }
    Ok(())
}

async fn look_at(database: &Database, model: &Model) -> Result<(), crate::LifecycleError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let drift_policy: DriftPolicy = db::settings::get(&mut tx, settings::GOVERNANCE_DRIFT).await?;
    let performance_policy: PerformancePolicy =
        db::settings::get(&mut tx, settings::GOVERNANCE_PERFORMANCE).await?;
    let now = tx.now();
    let from = now - Duration::days(i64::from(performance_policy.window_days));
    let judged = case_scores::judged(&mut tx, model.model_id, from, now).await?;
    let (drift, has_drift_reference) = look_for_drift(&mut tx, model, &drift_policy).await?;
    let answers = answers(
        &mut tx,
        model,
        now - Duration::days(i64::from(drift_policy.window_days)),
    )
    .await?;
    // The bootstrap takes seconds for tens of thousands of cases: not on the async threads.
    let figures = tokio::task::spawn_blocking(move || figures::of(&judged, from, now))
        .await
        // A panic ends the job here as well: it is tried again and seen, and no empty figures are kept.
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let mut raised = alarms::of_drift(&drift);
    raised.extend(alarms::of_figures(&figures, &performance_policy));
    let standing = ModelStanding {
        stage: model.stage,
        answers,
        figures,
        drift,
        has_drift_reference,
    };
    let day = now.date_naive();
    model_standings::store(&mut tx, model.model_id, day, &json!(standing)).await?;
    record_day(&mut tx, model, day).await?;
    if model.stage != ModelStage::Shadow {
        alarms::settle(&mut tx, model, &raised, &drift_policy, &performance_policy).await?;
    }
    Ok(tx.commit().await?)
}

async fn look_for_drift(
    tx: &mut ActorTx,
    model: &Model,
    policy: &DriftPolicy,
) -> Result<(Vec<QuantityDrift>, bool), DbError> {
    let mut references = model_standings::references(tx, model.model_id).await?;
    if references.is_empty() {
        let wanted = i64::from(policy.reference_cases);
        let first = case_scores::seen(tx, model.model_id, DateTime::UNIX_EPOCH, wanted).await?;
        if (first.len() as i64) < wanted {
            return Ok((Vec::new(), false));
        }
        references = drift::references(&first);
        for reference in &references {
            model_standings::keep_reference(tx, model.model_id, reference).await?;
        }
    }
    let last_of_reference = references.iter().map(|reference| reference.last_at).max();
    let window = tx.now() - Duration::days(i64::from(policy.window_days));
    // The reference's own cases are no news.
    let since =
        last_of_reference.map_or(window, |last| window.max(last + Duration::microseconds(1)));
    let recent = case_scores::seen(tx, model.model_id, since, MOST_RECENT).await?;
    Ok((drift::against(&references, &recent, policy), true))
}

async fn answers(
    tx: &mut ActorTx,
    model: &Model,
    since: DateTime<Utc>,
) -> Result<Answers, DbError> {
    let mut answers = Answers::default();
    for (risk, cases) in case_scores::counts(tx, model.model_id, since).await? {
        match risk {
            Some(RiskCategory::Low) => answers.low = cases,
            Some(RiskCategory::Medium) => answers.medium = cases,
            Some(RiskCategory::High) => answers.high = cases,
            None => answers.not_assessed = cases,
        }
    }
    Ok(answers)
}

/// The row of `model_metrics` for the day before, once, when something was signed on it.
async fn record_day(tx: &mut ActorTx, model: &Model, today: NaiveDate) -> Result<(), DbError> {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let (start, end) = (midnight(yesterday), midnight(today));
    let judged = case_scores::judged(tx, model.model_id, start, end).await?;
    let (counted, auroc) = figures::of_day(&judged);
    let count = |cases: u64| i32::try_from(cases).unwrap_or(i32::MAX);
    let counts = PeriodCounts {
        true_positives: count(counted.true_positives),
        true_negatives: count(counted.true_negatives),
        false_positives: count(counted.false_positives),
        false_negatives: count(counted.false_negatives),
    };
    models::record_period(tx, model.model_id, start, end, counts, auroc).await?;
    Ok(())
}

/// The latest standing of a model, with its day and when it was counted.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(
    tx: &mut ActorTx,
    model: &Model,
    days: i64,
) -> Result<Vec<(NaiveDate, DateTime<Utc>, ModelStanding)>, DbError> {
    let stored = model_standings::latest(tx, model.model_id, days).await?;
    let read = |row: model_standings::Standing| {
        // A standing that another version wrote otherwise is left out; the next day has a new one.
        let standing = serde_json::from_value(row.figures).ok()?;
        Some((row.day, row.computed_at, standing))
    };
    Ok(stored.into_iter().filter_map(read).collect())
}

impl Handler for GovernanceJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        self.look(job).boxed()
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        job: &'a Leased,
        error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        tracing::error!(job = %job.job_id, error, "models were not looked at today");
        async { Ok(()) }.boxed()
    }
}
