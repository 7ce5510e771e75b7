//! What is wrong with the form of a body or query, all of it at once. serde stops at the first fault
//! and speaks of Rust types; the description that the OpenAPI document is made of knows every field.

use std::{collections::BTreeMap, sync::OnceLock};

use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::codes::FieldCode;
use crate::problem::FieldError;

/// Faults beyond this many are not listed.
const MOST: usize = 50;

/// The faults of a body that did not become a `T`.
pub(crate) fn body_faults<T: ToSchema>(body: &Value) -> Vec<FieldError> {
    let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut named);
    let shapes = Shapes {
        named: named
            .into_iter()
            .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
            .collect(),
    };
    let mut faults = Vec::new();
    let schema = serde_json::to_value(<T as PartialSchema>::schema()).unwrap_or_default();
    shapes.check("", body, &schema, &mut faults);
    faults.truncate(MOST);
    faults
}

/// The faults of a query whose parameters are described like this: unknown and repeated ones, and
/// values of the wrong type.
pub(crate) fn query_faults(query: &str, known: &[(String, Value)]) -> Vec<FieldError> {
    let mut faults: Vec<FieldError> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let Some((_, schema)) = known.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            let detail = if names.is_empty() {
                "is not a parameter of this path, which takes none".to_owned()
            } else {
                format!(
                    "is not a parameter of this path; it takes {}",
                    names.join(", ")
                )
            };
            faults.push(fault(&name, FieldCode::UnknownParameter, detail));
            continue;
        };
        if seen.iter().any(|seen| *seen == name) {
            faults.push(fault(&name, FieldCode::Repeated, "must be given once"));
        }
        seen.push(name.clone().into_owned());
        let kinds = types(schema);
        let value = match kinds.iter().find(|kind| **kind != "null") {
            Some(&"string") | None => Value::String(text.into_owned()),
            _ => text
                .parse()
                .unwrap_or_else(|_| Value::String(text.into_owned())),
        };
        Shapes::of_document().check(&name, &value, schema, &mut faults);
    }
    faults.truncate(MOST);
    faults
}

fn fault(field: &str, code: FieldCode, detail: impl Into<String>) -> FieldError {
    FieldError {
        // Somebody may have put a text where a name belongs.
        field: field.chars().take(100).collect(),
        code,
        detail: detail.into(),
        limit: None,
    }
}

struct Shapes {
    named: BTreeMap<String, Value>,
}

impl Shapes {
    /// What the OpenAPI document describes under a name.
    fn of_document() -> &'static Self {
        static SHAPES: OnceLock<Shapes> = OnceLock::new();
        SHAPES.get_or_init(|| {
            let document = serde_json::to_value(crate::document()).unwrap_or_default();
            let named = document["components"]["schemas"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), schema.clone()))
                .collect();
            Self { named }
        })
    }

    fn check(&self, path: &str, value: &Value, schema: &Value, faults: &mut Vec<FieldError>) {
        if let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|name| name.rsplit('/').next())
        {
            if let Some(schema) = self.named.get(name) {
                self.check(path, value, schema, faults);
            }
            return;
        }
        if let Some(choices) = schema["oneOf"]
            .as_array()
            .or_else(|| schema["anyOf"].as_array())
        {
            self.check_choices(path, value, choices, faults);
            return;
        }
        let parts = schema["allOf"]
            .as_array()
            .map_or_else(Vec::new, Clone::clone);
        for part in &parts {
            self.check(path, value, part, faults);
        }
        let wanted = types(schema);
        if !wanted.is_empty() && !wanted.iter().any(|kind| is_of(value, kind)) {
            let given = if matches!(value, Value::Null) {
                "null"
            } else {
                name_of(value)
            };
            let detail = format!("must be {}, not {given}", words(&wanted, schema));
            faults.push(fault(
                if path.is_empty() { "body" } else { path },
                FieldCode::WrongType,
                detail,
            ));
            return;
        }
        if let (Some(text), Some(format)) = (value.as_str(), schema["format"].as_str())
            && !fits(text, format)
        {
            faults.push(fault(
                path,
                FieldCode::WrongType,
                format!("must be {}", format_words(format)),
            ));
        }
        if let (Some(items), true) = (value.as_array(), schema["items"].is_object()) {
            for (at, item) in items.iter().enumerate() {
                self.check(&format!("{path}[{at}]"), item, &schema["items"], faults);
            }
        }
        if let Some(members) = value.as_object() {
            self.check_members(path, members, schema, faults);
        }
    }

    fn check_choices(
        &self,
        path: &str,
        value: &Value,
        choices: &[Value],
        faults: &mut Vec<FieldError>,
    ) {
        let mut fewest: Option<Vec<FieldError>> = None;
        for choice in choices {
            let mut found = Vec::new();
            self.check(path, value, choice, &mut found);
            if choice["type"] == "null" && !value.is_null() {
                continue;
            }
            if fewest
                .as_ref()
                .is_none_or(|fewest| found.len() < fewest.len())
            {
                fewest = Some(found);
            }
        }
        faults.extend(fewest.unwrap_or_default());
    }

    fn check_members(
        &self,
        path: &str,
        members: &serde_json::Map<String, Value>,
        schema: &Value,
        faults: &mut Vec<FieldError>,
    ) {
        let inner = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !members.contains_key(name) {
                faults.push(fault(&inner(name), FieldCode::Required, "is missing"));
            }
        }
        let properties = schema["properties"].as_object();
        for (name, value) in members {
            match properties.and_then(|properties| properties.get(name)) {
                Some(schema) => self.check(&inner(name), value, schema, faults),
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    let known: Vec<&str> = properties
                        .map(|properties| properties.keys().map(String::as_str).collect())
                        .unwrap_or_default();
                    let detail = format!("is not a field here; known are {}", known.join(", "));
                    faults.push(fault(&inner(name), FieldCode::UnknownField, detail));
                }
                None => {}
            }
        }
    }
}

