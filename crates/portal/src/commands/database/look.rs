//! `medical-portal db size|tables|connections|slow|locks|bloat|indexes`.

use anyhow::Result;
use chrono::{DateTime, Utc};
use db::inspect::Inspector;
use serde::Serialize;

use super::super::{
    table,
    words::{bytes, count, duration},
};
use crate::{cli::LookCommand, place::Place};

/// Runs the command.
pub(super) async fn run(command: LookCommand) -> Result<()> {
    let args = match &command {
        LookCommand::Size(args)
        | LookCommand::Tables(args)
        | LookCommand::Connections(args)
        | LookCommand::Slow(args)
        | LookCommand::Locks(args)
        | LookCommand::Bloat(args)
        | LookCommand::Indexes(args) => args,
    };
    let json = args.json;
    let place = Place::open_existing(&args.place).await?;
    let mut inspector = Inspector::connect(&place.owner, place.maintenance.as_ref()).await?;
    let shown = match command {
        LookCommand::Size(_) => size(&mut inspector, json).await,
        LookCommand::Tables(_) => tables(&mut inspector, json).await,
        LookCommand::Connections(_) => connections(&mut inspector, json).await,
        LookCommand::Slow(_) => slow(&mut inspector, json).await,
        LookCommand::Locks(_) => locks(&mut inspector, json).await,
        LookCommand::Bloat(_) => bloat(&mut inspector, json).await,
        LookCommand::Indexes(_) => indexes(&mut inspector, json).await,
    };
    inspector.close().await?;
    place.close().await?;
    shown
}

