//! Whose film it is, where the film and the record disagree.

use chrono::{DateTime, Utc};
use domain::{ReportId, UserId};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::{ActorTx, DbError, error::During};

/// A doctor's word that the film is this patient's although its header says otherwise.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IdentityConfirmation {
    /// Who confirmed.
    pub doctor_id: UserId,
    /// That doctor's name.
    pub doctor_name: Option<String>,
    /// What film and record disagreed on: `name`, `birth_date`, `gender`, `identifier`.
    #[schema(value_type = Vec<String>)]
    pub disagreement: Value,
    /// How the doctor made sure.
    pub note: Option<String>,
    /// When.
    pub confirmed_at: DateTime<Utc>,
    /// Whether it covers every film of the report as it is now.
    pub is_current: bool,
}

/// Notes the acting doctor's confirmation in place of an earlier one.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm(
    tx: &mut ActorTx,
    report_id: ReportId,
    disagreement: &[String],
    note: Option<&str>,
) -> Result<(), DbError> {
    let now = tx.now();
    let doctor = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.identity_confirmations (report_id, doctor_id, disagreement, note, confirmed_at)
         VALUES ($1, $2, to_jsonb($3::text[]), $4, $5)
         ON CONFLICT (report_id, doctor_id) DO UPDATE SET
             disagreement = excluded.disagreement, note = excluded.note, confirmed_at = excluded.confirmed_at",
        report_id.0,
        doctor,
        disagreement,
        note,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that an identity was confirmed")?;
    Ok(())
}

/// The confirmations of a report, newest first. One is current when it names all that film and record
/// disagree on and no film came after it.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Vec<IdentityConfirmation>, DbError> {
    sqlx::query_as!(
        IdentityConfirmation,
        r#"SELECT c.doctor_id AS "doctor_id: UserId", portal.staff_name(c.doctor_id) AS doctor_name, c.disagreement, c.note,
                  c.confirmed_at,
                  (c.disagreement @> coalesce(r.image_metadata -> 'identity_disagreement', '[]')
                   AND NOT EXISTS (SELECT FROM report_images i WHERE i.report_id = c.report_id AND i.uploaded_at > c.confirmed_at))
                  AS "is_current!"
           FROM portal.identity_confirmations c JOIN medical_reports r USING (report_id)
           WHERE c.report_id = $1
           ORDER BY c.confirmed_at DESC, c.doctor_id"#,
        report_id.0
    )
    .fetch_all(tx.connection())
    .await
    .during("read who confirmed an identity")
}

/// Notes what further films of a report disagree on with the patient's record.
///
/// # Errors
/// When the database does not answer.
pub async fn add_disagreement(
    tx: &mut ActorTx,
    report_id: ReportId,
    disagreement: &[&str],
) -> Result<(), DbError> {
    let found: Vec<String> = disagreement.iter().map(|part| (*part).to_owned()).collect();
    sqlx::query!(
        r#"UPDATE medical_reports SET image_metadata = jsonb_set(image_metadata, '{identity_disagreement}',
               (SELECT coalesce(jsonb_agg(DISTINCT part ORDER BY part), '[]')
                FROM (SELECT jsonb_array_elements_text(coalesce(image_metadata -> 'identity_disagreement', '[]')) AS part
                      UNION SELECT unnest($2::text[])) parts))
           WHERE report_id = $1"#,
        report_id.0,
        &found
    )
    .execute(tx.connection())
    .await
    .during("note where a film and the record disagree")?;
    Ok(())
}
