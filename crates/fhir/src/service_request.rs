//! `ServiceRequest`: an examination that was ordered.

use api::Problem;
use db::orders::{self, Filter, Order};
use domain::{
    order::{OrderPriority, OrderStatus},
    scope::FhirKind,
};
use serde_json::{Value, json};

use crate::{
    query::Query,
    search::{Context, Found},
    shape::{Resource, accession, instant, reference},
    spec::{Spec, date, link, patient_number, reference as refers, token},
    system,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::ServiceRequest,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        token("identifier"),
        refers("patient", &[FhirKind::Patient]),
        refers("subject", &[FhirKind::Patient]),
        patient_number("patient.identifier"),
        token("status"),
        token("intent"),
        token("priority"),
        token("code"),
        date("occurrence"),
        date("authored"),
    ],
    includes: &[
        link("patient", "subject", FhirKind::Patient),
        link("subject", "subject", FhirKind::Patient),
    ],
};

const STATUS: &str = "http://hl7.org/fhir/request-status";
const INTENT: &str = "http://hl7.org/fhir/request-intent";
const PRIORITY: &str = "http://hl7.org/fhir/request-priority";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    if !query.takes("intent", &[(INTENT, "order")]) {
        return Ok(Vec::new());
    }
    let words = |token: crate::values::Token| (token.system, token.value);
    let filter = Filter {
        window: query.window(),
        patients: context.patients(query).await?,
        statuses: query.codes(
            "status",
            STATUS,
            OrderStatus::ALL.iter().map(|one| one.as_str()),
        ),
        priorities: query.codes(
            "priority",
            PRIORITY,
            OrderPriority::ALL.iter().map(|one| one.as_str()),
        ),
        numbers: query
            .tokens("identifier")
            .map(|tokens| tokens.into_iter().map(words).collect()),
        scheduled: query.span("occurrence"),
        authored: query.span("authored"),
        procedures: query
            .tokens("code")
            .map(|tokens| tokens.into_iter().map(words).collect()),
    };
    let rows = orders::find(context.tx, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|order| Found {
            key: order.order_id.0,
            cursor: None,
            id: order.order_id.to_string(),
            value: resource(&order),
            reports: Vec::new(),
            is_hidden: false,
        })
        .collect())
}

fn resource(order: &Order) -> Value {
    let content = &order.content;
    let mut identifiers = Vec::new();
    if let Some(number) = &content.placer_number {
        let mut identifier = json!({
            "type": { "coding": [{ "system": system::IDENTIFIER_TYPE, "code": "PLAC", "display": "Placer Identifier" }] },
            "value": number,
        });
        if !content.placer_issuer.is_empty() {
            identifier["system"] = json!(content.placer_issuer);
        }
        identifiers.push(identifier);
    }
    identifiers.extend(content.accession_number.as_deref().map(accession));
    let mut code = json!({ "text": content.procedure_text });
    if !content.procedure_code.is_empty() {
        let mut coding = json!({ "code": content.procedure_code });
        if !content.procedure_system.is_empty() {
            coding["system"] = json!(content.procedure_system);
        }
        code["coding"] = json!([coding]);
    }
    let mut request = Resource::new(
        FhirKind::ServiceRequest,
        &order.order_id.to_string(),
        order.updated_at,
    );
    request
        .put("identifier", json!(identifiers))
        .put("status", json!(content.status))
        .put("intent", json!("order"))
        .put("priority", json!(content.priority))
        .put("code", code)
        .put(
            "subject",
            reference(
                FhirKind::Patient,
                content.patient_id,
                order.patient_name.as_deref(),
            ),
        )
        .put(
            "occurrenceDateTime",
            json!(content.scheduled_at.map(instant)),
        )
        .put("authoredOn", json!(content.authored_at.map(instant)));
    if let Some(modality) = &content.modality {
        let detail = json!([{ "coding": [{ "system": system::DICOM, "code": modality }] }]);
        request.put("orderDetail", detail);
    }
    if let Some(station) = &content.station_ae_title {
        let performer = json!([{
            "type": "Device",
            "identifier": { "system": system::AE_TITLE, "value": station },
        }]);
        request.put("performer", performer);
    }
    if let Some(requester) = &content.requester {
        request.put("requester", json!({ "display": requester }));
    }
    if let Some(reason) = &content.reason {
        request.put("reasonCode", json!([{ "text": reason }]));
    }
    request.done()
}
