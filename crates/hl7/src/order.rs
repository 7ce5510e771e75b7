//! ORM^O01, OMI^O23 and OMG^O19: orders, placed, changed and cancelled.

use db::{ActorTx, orders::Order, orders::OrderContent};
use domain::{
    UserId,
    order::{OrderPriority, OrderStatus},
};
use intake::records;
use serde_json::Value;

use crate::{
    fault::Fault,
    message::{FieldView, Message, Said, SegmentView},
    patient, values,
};

/// The segments of one order.
#[derive(Clone, Copy)]
struct Group<'m> {
    control: SegmentView<'m>,
    request: Option<SegmentView<'m>>,
    /// Timing, from 2.5 on.
    timing: Option<SegmentView<'m>>,
    /// What a modality needs to know, from 2.5 on.
    imaging: Option<SegmentView<'m>>,
    reason: Option<SegmentView<'m>>,
}

/// What is to become of an order: ORC-1 (table 0119).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Place,
    Change,
    Become(OrderStatus),
}

/// Takes every order of a message, or none.
pub(crate) async fn take(tx: &mut ActorTx, message: &Message, note: &Value) -> Result<(), Fault> {
    let groups = groups(message)?;
    let patient_id = patient::person(message)?.of_order(tx, note).await?;
    for group in groups {
        take_one(tx, group, message, patient_id, note).await?;
    }
    Ok(())
}

/// Whether every order of a message could be placed; a message without orders has none that could not.
pub(crate) fn are_complete(message: &Message) -> bool {
    let Ok(groups) = groups(message) else {
        return message.segment("ORC").is_none();
    };
    groups.into_iter().all(|group| {
        let placed = || {
            group.wish()?;
            new(
                group,
                message,
                UserId::new_at(chrono::DateTime::UNIX_EPOCH),
                group.number()?,
            )
        };
        placed().is_ok()
    })
}

/// An order begins with ORC, or with an OBR that follows none.
fn groups(message: &Message) -> Result<Vec<Group<'_>>, Fault> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for segment in message.segments() {
        if segment.name() == "ORC" {
            groups.push(Group {
                control: segment,
                request: None,
                timing: None,
                imaging: None,
                reason: None,
            });
            continue;
        }
        let Some(group) = groups.last_mut() else {
            continue;
        };
        let place = match segment.name() {
            "OBR" if group.request.is_some() => {
                return Err(Fault::missing_segment("ORC"));
            }
            "OBR" => &mut group.request,
            "TQ1" => &mut group.timing,
            "IPC" => &mut group.imaging,
            "DG1" => &mut group.reason,
            _ => continue,
        };
        place.get_or_insert(segment);
    }
    if groups.is_empty() {
        return Err(Fault::missing_segment("ORC"));
    }
    Ok(groups)
}

impl<'m> Group<'m> {
    fn request(&self, number: usize) -> Option<FieldView<'m>> {
        self.request.map(|segment| segment.field(number))
    }

    fn wish(&self) -> Result<Wish, Fault> {
        Ok(match self.control.field(1).value().as_str() {
            "NW" => Wish::Place,
            "XO" | "RP" | "RO" => Wish::Change,
            "CA" | "DC" | "OC" => Wish::Become(OrderStatus::Revoked),
            "SC" => match self.control.field(5).value().as_str() {
                "CM" => Wish::Become(OrderStatus::Completed),
                "CA" | "DC" => Wish::Become(OrderStatus::Revoked),
                _ => Wish::Change,
            },
            "" => {
                return Err(Fault::missing(
                    "ORC-1",
                    "what is to become of the order is wanted",
                ));
            }
            _ => {
                return Err(Fault::unknown_word(
                    "ORC-1",
                    "one of NW, XO, RP, RO, CA, DC, OC, SC is wanted (table 0119)",
                ));
            }
        })
    }

    /// Who gave the order's number, and the number: ORC-2 or else OBR-2.
    fn number(&self) -> Result<(String, String), Fault> {
        let field = [Some(self.control.field(2)), self.request(2)]
            .into_iter()
            .flatten()
            .find(|field| !field.value().is_empty())
            .ok_or(Fault::missing(
                "ORC-2",
                "the number of whoever ordered is wanted",
            ))?;
        let part = |number: usize| field.component(number).value();
        let issuer = values::authority(&part(2), &part(3), &part(4));
        let number = bounded("ORC-2", field.value(), 64)?;
        Ok((bounded("ORC-2", issuer, 200)?, number))
    }
}

