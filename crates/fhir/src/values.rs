//! Values of search parameters: lists, tokens, moments and words (hl7.org/fhir/R4/search.html).

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use db::fhir::Span;

/// Parts at each separator that no backslash protects; the backslashes stay.
pub(crate) fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_protected = false;
    for character in text.chars() {
        if character == separator && !is_protected {
            parts.push(String::new());
            continue;
        }
        is_protected = character == '\\' && !is_protected;
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts
}

/// The text that backslashes protected.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_protected = false;
    for character in text.chars() {
        if character == '\\' && !is_protected {
            is_protected = true;
        } else {
            is_protected = false;
            out.push(character);
        }
    }
    out
}

/// A code or identifier: with a system, expressly without one (an empty one), or whatever its system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) system: Option<String>,
    /// Empty: any of the system.
    pub(crate) value: String,
}

impl Token {
    pub(crate) fn of(text: &str) -> Self {
        let mut parts = split(text, '|');
        if parts.len() == 1 {
            return Self {
                system: None,
                value: plain(text),
            };
        }
        let value = parts.split_off(1).join("|");
        Self {
            system: Some(plain(&parts[0])),
            value: plain(&value),
        }
    }

    /// Whether it is this code of this system.
    pub(crate) fn is(&self, system: &str, code: &str) -> bool {
        self.system.as_deref().is_none_or(|given| given == system)
            && (self.value == code || (self.value.is_empty() && self.system.is_some()))
    }
}

/// The span that a value with its prefix stands for; `None` when it is none.
pub(crate) fn span(text: &str) -> Option<Span<DateTime<Utc>>> {
    let prefix = text
        .get(..2)
        .filter(|prefix| prefix.bytes().all(|byte| byte.is_ascii_lowercase()));
    let (first, next) = moment(prefix.map_or(text, |_| &text[2..]))?;
    let (from, until) = match prefix.unwrap_or("eq") {
        "eq" => (Some(first), Some(next)),
        "lt" | "eb" => (None, Some(first)),
        "le" => (None, Some(next)),
        "gt" | "sa" => (Some(next), None),
        "ge" => (Some(first), None),
        _ => return None,
    };
    Some(Span { from, until })
}

