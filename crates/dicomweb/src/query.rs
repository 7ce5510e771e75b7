//! The parameters of a search (PS3.18 sections 8.3.4 and 10.6): keys by keyword or tag, and what of the results is wanted.

use db::dicom::{Keys, values::list};
use dicom_core::{
    Tag,
    dictionary::{DataDictionary, DataDictionaryEntry},
};
use dicom_dictionary_std::StandardDataDictionary;

pub use db::dicom::{KEYS, Level, values::is_uid};

/// Most results of one answer.
pub const MOST: i64 = 1000;
/// Most keys and values of one query.
const MOST_PARAMETERS: usize = 100;
/// Longest value of a key, in bytes.
const LONGEST: usize = 4096;

/// Which attributes are wanted beside those that are always there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Include {
    /// All that are known.
    pub all: bool,
    /// These, as eight hexadecimal digits.
    pub tags: Vec<String>,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What is searched for.
    pub keys: Keys,
    /// What is wanted of each.
    pub include: Include,
    /// At most so many; more than [`MOST`] are not sent at once.
    pub limit: i64,
    /// Without the first so many.
    pub offset: i64,
    /// What of the request is not done, in words.
    pub warnings: Vec<&'static str>,
}

impl Query {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// What is wrong, and what is wanted. The text repeats no value, since values are patients' data.
    pub fn parse(level: Level, text: &str) -> Result<Self, String> {
        let mut query = Self {
            keys: Keys::default(),
            include: Include::default(),
            limit: MOST,
            offset: 0,
            warnings: Vec::new(),
        };
        let mut seen = Vec::new();
        for (at, (name, value)) in form_urlencoded::parse(text.as_bytes()).enumerate() {
            if at >= MOST_PARAMETERS {
                return Err(format!("at most {MOST_PARAMETERS} parameters"));
            }
            let value = value.trim();
            if value.len() > LONGEST || value.contains('\0') {
                return Err(format!("values have at most {LONGEST} bytes and no NUL"));
            }
            match &*name {
                "limit" => {
                    query.limit = number(value, "limit")?;
                    if query.limit > MOST {
                        query.limit = MOST;
                        query.warnings.push("at most 1000 results are sent at once: ask for the others with offset");
                    }
                }
                "offset" => query.offset = number(value, "offset")?,
                "fuzzymatching" => match value {
                    "true" => query.warnings.push(
                        "The fuzzymatching parameter is not supported. Only literal matching has been performed.",
                    ),
                    "false" => {}
                    _ => return Err("fuzzymatching is true or false".to_owned()),
                },
                "includefield" => query.include.read(value)?,
                "accept" | "charset" => {}
                name => {
                    let tag = key(name, level)?;
                    if seen.contains(&tag) {
                        return Err(format!("the key {tag} is there twice"));
                    }
                    seen.push(tag);
                    // Without a value a key only says that its attribute is wanted.
                    if value.is_empty() {
                        query.include.tags.push(tag[..8].to_owned());
                    } else {
                        query.keys.set(tag, value)?;
                    }
                }
            }
        }
        Ok(query)
    }
}

impl Include {
    fn read(&mut self, value: &str) -> Result<(), String> {
        for name in list(value) {
            if name == "all" {
                self.all = true;
                continue;
            }
            // Of attributes within sequences the whole sequence is sent.
            let first = name.split('.').next().unwrap_or(name);
            let tag = tag_of(first).ok_or("includefield names no attribute by keyword or tag")?;
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
        Ok(())
    }
}

/// The tag of a key, by keyword or tag.
fn key(name: &str, level: Level) -> Result<&'static str, String> {
    let known = KEYS
        .iter()
        .find(|(tag, keyword, _)| tag.eq_ignore_ascii_case(name) || *keyword == name);
    match known {
        Some((tag, _, of)) if *of <= level => Ok(tag),
        Some((_, keyword, of)) => Err(format!(
            "{keyword} is a key of searches for {} only",
            match of {
                Level::Study | Level::Series => "series and instances",
                Level::Instance => "instances",
            }
        )),
        None => {
            let shown: String = name
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(64)
                .collect();
            Err(format!(
                "{shown} is no key that can be searched by: see docs/DICOM_CONFORMANCE.md"
            ))
        }
    }
}

/// The eight digits of an attribute's tag, from itself or its keyword.
fn tag_of(name: &str) -> Option<String> {
    if name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(name.to_ascii_uppercase());
    }
    let Tag(group, element) = StandardDataDictionary.by_name(name)?.tag();
    Some(format!("{group:04X}{element:04X}"))
}

