//! PS3.15 Table E.1-1.

use std::collections::HashMap;
use std::sync::LazyLock;

use dicom_core::Tag;

use super::Profile;

const TABLE: &str = include_str!("table_e_1_1.tsv");

/// What is to be done with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// K: nothing.
    Keep,
    /// X: it goes.
    Remove,
    /// Z: it stays without a value.
    Empty,
    /// D: it gets a value that says nothing.
    Dummy,
    /// U: its unique identifiers become others.
    NewUid,
    /// C of the dates' option: it moves.
    Shift,
    /// C of the descriptors' option: words of the vocabulary stay; else as the profile says.
    Clean(Fallback),
}

/// What is done with a description of which no word is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    Remove,
    Empty,
    Dummy,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    profile: Action,
    device: bool,
    dates: bool,
    descriptors: bool,
}

static ROWS: LazyLock<HashMap<Tag, Row>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| row(line).expect("the table's rows are complete"))
        .collect()
});

fn row(line: &str) -> Option<(Tag, Row)> {
    let mut cells = line.split('\t');
    let tag = u32::from_str_radix(cells.next()?, 16).ok()?;
    let tag = Tag((tag >> 16) as u16, (tag & 0xFFFF) as u16);
    let profile = match cells.next()? {
        "X" => Action::Remove,
        // What may be removed or must stay depends on the kind of object: the copy stays conformant in each.
        "Z" | "X/Z" => Action::Empty,
        "D" | "X/D" | "Z/D" | "X/Z/D" => Action::Dummy,
        "U" | "X/Z/U*" => Action::NewUid,
        _ => return None,
    };
    let mut is = |letter: &str| cells.next().map(|cell| cell == letter);
    let row = Row {
        profile,
        device: is("K")?,
        dates: is("C")?,
        descriptors: is("C")?,
    };
    Some((tag, row))
}

/// What the profile with its options does with an attribute; `None` when the table does not name it.
pub(super) fn action(tag: Tag, profile: &Profile) -> Option<Action> {
    let row = ROWS.get(&tag)?;
    let action = if profile.retain_device && row.device {
        Action::Keep
    } else if profile.shift_dates && row.dates {
        Action::Shift
    } else if profile.clean_descriptors && row.descriptors {
        Action::Clean(match row.profile {
            Action::Empty => Fallback::Empty,
            Action::Dummy => Fallback::Dummy,
            _ => Fallback::Remove,
        })
    } else {
        row.profile
    };
    Some(action)
}

#[cfg(test)]
mod tests {
    use dicom_dictionary_std::tags;

    use super::*;

    #[test]
    fn the_table_holds_what_the_standard_lists() {
        assert!(ROWS.len() > 630, "{}", ROWS.len());
        let basic = Profile::default();
        assert_eq!(action(tags::PATIENT_NAME, &basic), Some(Action::Empty));
        assert_eq!(action(tags::SOP_INSTANCE_UID, &basic), Some(Action::NewUid));
        assert_eq!(action(tags::STATION_NAME, &basic), Some(Action::Dummy));
        assert_eq!(action(tags::ROWS, &basic), None);
        let all = Profile {
            clean_descriptors: true,
            shift_dates: true,
            retain_device: true,
            blackout: Vec::new(),
        };
        assert_eq!(action(tags::STUDY_DATE, &all), Some(Action::Shift));
        assert_eq!(action(tags::PATIENT_BIRTH_DATE, &all), Some(Action::Empty));
        assert_eq!(action(tags::STATION_NAME, &all), Some(Action::Keep));
        assert_eq!(
            action(tags::STUDY_DESCRIPTION, &all),
            Some(Action::Clean(Fallback::Remove))
        );
    }
}
