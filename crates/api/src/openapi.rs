//! The OpenAPI document.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use domain::audit::{AuditAction, AuditStatus, EntityType};

use crate::{
    reports::{images::RenderedFormat, list::Sort},
    router::api,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Medical Portal",
        description = "X-ray triage: films in, a risk estimate, a priority queue, signed reviews, released results. \
                       Decision support, not a diagnosis. Errors are problem details (RFC 9457) with a stable `code`.",
    ),
    components(schemas(AuditAction, AuditStatus, EntityType, Sort, RenderedFormat)),
    modifiers(&Security),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "auth", description = "Signing up, in and out; the own profile, password and sessions"),
        (name = "reports", description = "Films in, reports, images"),
        (name = "uploads", description = "Big files, piece by piece (tus 1.0.0)"),
        (name = "ai", description = "What the AI said"),
        (name = "reviews", description = "The doctors' queue and reviews"),
        (name = "patients", description = "Patients and their history"),
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
pub fn document() -> utoipa::openapi::OpenApi {
    api().split_for_parts().1
}
