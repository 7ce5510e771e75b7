//! What is read under an access in an emergency: the record, one report of it, a picture.

use axum::{Json as Answer, extract::State, http::HeaderMap, response::Response};
use db::{
    audit::Act,
    corrections::{self, Correction, CorrectionFilter},
    emergency::{self, EmergencyPatient, EmergencyReport},
    history::{self, MedicalHistory},
    images::{self, Image},
    reviews::{self, Addendum, Review},
};
use domain::{
    EmergencyAccessId, ImageId, ReportId,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    reports::images::whole_picture,
    signed::Signed,
    state::ApiState,
};

/// Most reports of a record that are shown, the newest.
const REPORTS: i64 = 200;

/// A record that was opened in an emergency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmergencyRecord {
    /// Whose.
    patient: EmergencyPatient,
    /// The medical history; null where none is recorded.
    history: Option<MedicalHistory>,
    /// The newest 200 reports.
    reports: Vec<EmergencyReport>,
    /// Where the patient disagrees with a refused correction.
    disagreements: Vec<Correction>,
}

/// Read a record that was opened in an emergency
#[utoipa::path(get, operation_id = "emergency_accesses_record", path = "/api/emergency-accesses/{access_id}/record", tag = "emergencies",
    params(("access_id" = EmergencyAccessId, Path, description = "The access")),
    responses((status = 200, body = EmergencyRecord), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "None that runs and is yours", body = ProblemBody)))]
pub(crate) async fn record(
    State(state): State<ApiState>,
    signed: Signed,
    Path(access_id): Path<EmergencyAccessId>,
) -> Result<Answer<EmergencyRecord>, Problem> {
    let mut tx = signed.begin_emergency(access_id, &state).await?;
    let patient = emergency::patient(&mut tx)
        .await?
        .ok_or(Problem::NotFound("emergency access"))?;
    let disagreed = CorrectionFilter {
        disagreed: true,
        ..CorrectionFilter::default()
    };
    let record = EmergencyRecord {
        history: history::find(&mut tx, patient.patient_id).await?,
        reports: emergency::reports(&mut tx, None, REPORTS).await?,
        disagreements: corrections::list(&mut tx, disagreed, None, REPORTS)
            .await?
            .items,
        patient,
    };
    tx.audit(
        Act::new(AuditAction::ReadEmergencyRecord, EntityType::Patient)
            .on(record.patient.patient_id)
            .new_values(json!({ "access_id": access_id, "reports": record.reports.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(record))
}

/// A report of such a record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmergencyReportDetail {
    /// The report.
    report: EmergencyReport,
    /// Its images.
    images: Vec<Image>,
    /// Signed reviews, newest first.
    reviews: Vec<Review>,
    /// Notes added to them.
    addenda: Vec<Addendum>,
}

/// Read a report of a record that was opened in an emergency
#[utoipa::path(get, operation_id = "emergency_accesses_report", path = "/api/emergency-accesses/{access_id}/reports/{report_id}", tag = "emergencies",
    params(("access_id" = EmergencyAccessId, Path, description = "The access"), ("report_id" = ReportId, Path, description = "The report")),
    responses((status = 200, body = EmergencyReportDetail), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "No access that runs and is yours, or no such report of that patient", body = ProblemBody)))]
pub(crate) async fn report(
    State(state): State<ApiState>,
    signed: Signed,
    Path((access_id, report_id)): Path<(EmergencyAccessId, ReportId)>,
) -> Result<Answer<EmergencyReportDetail>, Problem> {
    let mut tx = signed.begin_emergency(access_id, &state).await?;
    let report = emergency::reports(&mut tx, Some(report_id), 1)
        .await?
        .pop()
        .ok_or(Problem::NotFound("report"))?;
    let detail = EmergencyReportDetail {
        report,
        images: images::of_report(&mut tx, report_id).await?,
        reviews: reviews::of_report(&mut tx, report_id).await?,
        addenda: reviews::addenda_of_report(&mut tx, report_id).await?,
    };
    tx.audit(
        Act::new(AuditAction::ReadReport, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "access_id": access_id })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(detail))
}

/// Fetch a picture of a record that was opened in an emergency
#[utoipa::path(get, operation_id = "emergency_accesses_image",
    path = "/api/emergency-accesses/{access_id}/reports/{report_id}/images/{image_id}", tag = "emergencies",
    params(("access_id" = EmergencyAccessId, Path, description = "The access"), ("report_id" = ReportId, Path, description = "The report"),
           ("image_id" = ImageId, Path, description = "The image")),
    responses((status = 200, description = "The picture", content_type = "image/png", body = Vec<u8>),
              (status = 304, description = "Not changed"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody), (status = 422, description = "Cannot be decoded here", body = ProblemBody),
              (status = 503, body = ProblemBody)))]
pub(crate) async fn image(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Path((access_id, report_id, image_id)): Path<(EmergencyAccessId, ReportId, ImageId)>,
) -> Result<Response, Problem> {
    let mut tx = signed.begin_emergency(access_id, &state).await?;
    let image = images::find(&mut tx, report_id, image_id)
        .await?
        .ok_or(Problem::NotFound("image"))?;
    tx.audit(
        Act::new(AuditAction::ReadImage, EntityType::Report)
            .on(report_id)
            .new_values(
                json!({ "image_id": image_id, "form": "rendered", "access_id": access_id }),
            ),
    )
    .await?;
    tx.commit().await?;
    whole_picture(&state, &image, &headers).await
}
