//! An export that proves itself: lines of JSON, each seal before its rows.

use chrono::{DateTime, Utc};
use db::{
    Actor, Database,
    audit_seals::{self, TrailRow},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use crate::{Archive, Entry, Seal, TrailError, entry};

/// The first line's word.
pub(crate) const FORMAT: &str = "medical-portal audit export 1";
const PAGE: i64 = 8;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) format: String,
    /// The seal before the first one in the file: its number and, in hexadecimal, its SHA-256.
    pub(crate) after: i64,
    pub(crate) archives: Vec<Archive>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) seals: u64,
    pub(crate) rows: u64,
}

/// A row in a file. `user_id` is the one that was sealed, also where the account was deleted since.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowLine {
    log_id: Uuid,
    created_at: DateTime<Utc>,
    user_id: Option<Uuid>,
    user_role: Option<String>,
    action: String,
    entity_type: String,
    entity_id: Option<Uuid>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    old_values: Option<Box<RawValue>>,
    new_values: Option<Box<RawValue>>,
    status: String,
    error_message: Option<String>,
}

fn raw(text: Option<String>) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    text.map(RawValue::from_string).transpose()
}

impl RowLine {
    pub(crate) fn new(row: TrailRow) -> Result<Self, serde_json::Error> {
        Ok(Self {
            log_id: row.log_id,
            created_at: row.created_at,
            user_id: row.user_id,
            user_role: row.user_role,
            action: row.action,
            entity_type: row.entity_type,
            entity_id: row.entity_id,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            old_values: raw(row.old_values)?,
            new_values: raw(row.new_values)?,
            status: row.status,
            error_message: row.error_message,
        })
    }

    pub(crate) fn into_row(self) -> TrailRow {
        let text = |raw: Option<Box<RawValue>>| raw.map(|raw| raw.get().to_owned());
        TrailRow {
            log_id: self.log_id,
            created_at: self.created_at,
            user_id: self.user_id,
            user_role: self.user_role,
            action: self.action,
            entity_type: self.entity_type,
            entity_id: self.entity_id,
            ip_address: self.ip_address,
            user_agent: self.user_agent,
            old_values: text(self.old_values),
            new_values: text(self.new_values),
            status: self.status,
            error_message: self.error_message,
        }
    }
}

/// A line between the first and the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Seal(Seal),
    Row(Box<RowLine>),
    End(End),
}

/// Writes, as `actor` sees them, every seal from the one that reaches `from` to the one before `until` begins, each
/// before its rows. Gives how many rows. Rows of archived months are not there, and the file says so.
///
/// # Errors
/// When the database does not answer or the output takes no more.
pub async fn export(
    database: &Database,
    actor: &Actor,
    (from, until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    output: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<u64, TrailError> {
    let mut tx = database.begin(actor).await?;
    let mut after = 0;
    if let Some(from) = from {
        let first = audit_seals::first_seal_reaching(&mut tx, from).await?;
        let newest = audit_seals::newest_seal(&mut tx).await?;
        after = first.map_or_else(|| newest.map_or(0, |seal| seal.number), |first| first - 1);
    }
    let archives = audit_seals::archives(&mut tx).await?;
    let head = Head {
        format: FORMAT.to_owned(),
        after,
        archives: archives.into_iter().map(Archive::from).collect(),
    };
    drop(tx);
    write_line(output, &head).await?;
    let mut end = End { seals: 0, rows: 0 };
    'pages: loop {
        let mut tx = database.begin(actor).await?;
        let page = audit_seals::seals(&mut tx, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            if until.is_some_and(|until| stored.first_at >= until) {
                break 'pages;
            }
            after = stored.number;
            let seal = Seal::from(stored);
            let entries = entry::entries(&seal.entries).unwrap_or_default();
            let ids: Vec<Uuid> = entries.iter().map(|entry| entry.log_id).collect();
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                continue;
            };
            let rows = audit_seals::rows(&mut tx, first.created_at, last.created_at, &ids).await?;
            write_line(output, &Line::Seal(seal)).await?;
            end.seals += 1;
            for row in rows {
                end.rows += 1;
                write_row(output, with_sealed_user(row, &entries)).await?;
            }
        }
    }
    let rows = end.rows;
    write_line(output, &Line::End(end)).await?;
    output.flush().await.map_err(not_written)?;
    Ok(rows)
}

/// A deleted account leaves `user_id` empty; whose it was is in the seal.
fn with_sealed_user(mut row: TrailRow, entries: &[Entry]) -> TrailRow {
    if row.user_id.is_none()
        && let Ok(index) = entries.binary_search_by_key(&(row.created_at, row.log_id), Entry::place)
        && !entries[index].user_id.is_nil()
    {
        row.user_id = Some(entries[index].user_id);
    }
    row
}

async fn write_row(
    output: &mut (impl AsyncWrite + Unpin + Send),
    row: TrailRow,
) -> Result<(), TrailError> {
    let line = RowLine::new(row).map_err(|error| not_written(error.into()))?;
    write_line(output, &Line::Row(Box::new(line))).await
}

fn not_written(source: std::io::Error) -> TrailError {
    TrailError::Io {
        what: "cannot write the export".to_owned(),
        source,
    }
}

async fn write_line(
    output: &mut (impl AsyncWrite + Unpin + Send),
    line: &impl Serialize,
) -> Result<(), TrailError> {
    let mut text = serde_json::to_vec(line).map_err(|error| not_written(error.into()))?;
    text.push(b'\n');
    output.write_all(&text).await.map_err(not_written)
}
