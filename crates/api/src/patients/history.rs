//! `GET` and `PATCH /api/patients/{patient_id}/history`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use db::{
    ActorTx,
    audit::Act,
    history::{self, HistoryChange, MedicalHistory},
    history_proposals::{self, HistoryProposal},
    patients,
};
use domain::{
    ProposalState, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// A medical history with what the patient wants changed in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryAnswer {
    /// What is recorded; empty lists where nothing is.
    #[serde(flatten)]
    history: MedicalHistory,
    /// What the patient proposes; null when nothing waits for a decision.
    proposal: Option<HistoryProposal>,
    /// The last decision on a proposal.
    last_decision: Option<HistoryProposal>,
    /// Whether the acting user may accept or decline what is proposed.
    may_decide: bool,
}

/// Read a medical history
///
/// Patients read their own, radiologists those of patients whom they registered or sent films of, doctors
/// all. What the patient proposes is seen by the patient, the doctors, and the radiologist who registered
/// the patient.
#[utoipa::path(get, operation_id = "patients_history_read", path = "/api/patients/{patient_id}/history", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = HistoryAnswer), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<Answer<HistoryAnswer>, Problem> {
    let mut tx = signed.begin_as(Permission::ReadHistory, &state).await?;
    let answer = load(&mut tx, &signed, patient_id).await?;
    tx.audit(Act::new(AuditAction::ReadHistory, EntityType::History).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

/// A history as the acting user may see it.
pub(super) async fn load(
    tx: &mut ActorTx,
    signed: &Signed,
    patient_id: UserId,
) -> Result<HistoryAnswer, Problem> {
    let recorded = history::find(tx, patient_id).await?;
    let may_decide = match signed.role {
        Role::Doctor => true,
        Role::Radiologist => patients::is_registered_by_actor(tx, patient_id).await?,
        Role::Patient | Role::Tech => false,
    };
    let may_read = match signed.role {
        Role::Patient => patient_id == signed.user_id,
        Role::Radiologist => may_decide || patients::has_visible_report(tx, patient_id).await?,
        _ => patients::find(tx, patient_id).await?.is_some(),
    };
    // Of a patient whom one may not look at, not even that nothing is recorded is said.
    if !may_read {
        return Err(Problem::NotFound("patient"));
    }
    let mut proposals = history_proposals::of_patient(tx, patient_id, 20)
        .await?
        .into_iter();
    let (mut proposal, mut last_decision) = (None, None);
    for each in proposals.by_ref() {
        match each.state {
            ProposalState::Open => proposal = Some(each),
            ProposalState::Accepted | ProposalState::Declined if last_decision.is_none() => {
                last_decision = Some(each);
            }
            _ => {}
        }
    }
    Ok(HistoryAnswer {
        history: recorded.unwrap_or_else(|| MedicalHistory::empty(patient_id)),
        proposal,
        last_decision,
        may_decide,
    })
}

/// What of a history changes; what is left out stays.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryRequest {
    /// Illnesses: an array.
    pub(super) conditions: Option<Value>,
    /// Allergies: an array.
    pub(super) allergies: Option<Value>,
    /// Medication: an array.
    pub(super) medications: Option<Value>,
    /// Illnesses in the family: an array.
    pub(super) family_history: Option<Value>,
    /// An object with `smoking`, `alcohol`, `exercise`.
    pub(super) lifestyle: Option<Value>,
    /// Operations and the like: an array.
    pub(super) previous_procedures: Option<Value>,
}

impl HistoryRequest {
    pub(super) fn change(&self) -> HistoryChange<'_> {
        HistoryChange {
            conditions: self.conditions.as_ref(),
            allergies: self.allergies.as_ref(),
            medications: self.medications.as_ref(),
            family_history: self.family_history.as_ref(),
            lifestyle: self.lifestyle.as_ref(),
            previous_procedures: self.previous_procedures.as_ref(),
        }
    }

    fn parts(&self) -> [(&'static str, &Option<Value>); 6] {
        [
            ("conditions", &self.conditions),
            ("allergies", &self.allergies),
            ("medications", &self.medications),
            ("family_history", &self.family_history),
            ("lifestyle", &self.lifestyle),
            ("previous_procedures", &self.previous_procedures),
        ]
    }

    /// The parts that are there, as they are stored in a proposal.
    pub(super) fn content(&self) -> Value {
        let parts: Map<String, Value> = self
            .parts()
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect();
        Value::Object(parts)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        for (field, value) in self.parts() {
            let (fine, wanted): (fn(&Value) -> bool, _) = match field {
                "lifestyle" => (Value::is_object, "must be an object"),
                _ => (Value::is_array, "must be an array"),
            };
            checks.require(
                value.as_ref().is_none_or(fine),
                field,
                FieldCode::WrongType,
                wanted,
            );
        }
        let length: usize = self
            .parts()
            .into_iter()
            .filter_map(|(_, value)| value.as_ref())
            .map(|value| value.to_string().len())
            .sum();
        checks.require(
            length <= 262_144,
            "history",
            FieldCode::TooLong,
            "at most 256 KiB in all",
        );
    }
}

/// Change a medical history
///
/// For doctors. Patients propose changes (`POST …/history/proposals`).
#[utoipa::path(patch, operation_id = "patients_history_change", path = "/api/patients/{patient_id}/history", tag = "patients", request_body = HistoryRequest,
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = HistoryAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<HistoryRequest>,
) -> Result<Answer<HistoryAnswer>, Problem> {
    let mut tx = signed.begin_as(Permission::ChangeHistory, &state).await?;
    let mut checks = Checks::default();
    request.check(&mut checks);
    checks.done()?;
    if patients::find(&mut tx, patient_id).await?.is_none() {
        return Err(Problem::NotFound("patient"));
    }
    write(&mut tx, patient_id, &request).await?;
    let answer = load(&mut tx, &signed, patient_id).await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

/// Writes into the record, audited with what stood there before.
pub(super) async fn write(
    tx: &mut ActorTx,
    patient_id: UserId,
    request: &HistoryRequest,
) -> Result<Option<DateTime<Utc>>, Problem> {
    let before = history::find(tx, patient_id).await?;
    history::change(tx, patient_id, &request.change()).await?;
    let after = history::find(tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("medical history"))?;
    tx.audit(
        Act::new(AuditAction::UpdateHistory, EntityType::History)
            .on(patient_id)
            .old(json!(before))
            .new_values(json!(after)),
    )
    .await?;
    Ok(after.updated_at)
}
