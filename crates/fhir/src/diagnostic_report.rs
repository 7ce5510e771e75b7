//! `DiagnosticReport`: a case and, once a doctor has signed, its result.

use api::Problem;
use db::fhir::reports::{self, Filter, Row};
use domain::{ReportStatus, scope::FhirKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    imaging_study::{Identifiers, identifiers},
    query::Query,
    search::{Context, Found},
    shape::{Resource, accession, concept, instant, made, reference, risk, uid},
    spec::{Spec, date, link, patient_number, reference as refers, token},
    system,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::DiagnosticReport,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        token("identifier"),
        refers("patient", &[FhirKind::Patient]),
        refers("subject", &[FhirKind::Patient]),
        patient_number("patient.identifier"),
        token("status"),
        token("category"),
        token("code"),
        date("date"),
        date("issued"),
        refers("result", &[FhirKind::Observation]),
        refers("results-interpreter", &[FhirKind::Practitioner]),
        refers("based-on", &[FhirKind::ServiceRequest]),
    ],
    includes: &[
        link("patient", "subject", FhirKind::Patient),
        link("subject", "subject", FhirKind::Patient),
        link("result", "result", FhirKind::Observation),
        link(
            "results-interpreter",
            "resultsInterpreter",
            FhirKind::Practitioner,
        ),
        link("based-on", "basedOn", FhirKind::ServiceRequest),
    ],
};

const STATUS: &str = "http://hl7.org/fhir/diagnostic-report-status";
/// LOINC: Diagnostic imaging study.
pub(crate) const CODE: &str = "18748-4";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    if !query.takes("category", &[(system::SERVICE_SECTION, "RAD")])
        || !query.takes("code", &[(system::LOINC, CODE)])
    {
        return Ok(Vec::new());
    }
    let Identifiers {
        study_uids,
        accession_numbers,
    } = identifiers(query)?;
    let mut window = query.window();
    // What the AI said of a case has the case's identifier.
    if let Some(results) = query.ids(&["result"], FhirKind::Observation) {
        window.ids = Some(match window.ids {
            Some(mut ids) => {
                ids.retain(|id| results.contains(id));
                ids
            }
            None => results,
        });
    }
    let filter = Filter {
        window,
        patients: context.patients(query).await?,
        statuses: query.codes(
            "status",
            STATUS,
            ["registered", "preliminary", "final", "amended"],
        ),
        effective: query.days("date"),
        issued: query.span("issued"),
        study_uids,
        accession_numbers,
        doctors: query.ids(&["results-interpreter"], FhirKind::Practitioner),
        orders: query.ids(&["based-on"], FhirKind::ServiceRequest),
    };
    let rows = reports::find(context.tx, &filter).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.report_id).collect();
    let hidden = context.hidden_ai(&ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            key: row.report_id,
            cursor: None,
            id: row.report_id.to_string(),
            value: resource(&row, hidden.contains(&row.report_id)),
            reports: vec![row.report_id],
            is_hidden: false,
        })
        .collect())
}

/// What of a case is over, in FHIR's words. There is no `cancelled`: a case that came in is read.
fn status(row: &Row) -> &'static str {
    let is_changed = row.signed > 1
        || row
            .addenda
            .as_array()
            .is_some_and(|notes| !notes.is_empty());
    match (row.signed, row.status) {
        (0, ReportStatus::Pending | ReportStatus::Analyzing) => "registered",
        (0, _) => "preliminary",
        _ if is_changed => "amended",
        _ => "final",
    }
}

/// The notes that were added to a review, as paragraphs.
pub(crate) fn notes(addenda: &Value) -> impl Iterator<Item = String> {
    addenda.as_array().into_iter().flatten().map(|note| {
        let text = |name: &str| note[name].as_str().unwrap_or_default();
        let day = text("at").get(..10).unwrap_or_default();
        format!("Addendum of {day}: {}", text("text"))
    })
}

pub(crate) fn resource(row: &Row, is_ai_hidden: bool) -> Value {
    let mut identifiers: Vec<Value> = row.study_uid.as_deref().map(uid).into_iter().collect();
    identifiers.extend(row.accession_number.as_deref().map(accession));
    let mut report = Resource::new(
        FhirKind::DiagnosticReport,
        &row.report_id.to_string(),
        row.updated_at,
    );
    let mut code = concept(system::LOINC, CODE, "Diagnostic imaging study");
    code["text"] = json!(row.study_type.replace('_', " "));
    report
        .put("identifier", json!(identifiers))
        .put("status", json!(status(row)))
        .put(
            "category",
            json!([concept(system::SERVICE_SECTION, "RAD", "Radiology")]),
        )
        .put("code", code)
        .put(
            "subject",
            reference(FhirKind::Patient, row.patient_id, Some(&row.patient_name)),
        )
        .put("effectiveDateTime", made(&row.at, row.upload_date));
    if let Some(order_id) = row.order_id {
        let order = reference(FhirKind::ServiceRequest, order_id, None);
        report.put("basedOn", json!([order]));
    }
    if let Some(study_uid) = &row.study_uid {
        let study = reference(FhirKind::ImagingStudy, study_uid, None);
        report.put("imagingStudy", json!([study]));
    }
    if row.is_assessed && !is_ai_hidden {
        let result = reference(
            FhirKind::Observation,
            row.report_id,
            Some("Risk as assessed by AI"),
        );
        report.put("result", json!([result]));
    }
    // Until a doctor has signed there is no conclusion: what the AI says is an observation.
    if let Some(review) = &row.review {
        let doctor = reference(
            FhirKind::Practitioner,
            review.doctor_id,
            review.doctor_name.as_deref(),
        );
        let said: Vec<String> = [&review.clinical_findings, &review.recommended_action]
            .into_iter()
            .flatten()
            .filter(|text| !text.trim().is_empty())
            .cloned()
            .chain(notes(&row.addenda))
            .collect();
        report
            .put("issued", instant(review.reviewed_at))
            .put("resultsInterpreter", json!([doctor]))
            .put("conclusion", json!(said.join("\n\n")));
        if let Some(category) = review.risk {
            report.put("conclusionCode", json!([risk(category)]));
        }
    }
    report.done()
}
