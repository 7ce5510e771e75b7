//! Patients.

use chrono::{DateTime, NaiveDate, Utc};
use domain::patient::Gender;
use serde_json::Value;
use sqlx::types::Uuid;

use super::{Span, WantedNumber, Window};
use crate::{ActorTx, DbError, error::During};

/// Which patients.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// With one of these numbers.
    pub numbers: Option<Vec<WantedNumber>>,
    /// Whose name each of these regular expressions finds.
    pub names: Option<Vec<String>>,
    /// Born then.
    pub born: Span<NaiveDate>,
    /// Of one of these sexes.
    pub genders: Option<Vec<String>>,
    /// Whose account may be used, or not.
    pub active: Option<bool>,
}

/// A patient.
#[derive(Debug)]
pub struct Row {
    /// Identifier.
    pub id: Uuid,
    /// Name, as it is shown.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Whether the account may be used.
    pub is_active: bool,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Numbers: issuer and identifier of each, in the order in which they were noted.
    pub identifiers: Value,
    /// Sex as recorded with the first number.
    pub gender: Option<Gender>,
}

/// Patients whom nobody has registered: what their films call them, and whom they turned out to be.
#[derive(Debug)]
pub struct Unknown {
    /// Identifier of the record.
    pub patient_id: Uuid,
    /// Who issued the number, as the films say.
    pub issuer: String,
    /// The number, as the films say; empty where they say none.
    pub number: String,
    /// Who it is.
    pub resolved_as: Option<Uuid>,
}

/// Finds patients. Served by `users_pkey`; numbers by `idx_patient_identifiers_identifier`. Names are looked through.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    tx.plan_with_values().await?;
    let numbers = filter.numbers.as_deref();
    let values: Option<Vec<String>> =
        numbers.map(|numbers| numbers.iter().map(|(_, value)| value.clone()).collect());
    let issuers: Vec<Option<String>> = numbers
        .unwrap_or_default()
        .iter()
        .map(|(issuer, _)| issuer.clone())
        .collect();
    sqlx::query_as!(
        Row,
        r#"SELECT u.id, u.name, u.email::text AS "email!", u.phone, u.date_of_birth, u.is_active, u.updated_at,
                  coalesce(n.identifiers, '[]') AS "identifiers!: Value", n.gender AS "gender: Gender"
           FROM users u
           LEFT JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object('issuer', p.issuer, 'identifier', p.identifier) ORDER BY p.created_at, p.identifier) AS identifiers,
                      (array_agg(p.gender ORDER BY p.created_at) FILTER (WHERE p.gender IS NOT NULL))[1] AS gender
               FROM portal.patient_identifiers p WHERE p.patient_id = u.id) n ON true
           WHERE u.role = 'patient'
             AND ($1::uuid[] IS NULL OR u.id = ANY($1))
             AND ($2::timestamptz IS NULL OR u.updated_at >= $2) AND ($3::timestamptz IS NULL OR u.updated_at < $3)
             AND ($4::uuid IS NULL OR u.id < $4)
             AND ($6::text[] IS NULL OR u.id IN (
                  SELECT p.patient_id FROM portal.patient_identifiers p
                  JOIN unnest($6, $7::text[]) wanted (number, issuer) ON p.identifier = wanted.number
                  WHERE wanted.issuer IS NULL OR p.issuer = wanted.issuer))
             AND ($8::text[] IS NULL OR u.name ~ ALL ($8))
             AND ($9::date IS NULL OR u.date_of_birth >= $9) AND ($10::date IS NULL OR u.date_of_birth < $10)
             AND ($11::text[] IS NULL OR n.gender = ANY($11))
             AND ($12::boolean IS NULL OR u.is_active = $12)
           ORDER BY u.id DESC LIMIT $5"#,
        filter.window.ids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        values.as_deref(),
        &issuers as &[Option<String>],
        filter.names.as_deref(),
        filter.born.from,
        filter.born.until,
        filter.genders.as_deref(),
        filter.active
    )
    .fetch_all(tx.connection())
    .await
    .during("find patients over FHIR")
}

/// Which of these patients nobody has registered. For staff only. Served by `unknown_patients_pkey`.
///
/// # Errors
/// When the database does not answer.
pub async fn unknown(tx: &mut ActorTx, ids: &[Uuid]) -> Result<Vec<Unknown>, DbError> {
    sqlx::query_as!(
        Unknown,
        "SELECT patient_id, issuer, number, resolved_as FROM portal.unknown_patients WHERE patient_id = ANY($1)",
        ids
    )
    .fetch_all(tx.connection())
    .await
    .during("look which patients are unknown")
}

/// Whom these numbers belong to. Served by `idx_patient_identifiers_identifier`.
///
/// # Errors
/// When the database does not answer.
pub async fn with_numbers(
    tx: &mut ActorTx,
    numbers: &[WantedNumber],
) -> Result<Vec<Uuid>, DbError> {
    let (issuers, values): (Vec<Option<String>>, Vec<String>) = numbers.iter().cloned().unzip();
    sqlx::query_scalar!(
        "SELECT DISTINCT p.patient_id FROM portal.patient_identifiers p
         JOIN unnest($1::text[], $2::text[]) wanted (number, issuer) ON p.identifier = wanted.number
         WHERE wanted.issuer IS NULL OR p.issuer = wanted.issuer",
        &values,
        &issuers as &[Option<String>]
    )
    .fetch_all(tx.connection())
    .await
    .during("look whom numbers belong to")
}
