//! `GET /api/patients/{patient_id}/accesses`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    patients::{self, Access},
};
use domain::{
    UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// Who looked at my record
///
/// What others did with the acting patient's reports and history, newest first.
#[utoipa::path(get, operation_id = "patients_accesses_list", path = "/api/patients/{patient_id}/accesses", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The acting patient"), PageQuery),
    responses((status = 200, body = ListAnswer<Access>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Access>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadAccesses, &state).await?;
    if patient_id != signed.user_id {
        return Err(Problem::NotFound("patient"));
    }
    let page = patients::accesses_to_own_record(&mut tx, after, limit).await?;
    tx.audit(Act::new(AuditAction::ReadAccesses, EntityType::Patient).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}
