//! `POST /api/reviews/queue/{report_id}/identity`, and what holds a signature back until then.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::NaiveDate;
use db::{
    ActorTx,
    audit::Act,
    events,
    identity::{self, IdentityConfirmation},
    patients,
    reports::{self, Report},
    reviews::Review,
};
use domain::{
    ReportId, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    event::EventKind,
    patient::Gender,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path},
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What the record says of the patient, to be held against the film.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordedIdentity {
    name: String,
    date_of_birth: Option<NaiveDate>,
    gender: Option<Gender>,
    identifier: Option<String>,
}

/// A film and a record that disagree on whose film it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityCheck {
    /// On what: `name`, `birth_date`, `gender`, `identifier`. What the film says is in `dicom_metadata`
    /// of the images.
    disagreement: Vec<String>,
    /// What the record says.
    record: RecordedIdentity,
    /// Doctors who confirmed that the film is this patient's all the same, newest first; to the sender of the
    /// film without their notes until they have signed.
    confirmations: Vec<IdentityConfirmation>,
    /// Whether the acting doctor still has to, before a review can be signed.
    confirmation_needed: bool,
}

impl IdentityCheck {
    /// Leaves the notes of those doctors only whose signed reviews the reader sees.
    pub(crate) fn keep_notes_of(&mut self, reviews: &[Review]) {
        for confirmation in &mut self.confirmations {
            let signed = |review: &Review| {
                review.doctor_id == confirmation.doctor_id && review.reviewed_at.is_some()
            };
            if !reviews.iter().any(signed) {
                confirmation.note = None;
            }
        }
    }
}

/// What film and record of a report disagree on.
pub(crate) fn disagreement(report: &Report) -> Vec<String> {
    report.image_metadata["identity_disagreement"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The check of a report; none where film and record agree.
pub(crate) async fn check(
    tx: &mut ActorTx,
    report: &Report,
    reader: UserId,
    role: Role,
) -> Result<Option<IdentityCheck>, Problem> {
    let disagreement = disagreement(report);
    if disagreement.is_empty() {
        return Ok(None);
    }
    let patient = patients::find(tx, report.patient_id)
        .await?
        .ok_or(Problem::NotFound("patient"))?;
    let confirmations = identity::of_report(tx, report.report_id).await?;
    let own = |each: &IdentityConfirmation| each.doctor_id == reader && each.is_current;
    Ok(Some(IdentityCheck {
        confirmation_needed: role == Role::Doctor && !confirmations.iter().any(own),
        disagreement,
        record: RecordedIdentity {
            name: patient.name,
            date_of_birth: patient.date_of_birth,
            gender: patient.gender,
            identifier: patient.identifier,
        },
        confirmations,
    }))
}

/// Refuses a signature while the doctor has not confirmed whose film it is.
pub(super) async fn require_confirmed(
    tx: &mut ActorTx,
    report: &Report,
    doctor: UserId,
) -> Result<(), Problem> {
    match check(tx, report, doctor, Role::Doctor).await? {
        Some(check) if check.confirmation_needed => Err(Problem::Conflict {
            code: "identity_unconfirmed",
            detail: format!(
                "film and record disagree on: {}. Make sure whose film it is and confirm it (POST \
                 /api/reviews/queue/{}/identity), then sign",
                check.disagreement.join(", "),
                report.report_id
            ),
        }),
        _ => Ok(()),
    }
}

/// How the doctor made sure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityRequest {
    /// In words, such as "asked the ward"; at most 2000 characters.
    note: Option<String>,
}

/// Confirm whose film it is
///
/// Where the film's header and the patient's record disagree, no review can be signed before the signing
/// doctor has confirmed that the film is this patient's. A film that comes later asks anew.
#[utoipa::path(post, operation_id = "reviews_identity_confirm", path = "/api/reviews/queue/{report_id}/identity", tag = "reviews",
    request_body = IdentityRequest, params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 201, body = IdentityCheck), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "Film and record agree", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn confirm(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
    Json(request): Json<IdentityRequest>,
) -> Result<(StatusCode, Answer<IdentityCheck>), Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let mut checks = Checks::default();
    checks.at_most("note", request.note.as_deref(), 2000);
    checks.done()?;
    reports::lock_status(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    let report = reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    let disagreement = disagreement(&report);
    if disagreement.is_empty() {
        return Err(Problem::Conflict {
            code: "identity_agrees",
            detail: "film and record agree on whose film it is: there is nothing to confirm"
                .to_owned(),
        });
    }
    let note = request
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    identity::confirm(&mut tx, report_id, &disagreement, note).await?;
    tx.audit(
        Act::new(AuditAction::ConfirmIdentity, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "disagreement": disagreement, "note": note })),
    )
    .await?;
    events::tell_role(
        &mut tx,
        Role::Doctor,
        EventKind::QueueChanged,
        Some(report_id),
    )
    .await?;
    let check = check(&mut tx, &report, signed.user_id, signed.role)
        .await?
        .ok_or_else(|| Problem::Internal("a disagreement vanished".to_owned()))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(check)))
}
