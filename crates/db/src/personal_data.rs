//! Everything about one patient, a section and some rows at a time.

use chrono::{DateTime, Utc};
use domain::{Section, UserId};
use serde_json::Value;
use sqlx::types::Uuid;

use crate::{ActorTx, DbError, error::During};

/// One thing that is stored.
#[derive(Debug, Clone)]
pub struct PersonalRow {
    /// Where it stands in its section.
    pub at: DateTime<Utc>,
    /// The same, of one moment.
    pub id: Uuid,
    /// What is stored.
    pub item: Value,
}

/// With whose eyes a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// The patient's: what row security shows, so what is released.
    Own,
    /// A privacy officer's: all of it. The database looks whether the actor is one.
    Officer,
}

/// Up to `most` rows of a section after another one, oldest first. What is about one patient is found by
/// `idx_medical_reports_patient_id` and its like; the audit trail by `idx_audit_logs_entity`.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    tx: &mut ActorTx,
    patient_id: UserId,
    section: Section,
    eyes: Eyes,
    after: Option<(DateTime<Utc>, Uuid)>,
    most: i32,
) -> Result<Vec<PersonalRow>, DbError> {
    let (at, id) = after.unzip();
    match eyes {
        Eyes::Own => {
            sqlx::query_as!(
                PersonalRow,
                r#"SELECT at AS "at!", id AS "id!", item AS "item!" FROM portal.personal_data($1, $2, $3, $4, $5)"#,
                patient_id.0,
                section.as_str(),
                at,
                id,
                most
            )
            .fetch_all(tx.connection())
            .await
        }
        Eyes::Officer => {
            sqlx::query_as!(
                PersonalRow,
                r#"SELECT at AS "at!", id AS "id!", item AS "item!"
                   FROM portal.personal_data_for_officer($1, $2, $3, $4, $5)"#,
                patient_id.0,
                section.as_str(),
                at,
                id,
                most
            )
            .fetch_all(tx.connection())
            .await
        }
    }
    .during("read what is stored about a patient")
}

/// Whether there is such a patient, for a privacy officer.
///
/// # Errors
/// When the database does not answer.
pub async fn is_patient(tx: &mut ActorTx, patient_id: UserId) -> Result<bool, DbError> {
    sqlx::query_scalar!(
        r#"SELECT portal.is_patient_for_officer($1) AS "yes!""#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether there is such a patient")
}

/// What a patient is called where names are nobody's business.
///
/// # Errors
/// When the database does not answer.
pub async fn pseudonym(tx: &mut ActorTx, patient_id: UserId) -> Result<String, DbError> {
    sqlx::query_scalar!(
        r#"SELECT portal.pseudonym($1) AS "pseudonym!""#,
        patient_id.0
    )
    .fetch_one(tx.connection())
    .await
    .during("make a pseudonym")
}
