//! Doctors' reviews: drafts, signed ones, addenda, first impressions, marks on the images.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AddendumId, AnalysisId, ReportId, ReviewId, RiskCategory, UrgencyLevel, UserId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A review with every column and the doctor's name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Review {
    /// Identifier.
    pub review_id: ReviewId,
    /// The report.
    pub report_id: ReportId,
    /// Who reviewed.
    pub doctor_id: UserId,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// For colleagues.
    pub review_notes: Option<String>,
    /// What is seen.
    pub clinical_findings: Option<String>,
    /// Whether the AI was right; null: it gave no verdict.
    pub confirmed_ai_diagnosis: Option<bool>,
    /// How good the AI was, 1 to 5.
    pub ai_accuracy_rating: Option<i16>,
    /// The doctor's own category.
    pub doctor_risk_assessment: Option<RiskCategory>,
    /// How soon somebody must act.
    pub urgency_level: Option<UrgencyLevel>,
    /// What to do.
    pub recommended_action: Option<String>,
    /// Whether to look again.
    pub follow_up_required: bool,
    /// When.
    pub follow_up_date: Option<NaiveDate>,
    /// Treatment.
    pub treatment_plan: Option<String>,
    /// Medication.
    pub medication_prescribed: Option<Value>,
    /// When it was signed; null: a draft.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Why the doctor disagreed with the AI.
    pub ai_disagreement_reason: Option<String>,
}

/// What a doctor writes.
#[derive(Debug, Clone, Default)]
pub struct ReviewContent {
    /// For colleagues.
    pub review_notes: Option<String>,
    /// What is seen.
    pub clinical_findings: Option<String>,
    /// Whether the AI was right.
    pub confirmed_ai_diagnosis: Option<bool>,
    /// How good the AI was.
    pub ai_accuracy_rating: Option<i16>,
    /// The doctor's own category.
    pub doctor_risk_assessment: Option<RiskCategory>,
    /// How soon somebody must act.
    pub urgency_level: Option<UrgencyLevel>,
    /// What to do.
    pub recommended_action: Option<String>,
    /// Whether to look again.
    pub follow_up_required: bool,
    /// When.
    pub follow_up_date: Option<NaiveDate>,
    /// Treatment.
    pub treatment_plan: Option<String>,
    /// Medication.
    pub medication_prescribed: Option<Value>,
}

/// Saves the acting doctor's draft of a report in place of the one before.
///
/// # Errors
/// When the database does not answer.
pub async fn save_draft(
    tx: &mut ActorTx,
    report_id: ReportId,
    content: &ReviewContent,
) -> Result<ReviewId, DbError> {
    write(tx, report_id, content, None).await
}

/// Signs: the acting doctor's draft of the report goes and the signed review comes.
///
/// # Errors
/// When the database does not answer.
pub async fn sign(
    tx: &mut ActorTx,
    report_id: ReportId,
    content: &ReviewContent,
) -> Result<ReviewId, DbError> {
    let now = tx.now();
    write(tx, report_id, content, Some(now)).await
}

async fn write(
    tx: &mut ActorTx,
    report_id: ReportId,
    content: &ReviewContent,
    reviewed_at: Option<DateTime<Utc>>,
) -> Result<ReviewId, DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "DELETE FROM doctor_reviews WHERE report_id = $1 AND doctor_id = $2 AND reviewed_at IS NULL",
        report_id.0,
        doctor
    )
    .execute(tx.connection())
    .await
    .during("replace a draft")?;
    let review_id = ReviewId::new_at(now);
    sqlx::query!(
        "INSERT INTO doctor_reviews (review_id, report_id, doctor_id, review_notes, clinical_findings,
             confirmed_ai_diagnosis, ai_accuracy_rating, doctor_risk_assessment, urgency_level, recommended_action,
             follow_up_required, follow_up_date, treatment_plan, medication_prescribed, reviewed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        review_id.0,
        report_id.0,
        doctor,
        content.review_notes,
        content.clinical_findings,
        content.confirmed_ai_diagnosis,
        content.ai_accuracy_rating,
        content.doctor_risk_assessment.map(RiskCategory::as_str),
        content.urgency_level.map(UrgencyLevel::as_str),
        content.recommended_action,
        content.follow_up_required,
        content.follow_up_date,
        content.treatment_plan,
        content.medication_prescribed,
        reviewed_at,
        now
    )
    .execute(tx.connection())
    .await
    .during("write a review")?;
    Ok(review_id)
}

