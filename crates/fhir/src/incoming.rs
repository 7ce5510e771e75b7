//! What other systems send: resources read into what the portal keeps of them. Everything that is wrong with one is said
//! at once, by its place.

use api::{FieldCode, FieldError};
use chrono::{DateTime, NaiveDate, Utc};
use domain::order::{OrderPriority, OrderStatus};
use intake::records::SentPatient;
use serde_json::Value;

use crate::{system, values};

/// An order as sent; whose it is stands apart, since that may be somebody in the same message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentOrder {
    /// The reference to the patient.
    pub(crate) subject: String,
    pub(crate) status: OrderStatus,
    pub(crate) priority: OrderPriority,
    pub(crate) placer: Option<(String, String)>,
    pub(crate) accession_number: Option<String>,
    pub(crate) procedure: (String, String, String),
    pub(crate) modality: Option<String>,
    pub(crate) station_ae_title: Option<String>,
    pub(crate) scheduled_at: Option<DateTime<Utc>>,
    pub(crate) reason: Option<String>,
    pub(crate) requester: Option<String>,
    pub(crate) authored_at: Option<DateTime<Utc>>,
}

/// A resource that is being read.
struct Reader<'r> {
    at: &'r str,
    resource: &'r Value,
    faults: Vec<FieldError>,
}

impl<'r> Reader<'r> {
    fn new(at: &'r str, resource: &'r Value, kind: &str) -> Self {
        let mut reader = Self {
            at,
            resource,
            faults: Vec::new(),
        };
        if resource["resourceType"] != kind {
            reader.fault(
                "resourceType",
                FieldCode::WrongType,
                format!("a {kind} is wanted here"),
            );
        }
        // Whoever does not know these must not act on the resource.
        for name in ["implicitRules", "modifierExtension"] {
            if !resource[name].is_null() {
                reader.fault(
                    name,
                    FieldCode::UnknownField,
                    "changes what the resource means, and is not known here",
                );
            }
        }
        reader
    }

    fn fault(&mut self, element: &str, code: FieldCode, detail: impl Into<String>) {
        self.faults.push(FieldError {
            field: format!("{}.{element}", self.at),
            code,
            detail: detail.into(),
            limit: None,
        });
    }

