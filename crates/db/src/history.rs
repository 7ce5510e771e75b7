//! A patient's medical history.

use chrono::{DateTime, Utc};
use domain::{HistoryId, UserId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// The history of a patient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MedicalHistory {
    /// Identifier; null while nothing is recorded.
    pub history_id: Option<HistoryId>,
    /// The patient.
    pub patient_id: UserId,
    /// Illnesses.
    pub conditions: Value,
    /// Allergies.
    pub allergies: Value,
    /// Medication.
    pub medications: Value,
    /// Illnesses in the family.
    pub family_history: Value,
    /// Smoking, alcohol, exercise.
    pub lifestyle: Value,
    /// Operations and the like.
    pub previous_procedures: Value,
    /// When it was begun.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// By whom.
    pub updated_by: Option<Uuid>,
}

impl MedicalHistory {
    /// The history of a patient of whom nothing is recorded.
    #[must_use]
    pub fn empty(patient_id: UserId) -> Self {
        let none = || Value::Array(Vec::new());
        Self {
            history_id: None,
            patient_id,
            conditions: none(),
            allergies: none(),
            medications: none(),
            family_history: none(),
            lifestyle: Value::Object(serde_json::Map::new()),
            previous_procedures: none(),
            created_at: None,
            updated_at: None,
            updated_by: None,
        }
    }
}

/// What of a history changes; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct HistoryChange<'a> {
    /// Illnesses.
    pub conditions: Option<&'a Value>,
    /// Allergies.
    pub allergies: Option<&'a Value>,
    /// Medication.
    pub medications: Option<&'a Value>,
    /// Illnesses in the family.
    pub family_history: Option<&'a Value>,
    /// Smoking, alcohol, exercise.
    pub lifestyle: Option<&'a Value>,
    /// Operations and the like.
    pub previous_procedures: Option<&'a Value>,
}

/// A history that the actor may see.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, patient_id: UserId) -> Result<Option<MedicalHistory>, DbError> {
    sqlx::query_as!(
        MedicalHistory,
        r#"SELECT history_id AS "history_id?: HistoryId", patient_id AS "patient_id: UserId", conditions, allergies,
                  medications, family_history, lifestyle, previous_procedures, created_at AS "created_at?", updated_at AS "updated_at?", updated_by
           FROM patient_medical_history WHERE patient_id = $1"#,
        patient_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("read a medical history")
}

/// Changes a history, or begins it.
///
/// # Errors
/// When the database does not answer, or the actor may not.
pub async fn change(
    tx: &mut ActorTx,
    patient_id: UserId,
    change: &HistoryChange<'_>,
) -> Result<(), DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO patient_medical_history AS h (history_id, patient_id, conditions, allergies, medications,
             family_history, lifestyle, previous_procedures, created_at, updated_at, updated_by)
         VALUES ($1, $2, coalesce($3::jsonb, '[]'), coalesce($4::jsonb, '[]'), coalesce($5::jsonb, '[]'), coalesce($6::jsonb, '[]'),
             coalesce($7::jsonb, '{}'), coalesce($8::jsonb, '[]'), $9, $9, $10)
         ON CONFLICT (patient_id) DO UPDATE SET
             conditions = coalesce($3, h.conditions), allergies = coalesce($4, h.allergies),
             medications = coalesce($5, h.medications), family_history = coalesce($6, h.family_history),
             lifestyle = coalesce($7, h.lifestyle), previous_procedures = coalesce($8, h.previous_procedures),
             updated_by = $10",
        HistoryId::new_at(now).0,
        patient_id.0,
        change.conditions,
        change.allergies,
        change.medications,
        change.family_history,
        change.lifestyle,
        change.previous_procedures,
        now,
        by
    )
    .execute(tx.connection())
    .await
    .during("change a medical history")?;
    Ok(())
}
