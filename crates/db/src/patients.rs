//! Patients: finding them, registering them, and the numbers that hospitals know them by.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{UserId, patient::Gender};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A patient, as staff sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Patient {
    /// Identifier.
    pub patient_id: UserId,
    /// Name.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// The hospital's number (DICOM Patient ID), if one is known.
    pub identifier: Option<String>,
    /// Sex as recorded with the number.
    pub gender: Option<Gender>,
    /// Whether the account may be used.
    pub is_active: bool,
    /// When the patient was registered.
    pub created_at: DateTime<Utc>,
}

/// Finds patients by name, address or number; newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn search(
    tx: &mut ActorTx,
    text: Option<&str>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Patient>, DbError> {
    let rows = sqlx::query_as!(
        Patient,
        r#"SELECT u.id AS "patient_id: UserId", u.name, u.email::text AS "email!", u.phone, u.date_of_birth,
                  i.identifier AS "identifier?", i.gender AS "gender?: Gender", u.is_active, u.created_at
           FROM users u
           LEFT JOIN LATERAL (SELECT p.identifier, p.gender FROM portal.patient_identifiers p
                              WHERE p.patient_id = u.id ORDER BY p.created_at LIMIT 1) i ON true
           WHERE u.role = 'patient'
             AND ($1::text IS NULL OR u.name ILIKE '%' || $1 || '%' OR u.email::text ILIKE $1 || '%'
                  OR u.id IN (SELECT p.patient_id FROM portal.patient_identifiers p WHERE p.identifier = $1))
             AND ($2::timestamptz IS NULL OR (u.created_at, u.id) < ($2, $3))
           ORDER BY u.created_at DESC, u.id DESC
           LIMIT $4"#,
        text,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("find patients")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.patient_id.0,
    }))
}

/// One patient.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, patient_id: UserId) -> Result<Option<Patient>, DbError> {
    sqlx::query_as!(
        Patient,
        r#"SELECT u.id AS "patient_id: UserId", u.name, u.email::text AS "email!", u.phone, u.date_of_birth,
                  i.identifier AS "identifier?", i.gender AS "gender?: Gender", u.is_active, u.created_at
           FROM users u
           LEFT JOIN LATERAL (SELECT p.identifier, p.gender FROM portal.patient_identifiers p
                              WHERE p.patient_id = u.id ORDER BY p.created_at LIMIT 1) i ON true
           WHERE u.role = 'patient' AND u.id = $1"#,
        patient_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a patient")
}

/// Whom a hospital's number belongs to.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_identifier(
    tx: &mut ActorTx,
    issuer: &str,
    identifier: &str,
) -> Result<Option<UserId>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT patient_id AS "patient_id: UserId" FROM portal.patient_identifiers
           WHERE issuer = $1 AND identifier = $2"#,
        issuer,
        identifier
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a patient's number up")
}

/// The constraint that refuses a number that somebody else has.
pub const IDENTIFIER_TAKEN: &str = "patient_identifiers_pkey";

/// Notes the number a hospital knows a patient by.
///
/// # Errors
/// [`IDENTIFIER_TAKEN`] as a constraint when another patient has it.
pub async fn add_identifier(
    tx: &mut ActorTx,
    patient_id: UserId,
    issuer: &str,
    identifier: &str,
    gender: Option<Gender>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.patient_identifiers (issuer, identifier, patient_id, gender, created_at)
         VALUES ($1, $2, $3, $4, $5)",
        issuer,
        identifier,
        patient_id.0,
        gender.map(Gender::as_str),
        now
    )
    .execute(tx.connection())
    .await
    .during("note a patient's number")?;
    Ok(())
}

/// One look of somebody else at the acting patient's record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Access {
    /// When.
    pub created_at: DateTime<Utc>,
    /// What was done.
    pub action: String,
    /// In which role.
    pub user_role: Option<String>,
    /// By whom.
    pub staff_name: Option<String>,
    /// On which report, if on one.
    pub report_id: Option<domain::ReportId>,
}

/// Who looked at the acting patient's record, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn accesses_to_own_record(
    tx: &mut ActorTx,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Access>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT log_id AS "log_id!", created_at AS "created_at!", action AS "action!", user_role, staff_name, report_id
           FROM portal.accesses_to_own_record()
           WHERE ($1::timestamptz IS NULL OR (created_at, log_id) < ($1, $2))
           ORDER BY created_at DESC, log_id DESC
           LIMIT $3"#,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("read who looked at the record")?;
    let page = Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.log_id,
    });
    Ok(page.map(|row| Access {
        created_at: row.created_at,
        action: row.action,
        user_role: row.user_role,
        staff_name: row.staff_name,
        report_id: row.report_id.map(Into::into),
    }))
}
