//! FHIR R4 `AuditEvent` (hl7.org/fhir/R4/auditevent.html).

use chrono::SecondsFormat;
use db::audit_seals::TrailRow;
use serde_json::{Map, Value, json};

use super::meaning;

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const IDENTIFIER: &str = "urn:ietf:rfc:3986";

fn urn(id: uuid::Uuid) -> Value {
    json!({ "system": IDENTIFIER, "value": format!("urn:uuid:{id}") })
}

/// The row as an `AuditEvent`. What changed stays in the portal: a detail holds its text.
#[must_use]
pub fn audit_event(row: &TrailRow, site: &str) -> Value {
    let (code, kind) = meaning::of(&row.action);
    let mut agent = Map::new();
    if let Some(role) = &row.user_role {
        agent.insert("role".to_owned(), json!([{ "text": role }]));
    }
    match row.user_id {
        Some(id) => agent.insert("who".to_owned(), json!({ "identifier": urn(id) })),
        None => agent.insert(
            "who".to_owned(),
            json!({ "display": row.user_role.as_deref().unwrap_or("unknown") }),
        ),
    };
    agent.insert("requestor".to_owned(), json!(true));
    if let Some(address) = &row.ip_address {
        let address = address.split('/').next().unwrap_or(address);
        agent.insert(
            "network".to_owned(),
            json!({ "address": address, "type": "2" }),
        );
    }
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": row.log_id,
        "type": { "system": DICOM, "code": code.code, "display": code.meaning },
        "subtype": [{ "system": "urn:medical-portal:audit-action", "code": row.action }],
        "action": kind.to_string(),
        "recorded": row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "outcome": meaning::outcome(&row.status),
        "agent": [agent],
        "source": {
            "site": site,
            "observer": { "display": "medical-portal" },
            "type": [{ "system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4", "display": "Application Server" }],
        },
    });
    if let Some(message) = row
        .error_message
        .as_ref()
        .filter(|message| !message.is_empty())
    {
        event["outcomeDesc"] = json!(message);
    }
    event["entity"] = json!([entity(row)]);
    event
}

fn entity(row: &TrailRow) -> Value {
    let kind = if row.entity_type == "patient" {
        "1"
    } else {
        "2"
    };
    let mut entity = json!({
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": kind },
        "description": row.entity_type,
    });
    if let Some(id) = row.entity_id {
        entity["what"] = json!({ "identifier": urn(id) });
    }
    let details: Vec<Value> = [
        ("old_values", &row.old_values),
        ("new_values", &row.new_values),
        ("user_agent", &row.user_agent),
    ]
    .into_iter()
    .filter_map(|(name, text)| {
        let text = text.as_ref().filter(|text| !text.is_empty())?;
        Some(json!({ "type": name, "valueString": text }))
    })
    .collect();
    if !details.is_empty() {
        entity["detail"] = json!(details);
    }
    entity
}
