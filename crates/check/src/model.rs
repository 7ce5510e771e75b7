//! The active model: there, unchanged, loads, and answers its golden cases as when it was made.

use ai::EngineKind;
use analysis::ModelCache;
use db::{Actor, Database};
use domain::{AlarmKind, ModelStage};

use crate::{Diagnosis, Subject, finding::chain, unanswered};

const CHECK: &str = "model";
const FAILURES: &str = "model_failures";
/// Failures are looked for this far back.
const HOURS: i64 = 24;

pub(crate) async fn look(database: &Database, subject: &Subject, diagnosis: &mut Diagnosis) {
    active(database, subject, diagnosis).await;
    failures(database, diagnosis).await;
}

/// Cases that a model failed on while it worked.
async fn failures(database: &Database, diagnosis: &mut Diagnosis) {
    let counted = async {
        let mut tx = database.begin(&Actor::worker()).await?;
        let from = tx.now() - chrono::Duration::hours(HOURS);
        db::model_failures::since(&mut tx, from).await
    };
    match counted.await {
        Ok(failures) if failures.films == 0 => {
            diagnosis.ok(FAILURES, format!("no model failed on a film in {HOURS} hours"));
        }
        Ok(failures) => diagnosis.warn(
            FAILURES,
            format!(
                "the model failed on {} films in {HOURS} hours, last: {}",
                failures.films,
                failures.last_reason.unwrap_or_default()
            ),
            "Their cases are in the queue unscored. docs/OPERATIONS.md, \"The model fails\", says what to do.",
        ),
        Err(error) => unanswered(diagnosis, FAILURES, &error),
    }
}

async fn active(database: &Database, subject: &Subject, diagnosis: &mut Diagnosis) {
    let active = async {
        let mut tx = database.begin(&Actor::worker()).await?;
        db::models::active(&mut tx).await
    };
    let row = match active.await {
        Ok(Some(row)) => row,
        Ok(None) => {
            return diagnosis.warn(
                CHECK,
                "no model is active: every film goes to the doctors unscored, before medium risk",
                "medical-portal model list, then model activate NAME VERSION.",
            );
        }
        Err(error) => return unanswered(diagnosis, CHECK, &error),
    };
    let name = format!("{} {}", row.model_name, row.version);
    if row.stage == ModelStage::Suspended {
        diagnosis.warn(
            CHECK,
            format!("{name} is suspended: every film goes to the doctors unscored, before medium risk"),
            "Look into its alarms (medical-portal model alarms), then model resume, or model rollback.",
        );
    }
    look_for_alarms(database, diagnosis).await;
    let cache = ModelCache::new(subject.engine, &subject.models);
    let tried = tokio::task::spawn_blocking(move || {
        let model = cache.get(&row).map_err(|error| chain(&error))?;
        let golden = model.verify_golden().map_err(|error| chain(&error))?;
        Ok::<_, String>((model.engine(), golden.cases))
    })
    .await;
    match tried {
        Ok(Ok((engine, cases))) => {
            let engine = match engine {
                EngineKind::OnnxRuntime => "ONNX Runtime",
                EngineKind::BuiltIn => "the built-in engine",
            };
            diagnosis.ok(CHECK, format!("{name} loads in {engine} and answers its {cases} golden cases"));
        }
        Ok(Err(error)) => diagnosis.fail(
            CHECK,
            format!("{name} does not work: {error}"),
            "Cases go to the doctors unscored meanwhile. Import the package again, or go back: medical-portal model rollback --reason TEXT.",
        ),
        Err(_) => diagnosis.fail(
            CHECK,
            format!("{name} broke off while it was tried"),
            "Go back (medical-portal model rollback --reason TEXT), and report this one.",
        ),
    }
}

/// Alarms about models whose cause still stands.
async fn look_for_alarms(database: &Database, diagnosis: &mut Diagnosis) {
    let open = async {
        let mut tx = database.begin(&Actor::worker()).await?;
        db::model_alarms::list(&mut tx, true, None, 10).await
    };
    match open.await {
        Ok(open) => {
            // Failures have a check of their own.
            let others = open
                .items
                .iter()
                .filter(|alarm| alarm.kind != AlarmKind::Failure);
            for alarm in others {
                diagnosis.warn(
                    CHECK,
                    format!("open alarm ({}): {}", alarm.kind, alarm.detail),
                    "See docs/OPERATIONS.md, \"The model has an alarm\".",
                );
            }
        }
        Err(error) => unanswered(diagnosis, CHECK, &error),
    }
}
