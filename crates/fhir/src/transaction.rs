//! `POST /fhir`: patients and orders as one transaction, and the same two sent alone. All of a message is done, or
//! nothing.

use api::{ApiState, Caller, FieldCode, FieldError, Problem};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use db::orders;
use domain::scope::{FhirKind, Interaction, Scope};
use serde_json::{Value, json};

use crate::{
    answer, incoming,
    search::{Context, malformed},
    write::{Done, Names, Sent, Wish, Writer},
};

/// Most entries of one transaction.
pub(crate) const MOST_ENTRIES: usize = 500;

/// The kinds that are taken.
pub(crate) const fn is_taken(kind: FhirKind) -> bool {
    matches!(kind, FhirKind::Patient | FhirKind::ServiceRequest)
}

fn json_of(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .map(|media| media.split(';').next().unwrap_or_default().trim())
        .is_some_and(|media| ["application/fhir+json", "application/json"].contains(&media));
    if !is_json {
        return Err(Problem::Protocol {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "unsupported_media_type",
            detail: "resources are taken as application/fhir+json".to_owned(),
        });
    }
    serde_json::from_slice(body).map_err(|error| {
        malformed(format!(
            "the body is no JSON: line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// One resource by itself: POST, PUT by identifier or by parameters.
pub(crate) async fn alone(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    kind: FhirKind,
    wish: Wish,
    body: &Bytes,
) -> Result<Response, Problem> {
    answer::accepts(headers, &[])?;
    let address = api::address(state, headers);
    let base = format!("{address}/fhir");
    let interaction = match wish {
        Wish::Make { .. } => Interaction::Create,
        Wish::Change { .. } | Wish::ChangeOrMake { .. } => Interaction::Update,
    };
    let mut tx = caller
        .begin_as(Scope::fhir(kind, interaction), state)
        .await?;
    let resource = json_of(headers, body)?;
    orders::one_at_a_time(&mut tx).await?;
    let mut writer = Writer {
        state,
        caller,
        context: Context {
            tx: &mut tx,
            role: caller.role,
            dicomweb: format!("{address}/dicomweb"),
        },
        base: &base,
    };
    let sent = Sent {
        kind,
        wish,
        resource: &resource,
        at: kind.to_string(),
    };
    let done = writer.take(&sent, &Names::new()).await?;
    tx.commit().await?;
    let mut response = answer::resource(&done.found.value);
    *response.status_mut() = done.status;
    if let Ok(place) = HeaderValue::try_from(format!("{base}/{kind}/{}", done.found.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// A transaction.
pub(crate) async fn bundle(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Problem> {
    answer::accepts(headers, &[])?;
    let bundle = json_of(headers, body)?;
    let entries = entries_of(&bundle)?;
    let address = api::address(state, headers);
    let base = format!("{address}/fhir");
    let sent: Vec<(Sent<'_>, Option<&str>)> = read(entries, &base)?;
    // Whoever may do none of it is refused before anything is looked at.
    let mut needed: Vec<Scope> = sent.iter().map(|(sent, _)| needed_for(sent)).collect();
    needed.dedup();
    for scope in &needed {
        caller.require(*scope, state).await?;
    }
    let mut tx = state.database.begin(&caller.actor).await?;
    orders::one_at_a_time(&mut tx).await?;
    let mut writer = Writer {
        state,
        caller,
        context: Context {
            tx: &mut tx,
            role: caller.role,
            dicomweb: format!("{address}/dicomweb"),
        },
        base: &base,
    };
    let mut names = Names::new();
    let mut done: Vec<Option<Done>> = sent.iter().map(|_| None).collect();
    // Patients first: orders of the same message may be for them.
    for kind in [FhirKind::Patient, FhirKind::ServiceRequest] {
        for (at, (one, name)) in sent
            .iter()
            .enumerate()
            .filter(|(_, (one, _))| one.kind == kind)
        {
            let outcome = writer.take(one, &names).await?;
            if let Some(name) = name {
                names.insert((*name).to_owned(), outcome.found.key);
            }
            done[at] = Some(outcome);
        }
    }
    tx.commit().await?;
    Ok(answer::body(StatusCode::OK, &response(&sent, &done)))
}

/// Reads a transaction, or a patient or order alone, and does nothing of it; for whoever tries damaged bodies. Says of how
/// many resources something could be kept.
#[must_use]
pub fn readable(body: &[u8]) -> usize {
    let Ok(sent) = serde_json::from_slice::<Value>(body) else {
        return 0;
    };
    let resources: Vec<&Value> =
        match entries_of(&sent).map(|entries| read(entries, "http://localhost/fhir")) {
            Ok(Ok(entries)) => entries.iter().map(|(one, _)| one.resource).collect(),
            Ok(Err(_)) => Vec::new(),
            Err(_) => vec![&sent],
        };
    resources
        .into_iter()
        .filter(|resource| {
            incoming::patient("", resource).is_ok() || incoming::order("", resource).is_ok()
        })
        .count()
}

fn needed_for(sent: &Sent<'_>) -> Scope {
    let interaction = match sent.wish {
        Wish::Make { .. } => Interaction::Create,
        Wish::Change { .. } | Wish::ChangeOrMake { .. } => Interaction::Update,
    };
    Scope::fhir(sent.kind, interaction)
}

fn entries_of(bundle: &Value) -> Result<&[Value], Problem> {
    if bundle["resourceType"] != "Bundle" || bundle["type"] != "transaction" {
        return Err(malformed("a Bundle of type transaction is wanted here"));
    }
    let entries = bundle["entry"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if entries.is_empty() || entries.len() > MOST_ENTRIES {
        return Err(malformed(format!(
            "a transaction has 1 to {MOST_ENTRIES} entries"
        )));
    }
    Ok(entries)
}

/// Reads what each entry wishes, and says all that is wrong at once.
fn read<'b>(entries: &'b [Value], base: &str) -> Result<Vec<(Sent<'b>, Option<&'b str>)>, Problem> {
    let mut faults = Vec::new();
    let mut sent = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let place = format!("Bundle.entry[{at}]");
        let mut fault = |element: &str, detail: String| {
            faults.push(FieldError {
                field: format!("{place}.{element}"),
                code: FieldCode::InvalidValue,
                detail,
                limit: None,
            });
        };
        let name = entry["fullUrl"]
            .as_str()
            .filter(|name| name.starts_with("urn:"));
        if let Some(name) = name {
            if names.contains(&name) {
                fault("fullUrl", "stands for another entry already".to_owned());
            }
            names.push(name);
        }
        match wish_of(&entry["request"], base) {
            Ok((kind, wish)) => sent.push((
                Sent {
                    kind,
                    wish,
                    resource: &entry["resource"],
                    at: format!("{place}.resource"),
                },
                name,
            )),
            Err((element, detail)) => fault(element, detail),
        }
    }
    if faults.is_empty() {
        Ok(sent)
    } else {
        Err(Problem::Invalid(faults))
    }
}

/// What a request within a transaction wishes.
fn wish_of(request: &Value, base: &str) -> Result<(FhirKind, Wish), (&'static str, String)> {
    let url = request["url"].as_str().unwrap_or_default();
    let below = url
        .strip_prefix(base)
        .map_or(url, |rest| rest.trim_start_matches('/'));
    let (path, criteria) = match below.split_once('?') {
        Some((path, criteria)) => (path, Some(criteria)),
        None => (below, None),
    };
    let (kind, id) = match path.split_once('/') {
        Some((kind, id)) => (kind, Some(id)),
        None => (path, None),
    };
    let Some(kind) = kind.parse::<FhirKind>().ok().filter(|kind| is_taken(*kind)) else {
        return Err((
            "request.url",
            "Patient and ServiceRequest are taken in transactions".to_owned(),
        ));
    };
    let text = |name: &str| request[name].as_str().map(str::to_owned);
    let wish = match (request["method"].as_str(), id, criteria) {
        (Some("POST"), None, None) => Wish::Make {
            unless: text("ifNoneExist"),
        },
        (Some("PUT"), Some(id), None) => Wish::Change {
            id: id.to_owned(),
            version: text("ifMatch").map(|tag| version_of(&tag)),
        },
        (Some("PUT"), None, Some(criteria)) => Wish::ChangeOrMake {
            criteria: criteria.to_owned(),
        },
        _ => {
            return Err((
                "request",
                "POST Kind, PUT Kind/ID and PUT Kind?identifier=SYSTEM|NUMBER are taken in transactions".to_owned(),
            ));
        }
    };
    Ok((kind, wish))
}

/// The version that an entity tag names.
pub(crate) fn version_of(tag: &str) -> String {
    tag.trim()
        .trim_start_matches("W/")
        .trim_matches('"')
        .to_owned()
}

fn response(sent: &[(Sent<'_>, Option<&str>)], done: &[Option<Done>]) -> Value {
    let entries: Vec<Value> = sent
        .iter()
        .zip(done)
        .filter_map(|((sent, _), done)| {
            let done = done.as_ref()?;
            let meta = &done.found.value["meta"];
            Some(json!({ "response": {
                "status": done.status.to_string(),
                "location": format!("{}/{}", sent.kind, done.found.id),
                "etag": format!("W/\"{}\"", meta["versionId"].as_str().unwrap_or_default()),
                "lastModified": meta["lastUpdated"],
            } }))
        })
        .collect();
    json!({ "resourceType": "Bundle", "type": "transaction-response", "entry": entries })
}
