//! `POST /api/emergency-accesses`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::Duration;
use db::{
    ActorTx,
    audit::Act,
    emergency::{self, Called, EmergencyAccess, EmergencyFilter},
    notifications::{self, Message},
};
use domain::{
    EmergencyAccessId, StepUp, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    emergency::EmergencyPolicy,
    review::NotificationPriority,
    settings,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Whose record, and why. One of `patient_id`, `identifier` and `email` names the patient.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmergencyRequest {
    /// The patient.
    patient_id: Option<UserId>,
    /// The hospital's number, exactly.
    #[schema(max_length = 64)]
    identifier: Option<String>,
    /// The address, exactly.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Why: as many characters as the setting `emergency.access` wants, at most 2000.
    #[schema(max_length = 2000)]
    reason: String,
}

/// Open a record in an emergency
///
/// For one patient and for the minutes that the setting `emergency.access` gives; it ends by itself, or by hand.
/// The patient and the privacy officers are told at once, everything that is read goes into the trail, and an
/// officer reviews it afterwards. Wants a fresh proof of who asks.
#[utoipa::path(post, operation_id = "emergency_accesses_open", path = "/api/emergency-accesses", tag = "emergencies", request_body = EmergencyRequest,
    responses((status = 201, body = EmergencyAccess), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not this role, or `step_up_required`", body = ProblemBody),
              (status = 404, description = "No such patient", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn open(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<EmergencyRequest>,
) -> Result<(StatusCode, Answer<EmergencyAccess>), Problem> {
    let mut tx = signed
        .begin_as(Permission::OpenEmergencyAccess, &state)
        .await?;
    let policy: EmergencyPolicy = db::settings::get(&mut tx, settings::EMERGENCY_ACCESS).await?;
    if !policy.roles.contains(&signed.role) {
        let detail = "the setting emergency.access does not let your role open records in an emergency: ask a doctor";
        return Err(signed.refuse(&state, detail.to_owned()).await?);
    }
    let reason = request.reason.trim().to_owned();
    let called = check(&request, &reason, &policy)?;
    signed.stepped_up(StepUp::BreakGlass, &state).await?;
    let Some(patient_id) = emergency::patient_called(&mut tx, called).await? else {
        return Err(Problem::NotFound("patient"));
    };
    let ends_at = tx.now() + Duration::minutes(policy.minutes.into());
    let access_id = emergency::open(&mut tx, patient_id, &reason, ends_at).await?;
    tx.audit(
        Act::new(AuditAction::OpenEmergencyAccess, EntityType::Patient)
            .on(patient_id)
            .new_values(json!({ "access_id": access_id, "reason": reason, "ends_at": ends_at })),
    )
    .await?;
    tell(&mut tx, patient_id).await?;
    let opened = find(&mut tx, access_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(opened)))
}

fn check<'a>(
    request: &'a EmergencyRequest,
    reason: &str,
    policy: &EmergencyPolicy,
) -> Result<Called<'a>, Problem> {
    let mut checks = Checks::default();
    let fewest = policy.minimum_reason_length;
    checks.require(
        reason.chars().count() >= fewest as usize,
        "reason",
        FieldCode::Required,
        format!("say in at least {fewest} characters why you have to see this record now"),
    );
    checks.at_most("reason", Some(reason), 2000);
    super::called(
        checks,
        request.patient_id,
        request.identifier.as_deref(),
        request.email.as_deref(),
    )
}

/// One access that the actor may see.
pub(super) async fn find(
    tx: &mut ActorTx,
    access_id: EmergencyAccessId,
) -> Result<EmergencyAccess, Problem> {
    let only = EmergencyFilter {
        access_id: Some(access_id),
        ..EmergencyFilter::default()
    };
    let mut found = emergency::list(tx, only, None, 1).await?.items;
    found.pop().ok_or(Problem::NotFound("emergency access"))
}

/// Tells the patient and the privacy officers.
async fn tell(tx: &mut ActorTx, patient_id: UserId) -> Result<(), Problem> {
    let to_patient = Message {
        kind: "emergency_access",
        priority: NotificationPriority::High,
        title: "Your record was opened in an emergency",
        message: "A member of staff has opened your record in an emergency. Who it was is on the page of who looked at your record; a privacy officer looks into every such case.",
        action_url: Some("/accesses".to_owned()),
        related_report_id: None,
    };
    notifications::send(tx, &[patient_id], &to_patient).await?;
    let user = tx.actor().user_id();
    let officers: Vec<UserId> = emergency::officers(tx)
        .await?
        .into_iter()
        .filter(|officer| Some(*officer) != user)
        .collect();
    let to_officers = Message {
        kind: "emergency_access",
        priority: NotificationPriority::High,
        title: "A record was opened in an emergency",
        message: "A member of staff has opened a patient's record in an emergency. It waits for your review as soon as it is over.",
        action_url: Some("/emergencies".to_owned()),
        related_report_id: None,
    };
    Ok(notifications::send(tx, &officers, &to_officers).await?)
}
