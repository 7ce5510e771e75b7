//! FHIR R4 (4.0.1) at `/fhir`: one file a kind of resource, with what can be asked of it and how it is made. Whoever asks
//! is a program with a token of its own or somebody who is signed in ([`api::Caller`]); row by row the database decides
//! what they see. `docs/FHIR.md` says what is spoken.

mod answer;
mod audit_event;
mod capability;
mod device;
mod diagnostic_report;
mod document_reference;
mod imaging_study;
mod incoming;
mod notice;
mod observation;
mod patient;
mod practitioner;
mod provenance;
pub mod query;
mod search;
mod service_request;
mod shape;
pub mod spec;
mod system;
mod transaction;
mod values;
mod write;

use std::time::Duration;

use api::{ApiState, Caller, Problem};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::{get, post},
};
use domain::scope::FhirKind;
use tower_http::timeout::TimeoutLayer;

use crate::write::Wish;

pub use notice::{NoticeError, NoticeJob, purpose};
pub use transaction::readable;

/// Longest time until an answer begins.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Largest body of one resource or search, and of a transaction.
const BODY_LIMIT: usize = 1 << 20;
const TRANSACTION_LIMIT: usize = 8 << 20;

/// Every path of FHIR, with its methods: what `docs/FHIR.md` says is held to it. The names in braces are those by which
/// a refusal of what is there is noted.
pub const PATHS: &[(&str, &str)] = &[
    ("GET", "/fhir/metadata"),
    ("POST", "/fhir"),
    ("GET", "/fhir/Patient"),
    ("POST", "/fhir/Patient"),
    ("PUT", "/fhir/Patient"),
    ("PUT", "/fhir/Patient/{patient_id}"),
    ("POST", "/fhir/Patient/_search"),
    ("GET", "/fhir/Patient/{patient_id}"),
    ("GET", "/fhir/Practitioner"),
    ("POST", "/fhir/Practitioner/_search"),
    ("GET", "/fhir/Practitioner/{practitioner_id}"),
    ("GET", "/fhir/ImagingStudy"),
    ("POST", "/fhir/ImagingStudy/_search"),
    ("GET", "/fhir/ImagingStudy/{study}"),
    ("GET", "/fhir/DiagnosticReport"),
    ("POST", "/fhir/DiagnosticReport/_search"),
    ("GET", "/fhir/DiagnosticReport/{report_id}"),
    ("GET", "/fhir/Observation"),
    ("POST", "/fhir/Observation/_search"),
    ("GET", "/fhir/Observation/{report_id}"),
    ("GET", "/fhir/Device"),
    ("POST", "/fhir/Device/_search"),
    ("GET", "/fhir/Device/{model_id}"),
    ("GET", "/fhir/DocumentReference"),
    ("POST", "/fhir/DocumentReference/_search"),
    ("GET", "/fhir/DocumentReference/{review_id}"),
    ("GET", "/fhir/ServiceRequest"),
    ("POST", "/fhir/ServiceRequest/_search"),
    ("GET", "/fhir/ServiceRequest/{order_id}"),
    ("POST", "/fhir/ServiceRequest"),
    ("PUT", "/fhir/ServiceRequest"),
    ("PUT", "/fhir/ServiceRequest/{order_id}"),
    ("GET", "/fhir/Provenance"),
    ("POST", "/fhir/Provenance/_search"),
    ("GET", "/fhir/Provenance/{review_id}"),
    ("GET", "/fhir/AuditEvent"),
    ("POST", "/fhir/AuditEvent/_search"),
    ("GET", "/fhir/AuditEvent/{log_id}"),
];

