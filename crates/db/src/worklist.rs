//! The modality worklist: examinations that are to be made.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    OrderId, UserId,
    order::{OrderPriority, OrderStatus},
    patient::Gender,
};
use sqlx::types::Uuid;

use crate::{
    ActorTx, DbError,
    dicom::{Between, Pattern},
    error::During,
    fhir::Span,
    orders::{OrderContent, content_of},
};

/// What a modality asks for. Names and numbers that are made of identifiers are no columns, and looked at afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Planned then; what has no time is planned for now.
    pub scheduled: Span<DateTime<Utc>>,
    /// For this station, or for none in particular.
    pub station: Option<Pattern>,
    /// Of this modality, or of none in particular.
    pub modality: Option<Pattern>,
    /// Accession Number.
    pub accession_number: Option<Pattern>,
    /// Any number of the patient, or the portal's own identifier where there is none.
    pub patient_number: Option<Pattern>,
    /// Who gave the number.
    pub issuer: Option<Pattern>,
    /// Patient's Birth Date.
    pub birth_date: Between<NaiveDate>,
    /// One of these orders.
    pub orders: Option<Vec<Uuid>>,
}

/// An examination that is to be made.
#[derive(Debug, Clone)]
pub struct Step {
    /// The order.
    pub order_id: OrderId,
    /// What it says.
    pub content: OrderContent,
    /// The patient's name.
    pub patient_name: String,
    /// The patient's number.
    pub patient_number: Option<String>,
    /// Who gave it; empty where nobody says.
    pub issuer: Option<String>,
    /// Sex as recorded with the number.
    pub gender: Option<Gender>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
}

/// Active orders, the next one first. Served by `idx_orders_scheduled_at`, `…_accession_number` and `orders_pkey`,
/// whichever the keys name.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, keys: &Keys, limit: i64) -> Result<Vec<Step>, DbError> {
    tx.plan_with_values().await?;
    let now = tx.now();
    let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|one| one.as_str().to_owned());
    let rows = sqlx::query!(
        r#"SELECT o.order_id AS "order_id: OrderId", o.patient_id AS "patient_id: UserId", u.name AS patient_name,
                  o.status AS "status: OrderStatus", o.priority AS "priority: OrderPriority", o.placer_issuer, o.placer_number,
                  o.accession_number, o.procedure_system, o.procedure_code, o.procedure_text, o.modality, o.station_ae_title,
                  o.scheduled_at, o.reason, o.requester, o.authored_at, u.date_of_birth,
                  i.identifier AS "identifier?", i.issuer AS "issuer?", i.gender AS "gender?: Gender"
           FROM portal.orders o JOIN users u ON u.id = o.patient_id
           LEFT JOIN LATERAL (SELECT p.identifier, p.issuer, p.gender FROM portal.patient_identifiers p
                              WHERE p.patient_id = o.patient_id
                              ORDER BY ($7::text IS NOT NULL AND p.identifier LIKE $7) DESC, p.created_at LIMIT 1) i ON true
           WHERE o.status = 'active'
             AND ($2::timestamptz IS NULL OR o.scheduled_at >= $2 OR (o.scheduled_at IS NULL AND $1 >= $2))
             AND ($3::timestamptz IS NULL OR o.scheduled_at < $3 OR (o.scheduled_at IS NULL AND $1 < $3))
             AND ($4::text IS NULL OR o.station_ae_title IS NULL OR o.station_ae_title LIKE $4)
             AND ($5::text IS NULL OR o.modality IS NULL OR o.modality LIKE $5)
             AND ($6::text IS NULL OR o.accession_number LIKE $6)
             AND ($7::text IS NULL OR coalesce(i.identifier, o.patient_id::text) LIKE $7)
             AND ($8::text IS NULL OR i.issuer LIKE $8)
             AND ($9::date IS NULL OR u.date_of_birth >= $9) AND ($10::date IS NULL OR u.date_of_birth <= $10)
             AND ($11::uuid[] IS NULL OR o.order_id = ANY($11))
           ORDER BY coalesce(o.scheduled_at, $1), o.order_id LIMIT $12"#,
        now,
        keys.scheduled.from,
        keys.scheduled.until,
        text(&keys.station),
        text(&keys.modality),
        text(&keys.accession_number),
        text(&keys.patient_number),
        text(&keys.issuer),
        keys.birth_date.from,
        keys.birth_date.to,
        keys.orders.as_deref(),
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("find examinations that are to be made")?;
    Ok(rows
        .into_iter()
        .map(|row| Step {
            order_id: row.order_id,
            content: content_of!(row),
            patient_name: row.patient_name,
            patient_number: row.identifier,
            issuer: row.issuer,
            gender: row.gender,
            birth_date: row.date_of_birth,
        })
        .collect())
}