/// What lies in both.
pub(crate) fn both<T: Ord + Copy>(a: Span<T>, b: Span<T>) -> Span<T> {
    Span {
        from: a.from.max(b.from),
        until: match (a.until, b.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

/// The days of a span of moments; a day counts from its first moment on.
pub(crate) fn days(span: Span<DateTime<Utc>>) -> Span<NaiveDate> {
    let up = |moment: DateTime<Utc>| {
        let day = moment.date_naive();
        if moment.time() == chrono::NaiveTime::MIN {
            day
        } else {
            day.checked_add_days(Days::new(1)).unwrap_or(day)
        }
    };
    Span {
        // Of a day that began already nothing says that it was before: it counts.
        from: span.from.map(|moment| moment.date_naive()),
        until: span.until.map(up),
    }
}

/// The first moment that a date or time stands for, and the first after it.
fn moment(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if !text.is_ascii() {
        return None;
    }
    let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
    match text.len() {
        4 | 7 | 10 => {
            let full = match text.len() {
                4 => format!("{text}-01-01"),
                7 => format!("{text}-01"),
                _ => text.to_owned(),
            };
            let first = NaiveDate::parse_from_str(&full, "%Y-%m-%d").ok()?;
            if !(1..=9998).contains(&first.year()) {
                return None;
            }
            let next = match text.len() {
                4 => first.checked_add_months(Months::new(12)),
                7 => first.checked_add_months(Months::new(1)),
                _ => first.checked_add_days(Days::new(1)),
            }?;
            Some((midnight(first)?, midnight(next)?))
        }
        16.. => {
            let (text, zone) = match text[10..].find(['Z', '+', '-']) {
                Some(at) => (&text[..10 + at], &text[10 + at..]),
                // Without an offset it is meant in the server's time, which is UTC.
                None => (text, "Z"),
            };
            let (form, length) = match text.len() {
                16 => ("%Y-%m-%dT%H:%M", TimeDelta::minutes(1)),
                19 => ("%Y-%m-%dT%H:%M:%S", TimeDelta::seconds(1)),
                20.. => ("%Y-%m-%dT%H:%M:%S%.f", TimeDelta::milliseconds(1)),
                _ => return None,
            };
            let local = NaiveDateTime::parse_from_str(text, form).ok()?;
            let zone = if zone == "Z" { "+00:00" } else { zone };
            let offset: chrono::FixedOffset = zone.parse().ok()?;
            let first = local
                .and_local_timezone(offset)
                .single()?
                .with_timezone(&Utc);
            if !(1..=9998).contains(&first.year()) {
                return None;
            }
            Some((first, first + length))
        }
        _ => None,
    }
}

/// How a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// At the beginning of a word, whatever the capitals.
    Beginning,
    /// Anywhere, whatever the capitals.
    Anywhere,
    /// As it is, all of it.
    Exact,
}

/// A regular expression of PostgreSQL that finds any of the texts.
pub(crate) fn expression(values: &[String], look: Look) -> String {
    let any: Vec<String> = values.iter().map(|value| literal(&plain(value))).collect();
    let any = any.join("|");
    match look {
        Look::Beginning => format!("(?i)(^|[[:space:]'-])({any})"),
        Look::Anywhere => format!("(?i)({any})"),
        Look::Exact => format!("^({any})$"),
    }
}

/// A text that stands for itself in a regular expression.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() && character != ' ' {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn lists_are_split_where_nothing_is_protected() {
        assert_eq!(split("a,b\\,c,", ','), ["a", "b\\,c", ""]);
        assert_eq!(plain("b\\,c\\\\"), "b,c\\");
    }

    #[test]
    fn tokens_have_a_system_none_or_any() {
        let token = |system: Option<&str>, value: &str| Token {
            system: system.map(str::to_owned),
            value: value.to_owned(),
        };
        assert_eq!(Token::of("a"), token(None, "a"));
        assert_eq!(Token::of("urn:x|a"), token(Some("urn:x"), "a"));
        assert_eq!(Token::of("|a"), token(Some(""), "a"));
        assert_eq!(Token::of("urn:x|"), token(Some("urn:x"), ""));
        assert!(Token::of("urn:x|").is("urn:x", "anything"));
        assert!(!Token::of("|a").is("urn:x", "a"));
    }

    #[test]
    fn moments_stand_for_all_that_they_leave_open() {
        let year = span("2025").unwrap();
        assert_eq!(year.from, Some(at("2025-01-01T00:00:00Z")));
        assert_eq!(year.until, Some(at("2026-01-01T00:00:00Z")));
        assert_eq!(
            span("le2025-02").unwrap().until,
            Some(at("2025-03-01T00:00:00Z"))
        );
        assert_eq!(
            span("gt2025-02-03").unwrap().from,
            Some(at("2025-02-04T00:00:00Z"))
        );
        let minute = span("ge2025-02-03T10:00+02:00").unwrap();
        assert_eq!(minute.from, Some(at("2025-02-03T08:00:00Z")));
        for bad in [
            "",
            "x",
            "2025-13",
            "ne2025",
            "ap2025",
            "20250101",
            "2025-01-01T10",
            "9999-12-31",
            "２０２５",
        ] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_begin_with_their_first_moment() {
        let day = |text: &str| Some(text.parse().unwrap());
        let within = days(span("2025-02-03").unwrap());
        assert_eq!(
            (within.from, within.until),
            (day("2025-02-03"), day("2025-02-04"))
        );
        let before = days(span("lt2025-02-03T10:00:00Z").unwrap());
        assert_eq!(before.until, day("2025-02-04"));
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(text in "\\PC{0,40}") {
            let _ = span(&text);
            let _ = Token::of(&text);
            let _ = expression(&[text], Look::Beginning);
        }
    }
}
