//! The trail in the forms of others: rows in the order of time, one a line, read and written page by page.

mod csv;
mod dicom;
mod fhir;
mod meaning;

use std::io::Write;

use chrono::{DateTime, Utc};
use db::{Actor, Database, audit_seals};
use uuid::Uuid;

pub use dicom::audit_message;
pub use fhir::audit_event;

use crate::TrailError;

/// Rows read at a time.
const PAGE: i64 = 2000;

/// A form of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A head and a line a row, fields as RFC 4180 has them.
    Csv,
    /// FHIR R4 `AuditEvent`, a JSON object a line.
    Fhir,
    /// DICOM PS3.15 A.5 audit messages, an XML document a line.
    Dicom,
}

/// Writes the rows of a time. Gives how many. `site` names the portal as the source of the messages.
///
/// # Errors
/// When the database does not answer or the output takes no more.
pub async fn write_rows(
    database: &Database,
    format: Format,
    site: &str,
    (from, until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    output: &mut (impl Write + Send),
) -> Result<u64, TrailError> {
    let from = from.unwrap_or(DateTime::UNIX_EPOCH);
    let mut after = None;
    let mut count = 0;
    if format == Format::Csv {
        write(output, &csv::HEAD.join(","))?;
    }
    loop {
        let mut tx = database.begin(&Actor::command_line()).await?;
        let page = audit_seals::identifiers(&mut tx, from, until, after, PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            break;
        };
        let ids: Vec<Uuid> = page.iter().map(|(_, id)| *id).collect();
        for row in audit_seals::rows(&mut tx, first.0, last.0, &ids).await? {
            let line = match format {
                Format::Csv => csv::line(&row),
                Format::Fhir => audit_event(&row, site).to_string(),
                Format::Dicom => audit_message(&row, site),
            };
            write(output, &line)?;
            count += 1;
        }
        after = Some(*last);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    output.flush().map_err(not_written)?;
    Ok(count)
}

fn not_written(source: std::io::Error) -> TrailError {
    TrailError::Io {
        what: "cannot write the export".to_owned(),
        source,
    }
}

fn write(output: &mut impl Write, line: &str) -> Result<(), TrailError> {
    output
        .write_all(line.as_bytes())
        .and_then(|()| output.write_all(b"\n"))
        .map_err(not_written)
}
