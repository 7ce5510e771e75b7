//! `/api/patients/unknown` and `POST /api/patients/{patient_id}/identification`: patients whose films machines sent
//! and whom nobody had registered, and who they are.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    unknown_patients::{self, Resolved, Unidentified},
};
use domain::{
    UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    query::ListAnswer,
    signed::Signed,
    state::ApiState,
};

/// List patients whom nobody has identified yet
///
/// A machine sent their films with a number that belongs to nobody, or with none. The newest first, at most 500.
#[utoipa::path(get, operation_id = "patients_unknown", path = "/api/patients/unknown", tag = "patients",
    responses((status = 200, body = ListAnswer<Unidentified>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<ListAnswer<Unidentified>>, Problem> {
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let items = unknown_patients::list(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListPatients, EntityType::Patient))
        .await?;
    tx.commit().await?;
    Ok(Answer(ListAnswer {
        items,
        next_cursor: None,
    }))
}

/// Who an unknown patient is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identification {
    /// The registered patient; the unknown patient's own identifier where that record, corrected, is to stay.
    identified_as: UserId,
}

/// What followed from it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identified {
    /// Reports that are the registered patient's now.
    moved_reports: i32,
}

/// Say who an unknown patient is
///
/// Every report of the unknown patient becomes the registered one's; before one of them is signed, a doctor confirms
/// whose film it is. Films with the same number, name and birth date that come later follow. It cannot be undone here.
#[utoipa::path(post, operation_id = "patients_identify", path = "/api/patients/{patient_id}/identification", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The unknown patient")), request_body = Identification,
    responses((status = 200, body = Identified), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody),
              (status = 404, description = "There is no such unknown patient, or it is known already who it is", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn identify(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<Identification>,
) -> Result<Answer<Identified>, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let moved_reports =
        match unknown_patients::resolve(&mut tx, patient_id, request.identified_as).await? {
            Resolved::Moved(reports) => reports,
            Resolved::NotUnknown => return Err(Problem::NotFound("unknown patient")),
            Resolved::NotRegistered => {
                return Err(Problem::field(
                    "identified_as",
                    FieldCode::InvalidValue,
                    "must be a registered patient",
                ));
            }
        };
    tx.audit(
        Act::new(AuditAction::ConfirmIdentity, EntityType::Patient)
            .on(patient_id)
            .new_values(
                json!({ "identified_as": request.identified_as, "moved_reports": moved_reports }),
            ),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(Identified { moved_reports }))
}
