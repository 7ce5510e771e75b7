//! Accesses in an emergency: opened, ended, reviewed; and what is read under one. What is read runs as
//! `portal_emergency`, which sees the record of that one patient while the access holds.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{EmergencyAccessId, EmergencyOutcome, ReportId, ReportStatus, RiskCategory, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// An access in an emergency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmergencyAccess {
    /// Identifier.
    pub access_id: EmergencyAccessId,
    /// Who opened the record.
    pub user_id: UserId,
    /// That person's name.
    pub user_name: Option<String>,
    /// Whose record.
    pub patient_id: UserId,
    /// What the patient is called here.
    pub pseudonym: String,
    /// Why.
    pub reason: String,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: DateTime<Utc>,
    /// When it was ended by hand.
    pub ended_at: Option<DateTime<Utc>>,
    /// What the review says.
    pub outcome: Option<EmergencyOutcome>,
    /// The reviewer's words.
    pub review_note: Option<String>,
    /// Who reviewed it.
    pub reviewed_by: Option<UserId>,
    /// That person's name.
    pub reviewed_by_name: Option<String>,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
}

impl EmergencyAccess {
    /// Whether it can still be read under.
    #[must_use]
    pub fn is_running(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && self.ends_at > now
    }
}

/// By what a patient is named when a record is opened; each exactly.
#[derive(Debug, Clone, Copy)]
pub enum Called<'a> {
    /// The identifier.
    Id(UserId),
    /// The hospital's number.
    Identifier(&'a str),
    /// The address.
    Email(&'a str),
}

/// The patient who is called so.
///
/// # Errors
/// When the database does not answer.
pub async fn patient_called(
    tx: &mut ActorTx,
    called: Called<'_>,
) -> Result<Option<UserId>, DbError> {
    let (kind, given) = match called {
        Called::Id(id) => ("patient_id", id.to_string()),
        Called::Identifier(number) => ("identifier", number.to_owned()),
        Called::Email(email) => ("email", email.to_owned()),
    };
    sqlx::query_scalar!(
        r#"SELECT portal.patient_called($1, $2) AS "id: UserId""#,
        kind,
        given
    )
    .fetch_one(tx.connection())
    .await
    .during("look a patient up")
}

/// Opens a record.
///
/// # Errors
/// When the database does not answer.
pub async fn open(
    tx: &mut ActorTx,
    patient_id: UserId,
    reason: &str,
    ends_at: DateTime<Utc>,
) -> Result<EmergencyAccessId, DbError> {
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    let id = EmergencyAccessId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.emergency_accesses (access_id, user_id, patient_id, reason, opened_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        user,
        patient_id.0,
        reason,
        now,
        ends_at
    )
    .execute(tx.connection())
    .await
    .during("open a record in an emergency")?;
    Ok(id)
}

/// Ends an own access before its time. Says whether it was running.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &mut ActorTx, access_id: EmergencyAccessId) -> Result<bool, DbError> {
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    let ended = sqlx::query!(
        "UPDATE portal.emergency_accesses SET ended_at = $3
         WHERE access_id = $1 AND user_id = $2 AND ended_at IS NULL AND ends_at > $3",
        access_id.0,
        user,
        now
    )
    .execute(tx.connection())
    .await
    .during("end an access")?;
    Ok(ended.rows_affected() == 1)
}

/// Writes a review down. Says whether the access was still without one.
///
/// # Errors
/// When the database does not answer.
pub async fn review(
    tx: &mut ActorTx,
    access_id: EmergencyAccessId,
    outcome: EmergencyOutcome,
    note: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let reviewed = sqlx::query!(
        "UPDATE portal.emergency_accesses SET outcome = $2, review_note = $3, reviewed_by = $4, reviewed_at = $5
         WHERE access_id = $1 AND reviewed_at IS NULL AND user_id <> $4",
        access_id.0,
        outcome.as_str(),
        note,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("review an access")?;
    Ok(reviewed.rows_affected() == 1)
}

/// Which accesses are wanted.
#[derive(Debug, Default, Clone, Copy)]
pub struct EmergencyFilter {
    /// This one.
    pub access_id: Option<EmergencyAccessId>,
    /// Own ones that run.
    pub running: bool,
    /// Those of others that are over and wait for a review.
    pub to_review: bool,
}

/// The accesses that the actor may see: own ones, and for privacy officers all. Newest first. Served by
/// `idx_emergency_accesses_opened_at` and `idx_emergency_accesses_user_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    filter: EmergencyFilter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<EmergencyAccess>, DbError> {
    tx.plan_with_values().await?;
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    let rows = sqlx::query_as!(
        EmergencyAccess,
        r#"SELECT access_id AS "access_id: EmergencyAccessId", user_id AS "user_id: UserId",
                  portal.staff_name(user_id) AS user_name, patient_id AS "patient_id: UserId",
                  portal.pseudonym(patient_id) AS "pseudonym!", reason, opened_at, ends_at, ended_at,
                  outcome AS "outcome: EmergencyOutcome", review_note, reviewed_by AS "reviewed_by: UserId",
                  portal.staff_name(reviewed_by) AS reviewed_by_name, reviewed_at
           FROM portal.emergency_accesses
           WHERE ($1::uuid IS NULL OR access_id = $1)
             AND (NOT $2 OR (user_id = $3 AND ended_at IS NULL AND ends_at > $4))
             AND (NOT $5 OR (reviewed_at IS NULL AND user_id <> $3 AND (ended_at IS NOT NULL OR ends_at <= $4)))
             AND ($6::timestamptz IS NULL OR (opened_at, access_id) < ($6, $7))
           ORDER BY opened_at DESC, access_id DESC LIMIT $8"#,
        filter.access_id.map(Uuid::from),
        filter.running,
        user,
        now,
        filter.to_review,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list accesses in emergencies")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.opened_at,
        id: row.access_id.0,
    }))
}

