//! The OpenAPI document.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, OpenApi as OpenApiDocument, Ref, RefOr, Response, ResponseBuilder, Schema,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use domain::audit::{AuditAction, AuditFormat, AuditStatus, EntityType};

use crate::{
    reports::{images::RenderedFormat, list::Sort, results::ResultKind},
    router::api,
};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Medical Portal",
        description = "X-ray triage: films in, a risk estimate, a priority queue, signed reviews, released results. \
                       Decision support, not a diagnosis. Errors are problem details (RFC 9457) with a stable `code`.",
    ),
    components(schemas(AuditAction, AuditFormat, AuditStatus, EntityType, Sort, RenderedFormat, ResultKind)),
    modifiers(&Security),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "auth", description = "Signing up, in and out; the own profile, password and sessions"),
        (name = "reports", description = "Films in, reports, images"),
        (name = "uploads", description = "Big files, piece by piece (tus 1.0.0)"),
        (name = "ai", description = "What the AI said"),
        (name = "reviews", description = "The doctors' queue and reviews"),
        (name = "patients", description = "Patients and their history"),
        (name = "emergencies", description = "Records opened in an emergency, and their reviews"),
        (name = "privacy", description = "The rights of patients: their record taken away, corrections, consents"),
        (name = "notifications", description = "Messages to the user"),
        (name = "events", description = "What changed, live"),
        (name = "models", description = "Models: what they are there for, how they do, promotions, alarms"),
        (name = "operations", description = "Accounts, settings, jobs, audit"),
        (name = "health", description = "For whoever runs the portal"),
    )
)]
pub(crate) struct ApiDoc;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
        components.add_security_scheme(
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("portal_session"))),
        );
    }
}

/// The document, as served at `/api/openapi.json`.
#[must_use]
pub fn document() -> OpenApiDocument {
    finished(api().split_for_parts().1)
}

/// Says what holds for every path: problems have a media type of their own, and any path may be asked
/// too much, fail, or find the database away.
pub(crate) fn finished(mut document: OpenApiDocument) -> OpenApiDocument {
    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.delete,
            &mut path.head,
            &mut path.patch,
            &mut path.options,
        ];
        for operation in operations.into_iter().flatten() {
            finish(operation);
        }
    }
    document
}

fn finish(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for (status, description) in [
        (
            "429",
            "Too much is asked from this address or with this session",
        ),
        (
            "500",
            "A fault of the portal; its log says more under the request's id",
        ),
        ("503", "The database or the store is away"),
    ] {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| problem(description).into());
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(content) = response.content.get(JSON)
            && is_problem(content)
            && let Some(content) = response.content.shift_remove(JSON)
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}

fn problem(description: &str) -> Response {
    let body = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(
        "ProblemBody",
    ))));
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, body)
        .build()
}

fn is_problem(content: &RefOr<Content>) -> bool {
    matches!(content, RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. })
        if schema.ref_location.ends_with("/ProblemBody"))
}