/// What was on the screen when a review was signed.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// Why the doctor disagreed.
    pub ai_disagreement_reason: Option<&'a str>,
    /// The analysis.
    pub analysis_id: Option<AnalysisId>,
    /// Its category.
    pub ai_risk_category: Option<RiskCategory>,
    /// The doctor's impression before it was shown.
    pub first_impression_risk: Option<RiskCategory>,
}

/// Notes what was on the screen, beside a review just signed.
///
/// # Errors
/// When the database does not answer.
pub async fn record_verdict(
    tx: &mut ActorTx,
    review_id: ReviewId,
    verdict: &Verdict<'_>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO portal.review_verdicts (review_id, ai_disagreement_reason, analysis_id, ai_risk_category, first_impression_risk)
         VALUES ($1, $2, $3, $4, $5)",
        review_id.0,
        verdict.ai_disagreement_reason,
        verdict.analysis_id.map(Uuid::from),
        verdict.ai_risk_category.map(RiskCategory::as_str),
        verdict.first_impression_risk.map(RiskCategory::as_str)
    )
    .execute(tx.connection())
    .await
    .during("note what the doctor thought of the AI")?;
    Ok(())
}

/// The reasons for disagreeing are for staff; a patient or radiologist has no right to them.
fn may_read_verdicts(tx: &ActorTx) -> bool {
    matches!(
        tx.actor().kind,
        crate::ActorKind::User {
            role: domain::Role::Doctor,
            ..
        } | crate::ActorKind::Worker
    )
}

/// The reviews of a report that the actor may see, newest first; drafts of the own only.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(tx: &mut ActorTx, report_id: ReportId) -> Result<Vec<Review>, DbError> {
    let mut reviews = sqlx::query_as!(
        Review,
        r#"SELECT review_id AS "review_id: ReviewId", report_id AS "report_id: ReportId",
                  doctor_id AS "doctor_id: UserId", portal.staff_name(doctor_id) AS doctor_name, review_notes,
                  clinical_findings, confirmed_ai_diagnosis, ai_accuracy_rating,
                  doctor_risk_assessment AS "doctor_risk_assessment: RiskCategory",
                  urgency_level AS "urgency_level: UrgencyLevel", recommended_action, follow_up_required,
                  follow_up_date, treatment_plan, medication_prescribed, reviewed_at, updated_at,
                  NULL::text AS ai_disagreement_reason
           FROM doctor_reviews
           WHERE report_id = $1
           ORDER BY reviewed_at DESC NULLS FIRST, review_id DESC"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read a report's reviews")?;
    if may_read_verdicts(tx) {
        let reasons = sqlx::query!(
            r#"SELECT v.review_id AS "review_id: ReviewId", v.ai_disagreement_reason
               FROM portal.review_verdicts v JOIN doctor_reviews d USING (review_id) WHERE d.report_id = $1"#,
            report_id.0
        )
        .fetch_all(tx.connection())
        .await
        .during("read why doctors disagreed")?;
        for row in reasons {
            if let Some(review) = reviews
                .iter_mut()
                .find(|review| review.review_id == row.review_id)
            {
                review.ai_disagreement_reason = row.ai_disagreement_reason;
            }
        }
    }
    Ok(reviews)
}

/// The signed reviews of the acting doctor, newest first. Served by `idx_doctor_reviews_doctor_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list_own(
    tx: &mut ActorTx,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Review>, DbError> {
    let doctor = tx.actor().user_id().map(Uuid::from);
    let rows = sqlx::query_as!(
        Review,
        r#"SELECT d.review_id AS "review_id: ReviewId", d.report_id AS "report_id: ReportId",
                  d.doctor_id AS "doctor_id: UserId", portal.staff_name(d.doctor_id) AS doctor_name, d.review_notes,
                  d.clinical_findings, d.confirmed_ai_diagnosis, d.ai_accuracy_rating,
                  d.doctor_risk_assessment AS "doctor_risk_assessment: RiskCategory",
                  d.urgency_level AS "urgency_level: UrgencyLevel", d.recommended_action, d.follow_up_required,
                  d.follow_up_date, d.treatment_plan, d.medication_prescribed, d.reviewed_at, d.updated_at,
                  v.ai_disagreement_reason AS "ai_disagreement_reason?"
           FROM doctor_reviews d LEFT JOIN portal.review_verdicts v USING (review_id)
           WHERE d.doctor_id = $1 AND d.reviewed_at IS NOT NULL
             AND ($2::timestamptz IS NULL OR (d.reviewed_at, d.review_id) < ($2, $3))
           ORDER BY d.reviewed_at DESC, d.review_id DESC
           LIMIT $4"#,
        doctor,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list reviews")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.reviewed_at.unwrap_or(row.updated_at),
        id: row.review_id.0,
    }))
}

