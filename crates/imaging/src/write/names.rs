//! Names as DICOM writes them (PS3.5 section 6.2, PN).

/// Most characters of one group of a name.
const MOST: usize = 64;

/// A name as it is shown, as DICOM writes it: the last word is the family's, since nothing tells more. None where it is longer
/// than DICOM lets a name be.
#[must_use]
pub fn person_name(shown_name: &str) -> Option<String> {
    let plain: String = shown_name
        .chars()
        // Signs that part a name's components, groups and values.
        .map(|character| match character {
            '^' => '\u{2038}',
            '=' => '\u{ff1d}',
            '\\' => '\u{2216}',
            other => shown(other),
        })
        .collect();
    let plain = plain.trim();
    if plain.chars().count() > MOST {
        return None;
    }
    Some(match plain.rsplit_once(' ') {
        Some((given, family)) => format!("{family}^{}", given.trim()),
        // A caret says that there is no more to it.
        None => format!("{plain}^"),
    })
}

/// Control characters as their pictures; every other character as it is.
#[must_use]
pub fn shown(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        other => other,
    }
}
