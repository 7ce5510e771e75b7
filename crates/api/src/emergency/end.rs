//! `POST /api/emergency-accesses/{access_id}/end`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    emergency::{self, EmergencyAccess},
};
use domain::{
    EmergencyAccessId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

use super::open::find;
use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// End an own access before its time
#[utoipa::path(post, operation_id = "emergency_accesses_end", path = "/api/emergency-accesses/{access_id}/end", tag = "emergencies",
    params(("access_id" = EmergencyAccessId, Path, description = "The access")),
    responses((status = 200, body = EmergencyAccess), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "None that runs and is yours", body = ProblemBody)))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    signed: Signed,
    Path(access_id): Path<EmergencyAccessId>,
) -> Result<Answer<EmergencyAccess>, Problem> {
    let mut tx = signed
        .begin_as(Permission::OpenEmergencyAccess, &state)
        .await?;
    if !emergency::end(&mut tx, access_id).await? {
        return Err(Problem::NotFound("emergency access"));
    }
    let ended = find(&mut tx, access_id).await?;
    tx.audit(
        Act::new(AuditAction::EndEmergencyAccess, EntityType::Patient)
            .on(ended.patient_id)
            .new_values(json!({ "access_id": access_id })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(ended))
}