/// The routes, to be mounted beside the interface for people.
pub fn routes() -> Router<ApiState> {
    let mut router = Router::new()
        .route("/fhir/metadata", get(capability::read))
        .route(
            "/fhir",
            post(transact).layer(DefaultBodyLimit::max(TRANSACTION_LIMIT)),
        );
    for kind in FhirKind::ALL.iter().copied() {
        let below = format!("/fhir/{kind}");
        let mut all = get(async move |state, caller, headers, query| {
            by_get(state, caller, headers, query, kind).await
        });
        let mut one = get(async move |state, caller, headers, query, id| {
            read(state, caller, headers, query, id, kind).await
        });
        if transaction::is_taken(kind) {
            all = all
                .post(async move |state, caller, headers, body| {
                    make(state, caller, headers, body, kind).await
                })
                .put(async move |state, caller, headers, query, body| {
                    change_or_make(state, caller, headers, query, body, kind).await
                });
            one = one.put(async move |state, caller, headers, id, body| {
                change(state, caller, headers, id, body, kind).await
            });
        }
        router = router
            .route(&below, all)
            .route(
                &format!("{below}/_search"),
                post(async move |state, caller, headers, query, body| {
                    by_post(state, caller, headers, query, body, kind).await
                }),
            )
            .route(&read_path(kind), one);
    }
    router
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_TIME,
        ))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::map_response(challenge))
}

/// The path by which one resource of a kind is read.
fn read_path(kind: FhirKind) -> String {
    let id = match kind {
        FhirKind::Patient => "patient_id",
        FhirKind::Practitioner => "practitioner_id",
        FhirKind::ImagingStudy => "study",
        FhirKind::DiagnosticReport | FhirKind::Observation => "report_id",
        FhirKind::Device => "model_id",
        FhirKind::DocumentReference => "review_id",
        FhirKind::ServiceRequest => "order_id",
        FhirKind::Provenance => "review_id",
        FhirKind::AuditEvent => "log_id",
    };
    format!("/fhir/{kind}/{{{id}}}")
}

async fn by_get(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
    kind: FhirKind,
) -> Result<Response, Problem> {
    search::search(&state, &caller, &headers, kind, &pairs_of(text.as_deref())).await
}

async fn by_post(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
    body: Bytes,
    kind: FhirKind,
) -> Result<Response, Problem> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"));
    if !is_form && !body.is_empty() {
        return Err(Problem::Protocol {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "unsupported_media_type",
            detail: "parameters of a search by POST come as application/x-www-form-urlencoded"
                .to_owned(),
        });
    }
    let mut pairs = pairs_of(text.as_deref());
    pairs.extend(form_urlencoded::parse(&body).into_owned());
    search::search(&state, &caller, &headers, kind, &pairs).await
}

async fn read(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
    Path(id): Path<String>,
    kind: FhirKind,
) -> Result<Response, Problem> {
    search::read(
        &state,
        &caller,
        &headers,
        kind,
        id,
        &pairs_of(text.as_deref()),
    )
    .await
}

async fn transact(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    transaction::bundle(&state, &caller, &headers, &body).await
}

async fn make(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
    kind: FhirKind,
) -> Result<Response, Problem> {
    let unless = text_of(&headers, "if-none-exist");
    transaction::alone(
        &state,
        &caller,
        &headers,
        kind,
        Wish::Make { unless },
        &body,
    )
    .await
}

async fn change(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
    kind: FhirKind,
) -> Result<Response, Problem> {
    let version = text_of(&headers, "if-match").map(|tag| transaction::version_of(&tag));
    let wish = Wish::Change { id, version };
    transaction::alone(&state, &caller, &headers, kind, wish, &body).await
}

async fn change_or_make(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
    body: Bytes,
    kind: FhirKind,
) -> Result<Response, Problem> {
    let criteria = text.unwrap_or_default();
    let wish = Wish::ChangeOrMake { criteria };
    transaction::alone(&state, &caller, &headers, kind, wish, &body).await
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn pairs_of(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// Programs are told how to come in (RFC 9110 section 11.6.1).
async fn challenge(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"fhir\""),
        );
    }
    response
}
