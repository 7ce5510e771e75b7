//! What is sent: resources, pages of them, and in which form.

use api::Problem;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::scope::FhirKind;
use serde_json::{Value, json};

use crate::search::Found;

pub(crate) const JSON: &str = "application/fhir+json; charset=utf-8";

/// A page of a search.
pub(crate) struct Page {
    pub(crate) kind: FhirKind,
    pub(crate) found: Vec<Found>,
    pub(crate) included: Vec<(FhirKind, Found)>,
    /// How many there are, where that is known without counting.
    pub(crate) total: Option<usize>,
    /// What the next page starts after.
    pub(crate) next: Option<String>,
    /// What of the request was heeded.
    pub(crate) used: Vec<(String, String)>,
}

/// Refuses whoever takes no JSON.
pub(crate) fn accepts(headers: &HeaderMap, pairs: &[(String, String)]) -> Result<(), Problem> {
    let format = pairs
        .iter()
        .find(|(name, value)| name == "_format" && !value.is_empty())
        .map(|(_, value)| value.as_str());
    let is_json = |media: &str| {
        let media = media.split(';').next().unwrap_or_default().trim();
        [
            "json",
            "application/fhir+json",
            "application/json",
            "text/json",
            "application/*",
            "*/*",
        ]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known))
    };
    let fits = match format {
        // A plus sign in an address stands for a space.
        Some(format) => is_json(&format.replace(' ', "+")),
        None => headers
            .get_all(header::ACCEPT)
            .iter()
            .map(|accept| accept.to_str().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(",")
            .split(',')
            .filter(|media| !media.trim().is_empty())
            .map(is_json)
            .reduce(|left, right| left || right)
            .unwrap_or(true),
    };
    if fits {
        return Ok(());
    }
    Err(Problem::Protocol {
        status: StatusCode::NOT_ACCEPTABLE,
        code: "not_acceptable",
        detail: "this can be sent as application/fhir+json: ask for that in Accept or _format"
            .to_owned(),
    })
}

/// Whether the asker wants what is not known refused rather than left out.
pub(crate) fn is_strict(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|prefer| prefer.to_str().ok())
        .flat_map(|prefer| prefer.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case("handling=strict"))
}

/// A body of FHIR.
pub(crate) fn body(status: StatusCode, value: &Value) -> Response {
    let mut response = (status, value.to_string()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// One resource, with its version.
pub(crate) fn resource(value: &Value) -> Response {
    let mut response = body(StatusCode::OK, value);
    let meta = &value["meta"];
    if let Some(version) = meta["versionId"].as_str()
        && let Ok(version) = HeaderValue::try_from(format!("W/\"{version}\""))
    {
        response.headers_mut().insert(header::ETAG, version);
    }
    let updated = meta["lastUpdated"]
        .as_str()
        .and_then(|updated| chrono::DateTime::parse_from_rfc3339(updated).ok());
    if let Some(updated) = updated
        && let Ok(updated) =
            HeaderValue::try_from(updated.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
    {
        response
            .headers_mut()
            .insert(header::LAST_MODIFIED, updated);
    }
    response
}

/// A page as a Bundle.
pub(crate) fn bundle(base: &str, page: Page) -> Response {
    let kind = page.kind;
    let address = |pairs: &[(String, String)]| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{base}/{kind}{mark}{query}")
    };
    let mut links = vec![json!({ "relation": "self", "url": address(&page.used) })];
    if let Some(next) = page.next {
        let mut pairs = page.used.clone();
        pairs.retain(|(name, _)| name != "_cursor");
        pairs.push(("_cursor".to_owned(), next));
        links.push(json!({ "relation": "next", "url": address(&pairs) }));
    }
    let entry = |kind: FhirKind, one: Found, mode: &str| {
        json!({
            "fullUrl": format!("{base}/{kind}/{}", one.id),
            "resource": one.value,
            "search": { "mode": mode },
        })
    };
    let found = page.found.into_iter().map(|one| entry(kind, one, "match"));
    let included = page
        .included
        .into_iter()
        .map(|(kind, one)| entry(kind, one, "include"));
    let entries: Vec<Value> = found.chain(included).collect();
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "link": links });
    if let Some(total) = page.total {
        bundle["total"] = json!(total);
    }
    if !entries.is_empty() {
        bundle["entry"] = Value::Array(entries);
    }
    body(StatusCode::OK, &bundle)
}
