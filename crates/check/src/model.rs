//! The active model: there, unchanged, loads, and answers its golden cases as when it was made.

use ai::EngineKind;
use analysis::ModelCache;
use db::{Actor, Database};

use crate::{Diagnosis, Subject, finding::chain, unanswered};

const CHECK: &str = "model";

pub(crate) async fn look(database: &Database, subject: &Subject, diagnosis: &mut Diagnosis) {
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
            "Cases go to the doctors unscored meanwhile. Import the package again, or activate the version before.",
        ),
        Err(_) => diagnosis.fail(
            CHECK,
            format!("{name} broke off while it was tried"),
            "Activate the version before, and report this one.",
        ),
    }
}
