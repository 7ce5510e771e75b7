//! Records that were opened in emergencies: each is reviewed, by somebody who is there to do it.

use chrono::Duration;
use db::{Actor, Database, DbError, emergency};
use domain::{emergency::EmergencyPolicy, settings};

use crate::{Diagnosis, unanswered};

const CHECK: &str = "emergency_accesses";

pub(crate) async fn look(database: &Database, diagnosis: &mut Diagnosis) {
    if let Err(error) = try_to_look(database, diagnosis).await {
        unanswered(diagnosis, CHECK, &error);
    }
}

async fn try_to_look(database: &Database, diagnosis: &mut Diagnosis) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let policy: EmergencyPolicy = db::settings::get(&mut tx, settings::EMERGENCY_ACCESS).await?;
    let due = tx.now() - Duration::hours(policy.review_within_hours.into());
    let waiting = emergency::waiting(&mut tx, due).await?;
    if emergency::officers(&mut tx).await?.is_empty() {
        diagnosis.warn(
            CHECK,
            "nobody reviews records that were opened in emergencies",
            "Name accounts of staff that are in use in the setting privacy.officers.",
        );
    } else if waiting.overdue > 0 {
        diagnosis.warn(
            CHECK,
            format!(
                "{} records were opened in an emergency and not reviewed within {} hours",
                waiting.overdue, policy.review_within_hours
            ),
            "Have a privacy officer other than whoever opened them review them under Emergencies; who that is says the setting privacy.officers.",
        );
    } else {
        diagnosis.ok(
            CHECK,
            format!(
                "{} records wait for a review, none too long",
                waiting.unreviewed
            ),
        );
    }
    Ok(())
}
