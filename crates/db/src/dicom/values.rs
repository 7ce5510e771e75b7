//! Values of keys, as DICOM writes them.

use chrono::{NaiveDate, NaiveTime};

use super::Between;

/// A whole number.
pub(super) fn integer(value: &str) -> Result<i32, String> {
    value
        .parse()
        .map_err(|_| "a number is wanted for numbers of series and instances".to_owned())
}

/// Values of a list, by commas or, as in DICOM itself, backslashes.
pub fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([',', '\\'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// UIDs, one or several.
pub(super) fn uids(value: &str) -> Result<Vec<String>, String> {
    let uids: Vec<String> = list(value).map(str::to_owned).collect();
    if uids.is_empty() || !uids.iter().all(|uid| is_uid(uid)) {
        return Err("UIDs are digits and dots, at most 64 of them, without wildcards".to_owned());
    }
    Ok(uids)
}

/// Whether a text can be a UID.
#[must_use]
pub fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// One day, or from one to another, of which either may be missing.
///
/// # Errors
/// What is wanted, in words.
pub fn dates(value: &str) -> Result<Between<NaiveDate>, String> {
    between(value, |text| {
        NaiveDate::parse_from_str(text, "%Y%m%d")
            .ok()
            .map(|date| (date, date))
    })
    .ok_or_else(|| "a date is YYYYMMDD, YYYYMMDD-YYYYMMDD, YYYYMMDD- or -YYYYMMDD".to_owned())
}

/// A moment, or from one to another; a time that says only hours or minutes is all of them.
///
/// # Errors
/// What is wanted, in words.
pub fn times(value: &str) -> Result<Between<NaiveTime>, String> {
    between(value, time).ok_or_else(|| {
        "a time is HHMMSS, or shorter, or two of them with a hyphen between".to_owned()
    })
}

fn time(text: &str) -> Option<(NaiveTime, NaiveTime)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
        || fraction.len() > 6
    {
        return None;
    }
    let part = |from: usize| {
        whole
            .get(from..from + 2)
            .and_then(|text| text.parse::<u32>().ok())
    };
    let (hour, minute, second) = match whole.len() {
        2 => (part(0)?, None, None),
        4 => (part(0)?, Some(part(2)?), None),
        6 => (part(0)?, Some(part(2)?), Some(part(4)?)),
        _ => return None,
    };
    let micros = |digit: char| -> Option<u32> {
        if fraction.is_empty() && digit == '0' {
            return Some(0);
        }
        let filled: String = fraction
            .chars()
            .chain(std::iter::repeat(digit))
            .take(6)
            .collect();
        filled.parse().ok()
    };
    if !fraction.is_empty() && second.is_none() {
        return None;
    }
    let first = NaiveTime::from_hms_micro_opt(
        hour,
        minute.unwrap_or(0),
        second.unwrap_or(0).min(59),
        micros('0')?,
    )?;
    let last = NaiveTime::from_hms_micro_opt(
        hour,
        minute.unwrap_or(59),
        second.unwrap_or(59).min(59),
        micros('9')?,
    )?;
    Some((first, last))
}

fn between<T>(value: &str, one: impl Fn(&str) -> Option<(T, T)>) -> Option<Between<T>> {
    let Some((from, to)) = value.split_once('-') else {
        let (from, to) = one(value)?;
        return Some(Between {
            from: Some(from),
            to: Some(to),
        });
    };
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return None;
    }
    let side = |text: &str| {
        if text.is_empty() {
            Some(None)
        } else {
            one(text).map(Some)
        }
    };
    Some(Between {
        from: side(from)?.map(|(first, _)| first),
        to: side(to)?.map(|(_, last)| last),
    })
}
