//! Pieces that many resources are made of.

use chrono::{DateTime, SecondsFormat, Utc};
use db::fhir::StudyTime;
use domain::{RiskCategory, scope::FhirKind};
use serde_json::{Map, Value, json};

use crate::system;

/// A moment as FHIR writes it.
pub(crate) fn instant(moment: DateTime<Utc>) -> Value {
    json!(moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The version of a resource: when it was last changed, in microseconds.
pub(crate) fn version(updated: DateTime<Utc>) -> String {
    updated.timestamp_micros().to_string()
}

/// A resource that is being made. What there is nothing to say of is left out: FHIR knows no empty values.
#[derive(Debug)]
pub(crate) struct Resource(Map<String, Value>);

impl Resource {
    pub(crate) fn new(kind: FhirKind, id: &str, updated: DateTime<Utc>) -> Self {
        let mut resource = Self(Map::new());
        resource
            .put("resourceType", json!(kind.as_str()))
            .put("id", json!(id))
            .put(
                "meta",
                json!({ "versionId": version(updated), "lastUpdated": instant(updated) }),
            );
        resource
    }

    /// An element; nothing, empty texts and empty lists are left out.
    pub(crate) fn put(&mut self, name: &str, value: Value) -> &mut Self {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !is_empty {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    pub(crate) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

pub(crate) fn reference(
    kind: FhirKind,
    id: impl std::fmt::Display,
    display: Option<&str>,
) -> Value {
    let mut reference = json!({ "reference": format!("{kind}/{id}") });
    if let Some(display) = display.filter(|text| !text.trim().is_empty()) {
        reference["display"] = json!(display);
    }
    reference
}

pub(crate) fn concept(system: &str, code: &str, text: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": text }], "text": text })
}

/// The category of a risk.
pub(crate) fn risk(category: RiskCategory) -> Value {
    let text = match category {
        RiskCategory::Low => "Low risk",
        RiskCategory::Medium => "Medium risk",
        RiskCategory::High => "High risk",
    };
    concept(system::RISK, category.as_str(), text)
}

/// The number under which an examination was ordered.
pub(crate) fn accession(number: &str) -> Value {
    json!({
        "type": { "coding": [{ "system": system::IDENTIFIER_TYPE, "code": "ACSN", "display": "Accession ID" }] },
        "value": number,
    })
}

/// A DICOM UID.
pub(crate) fn uid(uid: &str) -> Value {
    json!({ "system": system::DICOM_UID, "value": format!("urn:oid:{uid}") })
}

/// The UID that an identifier stands for.
pub(crate) fn uid_of(value: &str) -> &str {
    value.strip_prefix("urn:oid:").unwrap_or(value)
}

/// When the films were made: to the second where they say in which time zone, else the day; where they say nothing, when
/// they came.
pub(crate) fn made(at: &StudyTime, came: DateTime<Utc>) -> Value {
    let Some(date) = at.date else {
        return instant(came);
    };
    let zone = at.timezone.as_deref().filter(|zone| {
        zone.len() == 5
            && zone.starts_with(['+', '-'])
            && zone[1..].bytes().all(|byte| byte.is_ascii_digit())
    });
    match (at.time, zone) {
        (Some(time), Some(zone)) => json!(format!(
            "{}T{}{}:{}",
            date.format("%Y-%m-%d"),
            time.format("%H:%M:%S"),
            &zone[..3],
            &zone[3..]
        )),
        _ => json!(date.format("%Y-%m-%d").to_string()),
    }
}

/// A value that the standard demands and the films do not hold.
pub(crate) fn unknown() -> Value {
    json!({ "extension": [{
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
        "valueCode": "unknown",
    }] })
}
