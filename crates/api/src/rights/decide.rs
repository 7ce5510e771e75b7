//! `POST /api/corrections/{correction_id}/decision`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    corrections::{self, Correction},
    emergency,
    notifications::{self, Message},
};
use domain::{
    CorrectionId, ProposalEvent, Role,
    access::Permission,
    audit::{AuditAction, EntityType},
    review::NotificationPriority,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::corrections::{closed, find};
use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// A decision on a request for correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionDecision {
    /// Whether it is corrected.
    accept: bool,
    /// Words to the patient: what was corrected, or why not; at most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    answer: String,
}

/// Accept or refuse a correction
///
/// By a privacy officer, or a doctor where it is about a report or the history. The correction itself is made where
/// the thing is kept: the patient's record, the history, an addendum. The patient is told.
#[utoipa::path(post, operation_id = "corrections_decide", path = "/api/corrections/{correction_id}/decision", tag = "privacy",
    request_body = CorrectionDecision, params(("correction_id" = CorrectionId, Path, description = "The request")),
    responses((status = 200, body = Correction), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "It was decided or taken back meanwhile", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    signed: Signed,
    Path(correction_id): Path<CorrectionId>,
    Json(request): Json<CorrectionDecision>,
) -> Result<Answer<Correction>, Problem> {
    let mut tx = match signed.role {
        Role::Doctor => {
            signed
                .begin_as(Permission::DecideCorrection, &state)
                .await?
        }
        _ => signed.begin_as_officer(&state).await?,
    };
    let mut checks = Checks::default();
    checks.present("answer", &request.answer, 2000);
    checks.done()?;
    let correction = find(&mut tx, correction_id).await?;
    let decides = correction.subject.is_clinical() || emergency::is_officer(&mut tx).await?;
    if !decides {
        drop(tx);
        let detail =
            "this is for privacy officers: doctors decide on what is about reports and histories";
        return Err(signed.refuse(&state, detail.to_owned()).await?);
    }
    let event = if request.accept {
        ProposalEvent::Accept
    } else {
        ProposalEvent::Decline
    };
    let after = correction.state.after(event).ok_or_else(closed)?;
    if !corrections::end(&mut tx, correction_id, after, Some(request.answer.trim())).await? {
        return Err(closed());
    }
    tx.audit(
        Act::new(AuditAction::DecideCorrection, EntityType::Patient)
            .on(correction.patient_id)
            .new_values(json!({ "correction_id": correction_id, "accepted": request.accept })),
    )
    .await?;
    let (kind, title, text) = if request.accept {
        (
            "correction_accepted",
            "Your request was accepted",
            "What you asked for is corrected. The answer is on the page of your data.",
        )
    } else {
        (
            "correction_declined",
            "Your request was refused",
            "The reason is on the page of your data. You may add a statement that you disagree.",
        )
    };
    let message = Message {
        kind,
        priority: NotificationPriority::Normal,
        title,
        message: text,
        action_url: Some("/my-data".to_owned()),
        related_report_id: None,
    };
    notifications::send(&mut tx, &[correction.patient_id], &message).await?;
    let answer = find(&mut tx, correction_id).await?;
    tx.commit().await?;
    Ok(Answer(answer))
}
