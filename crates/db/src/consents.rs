//! Consents: given and withdrawn, one row each time; the last one of a kind counts.

use chrono::{DateTime, Utc};
use domain::{ConsentId, UserId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A consent that was given or withdrawn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Consent {
    /// Identifier.
    pub consent_id: ConsentId,
    /// What it is to.
    pub kind: String,
    /// Given, or withdrawn.
    pub is_given: bool,
    /// The version of the text that was shown.
    pub text_version: String,
    /// That text.
    pub wording: String,
    /// How staff knows it; null where the patient did it in person.
    pub evidence: Option<String>,
    /// The member of staff who recorded it; null: the patient did.
    pub recorded_by_name: Option<String>,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// What is recorded.
#[derive(Debug)]
pub struct NewConsent<'a> {
    /// Whose.
    pub patient_id: UserId,
    /// What it is to.
    pub kind: &'a str,
    /// Given, or withdrawn.
    pub is_given: bool,
    /// The version of the text that was shown.
    pub text_version: &'a str,
    /// That text.
    pub wording: &'a str,
    /// How staff knows it.
    pub evidence: Option<&'a str>,
}

/// Records a consent in the acting person's name.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn record(tx: &mut ActorTx, new: &NewConsent<'_>) -> Result<ConsentId, DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    let id = ConsentId::new_at(now);
    sqlx::query!(
        "INSERT INTO portal.consents (consent_id, patient_id, kind, is_given, text_version, wording, evidence, recorded_by,
             recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.0,
        new.patient_id.0,
        new.kind,
        new.is_given,
        new.text_version,
        new.wording,
        new.evidence,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("record a consent")?;
    Ok(id)
}

/// A patient's consents, newest first; at most so many. Served by `idx_consents_patient_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn of_patient(
    tx: &mut ActorTx,
    patient_id: UserId,
    limit: i64,
) -> Result<Vec<Consent>, DbError> {
    sqlx::query_as!(
        Consent,
        r#"SELECT consent_id AS "consent_id: ConsentId", kind, is_given, text_version, wording, evidence,
                  portal.staff_name(nullif(recorded_by, patient_id)) AS recorded_by_name, recorded_at
           FROM portal.consents WHERE patient_id = $1
           ORDER BY recorded_at DESC, consent_id DESC LIMIT $2"#,
        patient_id.0,
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("read consents")
}

/// What holds now: of each kind the last row.
///
/// # Errors
/// When the database does not answer.
pub async fn current(tx: &mut ActorTx, patient_id: UserId) -> Result<Vec<Consent>, DbError> {
    sqlx::query_as!(
        Consent,
        r#"SELECT DISTINCT ON (kind) consent_id AS "consent_id: ConsentId", kind, is_given, text_version, wording, evidence,
                  portal.staff_name(nullif(recorded_by, patient_id)) AS recorded_by_name, recorded_at
           FROM portal.consents WHERE patient_id = $1
           ORDER BY kind, recorded_at DESC, consent_id DESC"#,
        patient_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read which consents hold")
}