async fn take_one(
    tx: &mut ActorTx,
    group: Group<'_>,
    message: &Message,
    patient_id: UserId,
    note: &Value,
) -> Result<(), Fault> {
    let wish = group.wish()?;
    let (issuer, number) = group.number()?;
    let known = records::order_by_number(tx, &issuer, &number).await?;
    let content = match (&known, wish) {
        (None, Wish::Place) => {
            let content = new(group, message, patient_id, (issuer, number))?;
            records::place_order(tx, &content, note).await?;
            return Ok(());
        }
        (None, _) => {
            return Err(Fault::unknown_key(
                "ORC-2",
                "there is no order with this number",
            ));
        }
        (Some(order), Wish::Become(status)) => OrderContent {
            status,
            patient_id,
            ..order.content.clone()
        },
        (Some(order), Wish::Place | Wish::Change) => changed(order, group, message, patient_id)?,
    };
    if let Some(order) = known {
        records::change_order(tx, &order, &content, note).await?;
    }
    Ok(())
}

fn new(
    group: Group<'_>,
    message: &Message,
    patient_id: UserId,
    (placer_issuer, placer_number): (String, String),
) -> Result<OrderContent, Fault> {
    let empty = OrderContent {
        patient_id,
        status: OrderStatus::Active,
        priority: OrderPriority::Routine,
        placer_issuer,
        placer_number: Some(placer_number),
        accession_number: None,
        procedure_system: String::new(),
        procedure_code: String::new(),
        procedure_text: String::new(),
        modality: None,
        station_ae_title: None,
        scheduled_at: None,
        reason: None,
        requester: None,
        authored_at: None,
    };
    let content = said(empty, group, message)?;
    if content.procedure_text.is_empty() {
        return Err(Fault::missing("OBR-4", "what is to be done is wanted"));
    }
    Ok(content)
}

/// An order with what is said of it now: it is to be done, also where it was a draft. One that has been made, and of which
/// nothing else is said, stays so: the message has come again.
fn changed(
    order: &Order,
    group: Group<'_>,
    message: &Message,
    patient_id: UserId,
) -> Result<OrderContent, Fault> {
    let mut content = said(order.content.clone(), group, message)?;
    content.patient_id = patient_id;
    let is_again = content == order.content;
    if !(is_again && content.status == OrderStatus::Completed) {
        content.status = OrderStatus::Active;
    }
    Ok(content)
}

/// What a message says of an order, over what is known: what it does not say stays, and `""` empties it.
fn said(
    mut content: OrderContent,
    group: Group<'_>,
    message: &Message,
) -> Result<OrderContent, Fault> {
    if let Some(field) = group.request(4).filter(|field| !field.is_empty()) {
        let text = [field.component(2).value(), field.value()];
        let text = text.into_iter().find(|text| !text.is_empty());
        content.procedure_code = bounded("OBR-4", field.value(), 64)?;
        content.procedure_text = bounded("OBR-4", text.unwrap_or_default(), 200)?;
        content.procedure_system = bounded("OBR-4", field.component(3).value(), 200)?;
    }
    let imaging = |number: usize| group.imaging.map(|segment| segment.field(number));
    // IHE: the accession number is in IPC-1 from 2.5 on, and in OBR-18 before; the modality in IPC-5 or OBR-24.
    put(
        &mut content.accession_number,
        group.request(18),
        "OBR-18",
        16,
    )?;
    put(&mut content.accession_number, imaging(1), "IPC-1", 16)?;
    put(&mut content.modality, group.request(24), "OBR-24", 16)?;
    put(&mut content.modality, imaging(5), "IPC-5", 16)?;
    put(&mut content.station_ae_title, imaging(9), "IPC-9", 16)?;
    if content.modality.as_ref().is_some_and(|modality| {
        !modality
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_ ".contains(&byte))
    }) {
        return Err(Fault::malformed(
            "OBR-24",
            "a modality as DICOM names it is wanted, such as DX",
        ));
    }
    timing(&mut content, group)?;
    put(&mut content.reason, reason(group), "OBR-31", 2000)?;
    requester(&mut content, group)?;
    let authored = group.control.field(9).said();
    if let Said::Value(text) = authored {
        content.authored_at = Some(moment("ORC-9", &text)?);
    } else if content.authored_at.is_none() {
        // When it was sent, as far as it says.
        content.authored_at = values::moment(&message.header().field(7).value());
    }
    Ok(content)
}

