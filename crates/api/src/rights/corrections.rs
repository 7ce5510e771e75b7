//! `GET` and `POST /api/corrections`, `DELETE /api/corrections/{correction_id}`, and a patient's disagreement.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::Duration;
use db::{
    ActorTx,
    audit::Act,
    corrections::{self, Correction, CorrectionFilter, NewCorrection},
    patients,
};
use domain::{
    CorrectionId, CorrectionSubject, ProposalEvent, ReportId, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    settings,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Checks, Json, Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// Most requests of one patient that wait at a time.
const MOST_OPEN: i64 = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CorrectionsQuery {
    /// Those of this patient.
    patient_id: Option<UserId>,
    /// Those that nobody has decided on.
    open: Option<bool>,
    /// Those with a statement of disagreement.
    disagreed: Option<bool>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List requests for correction
///
/// Patients see their own, privacy officers all, doctors those about reports and histories. Statements of disagreement
/// are seen by everybody who reads the record.
#[utoipa::path(get, operation_id = "corrections_list", path = "/api/corrections", tag = "privacy", params(CorrectionsQuery),
    responses((status = 200, body = ListAnswer<Correction>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<CorrectionsQuery>,
) -> Result<Answer<ListAnswer<Correction>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let mut tx = signed
        .begin_as(Permission::RequestCorrection, &state)
        .await?;
    let filter = CorrectionFilter {
        correction_id: None,
        patient_id: query.patient_id,
        open: query.open.unwrap_or_default(),
        disagreed: query.disagreed.unwrap_or_default(),
    };
    let page = corrections::list(&mut tx, filter, after, limit).await?;
    let mut act = Act::new(AuditAction::ListCorrections, EntityType::Patient)
        .new_values(json!({ "found": page.items.len() }));
    if let Some(patient_id) = query.patient_id.filter(|_| !page.items.is_empty()) {
        act = act.on(patient_id);
    }
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// What should be corrected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionRequest {
    /// Whose record; staff has to say so, patients ask for their own.
    patient_id: Option<UserId>,
    /// What it is about.
    #[schema(value_type = CorrectionSubject)]
    subject: String,
    /// The report it is about.
    report_id: Option<ReportId>,
    /// What is wrong, and how it should read; at most 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    words: String,
}

/// Ask for a correction
///
/// Of something stored about a patient: by the patient, or on the patient's behalf by a doctor or a privacy officer.
/// Whoever decides is told. For the medical history there are proposals as well, which say how each list should read.
#[utoipa::path(post, operation_id = "corrections_request", path = "/api/corrections", tag = "privacy", request_body = CorrectionRequest,
    responses((status = 201, body = Correction), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, description = "No such patient or report", body = ProblemBody),
              (status = 409, description = "Too many wait already", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn request(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<CorrectionRequest>,
) -> Result<(StatusCode, Answer<Correction>), Problem> {
    let (mut tx, patient_id) = begin_for(&state, &signed, request.patient_id).await?;
    let mut checks = Checks::default();
    let subject: Option<CorrectionSubject> = checks.word("subject", Some(&request.subject));
    checks.present("words", &request.words, 2000);
    checks.done()?;
    let subject = subject.expect("checked just above");
    if let Some(report_id) = request.report_id {
        let sees_reports = signed.role != Role::Tech;
        if !sees_reports || !corrections::is_report_of(&mut tx, report_id, patient_id).await? {
            return Err(Problem::NotFound("report"));
        }
    }
    if corrections::open_count(&mut tx, patient_id).await? >= MOST_OPEN {
        return Err(Problem::Conflict {
            code: "too_many_open",
            detail: format!(
                "{MOST_OPEN} requests wait for a decision already: wait for some of them, or take some back"
            ),
        });
    }
    let days: u32 = db::settings::get(&mut tx, settings::PRIVACY_CORRECTION_DAYS).await?;
    let new = NewCorrection {
        patient_id,
        subject,
        report_id: request.report_id,
        words: request.words.trim(),
        due_at: tx.now() + Duration::days(days.into()),
    };
    let correction_id = corrections::request(&mut tx, &new).await?;
    tx.audit(
        Act::new(AuditAction::RequestCorrection, EntityType::Patient)
            .on(patient_id)
            .new_values(json!({ "correction_id": correction_id, "subject": subject })),
    )
    .await?;
    corrections::tell(&mut tx, correction_id).await?;
    let answer = find(&mut tx, correction_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// A transaction of whoever may ask, and whose record it is about.
async fn begin_for(
    state: &ApiState,
    signed: &Signed,
    patient_id: Option<UserId>,
) -> Result<(ActorTx, UserId), Problem> {
    let tx = match signed.role {
        Role::Patient => {
            let tx = signed
                .begin_as(Permission::RequestCorrection, state)
                .await?;
            if patient_id.is_some_and(|patient_id| patient_id != signed.user_id) {
                return Err(Problem::NotFound("patient"));
            }
            return Ok((tx, signed.user_id));
        }
        Role::Doctor => {
            let mut tx = signed
                .begin_as(Permission::RequestCorrection, state)
                .await?;
            let whose = required(patient_id)?;
            if patients::find(&mut tx, whose).await?.is_none() {
                return Err(Problem::NotFound("patient"));
            }
            tx
        }
        Role::Radiologist | Role::Tech => {
            let mut tx = signed.begin_as_officer(state).await?;
            let whose = required(patient_id)?;
            if !db::personal_data::is_patient(&mut tx, whose).await? {
                return Err(Problem::NotFound("patient"));
            }
            tx
        }
    };
    Ok((tx, required(patient_id)?))
}

fn required(patient_id: Option<UserId>) -> Result<UserId, Problem> {
    patient_id.ok_or_else(|| {
        Problem::field(
            "patient_id",
            crate::codes::FieldCode::Required,
            "say whose record it is about",
        )
    })
}

/// One request that the actor may see.
pub(super) async fn find(
    tx: &mut ActorTx,
    correction_id: CorrectionId,
) -> Result<Correction, Problem> {
    let only = CorrectionFilter {
        correction_id: Some(correction_id),
        ..CorrectionFilter::default()
    };
    let mut found = corrections::list(tx, only, None, 1).await?.items;
    found.pop().ok_or(Problem::NotFound("correction"))
}

pub(super) fn closed() -> Problem {
    Problem::Conflict {
        code: "correction_closed",
        detail: "this request was decided or taken back meanwhile: look at it again".to_owned(),
    }
}

/// Take the own request back
#[utoipa::path(delete, operation_id = "corrections_withdraw", path = "/api/corrections/{correction_id}", tag = "privacy",
    params(("correction_id" = CorrectionId, Path, description = "The request")),
    responses((status = 204, description = "Taken back"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 409, description = "It was decided meanwhile", body = ProblemBody)))]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    signed: Signed,
    Path(correction_id): Path<CorrectionId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed
        .begin_as(Permission::AnswerOwnCorrection, &state)
        .await?;
    let correction = find(&mut tx, correction_id).await?;
    let after = correction
        .state
        .after(ProposalEvent::Withdraw)
        .ok_or_else(closed)?;
    if !corrections::end(&mut tx, correction_id, after, None).await? {
        return Err(closed());
    }
    tx.audit(
        Act::new(AuditAction::RequestCorrection, EntityType::Patient)
            .on(correction.patient_id)
            .new_values(json!({ "correction_id": correction_id, "withdrawn": true })),
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a patient disagrees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisagreementRequest {
    /// The patient's words; at most 4000 characters. They stay as they are.
    #[schema(min_length = 1, max_length = 4000)]
    statement: String,
}

/// Disagree with a refused correction
///
/// The statement stays with the record and is shown to everybody who reads it.
#[utoipa::path(post, operation_id = "corrections_disagree", path = "/api/corrections/{correction_id}/disagreement", tag = "privacy",
    request_body = DisagreementRequest, params(("correction_id" = CorrectionId, Path, description = "The request")),
    responses((status = 200, body = Correction), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "It was not refused, or has a statement", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn disagree(
    State(state): State<ApiState>,
    signed: Signed,
    Path(correction_id): Path<CorrectionId>,
    Json(request): Json<DisagreementRequest>,
) -> Result<Answer<Correction>, Problem> {
    let mut tx = signed
        .begin_as(Permission::AnswerOwnCorrection, &state)
        .await?;
    let mut checks = Checks::default();
    checks.present("statement", &request.statement, 4000);
    checks.done()?;
    let correction = find(&mut tx, correction_id).await?;
    if !corrections::disagree(&mut tx, correction_id, request.statement.trim()).await? {
        return Err(Problem::Conflict {
            code: "not_refused",
            detail: "a statement is attached to a refusal, and once".to_owned(),
        });
    }
    tx.audit(
        Act::new(AuditAction::DisagreeWithCorrection, EntityType::Patient)
            .on(correction.patient_id)
            .new_values(json!({ "correction_id": correction_id })),
    )
    .await?;
    let answer = find(&mut tx, correction_id).await?;
    tx.commit().await?;
    Ok(Answer(answer))
}
