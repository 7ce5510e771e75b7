//! `GET` and `POST /api/legal-holds`, `POST /api/legal-holds/{hold_id}/lift`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    ActorTx,
    audit::Act,
    legal_holds::{self, LegalHold},
};
use domain::{
    HoldId, StepUp, UserId,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// List legal holds
///
/// For privacy officers: those that hold and those that were lifted.
#[utoipa::path(get, operation_id = "legal_holds_list", path = "/api/legal-holds", tag = "privacy", params(PageQuery),
    responses((status = 200, body = ListAnswer<LegalHold>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<LegalHold>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as_officer(&state).await?;
    let page = legal_holds::list(&mut tx, None, after, limit).await?;
    tx.audit(
        Act::new(AuditAction::ListLegalHolds, EntityType::Patient)
            .new_values(json!({ "found": page.items.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// Whose record is held, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegalHoldRequest {
    /// Whose record.
    patient_id: UserId,
    /// Why; at most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Hold a patient's record
///
/// Nothing of it is removed, by its term or by an erasure, until the hold is lifted. Wants a fresh proof of who asks.
#[utoipa::path(post, operation_id = "legal_holds_set", path = "/api/legal-holds", tag = "privacy", request_body = LegalHoldRequest,
    responses((status = 201, body = LegalHold), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn set(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<LegalHoldRequest>,
) -> Result<(StatusCode, Answer<LegalHold>), Problem> {
    let mut tx = signed
        .begin_on_record(&state, request.patient_id, &request.reason)
        .await?;
    let reason = request.reason.trim();
    let hold_id = legal_holds::set(&mut tx, request.patient_id, reason).await?;
    tx.audit(
        Act::new(AuditAction::SetLegalHold, EntityType::Patient)
            .on(request.patient_id)
            .new_values(json!({ "hold_id": hold_id, "reason": reason })),
    )
    .await?;
    let answer = find(&mut tx, hold_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Why a hold is lifted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiftRequest {
    /// At most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Lift a legal hold
///
/// Wants a fresh proof of who asks.
#[utoipa::path(post, operation_id = "legal_holds_lift", path = "/api/legal-holds/{hold_id}/lift", tag = "privacy",
    request_body = LiftRequest, params(("hold_id" = HoldId, Path, description = "The hold")),
    responses((status = 200, body = LegalHold), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 409, description = "It was lifted already", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn lift(
    State(state): State<ApiState>,
    signed: Signed,
    Path(hold_id): Path<HoldId>,
    Json(request): Json<LiftRequest>,
) -> Result<Answer<LegalHold>, Problem> {
    let mut tx = signed.begin_as_officer(&state).await?;
    let mut checks = Checks::default();
    checks.present("reason", &request.reason, 2000);
    checks.done()?;
    let hold = find(&mut tx, hold_id).await?;
    signed.stepped_up(StepUp::Privacy, &state).await?;
    let reason = request.reason.trim();
    if !legal_holds::lift(&mut tx, hold_id, reason).await? {
        return Err(Problem::Conflict {
            code: "hold_lifted",
            detail: "this hold was lifted already".to_owned(),
        });
    }
    tx.audit(
        Act::new(AuditAction::LiftLegalHold, EntityType::Patient)
            .on(hold.patient_id)
            .new_values(json!({ "hold_id": hold_id, "reason": reason })),
    )
    .await?;
    let answer = find(&mut tx, hold_id).await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

async fn find(tx: &mut ActorTx, hold_id: HoldId) -> Result<LegalHold, Problem> {
    let mut found = legal_holds::list(tx, Some(hold_id), None, 1).await?.items;
    found.pop().ok_or(Problem::NotFound("legal hold"))
}
