//! What patients want corrected, what staff answered, and where a patient disagrees.

use chrono::{DateTime, Utc};
use domain::{CorrectionId, CorrectionSubject, ProposalState, ReportId, UserId, event::EventKind};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During, events};

/// A request that something stored about a patient be corrected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Correction {
    /// Identifier.
    pub correction_id: CorrectionId,
    /// Whose record.
    pub patient_id: UserId,
    /// What the patient is called where names are nobody's business.
    pub pseudonym: String,
    /// What it is about.
    pub subject: CorrectionSubject,
    /// The report it is about, if it is about one.
    pub report_id: Option<ReportId>,
    /// What is wrong, and how it should read.
    pub words: String,
    /// The member of staff who asked on the patient's behalf; null: the patient did.
    pub requested_by_name: Option<String>,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// By when it is to be decided on.
    pub due_at: DateTime<Utc>,
    /// What became of it.
    pub state: ProposalState,
    /// The decider's words to the patient.
    pub answer: Option<String>,
    /// Who decided.
    pub decided_by_name: Option<String>,
    /// When it was decided or withdrawn.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why the patient disagrees with a refusal; shown to whoever reads the record.
    pub disagreement: Option<String>,
    /// Since when.
    pub disagreed_at: Option<DateTime<Utc>>,
}

/// Which requests are wanted.
#[derive(Debug, Default, Clone, Copy)]
pub struct CorrectionFilter {
    /// This one.
    pub correction_id: Option<CorrectionId>,
    /// Those of this patient.
    pub patient_id: Option<UserId>,
    /// Those that nobody has decided on.
    pub open: bool,
    /// Those with a statement of disagreement.
    pub disagreed: bool,
}

/// The requests that the actor may see, newest first. Served by `idx_correction_requests_requested_at` and
/// `idx_correction_requests_patient_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    filter: CorrectionFilter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Correction>, DbError> {
    tx.plan_with_values().await?;
    let rows = sqlx::query_as!(
        Correction,
        r#"SELECT correction_id AS "correction_id: CorrectionId", patient_id AS "patient_id: UserId",
                  portal.pseudonym(patient_id) AS "pseudonym!", subject AS "subject: CorrectionSubject",
                  report_id AS "report_id: ReportId", words,
                  portal.staff_name(nullif(requested_by, patient_id)) AS requested_by_name, requested_at, due_at,
                  state AS "state: ProposalState", answer, portal.staff_name(decided_by) AS decided_by_name, decided_at,
                  disagreement, disagreed_at
           FROM portal.correction_requests
           WHERE ($1::uuid IS NULL OR correction_id = $1) AND ($2::uuid IS NULL OR patient_id = $2)
             AND (NOT $3 OR state = 'open') AND (NOT $4 OR disagreement IS NOT NULL)
             AND ($5::timestamptz IS NULL OR (requested_at, correction_id) < ($5, $6))
           ORDER BY requested_at DESC, correction_id DESC LIMIT $7"#,
        filter.correction_id.map(Uuid::from),
        filter.patient_id.map(Uuid::from),
        filter.open,
        filter.disagreed,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list requests for correction")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.requested_at,
        id: row.correction_id.0,
    }))
}

/// What is asked for.
#[derive(Debug)]
pub struct NewCorrection<'a> {
    /// Whose record.
    pub patient_id: UserId,
    /// What it is about.
    pub subject: CorrectionSubject,
    /// The report it is about.
    pub report_id: Option<ReportId>,
    /// What is wrong, and how it should read.
    pub words: &'a str,
    /// By when it is to be decided on.
    pub due_at: DateTime<Utc>,
}

/// Asks for a correction in the acting person's name.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn request(tx: &mut ActorTx, new: &NewCorrection<'_>) -> Result<CorrectionId, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let id = CorrectionId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.correction_requests (correction_id, patient_id, subject, report_id, words, requested_by,
             requested_at, due_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open')",
        id.0,
        new.patient_id.0,
        new.subject.as_str(),
        new.report_id.map(Uuid::from),
        new.words,
        by,
        now,
        new.due_at
    )
    .execute(tx.connection())
    .await
    .during("ask for a correction")?;
    Ok(id)
}

/// How many requests of a patient wait for a decision, of those that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn open_count(tx: &mut ActorTx, patient_id: UserId) -> Result<i64, DbError> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM portal.correction_requests WHERE patient_id = $1 AND state = 'open'"#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("count requests for correction")
}

/// Whether a report is this patient's, and the actor sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn is_report_of(
    tx: &mut ActorTx,
    report_id: ReportId,
    patient_id: UserId,
) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM medical_reports WHERE report_id = $1 AND patient_id = $2) AS "yes!""#,
        report_id.0,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look whose a report is")
}

/// Writes down what became of a request that nobody has decided on. Says whether it was still so.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn end(
    tx: &mut ActorTx,
    correction_id: CorrectionId,
    state: ProposalState,
    answer: Option<&str>,
) -> Result<bool, DbError> {
    let now = tx.now();
    let ended = if state == ProposalState::Withdrawn {
        sqlx::query!(
            "UPDATE portal.correction_requests SET state = 'withdrawn', decided_at = $2
             WHERE correction_id = $1 AND state = 'open'",
            correction_id.0,
            now
        )
        .execute(tx.connection())
        .await
    } else {
        let by = tx.actor().user_id().map(Uuid::from);
        sqlx::query!(
            "UPDATE portal.correction_requests SET state = $2, answer = $3, decided_by = $4, decided_at = $5
             WHERE correction_id = $1 AND state = 'open'",
            correction_id.0,
            state.as_str(),
            answer,
            by,
            now
        )
        .execute(tx.connection())
        .await
    }
    .during("decide on a correction")?;
    Ok(ended.rows_affected() == 1)
}

/// Attaches the patient's statement to a refusal. Says whether there was none yet.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn disagree(
    tx: &mut ActorTx,
    correction_id: CorrectionId,
    statement: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let attached = sqlx::query!(
        "UPDATE portal.correction_requests SET disagreement = $2, disagreed_at = $3
         WHERE correction_id = $1 AND state = 'declined' AND disagreement IS NULL",
        correction_id.0,
        statement,
        now
    )
    .execute(tx.connection())
    .await
    .during("attach a statement of disagreement")?;
    Ok(attached.rows_affected() == 1)
}

/// Tells whoever decides that a request of the acting person waits, and their open screens.
///
/// # Errors
/// When the database does not answer.
pub async fn tell(tx: &mut ActorTx, correction_id: CorrectionId) -> Result<(), DbError> {
    let told = sqlx::query_scalar!(
        r#"SELECT portal.tell_of_correction($1) AS "id!: UserId""#,
        correction_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("tell of a request for correction")?;
    for who in told {
        events::tell_user(tx, who, EventKind::NotificationCreated, None).await?;
    }
    Ok(())
}

/// Takes note that the officers are told now of requests that are due before a moment, where they were not told since
/// `before`. Gives how many there are. Served by `idx_correction_requests_open`.
///
/// # Errors
/// When the database does not answer.
pub async fn remind(
    tx: &mut ActorTx,
    due_before: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<u64, DbError> {
    let now = tx.now();
    let reminded = sqlx::query!(
        "UPDATE portal.correction_requests SET reminded_at = $1
         WHERE state = 'open' AND due_at <= $2 AND coalesce(reminded_at, requested_at - interval '100 years') <= $3",
        now,
        due_before,
        before
    )
    .execute(tx.connection())
    .await
    .during("note a reminder")?;
    Ok(reminded.rows_affected())
}
