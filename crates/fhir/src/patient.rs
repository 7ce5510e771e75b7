//! `Patient`: a patient's record.

use std::collections::HashMap;

use api::Problem;
use db::fhir::patients::{self, Filter, Row, Unknown};
use domain::{Role, patient::Gender, scope::FhirKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    query::Query,
    search::{Context, Found, malformed},
    shape::{Resource, reference},
    spec::{Spec, date, text, token},
    system,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::Patient,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        token("identifier"),
        text("name"),
        text("family"),
        text("given"),
        date("birthdate"),
        token("gender"),
        token("active"),
    ],
    includes: &[],
};

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    let filter = Filter {
        window: query.window(),
        numbers: query.numbers(&["identifier"]),
        names: query.expressions(&["name", "family", "given"]),
        born: query.days("birthdate"),
        genders: query.codes(
            "gender",
            system::GENDER,
            Gender::ALL.iter().map(|gender| gender.as_str()),
        ),
        active: query.flag("active").map_err(malformed)?,
    };
    let rows = patients::find(context.tx, &filter).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut unknown: HashMap<Uuid, Unknown> = HashMap::new();
    if context.role != Role::Patient {
        for one in patients::unknown(context.tx, &ids).await? {
            unknown.insert(one.patient_id, one);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Found {
            key: row.id,
            cursor: None,
            id: row.id.to_string(),
            value: resource(&row, unknown.get(&row.id)),
            reports: Vec::new(),
            is_hidden: false,
        })
        .collect())
}

fn number(kind: &str, issuer: &str, value: &str) -> Value {
    let mut identifier = json!({
        "use": kind,
        "type": { "coding": [{ "system": system::IDENTIFIER_TYPE, "code": "MR", "display": "Medical record number" }] },
        "value": value,
    });
    if let Some(system) = system::of_issuer(issuer) {
        identifier["system"] = json!(system);
    }
    identifier
}

fn resource(row: &Row, unknown: Option<&Unknown>) -> Value {
    let mut identifiers: Vec<Value> = row
        .identifiers
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            number("usual", text("issuer"), text("identifier"))
        })
        .collect();
    let mut links = Vec::new();
    if let Some(unknown) = unknown {
        // What a film says of somebody whom nobody has registered is nobody's number yet.
        if !unknown.number.is_empty() {
            identifiers.push(number("temp", &unknown.issuer, &unknown.number));
        }
        if let Some(known) = unknown.resolved_as.filter(|known| *known != row.id) {
            links.push(json!({ "other": reference(FhirKind::Patient, known, None), "type": "replaced-by" }));
        }
    }
    let mut telecom = Vec::new();
    if let Some(phone) = row
        .phone
        .as_deref()
        .filter(|phone| !phone.trim().is_empty())
    {
        telecom.push(json!({ "system": "phone", "value": phone }));
    }
    // An address under .invalid only fills a column.
    if !row.email.ends_with(".invalid") {
        telecom.push(json!({ "system": "email", "value": row.email }));
    }
    let mut patient = Resource::new(FhirKind::Patient, &row.id.to_string(), row.updated_at);
    patient
        .put("identifier", json!(identifiers))
        .put("active", json!(row.is_active))
        .put("name", json!([{ "text": row.name }]))
        .put("telecom", json!(telecom))
        .put("gender", json!(row.gender))
        .put("birthDate", json!(row.date_of_birth))
        .put("link", json!(links));
    patient.done()
}