/// The JSON types that a schema names.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn words(kinds: &[&str], schema: &Value) -> String {
    let words: Vec<&str> = kinds
        .iter()
        .filter(|kind| **kind != "null" || kinds.len() == 1)
        .map(|kind| match *kind {
            "string" => schema["format"].as_str().map_or("a text", format_words),
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "an object",
            _ => "null",
        })
        .collect();
    words.join(" or ")
}

fn format_words(format: &str) -> &'static str {
    match format {
        "date" => "a date such as 2026-01-31",
        "date-time" => "a moment such as 2026-01-31T12:00:00Z",
        "uuid" => "an identifier (UUID)",
        _ => "a text",
    }
}

fn fits(text: &str, format: &str) -> bool {
    match format {
        "date" => text.parse::<chrono::NaiveDate>().is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "uuid" => text.parse::<uuid::Uuid>().is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;

    #[derive(ToSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its description is used")]
    struct Form {
        name: String,
        email: String,
        born: Option<NaiveDate>,
        count: Option<i64>,
        #[serde(default)]
        agreed: bool,
    }

    fn found(body: &Value) -> Vec<(String, FieldCode)> {
        body_faults::<Form>(body)
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect()
    }

    #[test]
    fn everything_wrong_with_a_body_is_named_at_once() {
        let body =
            json!({ "born": "yesterday", "count": "three", "agreed": null, "colour": "red" });
        assert_eq!(
            found(&body),
            [
                ("name".to_owned(), FieldCode::Required),
                ("email".to_owned(), FieldCode::Required),
                ("agreed".to_owned(), FieldCode::WrongType),
                ("born".to_owned(), FieldCode::WrongType),
                ("colour".to_owned(), FieldCode::UnknownField),
                ("count".to_owned(), FieldCode::WrongType),
            ]
        );
        assert_eq!(
            found(&json!([])),
            [("body".to_owned(), FieldCode::WrongType)]
        );
        assert_eq!(
            found(&json!({ "name": "n", "email": "e", "born": null })),
            []
        );
    }

    #[test]
    fn a_query_is_held_to_its_parameters() {
        let known = [
            ("limit".to_owned(), json!({ "type": ["integer", "null"] })),
            ("search".to_owned(), json!({ "type": ["string", "null"] })),
        ];
        let found = |query: &str| -> Vec<(String, FieldCode)> {
            query_faults(query, &known)
                .into_iter()
                .map(|fault| (fault.field, fault.code))
                .collect()
        };
        assert_eq!(found("limit=3&search=12"), []);
        assert_eq!(
            found("limit=three&serach=x&limit=2"),
            [
                ("limit".to_owned(), FieldCode::WrongType),
                ("serach".to_owned(), FieldCode::UnknownParameter),
                ("limit".to_owned(), FieldCode::Repeated),
            ]
        );
    }
}
