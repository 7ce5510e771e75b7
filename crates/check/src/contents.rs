//! What cases say: as the sealed trail noted it when the portal last changed them. An alteration past the portal is
//! named by its case.

use chrono::{DateTime, Duration, Utc};
use db::{
    Actor, Database, DbError,
    consistency::{self, ContentFault},
};

use crate::{Diagnosis, Subject, Wanted, unanswered};

const CHECK: &str = "contents";
/// How far back a check that is not thorough looks.
const RECENT: Duration = Duration::days(30);

pub(crate) async fn look(
    database: &Database,
    subject: &Subject,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    let since = if wanted.thorough {
        DateTime::UNIX_EPOCH
    } else {
        subject.clock.now() - RECENT
    };
    match faults(database, since).await {
        Ok(faults) if faults.is_empty() && wanted.thorough => {
            diagnosis.ok(CHECK, "every case is what the trail says it was last");
        }
        Ok(faults) if faults.is_empty() => diagnosis.ok(
            CHECK,
            "every case that changed in the last 30 days is what the trail says it was last",
        ),
        Ok(faults) => diagnosis.fail(
            CHECK,
            format!(
                "{} cases were changed past the portal, first of all {} ({})",
                faults.len(),
                faults[0].report_id,
                faults[0].fault
            ),
            "Keep the database as it is and take a backup. Compare these cases with an older backup, and tell their doctors: what they say cannot be relied on.",
        ),
        Err(error) => unanswered(diagnosis, CHECK, &error),
    }
}

async fn faults(database: &Database, since: DateTime<Utc>) -> Result<Vec<ContentFault>, DbError> {
    let mut tx = database.begin(&Actor::command_line()).await?;
    consistency::content_faults(&mut tx, since).await
}
