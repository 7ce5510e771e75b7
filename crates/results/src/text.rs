//! Texts as DICOM takes them (PS3.5 section 6.2). Nothing is dropped: what a kind of value may not hold is written as the
//! sign that stands for it, and what is too long is refused.

use imaging::write::{person_name, shown};

use crate::ResultError;

/// A text of lines (UT). Ends of lines are CR LF; control characters are written as their pictures.
pub(crate) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\r' => {
                rest.next_if_eq(&'\n');
                out.push_str("\r\n");
            }
            '\n' => out.push_str("\r\n"),
            '\t' => out.push('\t'),
            other => out.push(shown(other)),
        }
    }
    out
}

/// A text of one line (LO, SH) of at most so many characters. A backslash would part it in two values.
pub(crate) fn line(text: &str, most: usize, what: &'static str) -> Result<String, ResultError> {
    let text: String = text
        .trim()
        .chars()
        .map(|character| match character {
            '\\' => '\u{2216}',
            other => shown(other),
        })
        .collect();
    if text.chars().count() > most {
        return Err(ResultError::TooLong { what, most });
    }
    Ok(text)
}

/// The meaning of a code (LO): one that is too long ends in an ellipsis, since the code itself says all of it.
pub(crate) fn meaning(text: &str) -> String {
    let short: String = text.trim().chars().map(shown).collect();
    let short = short.replace('\\', "\u{2216}");
    if short.chars().count() <= 64 {
        return short;
    }
    short.chars().take(63).chain(['…']).collect()
}

/// A name as it is shown, as DICOM writes it.
pub(crate) fn name(shown_name: &str, what: &'static str) -> Result<String, ResultError> {
    person_name(shown_name).ok_or(ResultError::TooLong { what, most: 64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_stay_to_be_seen_and_lines_end_as_they_should() {
        assert_eq!(lines("a\nb\r\nc\rd\te\0\u{1b}"), "a\r\nb\r\nc\r\nd\te␀␛");
        assert_eq!(line(" a\\b\n ", 10, "x").unwrap(), "a∖b");
        assert!(matches!(
            line("eleven char", 10, "the number"),
            Err(ResultError::TooLong {
                what: "the number",
                most: 10
            })
        ));
        assert_eq!(meaning(&"ä".repeat(65)).chars().count(), 64);
    }

    #[test]
    fn the_last_word_of_a_name_is_the_familys() {
        assert_eq!(name("Dr. Grace Hopper", "x").unwrap(), "Hopper^Dr. Grace");
        assert_eq!(name("王小明", "x").unwrap(), "王小明^");
        assert_eq!(name("a^b=c\\d", "x").unwrap(), "a‸b＝c∖d^");
        assert!(name(&"n".repeat(65), "x").is_err());
    }
}
