//! `POST /api/privacy/patients`.

use axum::{Json as Answer, extract::State};
use db::{audit::Act, emergency, personal_data};
use domain::{
    UserId,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json},
    emergency::called,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Whose record. One of the fields names the patient, exactly.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindPatientRequest {
    /// The patient.
    patient_id: Option<UserId>,
    /// The hospital's number.
    #[schema(max_length = 64)]
    identifier: Option<String>,
    /// The address.
    #[schema(max_length = 254)]
    email: Option<String>,
}

/// A patient whom a privacy officer looked up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundPatient {
    /// Identifier.
    patient_id: UserId,
    /// What the patient is called where names are nobody's business.
    pseudonym: String,
}

/// Find the patient whom somebody asks for
///
/// For privacy officers, by what the patient told them. A body, so that no address stands in a log.
#[utoipa::path(post, operation_id = "privacy_patients_find", path = "/api/privacy/patients", tag = "privacy", request_body = FindPatientRequest,
    responses((status = 200, body = FoundPatient), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer", body = ProblemBody),
              (status = 404, description = "No such patient", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn find(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<FindPatientRequest>,
) -> Result<Answer<FoundPatient>, Problem> {
    let mut tx = signed.begin_as_officer(&state).await?;
    let called = called(
        Checks::default(),
        request.patient_id,
        request.identifier.as_deref(),
        request.email.as_deref(),
    )?;
    let patient_id = emergency::patient_called(&mut tx, called)
        .await?
        .ok_or(Problem::NotFound("patient"))?;
    let pseudonym = personal_data::pseudonym(&mut tx, patient_id).await?;
    tx.audit(Act::new(AuditAction::FindPatient, EntityType::Patient).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(FoundPatient {
        patient_id,
        pseudonym,
    }))
}
