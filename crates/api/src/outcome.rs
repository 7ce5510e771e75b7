//! Problems as FHIR says them: an `OperationOutcome` (hl7.org/fhir/R4/operationoutcome.html).

use axum::{http::header, response::Response};
use serde_json::{Value, json};

use crate::problem::ProblemBody;

pub(crate) const MEDIA: &str = "application/fhir+json; charset=utf-8";

/// Whether an answer speaks FHIR already.
pub(crate) fn is_one(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes().starts_with(b"application/fhir+json"))
}

/// The kind of issue that a status stands for.
const fn kind(status: u16) -> &'static str {
    match status {
        400 => "invalid",
        401 => "login",
        403 => "forbidden",
        404 | 410 => "not-found",
        405 | 406 | 415 => "not-supported",
        409 | 412 => "conflict",
        413 => "too-long",
        422 => "processing",
        429 => "throttled",
        503 => "transient",
        _ => "exception",
    }
}

/// A problem as an outcome: one issue, and one for each field that is not right.
pub(crate) fn of(problem: &ProblemBody) -> Value {
    let severity = if problem.status >= 500 {
        "fatal"
    } else {
        "error"
    };
    let mut diagnostics = format!("{}: {}", problem.title, problem.detail);
    if let Some(id) = &problem.request_id {
        diagnostics.push_str(" (request ");
        diagnostics.push_str(id);
        diagnostics.push(')');
    }
    let details =
        json!({ "coding": [{ "system": "urn:medical-portal:problem", "code": problem.code }] });
    let mut issues = vec![json!({
        "severity": severity,
        "code": kind(problem.status),
        "details": details,
        "diagnostics": diagnostics,
    })];
    issues.extend(problem.errors.iter().map(|error| {
        json!({
            "severity": severity,
            "code": "invalid",
            "diagnostics": error.detail,
            "expression": [error.field],
        })
    }));
    json!({ "resourceType": "OperationOutcome", "issue": issues })
}
