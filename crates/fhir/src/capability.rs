//! `GET /fhir/metadata`: what is spoken here, made from the very tables that requests are read by.

use api::{ApiState, Problem};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    answer, pairs_of,
    spec::{ParamType, SPECS, Spec},
    transaction,
};

/// When this description last changed in more than its version.
const CHANGED: &str = "2026-11-26";

/// Answers anybody: it names nothing but what can be asked.
pub(crate) async fn read(
    State(state): State<ApiState>,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    answer::accepts(&headers, &pairs_of(text.as_deref()))?;
    let base = format!("{}/fhir", api::address(&state, &headers));
    Ok(answer::body(
        StatusCode::OK,
        &statement(&base, state.options.version),
    ))
}

fn statement(base: &str, version: &str) -> Value {
    let resources: Vec<Value> = SPECS.iter().map(|spec| resource(spec)).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": { "name": "Medical Portal", "version": version },
        "implementation": { "description": "FHIR R4 of a Medical Portal: see docs/FHIR.md", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "description": "Authorization: Bearer, with a token of the portal's own and scopes of SMART (system/Patient.rs). \
                                Tokens are made at the portal's command line; there is no address to ask for one.",
            },
            "resource": resources,
            "interaction": [{ "code": "transaction" }],
        }],
    })
}

fn resource(spec: &Spec) -> Value {
    let params: Vec<Value> = spec
        .params
        .iter()
        .filter_map(|param| {
            let kind = match param.kind {
                ParamType::Token => "token",
                ParamType::Date => "date",
                ParamType::Text => "string",
                ParamType::Reference(_) => "reference",
                // Chained parameters have no name of their own.
                ParamType::PatientNumber => return None,
            };
            Some(json!({ "name": param.name, "type": kind }))
        })
        .collect();
    let is_taken = transaction::is_taken(spec.kind);
    let codes: &[&str] = if is_taken {
        &["read", "search-type", "create", "update"]
    } else {
        &["read", "search-type"]
    };
    let interactions: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
    let mut resource = json!({
        "type": spec.kind,
        "interaction": interactions,
        "versioning": "versioned",
        "readHistory": false,
        "searchParam": params,
    });
    if is_taken {
        resource["versioning"] = json!("versioned-update");
        resource["updateCreate"] = json!(false);
        resource["conditionalCreate"] = json!(true);
        resource["conditionalUpdate"] = json!(true);
    }
    let includes: Vec<String> = spec
        .includes
        .iter()
        .map(|link| format!("{}:{}", spec.kind, link.param))
        .collect();
    if !includes.is_empty() {
        resource["searchInclude"] = json!(includes);
    }
    let referring: Vec<String> = spec
        .revincludes()
        .map(|(kind, param)| format!("{kind}:{param}"))
        .collect();
    if !referring.is_empty() {
        resource["searchRevInclude"] = json!(referring);
    }
    resource
}