/// When, and how soon: TQ1 from 2.5 on; ORC-7, or else OBR-27, before.
fn timing(content: &mut OrderContent, group: Group<'_>) -> Result<(), Fault> {
    let quantity = [Some(group.control.field(7)), group.request(27)]
        .into_iter()
        .flatten()
        .find(|field| !field.is_empty());
    let (start, priority) = match (group.timing, quantity) {
        (Some(timing), _) => (Some(timing.field(7)), Some(timing.field(9))),
        (None, Some(field)) => (Some(field.component(4)), Some(field.component(6))),
        // Scheduled date and time of OBR, and priority of old.
        (None, None) => (group.request(36), group.request(5)),
    };
    match start.map_or(Said::Nothing, FieldView::said) {
        Said::Nothing => {}
        Said::None => content.scheduled_at = None,
        Said::Value(text) => content.scheduled_at = Some(moment("TQ1-7", &text)?),
    }
    if let Some(Said::Value(word)) = priority.map(FieldView::said) {
        content.priority = soon(&word);
    }
    Ok(())
}

/// Table 0485, and its older form 0027. A word that is none of them is taken for an urgent one: too soon harms less.
fn soon(word: &str) -> OrderPriority {
    match word.to_ascii_uppercase().as_str() {
        "S" | "STAT" => OrderPriority::Stat,
        "A" | "ASAP" | "CR" => OrderPriority::Asap,
        "R" | "ROUTINE" | "P" | "C" | "PRN" => OrderPriority::Routine,
        _ => OrderPriority::Urgent,
    }
}

