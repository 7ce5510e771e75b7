//! Patients: finding them, registering them, and the numbers that hospitals know them by.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{EmailAddress, UserId, patient::Gender};
use serde::Serialize;
use sqlx::types::Uuid;
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
             AND ($1::text IS NULL OR u.name ILIKE '%' || $5 || '%' OR u.email::text ILIKE $5 || '%'
                  OR u.id IN (SELECT p.patient_id FROM portal.patient_identifiers p WHERE p.identifier = $1))
             AND ($2::timestamptz IS NULL OR (u.created_at, u.id) < ($2, $3))
           ORDER BY u.created_at DESC, u.id DESC
           LIMIT $4"#,
        text,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1,
        text.map(crate::search::literal)
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

/// Whom a film's number belongs to: that of the issuer it names, or else one that was noted without an issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn owner_of_number(
    tx: &mut ActorTx,
    issuer: &str,
    identifier: &str,
) -> Result<Option<UserId>, DbError> {
    sqlx::query_scalar!(
        r#"SELECT patient_id AS "patient_id: UserId" FROM portal.patient_identifiers
           WHERE issuer IN ($1, '') AND identifier = $2
           ORDER BY issuer = '' LIMIT 1"#,
        issuer,
        identifier
    )
    .fetch_optional(tx.connection())
    .await
    .during("look a film's number up")
}

/// The hospital's number of each of these patients that has one: the first that was noted.
///
/// # Errors
/// When the database does not answer.
pub async fn identifiers(
    tx: &mut ActorTx,
    patients: &[UserId],
) -> Result<HashMap<UserId, String>, DbError> {
    let ids: Vec<Uuid> = patients.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (patient_id) patient_id AS "patient_id: UserId", identifier
           FROM portal.patient_identifiers WHERE patient_id = ANY($1)
           ORDER BY patient_id, created_at"#,
        &ids
    )
    .fetch_all(tx.connection())
    .await
    .during("look the numbers of patients up")?;
    Ok(rows
        .into_iter()
        .map(|row| (row.patient_id, row.identifier))
        .collect())
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

/// Notes that the acting member of staff registered a patient.
///
/// # Errors
/// When the database does not answer.
pub async fn note_registration(tx: &mut ActorTx, patient_id: UserId) -> Result<(), DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.patient_registrations (patient_id, registered_by, registered_at) VALUES ($1, $2, $3)",
        patient_id.0,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("note who registered a patient")?;
    Ok(())
}

/// Whether the acting member of staff registered this patient.
///
/// # Errors
/// When the database does not answer.
pub async fn is_registered_by_actor(tx: &mut ActorTx, patient_id: UserId) -> Result<bool, DbError> {
    let actor = tx.actor().user_id().map(Uuid::from);
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.patient_registrations WHERE patient_id = $1 AND registered_by = $2) AS "yes!""#,
        patient_id.0,
        actor
    )
    .fetch_one(tx.connection())
    .await
    .during("look who registered a patient")
}

/// Whether the actor sees a report of this patient: a radiologist only those sent in.
///
/// # Errors
/// When the database does not answer.
pub async fn has_visible_report(tx: &mut ActorTx, patient_id: UserId) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM medical_reports WHERE patient_id = $1) AS "yes!""#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look for a patient's reports")
}

/// What of a patient's record is corrected; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct PatientChange<'a> {
    /// Name.
    pub name: Option<&'a str>,
    /// Telephone number.
    pub phone: Option<&'a str>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
}

/// Corrects a patient's record.
///
/// # Errors
/// When the database does not answer.
pub async fn change(
    tx: &mut ActorTx,
    patient_id: UserId,
    change: &PatientChange<'_>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE users SET name = coalesce($2, name), phone = coalesce($3, phone), date_of_birth = coalesce($4, date_of_birth)
         WHERE id = $1 AND role = 'patient'",
        patient_id.0,
        change.name,
        change.phone,
        change.date_of_birth
    )
    .execute(tx.connection())
    .await
    .during("correct a patient's record")?;
    Ok(())
}

/// Corrects the address of a patient who has no password yet. Says whether it may.
///
/// # Errors
/// [`crate::accounts::EMAIL_TAKEN`] as a constraint when somebody else has the address.
pub async fn correct_address(
    tx: &mut ActorTx,
    patient_id: UserId,
    email: &EmailAddress,
) -> Result<bool, DbError> {
    let corrected = sqlx::query_scalar!(
        r#"SELECT portal.correct_patient_address($1, $2::text::portal.citext) AS "corrected""#,
        patient_id.0,
        email.as_str()
    )
    .fetch_one(tx.connection())
    .await
    .during("correct a patient's address")?;
    Ok(corrected == Some(true))
}

/// Corrects the number that a patient is shown with: the first that was noted.
///
/// # Errors
/// [`IDENTIFIER_TAKEN`] as a constraint when another patient has it.
pub async fn correct_identifier(
    tx: &mut ActorTx,
    patient_id: UserId,
    identifier: Option<&str>,
    issuer: Option<&str>,
    gender: Option<Gender>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.patient_identifiers SET identifier = coalesce($2, identifier), issuer = coalesce($3, issuer),
                gender = coalesce($4, gender)
         WHERE (issuer, identifier) = (SELECT p.issuer, p.identifier FROM portal.patient_identifiers p
                                       WHERE p.patient_id = $1 ORDER BY p.created_at LIMIT 1)",
        patient_id.0,
        identifier,
        issuer,
        gender.map(Gender::as_str)
    )
    .execute(tx.connection())
    .await
    .during("correct a patient's number")?;
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