/// The privacy officers whose accounts are in use.
///
/// # Errors
/// When the database does not answer.
pub async fn officers(tx: &mut ActorTx) -> Result<Vec<UserId>, DbError> {
    sqlx::query_scalar!(r#"SELECT portal.privacy_officers() AS "id!: UserId""#)
        .fetch_all(tx.connection())
        .await
        .during("list privacy officers")
}

/// Whether the actor, who is of staff, is a privacy officer.
///
/// # Errors
/// When the database does not answer.
pub async fn is_officer(tx: &mut ActorTx) -> Result<bool, DbError> {
    sqlx::query_scalar!(r#"SELECT portal.is_privacy_officer() AS "officer!""#)
        .fetch_one(tx.connection())
        .await
        .during("look whether this is a privacy officer")
}

/// Accesses that wait for a review.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// How many are over and have none.
    pub unreviewed: i64,
    /// How many of them ended before a moment.
    pub overdue: i64,
}

/// How many accesses wait for a review, and how many since before `due`. Served by
/// `idx_emergency_accesses_unreviewed`.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &mut ActorTx, due: DateTime<Utc>) -> Result<Waiting, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Waiting,
        r#"SELECT count(*) AS "unreviewed!", count(*) FILTER (WHERE coalesce(ended_at, ends_at) < $2) AS "overdue!"
           FROM portal.emergency_accesses WHERE reviewed_at IS NULL AND (ended_at IS NOT NULL OR ends_at <= $1)"#,
        now,
        due
    )
    .fetch_one(tx.connection())
    .await
    .during("count accesses that wait for a review")
}

/// Takes note that the officers are told now of accesses that wait, where they were not told since `before`.
/// Gives how many there are.
///
/// # Errors
/// When the database does not answer.
pub async fn remind(tx: &mut ActorTx, before: DateTime<Utc>) -> Result<u64, DbError> {
    let now = tx.now();
    let reminded = sqlx::query!(
        "UPDATE portal.emergency_accesses SET reminded_at = $1
         WHERE reviewed_at IS NULL AND (ended_at IS NOT NULL OR ends_at <= $1)
           AND coalesce(reminded_at, opened_at - interval '100 years') <= $2",
        now,
        before
    )
    .execute(tx.connection())
    .await
    .during("note a reminder")?;
    Ok(reminded.rows_affected())
}

/// Whose record an access opens.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmergencyPatient {
    /// Identifier.
    pub patient_id: UserId,
    /// Name.
    pub name: String,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// The hospital's numbers.
    pub identifiers: Vec<String>,
}

/// The patient of the access that this transaction runs under; none when it is over, or another's.
///
/// # Errors
/// When the database does not answer.
pub async fn patient(tx: &mut ActorTx) -> Result<Option<EmergencyPatient>, DbError> {
    sqlx::query_as!(
        EmergencyPatient,
        r#"SELECT u.id AS "patient_id: UserId", u.name, u.date_of_birth,
                  ARRAY(SELECT i.identifier FROM portal.patient_identifiers i WHERE i.patient_id = u.id ORDER BY i.created_at) AS "identifiers!"
           FROM users u WHERE u.id = (SELECT portal.emergency_patient())"#
    )
    .fetch_optional(tx.connection())
    .await
    .during("read whose record was opened")
}

/// A report of a record that was opened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmergencyReport {
    /// Identifier.
    pub report_id: ReportId,
    /// What kind of study.
    pub study_type: String,
    /// When it came in.
    pub upload_date: DateTime<Utc>,
    /// How far it is.
    pub status: ReportStatus,
    /// What the AI, and after the signature the doctor, says of the risk; null: not assessed.
    pub risk_score: Option<RiskCategory>,
    /// The findings.
    pub findings: Option<String>,
    /// Complaints that were noted with the film.
    pub symptoms: Option<serde_json::Value>,
}

/// The newest reports of the opened record, or one of them. Served by `idx_medical_reports_patient_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn reports(
    tx: &mut ActorTx,
    only: Option<ReportId>,
    limit: i64,
) -> Result<Vec<EmergencyReport>, DbError> {
    sqlx::query_as!(
        EmergencyReport,
        r#"SELECT report_id AS "report_id: ReportId", study_type, upload_date, status AS "status: ReportStatus",
                  risk_score AS "risk_score: RiskCategory", findings, symptoms
           FROM medical_reports
           WHERE patient_id = (SELECT portal.emergency_patient()) AND ($1::uuid IS NULL OR report_id = $1)
           ORDER BY upload_date DESC, report_id DESC LIMIT $2"#,
        only.map(Uuid::from),
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read the reports of an opened record")
}
