//! Migrations in step; roles, rights, row security and everything else of the schema as built.

use db::inspect::{Inspector, SchemaFault};

use crate::{Diagnosis, Outcome, Subject, Wanted, unanswered};

/// Whether every migration has run; without them nothing else can be asked.
pub(crate) async fn look_at_migrations(
    subject: &Subject,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) -> bool {
    let states = match db::migrations::status(&subject.owner).await {
        Ok(states) => states,
        Err(error) => {
            unanswered(diagnosis, "migrations", &error);
            return false;
        }
    };
    let edited: Vec<String> = states
        .iter()
        .filter(|state| state.applied && !state.unchanged)
        .map(|state| format!("{:03}", state.version))
        .collect();
    if !edited.is_empty() {
        diagnosis.fail(
            "migrations",
            format!(
                "{} ran with another text than this program carries",
                edited.join(", ")
            ),
            "This database belongs to another build: run that build, or restore a backup.",
        );
    }
    let missing = states.iter().filter(|state| !state.applied).count();
    if missing == 0 {
        if edited.is_empty() {
            diagnosis.ok("migrations", format!("all {} have run", states.len()));
        }
        return true;
    }
    let detail = format!("{missing} of {} migrations have not run", states.len());
    let outcome = if wanted.fix {
        db::migrations::migrate(&subject.owner)
            .await
            .map_err(|error| error.to_string())
    } else {
        Err("run medical-portal db migrate (serve does it at its start)".to_owned())
    };
    match outcome {
        Ok(()) => diagnosis.fixed("migrations", Outcome::Fail, detail),
        Err(remedy) => {
            diagnosis.fail("migrations", detail, remedy);
            return false;
        }
    }
    true
}

/// Which check a fault belongs to, and how bad it is.
fn weigh(fault: &SchemaFault) -> (&'static str, Outcome) {
    match fault.kind.as_str() {
        "table" | "policy" => ("row_security", Outcome::Fail),
        "role" | "member" | "grant" => ("roles_and_grants", Outcome::Fail),
        "index" => ("indexes", Outcome::Warn),
        _ => ("schema", Outcome::Fail),
    }
}

const CHECKS: [(&str, &str); 4] = [
    (
        "row_security",
        "row-level security is on and forced on every table, with the policies as built",
    ),
    ("roles_and_grants", "roles and grants are as built"),
    (
        "schema",
        "tables, columns, constraints, triggers and functions are as built",
    ),
    ("indexes", "every index is there, valid and none is missing"),
];

pub(crate) async fn look(
    subject: &Subject,
    inspector: &mut Inspector,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    let faults = match inspector.schema_faults().await {
        Ok(faults) => faults,
        Err(error) => return unanswered(diagnosis, "schema", &error),
    };
    for (check, as_it_should_be) in CHECKS {
        let of_this: Vec<&SchemaFault> = faults
            .iter()
            .filter(|fault| weigh(fault).0 == check)
            .collect();
        if of_this.is_empty() {
            diagnosis.ok(check, as_it_should_be);
        }
        for fault in of_this {
            report(subject, fault, wanted, diagnosis).await;
        }
    }
    foreign_keys(inspector, diagnosis).await;
}

async fn report(subject: &Subject, fault: &SchemaFault, wanted: Wanted, diagnosis: &mut Diagnosis) {
    let (check, outcome) = weigh(fault);
    let remedy = fault.remedy();
    if let (Some(statement), Some(mut caretaker)) =
        (&remedy, crate::caretaker(subject, wanted).await)
        && caretaker.remedy(statement).await.is_ok()
    {
        diagnosis.fixed(
            check,
            outcome,
            format!("{} (ran: {statement})", fault.sentence()),
        );
        return;
    }
    let remedy = remedy.map_or_else(
        || "Somebody changed the schema by hand: compare with database/schema.sql, or restore a backup.".to_owned(),
        |statement| format!("{statement};"),
    );
    match outcome {
        Outcome::Fail => diagnosis.fail(check, fault.sentence(), remedy),
        _ => diagnosis.warn(check, fault.sentence(), remedy),
    }
}

async fn foreign_keys(inspector: &mut Inspector, diagnosis: &mut Diagnosis) {
    match inspector.indexes().await {
        Ok(indexes) => {
            for missing in indexes.missing {
                diagnosis.warn(
                    "indexes",
                    format!("foreign key {} has no index", missing.constraint),
                    format!(
                        "CREATE INDEX CONCURRENTLY ON {} ({});",
                        missing.table, missing.columns
                    ),
                );
            }
        }
        Err(error) => unanswered(diagnosis, "indexes", &error),
    }
}
