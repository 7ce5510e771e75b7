//! Patients whom nobody has registered yet, and whom staff finds them to be.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    EmailAddress, Role, UserId,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{
    ActorTx, DbError,
    accounts::{self, NewAccount},
    audit::Act,
    error::During,
    patients::Patient,
};

/// What a film says of a patient whom nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPatient {
    /// Who issued the number; empty where the film does not say.
    pub issuer: String,
    /// The number; empty where the film says none.
    pub number: String,
    /// The name.
    pub name: String,
    /// The birth date.
    pub birth_date: Option<NaiveDate>,
}

/// An unknown patient, as staff sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Unidentified {
    /// The record that the films lie with.
    pub patient_id: UserId,
    /// The name that the films say.
    pub name: String,
    /// The number that the films say; empty where they say none.
    pub number: String,
    /// Who issued it, as the films say.
    pub issuer: String,
    /// The birth date that the films say.
    pub birth_date: Option<NaiveDate>,
    /// When the first film came.
    pub made_at: DateTime<Utc>,
}

/// The record that films of this patient were kept with before, or whom staff has found that to be. Films without a
/// number belong together only within a study: `study_of` is whom the study belongs to. Served by
/// `idx_unknown_patients_issuer_number`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    tx: &mut ActorTx,
    who: &UnknownPatient,
    study_of: Option<UserId>,
) -> Result<Option<UserId>, DbError> {
    // Two machines may send films of one unknown patient at once.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 32)) AS locked",
        format!("{}\u{1}{}", who.issuer, who.number)
    )
    .fetch_one(tx.connection())
    .await
    .during("wait for films of the same unknown patient")?;
    sqlx::query_scalar!(
        r#"SELECT coalesce(p.resolved_as, p.patient_id) AS "patient_id!: UserId" FROM portal.unknown_patients p
           WHERE p.issuer = $1 AND p.number = $2 AND lower(p.name) = lower($3) AND p.birth_date IS NOT DISTINCT FROM $4
             AND (p.number <> '' OR coalesce(p.resolved_as, p.patient_id) = $5)
           ORDER BY p.resolved_at NULLS FIRST, p.made_at LIMIT 1"#,
        who.issuer,
        who.number,
        who.name,
        who.birth_date,
        study_of.map(Uuid::from)
    )
    .fetch_optional(tx.connection())
    .await
    .during("look for an unknown patient")
}

/// Makes a record for an unknown patient, who cannot sign in, and notes it in the trail.
///
/// # Errors
/// When the database does not answer.
pub async fn create(tx: &mut ActorTx, who: &UnknownPatient) -> Result<Patient, DbError> {
    let now = tx.now();
    let id = UserId::new_at(now);
    let email: EmailAddress = format!("{id}@patients.invalid")
        .parse()
        .expect("an identifier before a host is an address");
    let account = NewAccount {
        id,
        email: &email,
        password_hash: None,
        role: Role::Patient,
        name: &who.name,
        phone: None,
        date_of_birth: who.birth_date,
    };
    accounts::create(tx, &account).await?;
    sqlx::query!(
        "INSERT INTO portal.unknown_patients (patient_id, issuer, number, name, birth_date, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        who.issuer,
        who.number,
        who.name,
        who.birth_date,
        now
    )
    .execute(tx.connection())
    .await
    .during("note an unknown patient")?;
    tx.audit(
        Act::new(AuditAction::CreatePatient, EntityType::Patient)
            .on(id)
            .new_values(json!({ "unknown": true })),
    )
    .await?;
    Ok(Patient {
        patient_id: id,
        name: who.name.clone(),
        email: email.to_string(),
        phone: None,
        date_of_birth: who.birth_date,
        identifier: None,
        gender: None,
        is_active: true,
        created_at: now,
    })
}

/// Those whom nobody has identified yet, the newest first, at most 500. Served by `idx_unknown_patients_made_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut ActorTx) -> Result<Vec<Unidentified>, DbError> {
    sqlx::query_as!(
        Unidentified,
        r#"SELECT patient_id AS "patient_id: UserId", name, number, issuer, birth_date, made_at
           FROM portal.unknown_patients WHERE resolved_at IS NULL ORDER BY made_at DESC, patient_id DESC LIMIT 500"#
    )
    .fetch_all(tx.connection())
    .await
    .during("list unknown patients")
}

/// How giving an unknown patient's films to a registered one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// So many reports are the patient's now.
    Moved(i32),
    /// There is no such unknown patient, or it is resolved already.
    NotUnknown,
    /// The other one is no registered patient.
    NotRegistered,
}

/// Says who an unknown patient is. The same identifier twice: the record itself, corrected, is the patient's.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve(
    tx: &mut ActorTx,
    unknown: UserId,
    known: UserId,
) -> Result<Resolved, DbError> {
    let moved = sqlx::query_scalar!(
        r#"SELECT portal.resolve_unknown_patient($1, $2) AS "moved!""#,
        unknown.0,
        known.0
    )
    .fetch_one(tx.connection())
    .await
    .during("say who an unknown patient is")?;
    Ok(match moved {
        -1 => Resolved::NotUnknown,
        -2 => Resolved::NotRegistered,
        moved => Resolved::Moved(moved),
    })
}
