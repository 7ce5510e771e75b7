//! The trail in the forms of others, held to their own schemas: FHIR by the PyPI package `fhir.resources`, DICOM by the
//! RELAX NG schema of PS3.15 beside this file. Skipped with a message where Python's packages are missing
//! (`scripts/setup --tests` installs them).

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use chrono::{DateTime, Utc};
use db::{Actor, audit_seals::TrailRow};
use domain::audit::{AuditAction, AuditFormat, AuditStatus, EntityType};
use serde_json::Value;
use testkit::TestApp;
use trail::formats::{self, audit_event, audit_message};
use uuid::Uuid;

/// One row of each act on each kind of thing, with texts that are hard on every form.
fn rows() -> Vec<TrailRow> {
    let hard = "\u{1}<a href=\"x\">&amp; 'ü'\n\t]]> \u{1f600}";
    let mut rows = Vec::new();
    for (index, action) in AuditAction::ALL.iter().enumerate() {
        let kinds = EntityType::ALL;
        let statuses = AuditStatus::ALL;
        let is_bare = index % 3 == 0;
        rows.push(TrailRow {
            log_id: Uuid::from_u128(index as u128 + 1),
            created_at: DateTime::<Utc>::from_timestamp(1_795_000_000, 123_456_000).unwrap(),
            user_id: (!is_bare).then(|| Uuid::from_u128(9)),
            user_role: (!is_bare).then(|| "doctor".to_owned()),
            action: action.as_str().to_owned(),
            entity_type: kinds[index % kinds.len()].as_str().to_owned(),
            entity_id: (!is_bare).then(|| Uuid::from_u128(8)),
            ip_address: (!is_bare).then(|| "2001:db8::1/128".to_owned()),
            user_agent: (!is_bare).then(|| hard.to_owned()),
            old_values: None,
            new_values: (!is_bare).then(|| "{\"a\": \"ü\"}".to_owned()),
            status: statuses[index % statuses.len()].as_str().to_owned(),
            error_message: (!is_bare).then(|| hard.to_owned()),
        });
    }
    rows
}

/// Python with the packages, or `None` with a message.
fn python() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("PORTAL_TEST_PYTHON")
        .map_or_else(|| root.join("target/test-python/bin/python"), PathBuf::from);
    let works = Command::new(&python)
        .args(["-c", "import lxml.etree, fhir.resources"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        println!(
            "skipped: no Python with fhir.resources and lxml (scripts/setup --tests installs it)"
        );
        return None;
    }
    Some(python)
}

/// Gives the lines to a script, which ends with a fault at the first that is not as it must be.
fn hold_to(python: &PathBuf, script: &str, lines: &[String]) -> Result<(), String> {
    let mut child = Command::new(python)
        .args([
            "-c",
            script,
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit-message.rng"),
        ])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

const FHIR: &str = "
import sys, json
from fhir.resources.R4B.auditevent import AuditEvent
for line in sys.stdin.buffer.read().decode().split('\\n')[:-1]:
    AuditEvent.model_validate_json(line)
";

const DICOM: &str = "
import sys
from lxml import etree
schema = etree.RelaxNG(etree.parse(sys.argv[1]))
for line in sys.stdin.buffer.read().split(b'\\n')[:-1]:
    schema.assertValid(etree.fromstring(line))
";

#[test]
fn every_act_is_a_fhir_audit_event() {
    let Some(python) = python() else { return };
    let events: Vec<Value> = rows()
        .iter()
        .map(|row| audit_event(row, "clinic"))
        .collect();
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    hold_to(&python, FHIR, &lines).unwrap();
    // The check fails where it must.
    let mut wrong = events[0].clone();
    wrong["outcome"] = 7.into();
    wrong["recorded"] = "yesterday".into();
    assert!(hold_to(&python, FHIR, &[wrong.to_string()]).is_err());
}

#[test]
fn every_act_is_a_dicom_audit_message() {
    let Some(python) = python() else { return };
    let messages: Vec<String> = rows()
        .iter()
        .map(|row| audit_message(row, "clinic"))
        .collect();
    assert!(messages.iter().all(|message| !message.contains('\n')));
    hold_to(&python, DICOM, &messages).unwrap();
    let wrong = messages[0].replace("EventOutcomeIndicator", "Outcome");
    assert!(hold_to(&python, DICOM, &[wrong]).is_err());
}

#[tokio::test]
async fn the_whole_trail_comes_out_in_each_form_a_row_a_line() {
    let app = TestApp::start().await;
    app.client(domain::Role::Tech).await;
    let actor = Actor::command_line();
    for (format, head) in [
        (AuditFormat::Csv, 1),
        (AuditFormat::Fhir, 0),
        (AuditFormat::Dicom, 0),
    ] {
        let mut bytes = Vec::new();
        let rows = formats::write(&app.database, &actor, format, (None, None), &mut bytes)
            .await
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(rows > 0);
        assert_eq!(
            text.lines().count() as u64,
            rows + head,
            "{format:?}: {text}"
        );
        assert!(text.contains("sign_in"), "{format:?}: {text}");
    }
}
