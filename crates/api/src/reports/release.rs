//! `POST /api/reports/{report_id}/release`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    releases::{self, Release},
    reports,
};
use domain::{
    ReportId,
    access::Permission,
    audit::{AuditAction, EntityType},
};

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Release a signed result to the patient now
///
/// For results whose release waits by the setting `release.policy`. Releasing twice changes nothing.
#[utoipa::path(post, operation_id = "reports_release", path = "/api/reports/{report_id}/release", tag = "reports",
    params(("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = Release), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 409, description = "Not signed yet", body = ProblemBody)))]
pub(crate) async fn release(
    State(state): State<ApiState>,
    signed: Signed,
    Path(report_id): Path<ReportId>,
) -> Result<Answer<Release>, Problem> {
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let report = reports::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("report"))?;
    if releases::find(&mut tx, report_id).await?.is_none() {
        return Err(Problem::Conflict {
            code: "not_signed",
            detail:
                "nothing is released to a patient before a doctor has signed: sign a review first"
                    .to_owned(),
        });
    }
    if releases::release_now(&mut tx, report_id).await? {
        tx.audit(Act::new(AuditAction::ReleaseReport, EntityType::Report).on(report_id))
            .await?;
        analysis::release::tell_patient(&mut tx, report_id, report.patient_id).await?;
    }
    let release = releases::find(&mut tx, report_id)
        .await?
        .ok_or(Problem::NotFound("release"))?;
    tx.commit().await?;
    Ok(Answer(release))
}