    /// A text of at most so many characters.
    fn text(&mut self, element: &str, value: &Value, most: usize) -> Option<String> {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.trim(),
            _ => {
                self.fault(element, FieldCode::WrongType, "a text is wanted");
                return None;
            }
        };
        if text.chars().count() > most {
            self.fault(
                element,
                FieldCode::TooLong,
                format!("at most {most} characters are kept"),
            );
        }
        if text.contains('\0') {
            self.fault(element, FieldCode::Nul, "must not hold NUL");
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// One of a list of words.
    fn word<T: std::str::FromStr>(&mut self, element: &str, expected: &str) -> Option<T> {
        let word = self.text(element, &self.resource[element], 64)?;
        let found = word.parse().ok();
        if found.is_none() {
            self.fault(
                element,
                FieldCode::UnknownWord,
                format!("one of {expected} can be kept"),
            );
        }
        found
    }

    fn moment(&mut self, element: &str, value: &Value) -> Option<DateTime<Utc>> {
        let text = self.text(element, value, 40)?;
        let first = text
            .starts_with(|first: char| first.is_ascii_digit())
            .then(|| values::span(&text).and_then(|span| span.from))
            .flatten();
        if first.is_none() {
            self.fault(
                element,
                FieldCode::WrongType,
                "a date or time with its offset is wanted",
            );
        }
        first
    }

    fn refuse(&mut self, element: &str, detail: &str) {
        if !self.resource[element].is_null() {
            self.fault(element, FieldCode::UnknownField, detail);
        }
    }

    fn done<T>(self, made: Option<T>) -> Result<T, Vec<FieldError>> {
        match made {
            Some(made) if self.faults.is_empty() => Ok(made),
            _ => Err(self.faults),
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The words of a CodeableConcept.
fn words(concept: &Value) -> &Value {
    if concept["text"].is_string() {
        return &concept["text"];
    }
    items(&concept["coding"])
        .map(|coding| &coding["display"])
        .find(|display| display.is_string())
        .unwrap_or(&Value::Null)
}

/// Reads a `Patient`.
pub(crate) fn patient(at: &str, resource: &Value) -> Result<SentPatient, Vec<FieldError>> {
    let mut reader = Reader::new(at, resource, "Patient");
    let name = name_of(&mut reader);
    if name.is_none() {
        reader.fault(
            "name",
            FieldCode::Required,
            "a name is wanted, as text or as family and given names",
        );
    }
    let numbers = numbers(&mut reader);
    let gender = match resource["gender"].as_str() {
        Some("unknown") => None,
        _ => reader.word("gender", "male, female, other, unknown"),
    };
    let born = reader
        .text("birthDate", &resource["birthDate"], 10)
        .and_then(|text| {
            let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .ok()
                .filter(|_| text.len() == 10);
            if day.is_none() {
                reader.fault(
                    "birthDate",
                    FieldCode::WrongType,
                    "a whole day is wanted, such as 2020-01-31",
                );
            }
            day
        });
    let phone = items(&resource["telecom"]).find(|telecom| telecom["system"] == "phone");
    let phone = phone.and_then(|phone| reader.text("telecom", &phone["value"], 40));
    if resource["active"] == false {
        reader.fault(
            "active",
            FieldCode::InvalidValue,
            "a record is not put out of use over FHIR",
        );
    }
    let made = name.map(|name| SentPatient {
        name,
        numbers,
        gender,
        born,
        phone,
    });
    reader.done(made)
}

fn name_of(reader: &mut Reader<'_>) -> Option<String> {
    let names = &reader.resource["name"];
    let name = items(names)
        .find(|name| name["use"] == "official")
        .or_else(|| items(names).find(|name| name["use"] != "old"))?;
    if name["text"].is_string() {
        return reader.text("name", &name["text"], 200);
    }
    let parts: Vec<&str> = items(&name["given"])
        .chain(std::iter::once(&name["family"]))
        .filter_map(Value::as_str)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    reader.text("name", &Value::String(parts.join(" ")), 200)
}

fn numbers(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut numbers = Vec::new();
    for (at, identifier) in items(&reader.resource["identifier"]).enumerate() {
        if identifier["use"] == "temp" || identifier["use"] == "old" {
            continue;
        }
        let element = format!("identifier[{at}]");
        let issuer = reader
            .text(&format!("{element}.system"), &identifier["system"], 200)
            .map(|system| system::issuer_of(&system))
            .unwrap_or_default();
        if issuer.chars().count() > 64 || issuer.contains('\0') {
            reader.fault(
                &format!("{element}.system"),
                FieldCode::TooLong,
                "who issued a number has at most 64 characters",
            );
        }
        match reader.text(&format!("{element}.value"), &identifier["value"], 64) {
            Some(number) if !numbers.contains(&(issuer.clone(), number.clone())) => {
                numbers.push((issuer, number));
            }
            Some(_) => {}
            None => reader.fault(
                &format!("{element}.value"),
                FieldCode::Required,
                "a number is wanted",
            ),
        }
    }
    numbers
}

/// Reads a `ServiceRequest`.
pub(crate) fn order(at: &str, resource: &Value) -> Result<SentOrder, Vec<FieldError>> {
    let mut reader = Reader::new(at, resource, "ServiceRequest");
    if resource["intent"] != "order" {
        reader.fault(
            "intent",
            FieldCode::InvalidValue,
            "only what is ordered is kept: order",
        );
    }
    if resource["doNotPerform"] == true {
        reader.fault(
            "doNotPerform",
            FieldCode::InvalidValue,
            "what is not to be done is no order: revoke the one there is",
        );
    }
    reader.refuse(
        "occurrenceTiming",
        "cannot be kept: send occurrenceDateTime or occurrencePeriod",
    );
    let status = reader.word("status", "draft, active, completed, revoked");
    if resource["status"].is_null() {
        reader.fault("status", FieldCode::Required, "is missing");
    }
    let priority = if resource["priority"].is_null() {
        Some(OrderPriority::Routine)
    } else {
        reader.word("priority", "routine, urgent, asap, stat")
    };
    let subject = reader.text("subject.reference", &resource["subject"]["reference"], 300);
    if subject.is_none() {
        reader.fault("subject.reference", FieldCode::Required, "the patient is wanted: Patient/ID, urn:uuid: of one in the same Bundle, or Patient?identifier=SYSTEM|NUMBER");
    }
    let (placer, accession_number) = order_numbers(&mut reader);
    let procedure = procedure(&mut reader);
    let scheduled = match &resource["occurrenceDateTime"] {
        Value::Null => (
            "occurrencePeriod.start",
            &resource["occurrencePeriod"]["start"],
        ),
        moment => ("occurrenceDateTime", moment),
    };
    let scheduled_at = reader.moment(scheduled.0, scheduled.1);
    let authored_at = reader.moment("authoredOn", &resource["authoredOn"]);
    let (modality, station_ae_title) = station(&mut reader);
    let reasons: Vec<&str> = items(&resource["reasonCode"])
        .filter_map(|reason| words(reason).as_str())
        .collect();
    let reason = reader.text("reasonCode", &Value::String(reasons.join("; ")), 2000);
    let requester = &resource["requester"];
    let requester = [
        &requester["display"],
        &requester["identifier"]["value"],
        &requester["reference"],
    ]
    .into_iter()
    .find(|value| value.is_string())
    .and_then(|value| reader.text("requester", value, 200));
    let made = (|| {
        Some(SentOrder {
            subject: subject?,
            status: status?,
            priority: priority?,
            placer,
            accession_number,
            procedure: procedure?,
            modality,
            station_ae_title,
            scheduled_at,
            reason,
            requester,
            authored_at,
        })
    })();
    reader.done(made)
}

type Number = (String, String);

/// The number of whoever ordered, and the accession number.
fn order_numbers(reader: &mut Reader<'_>) -> (Option<Number>, Option<String>) {
    let (mut placer, mut accession) = (None, None);
    for (at, identifier) in items(&reader.resource["identifier"]).enumerate() {
        let element = format!("identifier[{at}]");
        let kinds: Vec<&str> = items(&identifier["type"]["coding"])
            .filter_map(|coding| coding["code"].as_str())
            .collect();
        if kinds.contains(&"ACSN") {
            let number = reader.text(&format!("{element}.value"), &identifier["value"], 16);
            if accession.is_some() {
                reader.fault(
                    &element,
                    FieldCode::Repeated,
                    "an order has one accession number",
                );
            }
            accession = number;
        } else if !kinds.contains(&"FILL") {
            let system = reader
                .text(&format!("{element}.system"), &identifier["system"], 200)
                .unwrap_or_default();
            let number = reader.text(&format!("{element}.value"), &identifier["value"], 64);
            if placer.is_some() {
                reader.fault(
                    &element,
                    FieldCode::Repeated,
                    "beside the accession number (type ACSN) one number is kept",
                );
            }
            placer = number.map(|number| (system, number));
        }
    }
    (placer, accession)
}

/// System, code and words of what is to be done.
fn procedure(reader: &mut Reader<'_>) -> Option<(String, String, String)> {
    let code = &reader.resource["code"];
    let coding = &code["coding"][0];
    let system = reader.text("code.coding[0].system", &coding["system"], 200);
    let value = reader.text("code.coding[0].code", &coding["code"], 64);
    let named = reader.text("code.text", words(code), 200);
    let Some(text) = named.or_else(|| value.clone()) else {
        reader.fault(
            "code",
            FieldCode::Required,
            "what is to be done is wanted, as text or with a code",
        );
        return None;
    };
    Some((system.unwrap_or_default(), value.unwrap_or_default(), text))
}

/// Modality and AE title of the station.
fn station(reader: &mut Reader<'_>) -> (Option<String>, Option<String>) {
    let modality = items(&reader.resource["orderDetail"])
        .flat_map(|detail| items(&detail["coding"]))
        .find(|coding| coding["system"] == system::DICOM);
    let modality = modality.and_then(|coding| reader.text("orderDetail", &coding["code"], 16));
    let is_form = |code: &String| {
        code.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_ ".contains(&byte))
    };
    if modality.as_ref().is_some_and(|code| !is_form(code)) {
        reader.fault(
            "orderDetail",
            FieldCode::InvalidValue,
            "a modality is capitals and digits, such as DX",
        );
    }
    let station = items(&reader.resource["performer"])
        .map(|performer| &performer["identifier"])
        .find(|identifier| identifier["system"] == system::AE_TITLE);
    let station = station.and_then(|identifier| reader.text("performer", &identifier["value"], 16));
    (modality, station)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once_by_its_place() {
        let faults = order("Bundle.entry[2].resource", &json!({
            "resourceType": "ServiceRequest", "intent": "plan", "status": "on-hold", "doNotPerform": true,
            "identifier": [{ "type": { "coding": [{ "code": "ACSN" }] }, "value": "12345678901234567" }],
            "occurrenceDateTime": "tomorrow", "modifierExtension": [{}],
        }))
        .unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        for field in [
            "modifierExtension",
            "intent",
            "doNotPerform",
            "status",
            "subject.reference",
            "identifier[0].value",
            "code",
            "occurrenceDateTime",
        ] {
            let place = format!("Bundle.entry[2].resource.{field}");
            assert!(fields.contains(&place.as_str()), "{field}: {fields:?}");
        }
        assert!(
            !format!("{faults:?}").contains("tomorrow"),
            "values are patients' data"
        );
    }

    #[test]
    fn names_are_taken_as_text_or_put_together() {
        let sent = |name: Value| {
            patient(
                "Patient",
                &json!({ "resourceType": "Patient", "name": [name] }),
            )
            .map(|patient| patient.name)
        };
        assert_eq!(sent(json!({ "text": " Ada Demo " })).unwrap(), "Ada Demo");
        assert_eq!(
            sent(json!({ "family": "Demo", "given": ["Ada", "Pia"] })).unwrap(),
            "Ada Pia Demo"
        );
        assert!(sent(json!({ "use": "old", "text": "Ada" })).is_err());
        assert!(sent(json!({ "text": 5 })).is_err());
    }

    #[test]
    fn partial_birthdays_and_nonsense_are_refused() {
        for (name, value) in [
            ("birthDate", json!("2020")),
            ("birthDate", json!("2020-02-31")),
            ("gender", json!("f")),
            ("active", json!(false)),
            ("implicitRules", json!("urn:x")),
        ] {
            let mut sent = json!({ "resourceType": "Patient", "name": [{ "text": "Ada" }] });
            sent[name] = value;
            assert_eq!(
                patient("Patient", &sent).unwrap_err()[0].field,
                format!("Patient.{name}")
            );
        }
    }
}