/// A note added to a signed review.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Addendum {
    /// Identifier.
    pub addendum_id: AddendumId,
    /// The review.
    pub review_id: ReviewId,
    /// Who added it.
    pub doctor_id: UserId,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// The note.
    pub addendum: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Adds a note to a signed review that the acting doctor may see. Says which report it is on, or
/// none when there is no such signed review.
///
/// # Errors
/// When the database does not answer.
pub async fn add_addendum(
    tx: &mut ActorTx,
    review_id: ReviewId,
    addendum: &str,
) -> Result<Option<(AddendumId, ReportId)>, DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(Uuid::from);
    let report_id = sqlx::query_scalar!(
        r#"SELECT report_id AS "report_id: ReportId" FROM doctor_reviews WHERE review_id = $1 AND reviewed_at IS NOT NULL"#,
        review_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a review up")?;
    let Some(report_id) = report_id else {
        return Ok(None);
    };
    let addendum_id = AddendumId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.review_addenda (addendum_id, review_id, doctor_id, addendum, created_at) VALUES ($1, $2, $3, $4, $5)",
        addendum_id.0,
        review_id.0,
        doctor,
        addendum,
        now
    )
    .execute(tx.connection())
    .await
    .during("add an addendum")?;
    Ok(Some((addendum_id, report_id)))
}

/// The addenda of a report's reviews, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn addenda_of_report(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Vec<Addendum>, DbError> {
    sqlx::query_as!(
        Addendum,
        r#"SELECT a.addendum_id AS "addendum_id: AddendumId", a.review_id AS "review_id: ReviewId",
                  a.doctor_id AS "doctor_id: UserId", portal.staff_name(a.doctor_id) AS doctor_name, a.addendum,
                  a.created_at
           FROM portal.review_addenda a JOIN doctor_reviews d USING (review_id)
           WHERE d.report_id = $1
           ORDER BY a.created_at, a.addendum_id"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read addenda")
}

/// What a doctor thought before the AI's verdict was shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FirstImpression {
    /// The report.
    pub report_id: ReportId,
    /// The category.
    pub risk: RiskCategory,
    /// In words.
    pub note: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Notes the acting doctor's first impression; the first one stays. Says whether this is it.
///
/// # Errors
/// When the database does not answer.
pub async fn record_impression(
    tx: &mut ActorTx,
    report_id: ReportId,
    risk: RiskCategory,
    note: Option<&str>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(Uuid::from);
    let inserted = sqlx::query!(
        "INSERT INTO portal.first_impressions (report_id, doctor_id, risk, note, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        report_id.0,
        doctor,
        risk.as_str(),
        note,
        now
    )
    .execute(tx.connection())
    .await
    .during("note a first impression")?;
    Ok(inserted.rows_affected() == 1)
}

/// The acting doctor's first impression of a report.
///
/// # Errors
/// When the database does not answer.
pub async fn own_impression(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Option<FirstImpression>, DbError> {
    sqlx::query_as!(
        FirstImpression,
        r#"SELECT report_id AS "report_id: ReportId", risk AS "risk: RiskCategory", note, created_at
           FROM portal.first_impressions WHERE report_id = $1"#,
        report_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a first impression")
}

/// The marks on a report's images, by doctor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Annotations {
    /// Whose.
    pub doctor_id: UserId,
    /// The viewer's own document.
    pub content: Value,
    /// When they were saved.
    pub updated_at: DateTime<Utc>,
}

/// Saves the acting doctor's marks on a report's images.
///
/// # Errors
/// When the database does not answer.
pub async fn save_annotations(
    tx: &mut ActorTx,
    report_id: ReportId,
    content: &Value,
) -> Result<(), DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.report_annotations (report_id, doctor_id, content, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (report_id, doctor_id) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at",
        report_id.0,
        doctor,
        content,
        now
    )
    .execute(tx.connection())
    .await
    .during("save marks on images")?;
    Ok(())
}

/// Every doctor's marks on a report's images.
///
/// # Errors
/// When the database does not answer.
pub async fn annotations(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Vec<Annotations>, DbError> {
    sqlx::query_as!(
        Annotations,
        r#"SELECT doctor_id AS "doctor_id: UserId", content, updated_at
           FROM portal.report_annotations WHERE report_id = $1 ORDER BY updated_at DESC"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read marks on images")
}
