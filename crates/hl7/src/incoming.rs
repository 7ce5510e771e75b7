//! What is done with a message: by its type, in one transaction with what the trail says of it.

use db::{Actor, ActorTx, Database, Origin, hl7};
use serde_json::{Value, json};

use crate::{fault::Fault, message::Message, order, patient};

/// What may be in MSH-9, for whoever connects a system: message, events, and what becomes of it.
pub const TAKEN: &[(&str, &[&str], &str)] = &[
    (
        "ADT",
        &["A01", "A04", "A05", "A08", "A28", "A31"],
        "registers the patient of PID, or corrects the record",
    ),
    (
        "ORM",
        &["O01"],
        "places, changes, cancels the orders of ORC",
    ),
    ("OMI", &["O23"], "the same"),
    ("OMG", &["O19"], "the same"),
];

/// Takes a message: everything it says is durable when this returns, or nothing of it is.
pub(crate) async fn take(
    database: &Database,
    origin: &Origin,
    message: &Message,
) -> Result<(), Fault> {
    let header = message.header();
    check_header(message)?;
    let kind = header.field(9).component(1).value();
    let event = header.field(9).component(2).value();
    let known = TAKEN.iter().find(|(known, ..)| *known == kind);
    let (_, events, _) = known.ok_or(Fault::rejected(
        "200",
        "MSH-9",
        "ADT, ORM, OMI and OMG are taken here",
    ))?;
    // ORM has one event, which some senders leave out.
    if !(events.contains(&event.as_str()) || (event.is_empty() && events.len() == 1)) {
        return Err(Fault::rejected(
            "201",
            "MSH-9",
            "this event is not taken here: see docs/HL7.md",
        ));
    }
    let actor = sender(database, origin, message).await?;
    let mut tx = database.begin(&actor).await?;
    // Looking for a number and making what has it are one step.
    db::orders::one_at_a_time(&mut tx).await?;
    let note = json!({ "form": format!("hl7 {kind}^{event}"), "message": short(&header.field(10).value()) });
    act(&mut tx, message, &kind, &note).await?;
    tx.commit().await?;
    Ok(())
}

async fn act(tx: &mut ActorTx, message: &Message, kind: &str, note: &Value) -> Result<(), Fault> {
    if kind == "ADT" {
        patient::person(message)?.take(tx, note).await?;
        return Ok(());
    }
    order::take(tx, message, note).await
}

/// Whether header, patient and orders say what they have to.
pub(crate) fn is_complete(message: &Message) -> bool {
    check_header(message).is_ok()
        && patient::person(message).is_ok()
        && order::are_complete(message)
}

/// A control id is what the sender likes; the trail wants to name it and no more.
fn short(id: &str) -> String {
    id.chars().take(64).collect()
}

fn check_header(message: &Message) -> Result<(), Fault> {
    let header = message.header();
    if header.field(10).value().is_empty() {
        return Err(Fault::missing(
            "MSH-10",
            "a control id is wanted, by which the answer names the message",
        ));
    }
    if !header.field(12).component(1).value().starts_with("2.") {
        return Err(Fault::rejected(
            "203",
            "MSH-12",
            "versions 2.x are read here",
        ));
    }
    // What is sent to try out or to teach is of nobody.
    if header.field(11).component(1).value() != "P" {
        return Err(Fault::rejected(
            "202",
            "MSH-11",
            "only P, production, is taken here",
        ));
    }
    Ok(())
}

/// The account that a sender stands for, by the name it gives and where it comes from.
async fn sender(database: &Database, origin: &Origin, message: &Message) -> Result<Actor, Fault> {
    let application = message.header().field(3).value();
    let mut tx = database.begin(&Actor::anonymous(origin.clone())).await?;
    let found = match origin.address {
        Some(address) => hl7::find_sender(&mut tx, &application, address).await?,
        None => None,
    };
    tx.commit().await?;
    let (user_id, role) = found.ok_or_else(|| {
        tracing::warn!(address = ?origin.address, "a message came from a system that is not on the list");
        Fault::rejected(
            "207",
            "MSH-3",
            "this application may not send from this address: it has to be on the portal's list (medical-portal hl7 add-sender)",
        )
    })?;
    Ok(Actor::user(user_id, role, origin.clone()))
}
