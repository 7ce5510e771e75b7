//! Values of elements as numbers, dates and text.

use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use dicom_core::{Tag, VR};

use super::part10::DicomFile;
use super::reader::{Dataset, Element, Value, u16_at, u32_at};
use super::text::Charset;

impl DicomFile<'_> {
    /// The decoded text of an element of the main data set, padding removed; `None` when it is
    /// absent or empty.
    #[must_use]
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.text_of(&self.dataset, tag)
    }

    /// The first of several values.
    pub(crate) fn first_text(&self, dataset: &Dataset, tag: Tag) -> Option<String> {
        let text = self.text_of(dataset, tag)?;
        let first = text.split('\\').next().unwrap_or("").trim();
        (!first.is_empty()).then(|| first.to_owned())
    }

    pub(crate) fn text_of(&self, dataset: &Dataset, tag: Tag) -> Option<String> {
        let element = dataset.find(tag)?;
        let Value::Bytes(range) = &element.value else {
            return None;
        };
        let text = self.decoded(&self.charset, element.vr, range.clone());
        let text = text.trim_matches(['\0', ' ', '\t', '\r', '\n']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(crate) fn decoded(&self, charset: &Charset, vr: VR, range: Range<usize>) -> String {
        let bytes = self.slice(range);
        match vr {
            VR::PN => charset.decode(bytes, true),
            VR::LO | VR::LT | VR::SH | VR::ST | VR::UC | VR::UT | VR::UN => {
                charset.decode(bytes, false)
            }
            _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
        }
    }

    /// All numbers of an element, whatever its representation; what is no number is left out.
    pub(crate) fn numbers(&self, dataset: &Dataset, tag: Tag) -> Vec<f64> {
        dataset
            .find(tag)
            .map(|element| self.element_numbers(dataset, element))
            .unwrap_or_default()
    }

    pub(crate) fn element_numbers(&self, dataset: &Dataset, element: &Element) -> Vec<f64> {
        let Value::Bytes(range) = &element.value else {
            return Vec::new();
        };
        let bytes = self.slice(range.clone());
        let big_endian = dataset.big_endian;
        let words = |size: usize| bytes.chunks_exact(size);
        match element.vr {
            VR::US | VR::OW => words(2)
                .map(|word| f64::from(u16_at(word, 0, big_endian)))
                .collect(),
            VR::SS => words(2)
                .map(|word| f64::from(u16_at(word, 0, big_endian).cast_signed()))
                .collect(),
            VR::UL | VR::OL => words(4)
                .map(|word| f64::from(u32_at(word, 0, big_endian)))
                .collect(),
            VR::SL => words(4)
                .map(|word| f64::from(u32_at(word, 0, big_endian).cast_signed()))
                .collect(),
            VR::FL | VR::OF => words(4)
                .map(|word| f64::from(f32::from_bits(u32_at(word, 0, big_endian))))
                .collect(),
            VR::FD | VR::OD => words(8)
                .map(|word| f64::from_bits(u64_at(word, big_endian)))
                .collect(),
            VR::UV | VR::OV => words(8)
                .map(|word| u64_at(word, big_endian) as f64)
                .collect(),
            VR::SV => words(8)
                .map(|word| u64_at(word, big_endian).cast_signed() as f64)
                .collect(),
            // A short value that lost its representation is a 16-bit number.
            VR::UN if bytes.len() == 2 => vec![f64::from(u16_at(bytes, 0, big_endian))],
            _ => String::from_utf8_lossy(bytes)
                .split('\\')
                .filter_map(number)
                .collect(),
        }
    }

    pub(crate) fn first_number(&self, dataset: &Dataset, tag: Tag) -> Option<f64> {
        self.numbers(dataset, tag).first().copied()
    }

    /// A whole number of the main data set.
    pub(crate) fn integer(&self, tag: Tag) -> Option<i64> {
        self.first_number(&self.dataset, tag)
            .map(|number| number as i64)
    }

    /// Words of a lookup table: 16 bits each, or bytes when there are just `entries` of them.
    pub(crate) fn table(&self, dataset: &Dataset, tag: Tag, entries: usize) -> Vec<u16> {
        let Some(element) = dataset.find(tag) else {
            return Vec::new();
        };
        let Value::Bytes(range) = &element.value else {
            return Vec::new();
        };
        let bytes = self.slice(range.clone());
        if bytes.len() < entries * 2 && bytes.len() >= entries {
            return bytes.iter().map(|byte| u16::from(*byte)).collect();
        }
        bytes
            .chunks_exact(2)
            .map(|word| u16_at(word, 0, dataset.big_endian))
            .collect()
    }
}

pub(crate) fn u64_at(bytes: &[u8], big_endian: bool) -> u64 {
    let (first, second) = (u32_at(bytes, 0, big_endian), u32_at(bytes, 4, big_endian));
    let (high, low) = if big_endian {
        (first, second)
    } else {
        (second, first)
    };
    u64::from(high) << 32 | u64::from(low)
}

/// A decimal or integer string; finite or nothing.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim_matches(['\0', ' ', '\t', '\r', '\n']);
    // Devices of some countries write a decimal comma.
    let parsed = text
        .parse::<f64>()
        .or_else(|_| text.replace(',', ".").parse());
    parsed.ok().filter(|number| number.is_finite())
}

