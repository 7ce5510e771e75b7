//! `GET` and `POST /api/erasures`, `POST /api/erasures/{erasure_id}/decision`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::{
    ActorTx, DbError,
    audit::Act,
    emergency,
    erasures::{self, Erasure},
    notifications::{self, Message},
};
use domain::{
    ErasureId, ErasureOutcome, StepUp, UserId,
    audit::{AuditAction, EntityType},
    review::NotificationPriority,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Json, Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// List erasures
///
/// For privacy officers.
#[utoipa::path(get, operation_id = "erasures_list", path = "/api/erasures", tag = "privacy", params(PageQuery),
    responses((status = 200, body = ListAnswer<Erasure>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Erasure>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as_officer(&state).await?;
    let page = erasures::list(&mut tx, None, after, limit).await?;
    tx.audit(
        Act::new(AuditAction::ListErasures, EntityType::Patient)
            .new_values(json!({ "found": page.items.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// Who is erased, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureRequest {
    /// Whose record.
    patient_id: UserId,
    /// Why; at most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Ask for the erasure of a patient
///
/// Refused while the record is held, and before the law lets it go. Nothing happens until another privacy officer
/// confirms. Wants a fresh proof of who asks.
#[utoipa::path(post, operation_id = "erasures_request", path = "/api/erasures", tag = "privacy", request_body = ErasureRequest,
    responses((status = 201, body = Erasure), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "It is held, too early (says from when on), or asked for already", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn request(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<ErasureRequest>,
) -> Result<(StatusCode, Answer<Erasure>), Problem> {
    let patient_id = request.patient_id;
    let mut tx = signed
        .begin_on_record(&state, patient_id, &request.reason)
        .await?;
    refuse_where_kept(&mut tx, patient_id).await?;
    let reason = request.reason.trim();
    let erasure_id = erasures::request(&mut tx, patient_id, reason)
        .await
        .map_err(asked_already)?;
    tx.audit(
        Act::new(AuditAction::RequestErasure, EntityType::Patient)
            .on(patient_id)
            .new_values(json!({ "erasure_id": erasure_id, "reason": reason })),
    )
    .await?;
    tell_the_others(&mut tx, signed.user_id).await?;
    let answer = find(&mut tx, erasure_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(answer)))
}

fn asked_already(error: DbError) -> Problem {
    if error.is_constraint(erasures::ONE_OPEN) {
        return Problem::Conflict {
            code: "erasure_open",
            detail: "an erasure of this patient waits for a second officer already".to_owned(),
        };
    }
    error.into()
}

async fn refuse_where_kept(tx: &mut ActorTx, patient_id: UserId) -> Result<(), Problem> {
    let obstacles = erasures::obstacles(tx, patient_id).await?;
    if obstacles.is_held {
        return Err(held());
    }
    match obstacles.erasable_from {
        Some(from) if from > tx.now() => Err(too_early(from)),
        _ => Ok(()),
    }
}

fn held() -> Problem {
    Problem::Conflict {
        code: "legal_hold",
        detail: "a legal hold keeps this record: it can be erased once the hold is lifted"
            .to_owned(),
    }
}

fn too_early(from: DateTime<Utc>) -> Problem {
    Problem::Conflict {
        code: "retention_not_over",
        detail: format!(
            "the law keeps this record for now (setting privacy.keep_reports_years): it can be erased from {} on",
            from.format("%Y-%m-%d")
        ),
    }
}

async fn tell_the_others(tx: &mut ActorTx, but: UserId) -> Result<(), Problem> {
    let others: Vec<UserId> = emergency::officers(tx)
        .await?
        .into_iter()
        .filter(|officer| *officer != but)
        .collect();
    let message = Message {
        kind: "erasure_requested",
        priority: NotificationPriority::High,
        title: "An erasure waits for a second officer",
        message: "A privacy officer asks for the erasure of a patient's record. It waits for your confirmation.",
        action_url: Some("/privacy".to_owned()),
        related_report_id: None,
    };
    Ok(notifications::send(tx, &others, &message).await?)
}

/// A decision on an erasure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureDecision {
    /// Erase now; otherwise the request is taken back.
    confirm: bool,
}

/// Confirm an erasure, or take it back
///
/// Confirmed by an officer other than whoever asked: reports with everything that hangs on them are removed, films
/// with them, and of the account stays a pseudonym, so that the trail keeps saying what was done. It cannot be undone.
/// Wants a fresh proof of who asks.
#[utoipa::path(post, operation_id = "erasures_decide", path = "/api/erasures/{erasure_id}/decision", tag = "privacy",
    request_body = ErasureDecision, params(("erasure_id" = ErasureId, Path, description = "The erasure")),
    responses((status = 200, body = Erasure), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, description = "Not a privacy officer, or `step_up_required`", body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "You asked yourself, it is held, too early, or over", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    signed: Signed,
    Path(erasure_id): Path<ErasureId>,
    Json(request): Json<ErasureDecision>,
) -> Result<Answer<Erasure>, Problem> {
    let mut tx = signed.begin_as_officer(&state).await?;
    let asked = find(&mut tx, erasure_id).await?;
    signed.stepped_up(StepUp::Privacy, &state).await?;
    let action = if request.confirm {
        match erasures::erase(&mut tx, erasure_id).await? {
            ErasureOutcome::Erased => AuditAction::ErasePatient,
            outcome => return Err(refused(&mut tx, asked.patient_id, outcome).await?),
        }
    } else if erasures::withdraw(&mut tx, erasure_id).await? {
        AuditAction::RequestErasure
    } else {
        return Err(closed());
    };
    let answer = find(&mut tx, erasure_id).await?;
    tx.audit(
        Act::new(action, EntityType::Patient)
            .on(asked.patient_id)
            .new_values(
                json!({ "erasure_id": erasure_id, "confirmed": request.confirm, "reports": answer.reports }),
            ),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

fn closed() -> Problem {
    Problem::Conflict {
        code: "erasure_closed",
        detail: "this erasure was confirmed or taken back meanwhile".to_owned(),
    }
}

async fn refused(
    tx: &mut ActorTx,
    patient_id: UserId,
    outcome: ErasureOutcome,
) -> Result<Problem, Problem> {
    Ok(match outcome {
        ErasureOutcome::SecondPerson => Problem::Conflict {
            code: "second_person",
            detail: "you asked for this erasure yourself: another privacy officer confirms it"
                .to_owned(),
        },
        ErasureOutcome::Held => held(),
        ErasureOutcome::TooEarly => {
            let obstacles = erasures::obstacles(tx, patient_id).await?;
            too_early(obstacles.erasable_from.unwrap_or_else(|| tx.now()))
        }
        ErasureOutcome::Closed | ErasureOutcome::NotOfficer | ErasureOutcome::Erased => closed(),
    })
}

async fn find(tx: &mut ActorTx, erasure_id: ErasureId) -> Result<Erasure, Problem> {
    let mut found = erasures::list(tx, Some(erasure_id), None, 1).await?.items;
    found.pop().ok_or(Problem::NotFound("erasure"))
}
