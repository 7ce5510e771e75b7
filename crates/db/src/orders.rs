//! Examinations that were ordered.

use chrono::{DateTime, Utc};
use domain::{
    OrderId, UserId,
    order::{OrderPriority, OrderStatus},
};
use sqlx::types::Uuid;

use crate::{
    ActorTx, DbError,
    error::During,
    fhir::{Span, WantedNumber, Window},
};

/// The constraint that refuses a second order with one number of who ordered.
pub const NUMBER_TAKEN: &str = "idx_orders_placer_number";
/// The constraint that refuses a second order with one accession number.
pub const ACCESSION_TAKEN: &str = "idx_orders_accession_number";

/// What an order says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderContent {
    /// Whose examination.
    pub patient_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// How soon.
    pub priority: OrderPriority,
    /// Who gave the number; empty where nobody says.
    pub placer_issuer: String,
    /// The number of whoever ordered.
    pub placer_number: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Where the code of the procedure is from.
    pub procedure_system: String,
    /// The code of the procedure.
    pub procedure_code: String,
    /// The procedure in words.
    pub procedure_text: String,
    /// Modality, as DICOM abbreviates it.
    pub modality: Option<String>,
    /// AE title of the station.
    pub station_ae_title: Option<String>,
    /// When it is planned.
    pub scheduled_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
    /// Who ordered, in words.
    pub requester: Option<String>,
    /// When it was ordered.
    pub authored_at: Option<DateTime<Utc>>,
}

/// What an order says, of a row with its columns.
macro_rules! content_of {
    ($row:ident) => {
        $crate::orders::OrderContent {
            patient_id: $row.patient_id,
            status: $row.status,
            priority: $row.priority,
            placer_issuer: $row.placer_issuer,
            placer_number: $row.placer_number,
            accession_number: $row.accession_number,
            procedure_system: $row.procedure_system,
            procedure_code: $row.procedure_code,
            procedure_text: $row.procedure_text,
            modality: $row.modality,
            station_ae_title: $row.station_ae_title,
            scheduled_at: $row.scheduled_at,
            reason: $row.reason,
            requester: $row.requester,
            authored_at: $row.authored_at,
        }
    };
}
pub(crate) use content_of;

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Identifier.
    pub order_id: OrderId,
    /// What it says.
    pub content: OrderContent,
    /// That patient's name.
    pub patient_name: Option<String>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Which orders.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Of one of these patients.
    pub patients: Option<Vec<Uuid>>,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Of one of these priorities.
    pub priorities: Option<Vec<String>>,
    /// With one of these numbers of whoever ordered, or accession numbers (whose issuer is none or empty).
    pub numbers: Option<Vec<WantedNumber>>,
    /// Planned then.
    pub scheduled: Span<DateTime<Utc>>,
    /// Ordered then.
    pub authored: Span<DateTime<Utc>>,
    /// With one of these procedures: system, if it matters, and code.
    pub procedures: Option<Vec<WantedNumber>>,
}

/// Finds orders, the newest first. Served by `orders_pkey`, which pages go along, `idx_orders_patient_id`,
/// `…_placer_number`, `…_accession_number`, `…_updated_at` and `…_scheduled_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Order>, DbError> {
    tx.plan_with_values().await?;
    let (number_issuers, numbers) = apart(filter.numbers.as_deref());
    let (systems, codes) = apart(filter.procedures.as_deref());
    let rows = sqlx::query!(
        r#"SELECT o.order_id AS "order_id: OrderId", o.patient_id AS "patient_id: UserId", u.name AS "patient_name?",
                  o.status AS "status: OrderStatus", o.priority AS "priority: OrderPriority", o.placer_issuer, o.placer_number,
                  o.accession_number, o.procedure_system, o.procedure_code, o.procedure_text, o.modality, o.station_ae_title,
                  o.scheduled_at, o.reason, o.requester, o.authored_at, o.updated_at
           FROM portal.orders o LEFT JOIN users u ON u.id = o.patient_id
           WHERE ($1::uuid[] IS NULL OR o.order_id = ANY($1))
             AND ($2::timestamptz IS NULL OR o.updated_at >= $2) AND ($3::timestamptz IS NULL OR o.updated_at < $3)
             AND ($4::uuid IS NULL OR o.order_id < $4)
             AND ($6::uuid[] IS NULL OR o.patient_id = ANY($6))
             AND ($7::text[] IS NULL OR o.status = ANY($7))
             AND ($8::text[] IS NULL OR o.priority = ANY($8))
             AND ($9::text[] IS NULL OR o.order_id IN (
                  SELECT n.order_id FROM portal.orders n
                  JOIN unnest($9, $10::text[]) wanted (number, issuer) ON n.placer_number = wanted.number
                  WHERE wanted.issuer IS NULL OR n.placer_issuer = wanted.issuer
                  UNION ALL SELECT n.order_id FROM portal.orders n
                  JOIN unnest($9, $10::text[]) wanted (number, issuer) ON n.accession_number = wanted.number
                  WHERE coalesce(wanted.issuer, '') = ''))
             AND ($11::timestamptz IS NULL OR o.scheduled_at >= $11) AND ($12::timestamptz IS NULL OR o.scheduled_at < $12)
             AND ($13::timestamptz IS NULL OR o.authored_at >= $13) AND ($14::timestamptz IS NULL OR o.authored_at < $14)
             AND ($15::text[] IS NULL OR EXISTS (
                  SELECT FROM unnest($15, $16::text[]) wanted (code, system)
                  WHERE (wanted.system IS NULL OR o.procedure_system = wanted.system)
                    AND (o.procedure_code = wanted.code OR (wanted.code = '' AND wanted.system IS NOT NULL))))
           ORDER BY o.order_id DESC LIMIT $5"#,
        filter.window.ids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        filter.patients.as_deref(),
        filter.statuses.as_deref(),
        filter.priorities.as_deref(),
        numbers.as_deref(),
        &number_issuers as &[Option<String>],
        filter.scheduled.from,
        filter.scheduled.until,
        filter.authored.from,
        filter.authored.until,
        codes.as_deref(),
        &systems as &[Option<String>]
    )
    .fetch_all(tx.connection())
    .await
    .during("find orders")?;
    Ok(rows
        .into_iter()
        .map(|row| Order {
            order_id: row.order_id,
            content: content_of!(row),
            patient_name: row.patient_name,
            updated_at: row.updated_at,
        })
        .collect())
}

