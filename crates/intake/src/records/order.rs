//! Orders: placed, and changed as long as they are not over.

use db::{
    ActorTx, DbError,
    audit::Act,
    fhir::Window,
    orders::{self, Filter, Order, OrderContent},
};
use domain::{
    OrderId,
    audit::{AuditAction, EntityType},
};
use serde_json::{Value, json};

use super::{RecordError, with};

/// The order that has this number of whoever ordered.
///
/// # Errors
/// When the database does not answer.
pub async fn order_by_number(
    tx: &mut ActorTx,
    issuer: &str,
    number: &str,
) -> Result<Option<Order>, DbError> {
    let filter = Filter {
        window: Window {
            limit: 20,
            ..Window::default()
        },
        numbers: Some(vec![(Some(issuer.to_owned()), number.to_owned())]),
        ..Filter::default()
    };
    let found = orders::find(tx, &filter).await?;
    // Accession numbers are found too where the issuer is empty.
    Ok(found.into_iter().find(|order| {
        order.content.placer_number.as_deref() == Some(number)
            && order.content.placer_issuer == issuer
    }))
}

/// Makes an order. `note` is what the trail says of who sent it.
///
/// # Errors
/// [`RecordError`].
pub async fn place(
    tx: &mut ActorTx,
    content: &OrderContent,
    note: &Value,
) -> Result<OrderId, RecordError> {
    let id = OrderId::new_at(tx.now());
    orders::create(tx, id, content).await.map_err(taken)?;
    let values = json!({ "order_id": id, "status": content.status });
    let act = Act::new(AuditAction::CreateOrder, EntityType::Patient)
        .on(content.patient_id)
        .new_values(with(note, values));
    tx.audit(act).await?;
    Ok(id)
}

/// Changes what an order says, all of it; says whether anything changed.
///
/// # Errors
/// [`RecordError`].
pub async fn change(
    tx: &mut ActorTx,
    old: &Order,
    content: &OrderContent,
    note: &Value,
) -> Result<bool, RecordError> {
    if old.content.patient_id != content.patient_id {
        return Err(RecordError::OrderOfOtherPatient);
    }
    if !old.content.status.may_become(content.status) {
        return Err(RecordError::OrderIsOver {
            is: old.content.status,
            wanted: content.status,
        });
    }
    if old.content == *content {
        return Ok(false);
    }
    orders::change(tx, old.order_id, content)
        .await
        .map_err(taken)?;
    let values = json!({ "order_id": old.order_id, "status": content.status });
    let act = Act::new(AuditAction::UpdateOrder, EntityType::Patient)
        .on(content.patient_id)
        .old(json!({ "status": old.content.status }))
        .new_values(with(note, values));
    tx.audit(act).await?;
    Ok(true)
}

fn taken(error: DbError) -> RecordError {
    if error.is_constraint(orders::NUMBER_TAKEN) {
        RecordError::OrderNumberTaken
    } else if error.is_constraint(orders::ACCESSION_TAKEN) {
        RecordError::AccessionNumberTaken
    } else {
        error.into()
    }
}
