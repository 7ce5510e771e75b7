//! `POST /api/emergency-accesses/{access_id}/review`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    emergency::{self, EmergencyAccess},
};
use domain::{
    EmergencyAccessId, EmergencyOutcome,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::open::find;
use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What a review says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmergencyReviewRequest {
    /// Whether there was a reason for it.
    #[schema(value_type = EmergencyOutcome)]
    outcome: String,
    /// The reviewer's words; at most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    note: String,
}

/// Review an access in an emergency
///
/// By a privacy officer, and never by whoever opened the record. Once written, a review stays.
#[utoipa::path(post, operation_id = "emergency_accesses_review", path = "/api/emergency-accesses/{access_id}/review", tag = "emergencies",
    request_body = EmergencyReviewRequest,
    params(("access_id" = EmergencyAccessId, Path, description = "The access")),
    responses((status = 200, body = EmergencyAccess), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "It is your own, still runs, or has a review", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn review(
    State(state): State<ApiState>,
    signed: Signed,
    Path(access_id): Path<EmergencyAccessId>,
    Json(request): Json<EmergencyReviewRequest>,
) -> Result<Answer<EmergencyAccess>, Problem> {
    let mut tx = signed
        .begin_as(Permission::SeeEmergencyAccesses, &state)
        .await?;
    let mut checks = Checks::default();
    let outcome: Option<EmergencyOutcome> = checks.word("outcome", Some(&request.outcome));
    checks.present("note", &request.note, 2000);
    checks.done()?;
    let outcome = outcome.expect("checked just above");
    let access = find(&mut tx, access_id).await?;
    if access.user_id == signed.user_id {
        return Err(Problem::Conflict {
            code: "second_person",
            detail: "you opened this record yourself: another privacy officer reviews it"
                .to_owned(),
        });
    }
    if access.is_running(tx.now()) {
        return Err(Problem::Conflict {
            code: "still_running",
            detail: "this access still runs: review it when it is over".to_owned(),
        });
    }
    if !emergency::review(&mut tx, access_id, outcome, request.note.trim()).await? {
        return Err(Problem::Conflict {
            code: "already_reviewed",
            detail: "this access was reviewed already".to_owned(),
        });
    }
    tx.audit(
        Act::new(AuditAction::ReviewEmergencyAccess, EntityType::Patient)
            .on(access.patient_id)
            .new_values(json!({ "access_id": access_id, "outcome": outcome })),
    )
    .await?;
    let reviewed = find(&mut tx, access_id).await?;
    tx.commit().await?;
    Ok(Answer(reviewed))
}
