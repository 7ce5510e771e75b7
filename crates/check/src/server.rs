//! The database server: reachable, version, clock, durability, connections.

use db::inspect::{Inspector, ServerFacts};

use crate::{Diagnosis, Outcome, Subject, Wanted, finding::chain, unanswered};

/// Seconds that the two clocks may differ.
const CLOCK_TOLERANCE: i64 = 2;
/// Seconds at which sessions, claims and audit times go wrong.
const CLOCK_WRONG: i64 = 60;

/// Connects as the owner.
pub(crate) async fn reach(subject: &Subject, diagnosis: &mut Diagnosis) -> Option<Inspector> {
    match Inspector::connect(&subject.owner, subject.maintenance.as_ref()).await {
        Ok(inspector) => {
            diagnosis.ok("database", "the server answers");
            Some(inspector)
        }
        Err(error) => {
            diagnosis.fail(
                "database",
                format!("the server does not answer: {}", chain(&error)),
                "See docs/OPERATIONS.md, \"The database is down\". Films are refused meanwhile, never lost.",
            );
            None
        }
    }
}

pub(crate) async fn look(
    subject: &Subject,
    inspector: &mut Inspector,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    let facts = match inspector.server().await {
        Ok(facts) => facts,
        Err(error) => return unanswered(diagnosis, "server", &error),
    };
    version(&facts, diagnosis);
    clock(subject, &facts, diagnosis);
    durability(subject, &facts, diagnosis);
    partitions(subject, &facts, wanted, diagnosis).await;
    match inspector.connections().await {
        Ok(connections) if connections.open * 10 > connections.maximum * 8 => diagnosis.warn(
            "connections",
            format!("{} of {} connections are in use", connections.open, connections.maximum),
            "See who with `medical-portal db connections`; raise max_connections or put a pool in front.",
        ),
        Ok(connections) => diagnosis.ok(
            "connections",
            format!("{} of {} connections are in use", connections.open, connections.maximum),
        ),
        Err(error) => unanswered(diagnosis, "connections", &error),
    }
}

fn version(facts: &ServerFacts, diagnosis: &mut Diagnosis) {
    let version = format!("PostgreSQL {}", facts.version);
    if facts.version_number < 140_000 {
        diagnosis.fail(
            "version",
            version,
            "The portal needs PostgreSQL 14 or later: upgrade the server.",
        );
    } else if facts.version_number < 150_000 {
        diagnosis.warn(
            "version",
            version,
            "14 gets no security fixes from November 2026 on: plan an upgrade (docs/OPERATIONS.md, \"Upgrade\").",
        );
    } else {
        diagnosis.ok("version", version);
    }
    if facts.in_recovery {
        diagnosis.fail(
            "standby",
            "this server is a standby and takes no writes",
            "Point DATABASE_URL at the primary, or promote this one if the primary is lost.",
        );
    }
    if let Some(lag) = facts.replication_lag_seconds {
        let detail = format!("the slowest standby is {lag:.0} s behind");
        if lag > 60.0 {
            diagnosis.warn("replication", detail, "Look at the standby's log and disk.");
        } else {
            diagnosis.ok("replication", detail);
        }
    }
}

fn clock(subject: &Subject, facts: &ServerFacts, diagnosis: &mut Diagnosis) {
    let apart = (subject.clock.now() - facts.now).num_seconds().abs();
    let detail = format!("this machine and the database are {apart} s apart");
    let remedy = "Have both take their time from the network (chrony or systemd-timesyncd).";
    if apart > CLOCK_WRONG {
        diagnosis.fail("clock", detail, remedy);
    } else if apart > CLOCK_TOLERANCE {
        diagnosis.warn("clock", detail, remedy);
    } else {
        diagnosis.ok("clock", detail);
    }
    if matches!(facts.time_zone.as_str(), "UTC" | "Etc/UTC" | "GMT") {
        diagnosis.ok("time_zone", "the database writes its times in UTC");
    } else {
        // Every column is a timestamptz and every connection of ours sets UTC; only psql by hand is odd.
        diagnosis.warn(
            "time_zone",
            format!("the server's time zone is {}", facts.time_zone),
            "Nothing is stored wrong, but times look shifted in psql: ALTER SYSTEM SET timezone = 'UTC'.",
        );
    }
}

fn durability(subject: &Subject, facts: &ServerFacts, diagnosis: &mut Diagnosis) {
    if facts.durable {
        diagnosis.ok("durability", facts.durability.clone());
    } else {
        diagnosis.fail(
            "durability",
            format!("{}: a power cut loses what was acknowledged", facts.durability),
            "ALTER SYSTEM RESET fsync; ALTER SYSTEM RESET full_page_writes; ALTER SYSTEM RESET synchronous_commit; then restart.",
        );
    }
    if subject.maintenance.is_none() && facts.tls == Some(false) {
        diagnosis.fail(
            "database_tls",
            "the link to the database is not encrypted",
            "Put sslmode=verify-full and sslrootcert into DATABASE_URL and DATABASE_ADMIN_URL.",
        );
    }
    if !facts.page_checksums {
        diagnosis.warn(
            "page_checksums",
            "the database's pages carry no checksums, so a failing disk is noticed late",
            "Stop the server, run pg_checksums --enable, start it again.",
        );
    }
}

async fn partitions(
    subject: &Subject,
    facts: &ServerFacts,
    wanted: Wanted,
    diagnosis: &mut Diagnosis,
) {
    if facts.rows_outside_partitions > 0 {
        diagnosis.warn(
            "audit_partitions",
            format!(
                "{} rows of the audit trail lie outside every month's partition: a clock was wrong, or partitions were missing",
                facts.rows_outside_partitions
            ),
            "They are safe and found by every search; they stay there, since rows of the trail never move.",
        );
    }
    if facts.partitions_ahead == 3 {
        diagnosis.ok(
            "audit_partitions",
            "this month and the next two have partitions",
        );
        return;
    }
    let detail = format!(
        "{} of the partitions of this month and the next two are there",
        facts.partitions_ahead
    );
    if let Some(mut caretaker) = crate::caretaker(subject, wanted).await
        && caretaker.make_partitions(2).await.is_ok()
    {
        diagnosis.fixed("audit_partitions", Outcome::Warn, detail);
    } else {
        diagnosis.warn(
            "audit_partitions",
            detail,
            "medical-portal db partitions --make-ahead 2 (a running portal does it every hour)",
        );
    }
}