fn print_json(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

async fn size(inspector: &mut Inspector, json: bool) -> Result<()> {
    let size = inspector.size().await?;
    if json {
        return print_json(&size);
    }
    let mut rows = vec![
        vec![
            format!("database {}", size.database),
            bytes(size.database_bytes),
        ],
        vec![
            "  the audit trail's part".to_owned(),
            bytes(size.audit_bytes),
        ],
        vec![
            "write-ahead log".to_owned(),
            size.wal_bytes.map_or_else(
                || "not allowed to look (grant pg_monitor)".to_owned(),
                bytes,
            ),
        ],
        vec![
            "transactions until rows must be frozen".to_owned(),
            count(size.transactions_left),
        ],
        vec![
            "server runs since".to_owned(),
            moment(Some(size.started_at)),
        ],
    ];
    rows.push(vec![String::new(), String::new()]);
    table::print(&["what", "size"], &rows);
    let rows: Vec<Vec<String>> = size
        .largest
        .iter()
        .map(|table| {
            vec![
                format!("{}.{}", table.schema, table.table),
                bytes(table.total_bytes),
                bytes(table.index_bytes),
                estimate(table.estimated_rows),
            ]
        })
        .collect();
    table::print(
        &["largest tables", "size", "of it indexes", "rows (estimate)"],
        &rows,
    );
    Ok(())
}

async fn tables(inspector: &mut Inspector, json: bool) -> Result<()> {
    let tables = inspector.tables().await?;
    if json {
        return print_json(&tables);
    }
    let rows: Vec<Vec<String>> = tables
        .iter()
        .map(|table| {
            vec![
                format!("{}.{}", table.schema, table.table),
                count(table.live_rows),
                count(table.dead_rows),
                bytes(table.total_bytes),
                count(table.index_scans),
                count(table.sequential_scans),
                moment(table.last_vacuum),
                moment(table.last_analyze),
            ]
        })
        .collect();
    table::print(
        &[
            "table",
            "rows",
            "dead rows",
            "size",
            "by index",
            "read whole",
            "vacuumed",
            "analyzed",
        ],
        &rows,
    );
    Ok(())
}

async fn connections(inspector: &mut Inspector, json: bool) -> Result<()> {
    let connections = inspector.connections().await?;
    if json {
        return print_json(&connections);
    }
    let rows: Vec<Vec<String>> = connections
        .connections
        .iter()
        .map(|connection| {
            vec![
                connection.pid.to_string(),
                connection.user.clone(),
                connection.application.clone(),
                connection.state.clone(),
                duration(connection.seconds),
                connection.waits_for.clone().unwrap_or_default(),
                cut(&connection.statement, 80),
            ]
        })
        .collect();
    table::print(
        &[
            "pid",
            "user",
            "program",
            "state",
            "for",
            "waits for",
            "statement",
        ],
        &rows,
    );
    println!(
        "{} of {} connections of the server are in use",
        connections.open, connections.maximum
    );
    Ok(())
}

async fn slow(inspector: &mut Inspector, json: bool) -> Result<()> {
    let slow = inspector.slow(20).await?;
    if json {
        return print_json(&slow);
    }
    if let Some(statement) = &slow.to_enable {
        println!("Statements are not counted. As an administrator of the server:\n\n  {statement}");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = slow
        .statements
        .iter()
        .map(|statement| {
            vec![
                format!("{:.0}", statement.total_milliseconds),
                count(statement.calls),
                format!("{:.2}", statement.mean_milliseconds),
                format!("{:.1}", statement.maximum_milliseconds),
                format!("{:.0}%", statement.cache_hit_share * 100.0),
                cut(&statement.statement, 100),
            ]
        })
        .collect();
    table::print(
        &[
            "total ms",
            "calls",
            "mean ms",
            "most ms",
            "cached",
            "statement",
        ],
        &rows,
    );
    Ok(())
}

async fn locks(inspector: &mut Inspector, json: bool) -> Result<()> {
    let waits = inspector.locks().await?;
    if json {
        return print_json(&waits);
    }
    if waits.is_empty() {
        println!("Nobody waits for a lock.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = waits
        .iter()
        .map(|wait| {
            vec![
                wait.pid.to_string(),
                duration(wait.seconds),
                wait.relation.clone().unwrap_or_default(),
                cut(&wait.statement, 60),
                wait.blocked_by
                    .iter()
                    .map(i32::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
                wait.holder_state.clone(),
                cut(&wait.holder_statement, 60),
            ]
        })
        .collect();
    table::print(
        &[
            "pid",
            "waits",
            "for",
            "statement",
            "held by",
            "which is",
            "its statement",
        ],
        &rows,
    );
    println!("To end one that holds the others up: SELECT pg_terminate_backend(PID);");
    Ok(())
}

async fn bloat(inspector: &mut Inspector, json: bool) -> Result<()> {
    let bloat = inspector.bloat().await?;
    if json {
        return print_json(&bloat);
    }
    let rows: Vec<Vec<String>> = bloat
        .iter()
        .filter(|row| row.wasted_bytes > 0)
        .take(30)
        .map(|row| {
            vec![
                row.kind.clone(),
                format!("{}.{}", row.schema, row.name),
                bytes(row.bytes),
                bytes(row.wasted_bytes),
                format!(
                    "{:.0}%",
                    100.0 * row.wasted_bytes as f64 / row.bytes.max(1) as f64
                ),
            ]
        })
        .collect();
    table::print(
        &["kind", "name", "size", "empty (estimate)", "share"],
        &rows,
    );
    println!(
        "Small ones do not matter. For an index: db reindex --concurrently --table TABLE; a table's room is used again."
    );
    Ok(())
}

async fn indexes(inspector: &mut Inspector, json: bool) -> Result<()> {
    let indexes = inspector.indexes().await?;
    if json {
        return print_json(&indexes);
    }
    let rows: Vec<Vec<String>> = indexes
        .indexes
        .iter()
        .map(|index| {
            let mut remarks = Vec::new();
            if !index.valid {
                remarks.push("broken: reindex it".to_owned());
            }
            if let Some(other) = &index.doubles {
                remarks.push(format!("the same as {other}"));
            }
            if index.scans == 0 && !index.holds_constraint {
                remarks.push("not used yet".to_owned());
            }
            vec![
                index.index.clone(),
                format!("{}.{}", index.schema, index.table),
                bytes(index.bytes),
                count(index.scans),
                remarks.join("; "),
            ]
        })
        .collect();
    table::print(&["index", "table", "size", "used", ""], &rows);
    for missing in &indexes.missing {
        println!(
            "missing: CREATE INDEX CONCURRENTLY ON {} ({}); -- for {}",
            missing.table, missing.columns, missing.constraint
        );
    }
    Ok(())
}

/// A moment to the minute, in UTC.
pub(super) fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M").to_string(),
    )
}

/// A planner's estimate, which is -1 before the first ANALYZE.
pub(super) fn estimate(rows: i64) -> String {
    if rows < 0 {
        "not counted".to_owned()
    } else {
        count(rows)
    }
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(longest - 1).collect();
    cut.push('…');
    cut
}