fn reason(group: Group<'_>) -> Option<FieldView<'_>> {
    let worded = |field: Option<FieldView<'_>>| field.is_some_and(|field| !field.is_empty());
    let of_order = group.request(31);
    if !worded(of_order) {
        return group.reason.map(|segment| segment.field(3));
    }
    of_order
}

fn requester(content: &mut OrderContent, group: Group<'_>) -> Result<(), Fault> {
    let field = [Some(group.control.field(12)), group.request(16)]
        .into_iter()
        .flatten()
        .find(|field| !field.is_empty());
    let Some(field) = field else {
        return Ok(());
    };
    // XCN: number, family name, given names, …, title.
    let parts: Vec<String> = [6, 3, 4, 2]
        .into_iter()
        .map(|number| field.component(number).value())
        .filter(|part| !part.is_empty())
        .collect();
    let named = if parts.is_empty() {
        field.value()
    } else {
        parts.join(" ")
    };
    let named = bounded("ORC-12", named, 200)?;
    content.requester = (!named.is_empty()).then_some(named);
    Ok(())
}

/// Keeps what a coded or plain field says: its text where it has one.
fn put(
    kept: &mut Option<String>,
    field: Option<FieldView<'_>>,
    place: &'static str,
    most: usize,
) -> Result<(), Fault> {
    match field.map_or(Said::Nothing, FieldView::said) {
        Said::Nothing => {
            let text = field
                .map(|field| field.component(2).value())
                .unwrap_or_default();
            if !text.is_empty() {
                *kept = Some(bounded(place, text, most)?);
            }
        }
        Said::None => *kept = None,
        Said::Value(code) => {
            let text = field.map(|field| field.component(2).value());
            // A reason is told in words; a number or an abbreviation has none.
            let value = match text.filter(|text| !text.is_empty() && place == "OBR-31") {
                Some(text) => text,
                None => code,
            };
            *kept = Some(bounded(place, value, most)?);
        }
    }
    Ok(())
}

fn bounded(place: &'static str, text: String, most: usize) -> Result<String, Fault> {
    if text.chars().count() > most {
        return Err(Fault::malformed(
            place,
            &format!("at most {most} characters are kept"),
        ));
    }
    Ok(text)
}

fn moment(place: &'static str, text: &str) -> Result<chrono::DateTime<chrono::Utc>, Fault> {
    values::moment(text).ok_or(Fault::malformed(
        place,
        "a time is wanted, as YYYYMMDDHHMM, with its offset where it is not this hospital's",
    ))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn read(lines: &[&str]) -> Message {
        Message::read(&format!(
            "MSH|^~\\&|HIS||||20261126080000+0000||ORM^O01|1|P|2.3.1\r{}",
            lines.join("\r")
        ))
        .unwrap()
    }

    fn placed(lines: &[&str]) -> Result<OrderContent, Fault> {
        let message = read(lines);
        let group = groups(&message)?[0];
        let patient_id = UserId(uuid::Uuid::nil());
        new(group, &message, patient_id, group.number()?)
    }

    #[test]
    fn an_order_is_read_as_ihe_writes_it_before_and_after_2_5() {
        let before = placed(&[
            "ORC|NW|O-1^HIS|F-1||SC||1^^^20261126093000+0100^^S||20261125||| 77^House^Greg^^^Dr",
            "OBR|1|O-1^HIS||XR-CHEST^Chest X-ray^L||||||||||||||ACC-1||||||DX|||||||Cough",
        ])
        .unwrap();
        let after = placed(&[
            "ORC|NW|O-1^HIS|||||||20261125|||77^House^Greg^^^Dr",
            "TQ1|1||||||20261126083000+0000||S",
            "OBR|1|||XR-CHEST^Chest X-ray^L|||||||||||||||||||||||||||R05^Cough^I10",
            "IPC|ACC-1|RP-1|1.2.3|SPS-1|DX|||Room 1|CR1",
        ])
        .unwrap();
        assert_eq!(after.station_ae_title.as_deref(), Some("CR1"));
        assert_eq!(
            OrderContent {
                station_ae_title: None,
                ..after
            },
            before
        );
        assert_eq!(before.accession_number.as_deref(), Some("ACC-1"));
        assert_eq!(before.modality.as_deref(), Some("DX"));
        assert_eq!(before.priority, OrderPriority::Stat);
        assert_eq!(before.requester.as_deref(), Some("Dr Greg House"));
        assert_eq!(before.reason.as_deref(), Some("Cough"));
        assert_eq!(before.procedure_text, "Chest X-ray");
        let at = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        assert_eq!(
            before.scheduled_at,
            Some(at.and_hms_opt(8, 30, 0).unwrap().and_utc())
        );
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_taken_back_goes() {
        let content = placed(&[
            "ORC|NW|O-1",
            "OBR|1|||XR||||||||||||||ACC-1||||||DX|||||||Cough",
        ])
        .unwrap();
        let message = read(&["ORC|XO|O-1", "OBR|1|||||||||||||||||\"\"|||||||||||||\"\""]);
        let group = groups(&message).unwrap()[0];
        let changed = said(content, group, &message).unwrap();
        assert_eq!(changed.accession_number, None);
        assert_eq!(changed.reason, None);
        assert_eq!(changed.modality.as_deref(), Some("DX"));
        assert_eq!(changed.procedure_text, "XR");
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_place() {
        let place = |lines: &[&str]| placed(lines).unwrap_err().at;
        assert_eq!(place(&["OBR|1"]), Some("ORC"));
        assert_eq!(place(&["ORC|NW"]), Some("ORC-2"));
        assert_eq!(place(&["ORC|NW|1", "OBR|1"]), Some("OBR-4"));
        assert_eq!(
            place(&[
                "ORC|NW|1||||||||||^^^^^",
                "OBR|1|||X||||||||||||||12345678901234567"
            ]),
            Some("OBR-18")
        );
        assert_eq!(
            place(&["ORC|NW|1", "TQ1|1||||||tomorrow", "OBR|1|||X"]),
            Some("TQ1-7")
        );
        assert_eq!(place(&["ORC|NW|1", "OBR|1|||X", "OBR|2|||Y"]), Some("ORC"));
        let wish = |line: &str| groups(&read(&[line])).unwrap()[0].wish();
        assert_eq!(wish("ORC||1").unwrap_err().at, Some("ORC-1"));
        assert_eq!(wish("ORC|ZZ|1").unwrap_err().code, "103");
        assert_eq!(
            wish("ORC|SC|1|||CM").unwrap(),
            Wish::Become(OrderStatus::Completed)
        );
    }

    #[test]
    fn an_unknown_priority_is_sooner_than_routine() {
        assert_eq!(soon("R"), OrderPriority::Routine);
        assert_eq!(soon("now!"), OrderPriority::Urgent);
        assert_eq!(soon("stat"), OrderPriority::Stat);
    }
}
