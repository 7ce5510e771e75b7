//! `data.json`: each section an array, things as they are stored.

use std::io::Write;

use db::personal_data::Eyes;
use domain::Section;
use serde_json::json;
use tokio::runtime::Handle;

use super::{ExportError, RecordExport, disclaimer};

/// The form of the file; a program that reads it looks at these first.
const FORMAT: &str = "medical-portal-record";
const VERSION: u32 = 1;

pub(super) fn write(
    export: &RecordExport,
    runtime: &Handle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let head = json!({
        "format": FORMAT,
        "version": VERSION,
        "made_at": export.made_at,
        "patient_id": export.patient_id,
        "seen_as": match export.eyes { Eyes::Own => "patient", Eyes::Officer => "privacy_officer" },
        "disclaimer": disclaimer(export.language),
    })
    .to_string();
    // The sections go into the object that the head began.
    out.write_all(&head.as_bytes()[..head.len() - 1])?;
    for section in Section::ALL {
        write!(out, ",\n\"{section}\":[")?;
        let mut first = true;
        export.each(runtime, *section, |item| {
            out.write_all(if first { b"\n" } else { b",\n" })?;
            first = false;
            out.write_all(item.to_string().as_bytes())?;
            Ok(())
        })?;
        out.write_all(b"]")?;
    }
    out.write_all(b"\n}\n")?;
    Ok(())
}