/// A date: `YYYYMMDD`, or `YYYY.MM.DD` of before 1993.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, '.' | '-'))
        .take(8)
        .collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    NaiveDate::from_ymd_opt(
        digits[..4].parse().ok()?,
        digits[4..6].parse().ok()?,
        digits[6..].parse().ok()?,
    )
}

/// A time: `HH[MM[SS[.FFFFFF]]]`, colons tolerated; what follows the seconds' fraction is dropped.
pub(crate) fn time(text: &str) -> Option<NaiveTime> {
    let text = text.trim().replace(':', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let part = |range: Range<usize>| match whole.get(range) {
        Some(digits) if !digits.is_empty() => digits.parse::<u32>().ok(),
        _ => Some(0),
    };
    if whole.len() < 2 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: String = fraction
        .chars()
        .take_while(char::is_ascii_digit)
        .chain("000000".chars())
        .take(6)
        .collect();
    // Second 60 is a leap second; it is written as the last one.
    NaiveTime::from_hms_micro_opt(
        part(0..2)?,
        part(2..4)?,
        part(4..6)?.min(59),
        micros.parse().ok()?,
    )
}

/// A date and time: `YYYYMMDDHHMMSS.FFFFFF&ZZXX`, the offset dropped.
pub(crate) fn date_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let day = date(text.get(..8)?)?;
    let rest = text.get(8..).unwrap_or("");
    let rest = rest.split(['+', '-']).next().unwrap_or("");
    Some(day.and_time(time(rest).unwrap_or_default()))
}

/// An age string in years: `nnnY`, `nnnM`, `nnnW`, `nnnD` (PS3.5 6.2, AS).
pub(crate) fn age_in_years(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let count: f64 = text[..text.len() - unit.len_utf8()]
        .trim()
        .parse::<u16>()
        .ok()?
        .into();
    let years = match unit {
        'Y' | 'y' => count,
        'M' | 'm' => count / 12.0,
        'W' | 'w' => count * 7.0 / 365.2425,
        'D' | 'd' => count / 365.2425,
        _ => return None,
    };
    (years <= 150.0).then_some(years)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(age_in_years("045Y"), Some(45.0));
        assert_eq!(age_in_years("006M"), Some(0.5));
        assert!((age_in_years("026W").unwrap() - 0.498).abs() < 1e-3);
        assert_eq!(age_in_years("999Y"), None);
        assert_eq!(age_in_years("45"), None);
        assert_eq!(age_in_years(""), None);
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(date("20240229"), NaiveDate::from_ymd_opt(2024, 2, 29));
        assert_eq!(date("1989.12.01"), NaiveDate::from_ymd_opt(1989, 12, 1));
        assert_eq!(date("20230229"), None);
        assert_eq!(time("1405"), NaiveTime::from_hms_opt(14, 5, 0));
        assert_eq!(
            time("140507.5"),
            NaiveTime::from_hms_micro_opt(14, 5, 7, 500_000)
        );
        assert_eq!(time("25"), None);
        assert_eq!(
            date_time("20240102030405.25+0100").unwrap().to_string(),
            "2024-01-02 03:04:05.250"
        );
    }

    #[test]
    fn numbers() {
        assert_eq!(number(" 0,139 "), Some(0.139));
        assert_eq!(number("1e3"), Some(1000.0));
        assert_eq!(number("NaN"), None);
        assert_eq!(number(""), None);
    }
}
