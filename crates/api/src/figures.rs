//! `/metrics`: rate, errors and duration of each path (counted in [`crate::observe`]), the queue's
//! depth and age, jobs, notifications, connections, backups. Counts only, never a name or number.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use db::{Actor, ActorTx};
use domain::{AlarmKind, emergency::EmergencyPolicy, settings};

use crate::{
    problem::{Away, Problem, ProblemBody, chain},
    state::ApiState,
};

/// Figures for Prometheus
#[utoipa::path(get, operation_id = "health_metrics", path = "/metrics", tag = "health", security(()),
    responses((status = 200, description = "Prometheus text format", content_type = "text/plain", body = String),
              (status = 503, body = ProblemBody)))]
pub(crate) async fn metrics(State(state): State<ApiState>) -> Result<Response, Problem> {
    let figures = state
        .figures
        .as_ref()
        .ok_or_else(|| Problem::Unavailable(Away::Part, "no recorder is installed".to_owned()))?;
    let counted = refresh(&state).await;
    // Without this one, figures that stand still look like a quiet night.
    metrics::gauge!("portal_database_up").set(if counted.is_ok() { 1.0 } else { 0.0 });
    if let Err(error) = counted {
        tracing::warn!(error = chain(&error), "cannot count for the figures");
    }
    metrics::gauge!("portal_build_info", "version" => state.options.version).set(1.0);
    figures.0.run_upkeep();
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        figures.0.render(),
    )
        .into_response())
}

async fn refresh(state: &ApiState) -> Result<(), db::DbError> {
    let pool = state.database.pool_state();
    metrics::gauge!("portal_database_connections", "state" => "open").set(f64::from(pool.open));
    metrics::gauge!("portal_database_connections", "state" => "idle").set(f64::from(pool.idle));
    let mut tx = state.database.begin(&Actor::worker()).await?;
    queue(&mut tx).await?;
    work(&mut tx).await?;
    alarms(&mut tx).await?;
    let hour_ago = tx.now() - chrono::Duration::hours(1);
    let failures = db::model_failures::since(&mut tx, hour_ago).await?;
    metrics::gauge!("portal_model_failures_last_hour").set(failures.films as f64);
    emergencies(&mut tx).await?;
    let figures = db::figures::read(&mut tx).await?;
    metrics::gauge!("portal_notifications_unread").set(figures.unread_notifications as f64);
    metrics::gauge!("portal_notifications_oldest_unread_seconds")
        .set(age(tx.now(), figures.oldest_unread));
    metrics::gauge!("portal_database_bytes").set(figures.database_bytes as f64);
    metrics::gauge!("portal_backup_last_run_failed").set(if figures.last_run_failed {
        1.0
    } else {
        0.0
    });
    // Never yet is zero: 1970 is long enough ago for every alarm.
    let moment = |at: Option<DateTime<Utc>>| at.map_or(0.0, |at| at.timestamp() as f64);
    metrics::gauge!("portal_backup_last_success_timestamp_seconds")
        .set(moment(figures.last_backup));
    metrics::gauge!("portal_backup_last_verified_timestamp_seconds")
        .set(moment(figures.last_verification));
    if let Some(lag) = figures.replication_lag_seconds {
        metrics::gauge!("portal_replication_lag_seconds").set(lag);
    }
    Ok(())
}

async fn queue(tx: &mut ActorTx) -> Result<(), db::DbError> {
    let open = db::reports::open_counts(tx).await?;
    let oldest = db::consistency::oldest_open(tx).await?;
    for (class, count, since) in [
        ("high", open.high, oldest.high),
        ("unscored", open.unscored, oldest.unscored),
        ("medium", open.medium, oldest.medium),
        ("low", open.low, oldest.low),
    ] {
        metrics::gauge!("portal_queue_reports", "class" => class).set(count as f64);
        metrics::gauge!("portal_queue_oldest_seconds", "class" => class).set(age(tx.now(), since));
    }
    metrics::gauge!("portal_reports", "status" => "pending").set(open.pending as f64);
    metrics::gauge!("portal_reports", "status" => "analyzing").set(open.analyzing as f64);
    Ok(())
}

async fn work(tx: &mut ActorTx) -> Result<(), db::DbError> {
    // What was there a moment ago and is gone must fall to zero, not stand still.
    for state in ["queued", "running", "dead"] {
        metrics::gauge!("portal_jobs", "kind" => analysis::job::KIND, "state" => state).set(0.0);
    }
    for count in db::jobs::counts(tx).await? {
        metrics::gauge!("portal_jobs", "kind" => count.kind, "state" => count.state)
            .set(count.count as f64);
    }
    let work = db::consistency::work(tx).await?;
    metrics::gauge!("portal_jobs_oldest_queued_seconds").set(age(tx.now(), work.oldest_queued));
    metrics::gauge!("portal_jobs_lost").set(work.lost as f64);
    Ok(())
}

/// Accesses in emergencies that wait for a review.
async fn emergencies(tx: &mut ActorTx) -> Result<(), db::DbError> {
    let policy: EmergencyPolicy = db::settings::get(tx, settings::EMERGENCY_ACCESS).await?;
    let due = tx.now() - chrono::Duration::hours(policy.review_within_hours.into());
    let waiting = db::emergency::waiting(tx, due).await?;
    metrics::gauge!("portal_emergency_accesses_unreviewed").set(waiting.unreviewed as f64);
    metrics::gauge!("portal_emergency_accesses_overdue").set(waiting.overdue as f64);
    Ok(())
}

/// Alarms about models whose cause still stands.
async fn alarms(tx: &mut ActorTx) -> Result<(), db::DbError> {
    for kind in AlarmKind::ALL {
        metrics::gauge!("portal_model_alarms", "kind" => kind.as_str()).set(0.0);
    }
    for (kind, count) in db::model_alarms::open_counts(tx).await? {
        metrics::gauge!("portal_model_alarms", "kind" => kind.as_str()).set(count as f64);
    }
    Ok(())
}

/// Seconds since then; 0 for nothing.
fn age(now: DateTime<Utc>, since: Option<DateTime<Utc>>) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}
