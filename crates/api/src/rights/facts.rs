//! `GET /api/privacy`.

use axum::{Json as Answer, extract::State};
use domain::{
    Role,
    access::Permission,
    consent::{ConsentKind, ConsentPolicy},
    settings,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What the acting person may do for privacy, and what is asked of patients.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PrivacyFacts {
    /// Whether the acting person is a privacy officer.
    is_privacy_officer: bool,
    /// Whether the acting person decides on corrections of some kind.
    may_decide_corrections: bool,
    /// Days within which a request for correction is decided on.
    correction_days: u32,
    /// What patients are asked to consent to.
    consent_kinds: Vec<ConsentKind>,
}

/// What holds for privacy here
#[utoipa::path(get, operation_id = "privacy_facts", path = "/api/privacy", tag = "privacy",
    responses((status = 200, body = PrivacyFacts), (status = 401, body = ProblemBody)))]
pub(crate) async fn facts(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<PrivacyFacts>, Problem> {
    let mut tx = signed.begin_as(Permission::KeepConsents, &state).await?;
    let is_privacy_officer =
        signed.role != Role::Patient && db::emergency::is_officer(&mut tx).await?;
    let policy: ConsentPolicy = db::settings::get(&mut tx, settings::PRIVACY_CONSENTS).await?;
    Ok(Answer(PrivacyFacts {
        is_privacy_officer,
        may_decide_corrections: is_privacy_officer || signed.role == Role::Doctor,
        correction_days: db::settings::get(&mut tx, settings::PRIVACY_CORRECTION_DAYS).await?,
        consent_kinds: policy.kinds,
    }))
}
