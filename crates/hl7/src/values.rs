//! Times, numbers and names as HL7 v2 writes them, and as the portal keeps them.

use chrono::{
    DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};

use crate::message::{Field, FieldView};

/// A day: `YYYYMMDD`, whatever follows.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.get(..8)?;
    if !text.is_ascii() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
}

/// A moment: `YYYYMMDD[HH[MM[SS[.S…]]]][±ZZZZ]`. Without an offset it is a time of this machine's zone, which is the
/// hospital's.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let (time, offset) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let date = day(time)?;
    let digits = time[8..].split('.').next().unwrap_or_default();
    let part = |at: usize| match digits.get(at..at + 2) {
        Some(two) if two.bytes().all(|byte| byte.is_ascii_digit()) => two.parse::<u32>().ok(),
        None if digits.len() <= at => Some(0),
        _ => None,
    };
    let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?)?;
    let local = NaiveDateTime::new(date, time);
    let fixed = match offset {
        Some(offset) => self::offset(offset)?
            .from_local_datetime(&local)
            .single()?
            .to_utc(),
        // Where clocks are put back an hour comes twice: the first one, so that nobody comes late.
        None => Local.from_local_datetime(&local).earliest()?.to_utc(),
    };
    Some(fixed)
}

fn offset(text: &str) -> Option<FixedOffset> {
    let digits = text.get(1..5).filter(|_| text.len() == 5)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes = digits[..2].parse::<i32>().ok()? * 60 + digits[2..].parse::<i32>().ok()?;
    let seconds = if text.starts_with('-') { -60 } else { 60 } * minutes;
    FixedOffset::east_opt(seconds)
}

/// A moment, written to the second in UTC.
pub(crate) fn stamp(moment: DateTime<Utc>) -> Field {
    let moment = moment.with_nanosecond(0).unwrap_or(moment);
    Field::of(moment.format("%Y%m%d%H%M%S+0000"))
}

/// A name (XPN) as it is shown: given names before the family's.
pub(crate) fn name(field: FieldView<'_>) -> Option<String> {
    let parts = [
        field.component(2).value(),
        field.component(3).value(),
        field.component(1).value(),
    ];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// A name as HL7 writes it: the last word is the family's, since nothing tells more.
pub(crate) fn name_field(shown: &str) -> Field {
    let shown = shown.trim();
    match shown.rsplit_once(' ') {
        Some((given, family)) => Field::components(&[family, given]),
        None => Field::components(&[shown]),
    }
}

/// Who gave a number (HD): its name where it has one, else its universal identifier.
pub(crate) fn authority(namespace: &str, universal: &str, kind: &str) -> String {
    match (namespace, universal) {
        (name, _) if !name.is_empty() => name.to_owned(),
        ("", id) if kind == "ISO" && !id.is_empty() => format!("urn:oid:{id}"),
        (_, id) => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn moments_are_read_as_far_as_they_say() {
        let read = |text: &str| moment(text).map(|moment| moment.to_rfc3339());
        assert_eq!(
            read("20261126101500+0100").as_deref(),
            Some("2026-11-26T09:15:00+00:00")
        );
        assert_eq!(
            read("202611261015-0500").as_deref(),
            Some("2026-11-26T15:15:00+00:00")
        );
        assert_eq!(
            read("20261126101500.1234+0000").as_deref(),
            Some("2026-11-26T10:15:00+00:00")
        );
        assert_eq!(
            read("20261126+0000").as_deref(),
            Some("2026-11-26T00:00:00+00:00")
        );
        assert!(read("20261126").is_some() && read("2026112610").is_some());
        for wrong in [
            "",
            "2026",
            "20261326",
            "202611261",
            "2026112625",
            "20261126101500+1",
            "20261126101500+01:0",
            "äöüäöüäö",
            "2026112é",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_turn_round() {
        let message = Message::read("MSH|^~\\&\rPID|||||Lovelace^Ada^King|\"\"|Madonna").unwrap();
        let field = |at| message.segment("PID").unwrap().field(at);
        assert_eq!(name(field(5)).as_deref(), Some("Ada King Lovelace"));
        assert_eq!(name(field(6)), None);
        assert_eq!(name(field(7)).as_deref(), Some("Madonna"));
        assert_eq!(
            name_field("Ada King Lovelace"),
            Field::components(&["Lovelace", "Ada King"])
        );
        assert_eq!(name_field("Madonna"), Field::components(&["Madonna"]));
    }
}
