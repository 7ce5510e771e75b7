//! The doctor's part: claims, drafts, signed reviews, addenda.

use axum::http::Method;
use chrono::{Days, NaiveDate};
use domain::{ReportId, ReportStatus};
use serde_json::{Value, json};

use super::{
    DemoError,
    cases::{CASES, Stage, Words},
    portal::{Detail, Session},
    sending::Sent,
};

/// Brings every case to its stage; what is done already is left alone.
pub(super) async fn read_all(
    doctor: &Session<'_>,
    sent: &Sent,
    today: NaiveDate,
) -> Result<(), DemoError> {
    for (case, report_id) in CASES.iter().zip(&sent.reports) {
        match &case.stage {
            Stage::Waiting => {}
            Stage::Claimed => {
                let detail = detail(doctor, *report_id).await?;
                claim(doctor, &detail).await?;
            }
            Stage::Drafted(words) => draft(doctor, *report_id, words, today).await?,
            Stage::Signed(words) => sign(doctor, *report_id, words, today).await?,
        }
    }
    Ok(())
}

async fn detail(doctor: &Session<'_>, report_id: ReportId) -> Result<Detail, DemoError> {
    doctor
        .json(Method::GET, &format!("/api/reports/{report_id}"), None)
        .await
}

async fn claim(doctor: &Session<'_>, detail: &Detail) -> Result<(), DemoError> {
    if detail.claim.is_some() || detail.report.status == ReportStatus::Reviewed {
        return Ok(());
    }
    let path = format!("/api/reviews/queue/{}/claim", detail.report.report_id);
    doctor.act(Method::POST, &path, None).await
}

async fn draft(
    doctor: &Session<'_>,
    report_id: ReportId,
    words: &Words,
    today: NaiveDate,
) -> Result<(), DemoError> {
    let detail = detail(doctor, report_id).await?;
    if detail.report.status == ReportStatus::Reviewed {
        return Ok(());
    }
    claim(doctor, &detail).await?;
    if !detail.reviews.is_empty() {
        return Ok(());
    }
    let path = format!("/api/reviews/drafts/{report_id}");
    doctor
        .act(Method::PUT, &path, Some(&fields(words, today)))
        .await
}

async fn sign(
    doctor: &Session<'_>,
    report_id: ReportId,
    words: &Words,
    today: NaiveDate,
) -> Result<(), DemoError> {
    let mut found = detail(doctor, report_id).await?;
    if found.report.status != ReportStatus::Reviewed {
        if let (Some(risk), None) = (words.first_impression, &found.first_impression) {
            let path = format!("/api/reviews/queue/{report_id}/impression");
            doctor
                .act(Method::POST, &path, Some(&json!({ "risk": risk })))
                .await?;
        }
        let mut body = fields(words, today);
        body["report_id"] = json!(report_id);
        doctor
            .act(Method::POST, "/api/reviews", Some(&body))
            .await?;
        found = detail(doctor, report_id).await?;
    }
    // By the setting `release.policy` it may wait; the demo's results do not.
    if found
        .release
        .as_ref()
        .is_some_and(|release| release.released_at.is_none())
    {
        let path = format!("/api/reports/{report_id}/release");
        doctor.act(Method::POST, &path, None).await?;
    }
    if let (Some(addendum), true) = (words.addendum, found.addenda.is_empty()) {
        let signed = found
            .reviews
            .iter()
            .find(|review| review.reviewed_at.is_some());
        let review_id = signed.map(|review| review.review_id).ok_or_else(|| {
            DemoError::unexpected("/api/reports", "a reviewed report has no signed review")
        })?;
        let path = format!("/api/reviews/{review_id}/addenda");
        doctor
            .act(Method::POST, &path, Some(&json!({ "addendum": addendum })))
            .await?;
    }
    Ok(())
}

/// The words as the interface takes them.
fn fields(words: &Words, today: NaiveDate) -> Value {
    let follow_up = words.follow_up_days.map(|days| today + Days::new(days));
    json!({
        "doctor_risk_assessment": words.risk,
        "urgency_level": words.urgency,
        "clinical_findings": words.findings,
        "recommended_action": words.action,
        "review_notes": words.notes,
        "treatment_plan": words.treatment,
        "medication_prescribed": words.medication.map(|name| [name]),
        "follow_up_required": follow_up.is_some(),
        "follow_up_date": follow_up,
        "ai_accuracy_rating": words.rating,
        "ai_disagreement_reason": words.disagreement,
    })
}
