//! `Provenance`: who signed what, and when: one a signed review.

use api::Problem;
use db::fhir::documents::{self, Filter, Row};
use domain::scope::FhirKind;
use serde_json::{Value, json};

use crate::{
    query::Query,
    search::{Context, Found, malformed},
    shape::{Resource, instant, reference},
    spec::{Spec, date, link, reference as refers, token},
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::Provenance,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        refers(
            "target",
            &[FhirKind::DiagnosticReport, FhirKind::DocumentReference],
        ),
        refers("agent", &[FhirKind::Practitioner]),
        date("recorded"),
    ],
    includes: &[link("agent", "agent.who", FhirKind::Practitioner)],
};

const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
const COMPLETION: &str = "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    let mut window = query.window();
    let mut reports = query.ids(&["target"], FhirKind::DiagnosticReport);
    let reviews = query.ids(&["target"], FhirKind::DocumentReference);
    if let (Some(of_reports), Some(of_reviews)) = (&mut reports, reviews) {
        if !of_reports.is_empty() && !of_reviews.is_empty() {
            return Err(malformed(
                "target is DiagnosticReport/ID or DocumentReference/ID, several of one kind at once",
            ));
        }
        if of_reports.is_empty() {
            reports = None;
            // The review has the document's identifier.
            window.ids = Some(match window.ids {
                Some(ids) => ids
                    .into_iter()
                    .filter(|id| of_reviews.contains(id))
                    .collect(),
                None => of_reviews,
            });
        }
    }
    let filter = Filter {
        window,
        patients: None,
        statuses: None,
        date: query.span("recorded"),
        doctors: query.ids(&["agent"], FhirKind::Practitioner),
        reports,
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

fn resource(row: &Row) -> Value {
    let doctor = reference(
        FhirKind::Practitioner,
        row.doctor_id,
        row.doctor_name.as_deref(),
    );
    let mut provenance = Resource::new(
        FhirKind::Provenance,
        &row.review_id.to_string(),
        row.updated_at,
    );
    provenance
        .put("target", json!([
            reference(FhirKind::DiagnosticReport, row.report_id, None),
            reference(FhirKind::DocumentReference, row.review_id, None),
        ]))
        .put("occurredDateTime", instant(row.reviewed_at))
        .put("recorded", instant(row.reviewed_at))
        .put("activity", json!({ "coding": [{ "system": COMPLETION, "code": "LA", "display": "legally authenticated" }] }))
        .put("agent", json!([{
            "type": { "coding": [{ "system": PARTICIPANT, "code": "author", "display": "Author" }] },
            "who": doctor,
        }]));
    if let Some(before) = row.replaces {
        let before = reference(FhirKind::DocumentReference, before, None);
        provenance.put("entity", json!([{ "role": "revision", "what": before }]));
    }
    provenance.done()
}