fn number(value: &str, what: &str) -> Result<i64, String> {
    value
        .parse()
        .ok()
        .filter(|number| (0..=i64::from(i32::MAX)).contains(number))
        .ok_or_else(|| format!("{what} is a whole number from 0"))
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveTime};
    use db::dicom::{Between, Pattern};
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Query {
        Query::parse(Level::Instance, text).unwrap()
    }

    #[test]
    fn keys_count_by_keyword_and_by_tag() {
        assert_eq!(parse("PatientID=a"), parse("00100020=a"));
        assert_eq!(
            parse("0020000d=1.2,1.3").keys.study_uids.unwrap(),
            ["1.2", "1.3"]
        );
        let wildcard = Some(Pattern::of("M*"));
        assert_eq!(parse("PatientName=M%2A").keys.patient_name, wildcard);
        assert_eq!(parse("PatientName=M*").keys.patient_name, wildcard);
        assert_eq!(
            parse("PatientName=M%C3%BCller").keys.patient_name,
            Some(Pattern::of("Müller"))
        );
    }

    #[test]
    fn ranges_are_read_open_and_closed() {
        let day = |day| NaiveDate::from_ymd_opt(2025, 1, day);
        let dates = |text: &str| parse(&format!("StudyDate={text}")).keys.study_date;
        assert_eq!(
            dates("20250101"),
            Between {
                from: day(1),
                to: day(1)
            }
        );
        assert_eq!(
            dates("20250101-20250131"),
            Between {
                from: day(1),
                to: day(31)
            }
        );
        assert_eq!(
            dates("20250101-"),
            Between {
                from: day(1),
                to: None
            }
        );
        assert_eq!(
            dates("-20250131"),
            Between {
                from: None,
                to: day(31)
            }
        );
        let times = parse("StudyTime=10-1130").keys.study_time;
        assert_eq!(times.from, NaiveTime::from_hms_opt(10, 0, 0));
        assert_eq!(times.to, NaiveTime::from_hms_micro_opt(11, 30, 59, 999_999));
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_values() {
        for (text, fault) in [
            ("StudyDate=Secret", "a date is"),
            ("StudyDate=-", "a date is"),
            ("StudyDate=20250231", "a date is"),
            ("StudyInstanceUID=1.2*", "without wildcards"),
            ("limit=-1", "whole number"),
            ("offset=x", "whole number"),
            ("fuzzymatching=yes", "true or false"),
            ("includefield=Nonsense", "includefield"),
            ("PatientWeight=80", "no key"),
            ("PatientID=a&00100020=b", "twice"),
        ] {
            let said = Query::parse(Level::Instance, text).unwrap_err();
            assert!(said.contains(fault), "{text}: {said}");
            assert!(!said.contains("Secret"));
        }
        assert!(
            Query::parse(Level::Study, "Modality=CR")
                .unwrap_err()
                .contains("series")
        );
    }

    #[test]
    fn more_than_can_be_sent_at_once_is_said() {
        let query = parse(
            "limit=5000&fuzzymatching=true&includefield=all&includefield=PatientAge,00101030",
        );
        assert_eq!(query.limit, MOST);
        assert_eq!(query.warnings.len(), 2);
        assert!(query.include.all);
        assert_eq!(query.include.tags, ["00101010", "00101030"]);
    }

    /// A pattern without wildcards, as LIKE reads it.
    fn unescaped(like: &str) -> String {
        let mut out = String::new();
        let mut characters = like.chars();
        while let Some(character) = characters.next() {
            out.push(if character == '\\' {
                characters.next().unwrap()
            } else {
                character
            });
        }
        out
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in ".{0,200}") {
            let _ = Query::parse(Level::Instance, &text);
        }

        #[test]
        fn a_text_without_wildcards_stands_for_itself(text in "[^*?\\x00]{1,40}") {
            prop_assert_eq!(unescaped(Pattern::of(&text).as_str()), text);
        }

        #[test]
        fn every_day_is_read_as_it_is_written(days in 0i32..40_000) {
            let day = NaiveDate::from_num_days_from_ce_opt(700_000 + days).unwrap();
            let query = parse(&format!("StudyDate={}", day.format("%Y%m%d")));
            prop_assert_eq!(query.keys.study_date, Between { from: Some(day), to: Some(day) });
        }
    }
}
