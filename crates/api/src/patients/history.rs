//! `GET` and `PATCH /api/patients/{patient_id}/history`.

use axum::{Json as Answer, extract::State};
use db::{
    ActorTx,
    audit::Act,
    history::{self, HistoryChange, MedicalHistory},
    patients,
};
use domain::{
    Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Read a medical history
///
/// Patients read their own, radiologists those of patients they sent films of, doctors all.
#[utoipa::path(get, operation_id = "patients_history_read", path = "/api/patients/{patient_id}/history", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = MedicalHistory), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "None is recorded, or you may not see it", body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<Answer<MedicalHistory>, Problem> {
    let mut tx = signed.begin_as(Permission::ReadHistory, &state).await?;
    let history = history::find(&mut tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("medical history"))?;
    tx.audit(Act::new(AuditAction::ReadHistory, EntityType::History).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(history))
}

/// What of a history changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryRequest {
    /// Illnesses: an array.
    conditions: Option<Value>,
    /// Allergies: an array.
    allergies: Option<Value>,
    /// Medication: an array.
    medications: Option<Value>,
    /// Illnesses in the family: an array.
    family_history: Option<Value>,
    /// An object with `smoking`, `alcohol`, `exercise`.
    lifestyle: Option<Value>,
    /// Operations and the like: an array.
    previous_procedures: Option<Value>,
}

/// Change a medical history
///
/// Patients change their own, doctors any.
#[utoipa::path(patch, operation_id = "patients_history_change", path = "/api/patients/{patient_id}/history", tag = "patients", request_body = HistoryRequest,
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = MedicalHistory), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<HistoryRequest>,
) -> Result<Answer<MedicalHistory>, Problem> {
    let mut tx = signed.begin_as(Permission::ChangeHistory, &state).await?;
    check(&request)?;
    if !may_write(&mut tx, &signed, patient_id).await? {
        return Err(Problem::NotFound("patient"));
    }
    let before = history::find(&mut tx, patient_id).await?;
    let change = HistoryChange {
        conditions: request.conditions.as_ref(),
        allergies: request.allergies.as_ref(),
        medications: request.medications.as_ref(),
        family_history: request.family_history.as_ref(),
        lifestyle: request.lifestyle.as_ref(),
        previous_procedures: request.previous_procedures.as_ref(),
    };
    history::change(&mut tx, patient_id, &change).await?;
    let after = history::find(&mut tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("medical history"))?;
    tx.audit(
        Act::new(AuditAction::UpdateHistory, EntityType::History)
            .on(patient_id)
            .old(json!(before))
            .new_values(json!(after)),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(after))
}

async fn may_write(tx: &mut ActorTx, signed: &Signed, patient_id: UserId) -> Result<bool, Problem> {
    match signed.role {
        Role::Patient => Ok(patient_id == signed.user_id),
        _ => Ok(patients::find(tx, patient_id).await?.is_some()),
    }
}

fn check(request: &HistoryRequest) -> Result<(), Problem> {
    let mut checks = Checks::default();
    let lists = [
        ("conditions", &request.conditions),
        ("allergies", &request.allergies),
        ("medications", &request.medications),
        ("family_history", &request.family_history),
        ("previous_procedures", &request.previous_procedures),
    ];
    for (field, value) in lists {
        checks.require(
            value.as_ref().is_none_or(Value::is_array),
            field,
            "wrong_type",
            "must be an array",
        );
    }
    checks.require(
        request.lifestyle.as_ref().is_none_or(Value::is_object),
        "lifestyle",
        "wrong_type",
        "must be an object",
    );
    let length: usize = lists
        .iter()
        .map(|(_, value)| value)
        .chain([&&request.lifestyle])
        .flat_map(|value| value.as_ref())
        .map(|value| value.to_string().len())
        .sum();
    checks.require(
        length <= 262_144,
        "history",
        "too_long",
        "at most 256 KiB in all",
    );
    checks.done()
}
