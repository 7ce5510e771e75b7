//! The audit trail's seals: they go on, and what they hold of late is what was written. `audit verify` proves all of it.

use chrono::Duration;
use db::{Actor, Database, audit_seals};
use trail::{Extent, Newest, PublicKeys, Report, TrailError};

use crate::{Diagnosis, Subject, finding::chain, unanswered};

const CHECK: &str = "audit_trail";
/// How much of the trail is looked at.
const RECENT: Duration = Duration::days(2);
/// New rows are sealed every minute; a portal that was stopped seals at its next start.
const LATE: Duration = Duration::hours(2);

pub(crate) async fn look(database: &Database, subject: &Subject, diagnosis: &mut Diagnosis) {
    let extent = async {
        let mut tx = database.begin(&Actor::command_line()).await?;
        audit_seals::extent(&mut tx).await
    };
    let last = match extent.await {
        Ok(None) => return diagnosis.ok(CHECK, "nothing was done here yet"),
        Ok(Some((_, last))) => last,
        Err(error) => return unanswered(diagnosis, CHECK, &error),
    };
    if !subject.audit_public_keys.exists() && !subject.audit_newest_seal.exists() {
        return diagnosis.warn(
            CHECK,
            "no seal was written yet, so changes of the trail cannot be found",
            "`serve` seals every minute: start it.",
        );
    }
    let since = subject.clock.now().min(last) - RECENT;
    match verify(database, subject, Extent::Since(since)).await {
        Ok(report) if !report.is_sound() => diagnosis.fail(
            CHECK,
            format!("{} faults, first of all: {}", report.fault_count, report.faults[0]),
            "Somebody changed the trail past the portal: keep the database as it is, run `medical-portal audit verify`, and compare with a backup.",
        ),
        Ok(report) if report.waiting > 0 && subject.clock.now() - last > LATE => diagnosis.warn(
            CHECK,
            format!("{} rows wait for a seal", report.waiting),
            "`serve` seals every minute: is it running, and what does its log say?",
        ),
        Ok(report) => diagnosis.ok(
            CHECK,
            format!(
                "the {} rows since {since} are what they were when they were sealed",
                report.rows
            ),
        ),
        Err(error) => diagnosis.fail(
            CHECK,
            chain(&error),
            "Bring keys/audit-public-keys.txt back from a backup.",
        ),
    }
}

async fn verify(
    database: &Database,
    subject: &Subject,
    extent: Extent,
) -> Result<Report, TrailError> {
    let keys = PublicKeys::load(&subject.audit_public_keys)?;
    let newest = Newest::read(&subject.audit_newest_seal)?;
    trail::verify(database, &keys, extent, newest).await
}
