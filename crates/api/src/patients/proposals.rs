//! `POST` and `DELETE /api/patients/{patient_id}/history/proposals`, and the decision on a proposal.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    history, history_proposals,
    history_proposals::HistoryProposal,
    notifications::{self, Message},
};
use domain::{
    HistoryProposalId, ProposalEvent, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    review::NotificationPriority,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::history::{HistoryAnswer, HistoryRequest, load, write};
use crate::{
    body::{Checks, Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What a patient wants changed: the parts that should change, each as it should read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposalRequest {
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
    /// Words for whoever decides; at most 2000 characters.
    note: Option<String>,
}

/// Propose changes of the own medical history
///
/// The record stays as it is until a doctor, or the radiologist who registered the patient, accepts. A
/// later proposal takes the place of one that nobody has decided on.
#[utoipa::path(post, operation_id = "patients_history_propose", path = "/api/patients/{patient_id}/history/proposals", tag = "patients",
    request_body = ProposalRequest, params(("patient_id" = UserId, Path, description = "The acting patient")),
    responses((status = 201, body = HistoryAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn propose(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<ProposalRequest>,
) -> Result<(StatusCode, Answer<HistoryAnswer>), Problem> {
    let mut tx = signed.begin_as(Permission::ProposeHistory, &state).await?;
    if patient_id != signed.user_id {
        return Err(Problem::NotFound("patient"));
    }
    let wanted = HistoryRequest {
        conditions: request.conditions,
        allergies: request.allergies,
        medications: request.medications,
        family_history: request.family_history,
        lifestyle: request.lifestyle,
        previous_procedures: request.previous_procedures,
    };
    let mut checks = Checks::default();
    wanted.check(&mut checks);
    checks.at_most("note", request.note.as_deref(), 2000);
    let content = wanted.content();
    checks.require(
        content.as_object().is_some_and(|parts| !parts.is_empty()),
        "body",
        FieldCode::Required,
        "say what should change: conditions, allergies, medications, family_history, lifestyle or previous_procedures",
    );
    checks.done()?;
    let based_on = history::find(&mut tx, patient_id)
        .await?
        .and_then(|recorded| recorded.updated_at);
    let note = request
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    let proposal_id = history_proposals::propose(&mut tx, &content, note, based_on).await?;
    tx.audit(
        Act::new(AuditAction::ProposeHistory, EntityType::History)
            .on(patient_id)
            .new_values(json!({ "proposal_id": proposal_id, "content": content })),
    )
    .await?;
    history_proposals::tell_keepers(&mut tx).await?;
    let answer = load(&mut tx, &signed, patient_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Take the own proposal back
#[utoipa::path(delete, operation_id = "patients_history_withdraw", path = "/api/patients/{patient_id}/history/proposals", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The acting patient")),
    responses((status = 204, description = "Taken back"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "Nothing waits for a decision", body = ProblemBody)))]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ProposeHistory, &state).await?;
    if patient_id != signed.user_id || !history_proposals::withdraw(&mut tx).await? {
        return Err(Problem::NotFound("open proposal"));
    }
    tx.audit(
        Act::new(AuditAction::ProposeHistory, EntityType::History)
            .on(patient_id)
            .new_values(json!({ "withdrawn": true })),
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A decision on proposed changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionRequest {
    /// Whether the changes go into the record.
    accept: bool,
    /// Words to the patient; needed when declining, at most 2000 characters.
    answer: Option<String>,
}

/// Accept or decline proposed changes
///
/// For doctors, and for the radiologist who registered the patient. What is accepted goes into the record
/// at once, part by part as proposed.
#[utoipa::path(post, operation_id = "patients_history_decide", path = "/api/patients/{patient_id}/history/proposals/{proposal_id}/decision", tag = "patients",
    request_body = DecisionRequest,
    params(("patient_id" = UserId, Path, description = "The patient"), ("proposal_id" = HistoryProposalId, Path, description = "The proposal")),
    responses((status = 200, body = HistoryAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "It was decided or withdrawn meanwhile", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    signed: Signed,
    Path((patient_id, proposal_id)): Path<(UserId, HistoryProposalId)>,
    Json(request): Json<DecisionRequest>,
) -> Result<Answer<HistoryAnswer>, Problem> {
    let mut tx = signed.begin_as(Permission::DecideHistory, &state).await?;
    let answer = request
        .answer
        .as_deref()
        .map(str::trim)
        .filter(|answer| !answer.is_empty());
    let mut checks = Checks::default();
    checks.at_most("answer", answer, 2000);
    checks.require(
        request.accept || answer.is_some(),
        "answer",
        FieldCode::Required,
        "tell the patient why",
    );
    checks.done()?;
    let proposal = find(&mut tx, patient_id, proposal_id).await?;
    let decided_meanwhile = || Problem::Conflict {
        code: "proposal_closed",
        detail:
            "this proposal was decided, replaced or withdrawn meanwhile: look at the record again"
                .to_owned(),
    };
    let event = if request.accept {
        ProposalEvent::Accept
    } else {
        ProposalEvent::Decline
    };
    let after = proposal.state.after(event).ok_or_else(decided_meanwhile)?;
    if !history_proposals::decide(&mut tx, proposal_id, after, answer).await? {
        return Err(decided_meanwhile());
    }
    if request.accept {
        let change: HistoryRequest = serde_json::from_value(proposal.content).map_err(|error| {
            Problem::Internal(format!("a stored proposal cannot be read: {error}"))
        })?;
        write(&mut tx, patient_id, &change).await?;
    }
    tx.audit(
        Act::new(AuditAction::DecideHistory, EntityType::History)
            .on(patient_id)
            .new_values(json!({ "proposal_id": proposal_id, "accepted": request.accept })),
    )
    .await?;
    let message = Message {
        kind: if request.accept {
            "history_accepted"
        } else {
            "history_declined"
        },
        priority: NotificationPriority::Normal,
        title: "Your proposal was decided on",
        message: "Somebody has decided on the change of your medical history that you proposed.",
        action_url: Some("/history".to_owned()),
        related_report_id: None,
    };
    notifications::send(&mut tx, &[patient_id], &message).await?;
    let answer = load(&mut tx, &signed, patient_id).await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

/// A proposal of this patient that the actor may decide on.
async fn find(
    tx: &mut db::ActorTx,
    patient_id: UserId,
    proposal_id: HistoryProposalId,
) -> Result<HistoryProposal, Problem> {
    history_proposals::of_patient(tx, patient_id, 200)
        .await?
        .into_iter()
        .find(|proposal| proposal.proposal_id == proposal_id)
        .ok_or(Problem::NotFound("proposal"))
}
