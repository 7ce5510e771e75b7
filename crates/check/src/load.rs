//! Slow statements, waits, wraparound, room taken by nothing.

use db::inspect::Inspector;

use crate::{Diagnosis, unanswered};

/// A statement slower than this on average holds people up; the portal's slowest takes about 10 ms.
const SLOW_MILLISECONDS: f64 = 200.0;
/// A wait for a lock longer than this is no longer ordinary work.
const LONG_WAIT_SECONDS: f64 = 30.0;
/// Below this, rows must be frozen soon or the server stops taking writes.
const FEW_TRANSACTIONS: i64 = 200_000_000;
/// Waste that is worth somebody's time.
const MUCH_WASTE: i64 = 1 << 30;

pub(crate) async fn look(inspector: &mut Inspector, diagnosis: &mut Diagnosis) {
    slow(inspector, diagnosis).await;
    waits(inspector, diagnosis).await;
    match inspector.size().await {
        Ok(size) if size.transactions_left < FEW_TRANSACTIONS => diagnosis.fail(
            "freezing",
            format!("{} transactions until the server stops", size.transactions_left),
            "medical-portal db vacuum, and find out why autovacuum does not get through (db locks, db connections).",
        ),
        Ok(_) => diagnosis.ok("freezing", "old rows are frozen in time"),
        Err(error) => unanswered(diagnosis, "freezing", &error),
    }
    match inspector.bloat().await {
        Ok(bloat) => {
            for row in bloat
                .iter()
                .filter(|row| row.wasted_bytes > MUCH_WASTE && row.wasted_bytes * 2 > row.bytes)
            {
                diagnosis.warn(
                    "bloat",
                    format!("more than half of {} {}.{} is empty", row.kind, row.schema, row.name),
                    "medical-portal db reindex --concurrently for an index; a table's room is used again.",
                );
            }
        }
        Err(error) => unanswered(diagnosis, "bloat", &error),
    }
}

async fn slow(inspector: &mut Inspector, diagnosis: &mut Diagnosis) {
    match inspector.slow(100).await {
        Ok(slow) => {
            if let Some(statement) = slow.to_enable {
                diagnosis.warn("slow_statements", "statements are not counted", statement);
                return;
            }
            let mut found = false;
            for statement in slow.statements.iter().filter(|statement| {
                statement.mean_milliseconds > SLOW_MILLISECONDS && statement.calls >= 10
            }) {
                found = true;
                let text: String = statement.statement.chars().take(90).collect();
                diagnosis.warn(
                    "slow_statements",
                    format!("{:.0} ms on average over {} calls: {text}", statement.mean_milliseconds, statement.calls),
                    "medical-portal db analyze; if it stays, compare with `db indexes` and report it.",
                );
            }
            if !found {
                diagnosis.ok("slow_statements", "none takes longer than 0.2 s on average");
            }
        }
        Err(error) => unanswered(diagnosis, "slow_statements", &error),
    }
}

async fn waits(inspector: &mut Inspector, diagnosis: &mut Diagnosis) {
    match inspector.locks().await {
        Ok(waits) => {
            let long: Vec<_> = waits
                .iter()
                .filter(|wait| wait.seconds > LONG_WAIT_SECONDS)
                .collect();
            for wait in &long {
                diagnosis.warn(
                    "locks",
                    format!("process {} has waited {:.0} s for {:?}", wait.pid, wait.seconds, wait.blocked_by),
                    "See what it holds with `medical-portal db locks`; SELECT pg_terminate_backend(PID) ends it.",
                );
            }
            if long.is_empty() {
                diagnosis.ok("locks", "nobody waits long for a lock");
            }
        }
        Err(error) => unanswered(diagnosis, "locks", &error),
    }
}
