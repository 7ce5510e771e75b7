//! The trail written out in a form, read and written page by page: our own, which proves itself, and those of
//! others, rows in the order of time, one a line.

mod csv;
mod dicom;
mod fhir;
mod meaning;

use chrono::{DateTime, Utc};
use db::{
    Actor, Database,
    audit_seals::{self, TrailRow},
};
use domain::audit::AuditFormat;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

pub use dicom::audit_message;
pub use fhir::audit_event;

use crate::{TrailError, export};

/// Rows read at a time.
const PAGE: i64 = 2000;

/// Who the messages say they come from.
const SITE: &str = "medical-portal";

/// Writes the rows of a time that `actor` sees. Gives how many.
///
/// # Errors
/// When the database does not answer or the output takes no more.
pub async fn write(
    database: &Database,
    actor: &Actor,
    format: AuditFormat,
    span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    output: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<u64, TrailError> {
    let line: fn(&TrailRow) -> String = match format {
        AuditFormat::Jsonl => return export(database, actor, span, output).await,
        AuditFormat::Csv => {
            write_line(output, csv::HEAD.join(",")).await?;
            csv::line
        }
        AuditFormat::Fhir => |row| audit_event(row, SITE).to_string(),
        AuditFormat::Dicom => |row| audit_message(row, SITE),
    };
    let (from, until) = span;
    let from = from.unwrap_or(DateTime::UNIX_EPOCH);
    let mut after = None;
    let mut count = 0;
    loop {
        let mut tx = database.begin(actor).await?;
        let page = audit_seals::identifiers(&mut tx, from, until, after, PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            break;
        };
        let ids: Vec<Uuid> = page.iter().map(|(_, id)| *id).collect();
        for row in audit_seals::rows(&mut tx, first.0, last.0, &ids).await? {
            write_line(output, line(&row)).await?;
            count += 1;
        }
        after = Some(*last);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    output.flush().await.map_err(not_written)?;
    Ok(count)
}

fn not_written(source: std::io::Error) -> TrailError {
    TrailError::Io {
        what: "cannot write the export".to_owned(),
        source,
    }
}

async fn write_line(
    output: &mut (impl AsyncWrite + Unpin + Send),
    mut line: String,
) -> Result<(), TrailError> {
    line.push('\n');
    output.write_all(line.as_bytes()).await.map_err(not_written)
}
