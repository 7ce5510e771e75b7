//! `POST /api/patients/{patient_id}/invitation`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, Duration, Utc};
use db::{audit::Act, invitations, patients};
use domain::{
    UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
    tokens,
};

/// How long a code is good.
const GOOD_FOR: Duration = Duration::days(14);

/// A code to be handed over, in print or as a link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationCode {
    /// The patient.
    patient_id: UserId,
    /// The address that the patient will sign in with.
    email: String,
    /// The code, said this once; the portal keeps only its digest.
    code: String,
    /// The page that takes it, on this portal: `/invitation#` and the code. What follows the `#` is never
    /// sent to a server.
    path: String,
    /// Until when it is good.
    expires_at: DateTime<Utc>,
}

/// Invite a patient to choose a first password
///
/// For patients whom staff registered. The code is good once, for 14 days; a new one makes the one before
/// worthless. The portal sends no mail: hand it over.
#[utoipa::path(post, operation_id = "patients_invite", path = "/api/patients/{patient_id}/invitation", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 201, body = InvitationCode), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "No address is recorded, or the patient has a password", body = ProblemBody)))]
pub(crate) async fn invite(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<(StatusCode, Answer<InvitationCode>), Problem> {
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let patient = patients::find(&mut tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("patient"))?;
    if !patient.is_active {
        return Err(Problem::Conflict {
            code: "account_inactive",
            detail: "this account is out of use: tech can put it into use again".to_owned(),
        });
    }
    if invitations::has_password(&mut tx, patient_id).await? {
        return Err(Problem::Conflict {
            code: "has_password",
            detail: "this patient has chosen a password already and can sign in".to_owned(),
        });
    }
    // Such an address only fills the column: it was never given.
    if patient.email.ends_with(".invalid") {
        return Err(Problem::Conflict {
            code: "address_missing",
            detail:
                "no e-mail address is recorded, which the patient needs to sign in: add it first"
                    .to_owned(),
        });
    }
    let code = tokens::new_code()?;
    let expires_at = tx.now() + GOOD_FOR;
    invitations::create(&mut tx, patient_id, &tokens::code_digest(&code), expires_at).await?;
    tx.audit(
        Act::new(AuditAction::InvitePatient, EntityType::Patient)
            .on(patient_id)
            .new_values(json!({ "expires_at": expires_at })),
    )
    .await?;
    tx.commit().await?;
    Ok((
        StatusCode::CREATED,
        Answer(InvitationCode {
            patient_id,
            email: patient.email,
            path: format!("/invitation#{code}"),
            code,
            expires_at,
        }),
    ))
}
