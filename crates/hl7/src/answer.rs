//! Acknowledgements (chapter 2.9.2): `ACK` with MSA, and ERR where something is wrong.

use chrono::{DateTime, Utc};

use crate::{
    fault::Fault,
    message::{Field, Message, Writer},
    values,
};

/// The version of what is written here.
pub(crate) const VERSION: &str = "2.5.1";
/// How the portal names itself in MSH.
pub(crate) const APPLICATION: &str = "MEDICAL_PORTAL";

/// Whether a sender wants to be answered: always, unless it says otherwise in MSH-16 (table 0155).
pub(crate) fn is_wanted(message: &Message, fault: Option<&Fault>) -> bool {
    match message.header().field(16).value().as_str() {
        "NE" => false,
        "ER" => fault.is_some(),
        "SU" => fault.is_none(),
        _ => true,
    }
}

/// The answer to a message; to what cannot be read as one, with nothing to name it by.
pub(crate) fn to(
    message: Option<&Message>,
    fault: Option<&Fault>,
    id: &str,
    now: DateTime<Utc>,
) -> String {
    let header = message.map(Message::header);
    let field = |number: usize| {
        header.map_or_else(Field::empty, |header| {
            Field::of(header.field(number).value())
        })
    };
    let event = header
        .map(|header| header.field(9).component(2).value())
        .unwrap_or_default();
    let processing = header
        .map(|header| header.field(11).value())
        .filter(|processing| !processing.is_empty())
        .unwrap_or_else(|| "P".to_owned());
    let mut writer = Writer::default();
    writer.segment(
        "MSH",
        &[
            // Whom it was sent to answers whoever sent it.
            header.map_or_else(|| Field::of(APPLICATION), |_| field(5)),
            field(6),
            field(3),
            field(4),
            values::stamp(now),
            Field::empty(),
            Field::components(&["ACK", &event, "ACK"]),
            Field::of(id),
            Field::of(processing),
            Field::of(VERSION),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::empty(),
            Field::of("UNICODE UTF-8"),
        ],
    );
    let code = fault.map_or("AA", |fault| fault.answer);
    writer.segment("MSA", &[Field::of(code), field(10)]);
    if let Some(fault) = fault {
        let (segment, number) = fault
            .at
            .map(|at| at.split_once('-').unwrap_or((at, "")))
            .unwrap_or_default();
        let place = if segment.is_empty() {
            Field::empty()
        } else {
            Field::components(&[segment, "1", number])
        };
        writer.segment(
            "ERR",
            &[
                Field::empty(),
                place,
                Field::components(&[fault.code, words(fault.code), "HL70357"]),
                Field::of("E"),
                Field::empty(),
                Field::empty(),
                Field::empty(),
                Field::of(&fault.detail),
            ],
        );
    }
    writer.done()
}

/// What a code of table 0357 means.
fn words(code: &str) -> &'static str {
    match code {
        "100" => "Segment sequence error",
        "101" => "Required field missing",
        "102" => "Data type error",
        "103" => "Table value not found",
        "200" => "Unsupported message type",
        "201" => "Unsupported event code",
        "202" => "Unsupported processing id",
        "203" => "Unsupported version id",
        "204" => "Unknown key identifier",
        "205" => "Duplicate key identifier",
        _ => "Application internal error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[test]
    fn an_answer_goes_back_where_the_message_came_from() {
        let message = Message::read(
            "MSH|^~\\&|HIS|WARD|PORTAL|XRAY|20261126||ADT^A04^ADT_A01|7|P|2.4\rPID|1",
        )
        .unwrap();
        assert_eq!(
            to(Some(&message), None, "1", NOW),
            "MSH|^~\\&|PORTAL|XRAY|HIS|WARD|19700101000000+0000||ACK^A04^ACK|1|P|2.5.1||||||UNICODE UTF-8\rMSA|AA|7\r"
        );
        let fault = Fault::missing("PID-3", "a number is wanted");
        let answer = to(Some(&message), Some(&fault), "1", NOW);
        assert!(answer.ends_with(
            "MSA|AE|7\rERR||PID^1^3|101^Required field missing^HL70357|E||||PID-3: a number is wanted\r"
        ));
        let nothing = to(None, Some(&Fault::internal()), "1", NOW);
        assert!(nothing.contains("\rMSA|AR\rERR|||207^"), "{nothing}");
    }

    #[test]
    fn a_sender_is_answered_as_it_wishes() {
        let message = |wish: &str| {
            Message::read(&format!(
                "MSH|^~\\&|A|B|C|D|20261126||ADT^A04|7|P|2.4|||{wish}"
            ))
            .unwrap()
        };
        let fault = Fault::internal();
        for (wish, without, with) in [
            ("", true, true),
            ("|AL", true, true),
            ("NE|NE", false, false),
            ("|ER", false, true),
            ("|SU", true, false),
        ] {
            let message = message(wish);
            assert_eq!(
                (is_wanted(&message, None), is_wanted(&message, Some(&fault))),
                (without, with),
                "{wish}"
            );
        }
    }
}