/// Systems and values of what is searched for, apart; no values where nothing is.
fn apart(wanted: Option<&[WantedNumber]>) -> (Vec<Option<String>>, Option<Vec<String>>) {
    let (systems, values) = wanted.unwrap_or_default().iter().cloned().unzip();
    (systems, wanted.map(|_| values))
}

/// Makes an order.
///
/// # Errors
/// [`NUMBER_TAKEN`] or [`ACCESSION_TAKEN`] as a constraint when another order has the number.
pub async fn create(
    tx: &mut ActorTx,
    order_id: OrderId,
    content: &OrderContent,
) -> Result<(), DbError> {
    let now = tx.now();
    let by = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.orders (order_id, patient_id, status, priority, placer_issuer, placer_number, accession_number,
             procedure_system, procedure_code, procedure_text, modality, station_ae_title, scheduled_at, reason, requester,
             authored_at, made_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)",
        order_id.0,
        content.patient_id.0,
        content.status.as_str(),
        content.priority.as_str(),
        content.placer_issuer,
        content.placer_number,
        content.accession_number,
        content.procedure_system,
        content.procedure_code,
        content.procedure_text,
        content.modality,
        content.station_ae_title,
        content.scheduled_at,
        content.reason,
        content.requester,
        content.authored_at,
        by,
        now
    )
    .execute(tx.connection())
    .await
    .during("make an order")?;
    Ok(())
}

/// Changes what an order says, all of it.
///
/// # Errors
/// As [`create`].
pub async fn change(
    tx: &mut ActorTx,
    order_id: OrderId,
    content: &OrderContent,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE portal.orders SET patient_id = $2, status = $3, priority = $4, placer_issuer = $5, placer_number = $6,
             accession_number = $7, procedure_system = $8, procedure_code = $9, procedure_text = $10, modality = $11,
             station_ae_title = $12, scheduled_at = $13, reason = $14, requester = $15, authored_at = $16, updated_at = $17
         WHERE order_id = $1",
        order_id.0,
        content.patient_id.0,
        content.status.as_str(),
        content.priority.as_str(),
        content.placer_issuer,
        content.placer_number,
        content.accession_number,
        content.procedure_system,
        content.procedure_code,
        content.procedure_text,
        content.modality,
        content.station_ae_title,
        content.scheduled_at,
        content.reason,
        content.requester,
        content.authored_at,
        now
    )
    .execute(tx.connection())
    .await
    .during("change an order")?;
    Ok(())
}

/// Has whoever else sends patients and orders wait until this transaction ends: looking for a number and making what
/// has it are one step then.
///
/// # Errors
/// When the database does not answer.
pub async fn one_at_a_time(tx: &mut ActorTx) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(35, 0) AS locked")
        .fetch_one(tx.connection())
        .await
        .during("wait for others who send orders")?;
    Ok(())
}

/// The orders that a film says it was made for, by the identifier that the worklist gave it and by its accession number: at
/// most two; one that was revoked, or not given yet, is none. Served by the primary key and `idx_orders_accession_number`,
/// which knows one order a number.
///
/// # Errors
/// When the database does not answer.
pub async fn of_film(
    tx: &mut ActorTx,
    order_id: Option<OrderId>,
    accession_number: Option<&str>,
) -> Result<Vec<Ordered>, DbError> {
    if order_id.is_none() && accession_number.is_none() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Ordered,
        r#"SELECT order_id AS "order_id: OrderId", patient_id AS "patient_id: UserId", status AS "status: OrderStatus"
           FROM portal.orders
           WHERE (order_id = $1 OR accession_number = $2) AND status IN ('active', 'completed')"#,
        order_id.map(Uuid::from),
        accession_number
    )
    .fetch_all(tx.connection())
    .await
    .during("look up which orders a film was made for")
}

/// Notes that the examination has been made. Says whether that is new.
///
/// # Errors
/// When the database does not answer.
pub async fn complete(tx: &mut ActorTx, order_id: OrderId) -> Result<bool, DbError> {
    let now = tx.now();
    let done = sqlx::query!(
        "UPDATE portal.orders SET status = 'completed', updated_at = $2 WHERE order_id = $1 AND status = 'active'",
        order_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("note that an examination was made")?;
    Ok(done.rows_affected() == 1)
}

/// An order that films are matched with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordered {
    /// Identifier.
    pub order_id: OrderId,
    /// Whose examination.
    pub patient_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
}
