//! `DocumentReference`: a signed review as a document. What doctors note for colleagues stays in the portal.

use api::Problem;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use db::fhir::documents::{self, Filter, Row};
use domain::scope::FhirKind;
use serde_json::{Value, json};

use crate::{
    diagnostic_report::{CODE, notes},
    query::Query,
    search::{Context, Found},
    shape::{Resource, concept, instant, reference},
    spec::{Spec, date, link, patient_number, reference as refers, token},
    system,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::DocumentReference,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        refers("patient", &[FhirKind::Patient]),
        refers("subject", &[FhirKind::Patient]),
        patient_number("patient.identifier"),
        token("status"),
        token("type"),
        date("date"),
        refers("author", &[FhirKind::Practitioner]),
        refers("related", &[FhirKind::DiagnosticReport]),
    ],
    includes: &[
        link("patient", "subject", FhirKind::Patient),
        link("subject", "subject", FhirKind::Patient),
        link("author", "author", FhirKind::Practitioner),
        link("related", "context.related", FhirKind::DiagnosticReport),
    ],
};

const STATUS: &str = "http://hl7.org/fhir/document-reference-status";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    if !query.takes("type", &[(system::LOINC, CODE)]) {
        return Ok(Vec::new());
    }
    let filter = Filter {
        window: query.window(),
        patients: context.patients(query).await?,
        statuses: query.codes("status", STATUS, ["current", "superseded"]),
        date: query.span("date"),
        doctors: query.ids(&["author"], FhirKind::Practitioner),
        reports: query.ids(&["related"], FhirKind::DiagnosticReport),
    };
    let rows = documents::find(context.tx, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            key: row.review_id,
            cursor: None,
            id: row.review_id.to_string(),
            value: resource(&row),
            reports: vec![row.report_id],
            is_hidden: false,
        })
        .collect())
}

/// The document: what the patient may read of it as well.
fn text(row: &Row) -> String {
    let mut lines = vec![
        format!("Patient: {}", row.patient_name),
        format!(
            "Signed: {} by {}",
            row.reviewed_at.format("%Y-%m-%d %H:%M UTC"),
            row.doctor_name.as_deref().unwrap_or("a doctor")
        ),
    ];
    let mut say = |name: &str, words: Option<&str>| {
        if let Some(words) = words.filter(|words| !words.trim().is_empty()) {
            lines.push(format!("{name}: {words}"));
        }
    };
    say("Findings", row.clinical_findings.as_deref());
    say("Risk", row.risk.map(domain::RiskCategory::as_str));
    say(
        "Urgency",
        row.urgency
            .map(|urgency| urgency.as_str().replace('_', " "))
            .as_deref(),
    );
    say("What to do", row.recommended_action.as_deref());
    say("Treatment", row.treatment_plan.as_deref());
    if row.follow_up_required {
        let day = row.follow_up_date.map(|day| day.to_string());
        say("Look again", Some(day.as_deref().unwrap_or("yes")));
    }
    lines.extend(notes(&row.addenda));
    lines.join("\n\n") + "\n"
}

fn resource(row: &Row) -> Value {
    let body = text(row);
    let has_notes = row
        .addenda
        .as_array()
        .is_some_and(|notes| !notes.is_empty());
    let mut document = Resource::new(
        FhirKind::DocumentReference,
        &row.review_id.to_string(),
        row.updated_at,
    );
    document
        .put(
            "status",
            json!(if row.is_superseded {
                "superseded"
            } else {
                "current"
            }),
        )
        .put(
            "docStatus",
            json!(if has_notes { "amended" } else { "final" }),
        )
        .put(
            "type",
            concept(system::LOINC, CODE, "Diagnostic imaging study"),
        )
        .put(
            "subject",
            reference(FhirKind::Patient, row.patient_id, Some(&row.patient_name)),
        )
        .put("date", instant(row.reviewed_at))
        .put(
            "author",
            json!([reference(
                FhirKind::Practitioner,
                row.doctor_id,
                row.doctor_name.as_deref()
            )]),
        )
        .put("description", json!("Signed report"));
    if let Some(before) = row.replaces {
        let before = reference(FhirKind::DocumentReference, before, None);
        document.put(
            "relatesTo",
            json!([{ "code": "replaces", "target": before }]),
        );
    }
    document
        .put(
            "content",
            json!([{ "attachment": {
            "contentType": "text/plain; charset=utf-8",
            "language": "en",
            "data": STANDARD.encode(&body),
            "size": body.len(),
            "title": "Signed report",
            "creation": instant(row.reviewed_at),
        } }]),
        )
        .put(
            "context",
            json!({ "related": [reference(FhirKind::DiagnosticReport, row.report_id, None)] }),
        );
    document.done()
}
