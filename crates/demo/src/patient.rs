//! People who do not exist.

use chrono::{Days, NaiveDate};
use domain::patient::Gender;
use rand::{RngExt, rngs::ChaCha8Rng};

/// Every made-up person has this family name, so that nobody takes one for a patient.
pub const FAMILY_NAME: &str = "Demo";

const GIRLS: [&str; 24] = [
    "Ada", "Bea", "Cleo", "Dora", "Ella", "Fay", "Gia", "Hana", "Ivy", "Juna", "Kaya", "Lia",
    "Mona", "Nora", "Olga", "Pia", "Rosa", "Sara", "Tara", "Uma", "Vera", "Wilma", "Yara", "Zoe",
];
const BOYS: [&str; 24] = [
    "Anton", "Ben", "Carl", "Dan", "Emil", "Finn", "Gus", "Hugo", "Igor", "Jon", "Karim", "Leo",
    "Milo", "Noah", "Omar", "Paul", "Rafi", "Sam", "Theo", "Ugo", "Vito", "Walt", "Yann", "Zeno",
];

/// A made-up patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPatient {
    /// The hospital's number, DICOM Patient ID.
    pub identifier: String,
    /// Given name, or two with a space between.
    pub given_name: String,
    /// Date of birth.
    pub born: NaiveDate,
    /// Administrative sex.
    pub gender: Gender,
}

impl DemoPatient {
    /// A child of 1 to 5 full years on a day.
    pub(crate) fn child(random: &mut ChaCha8Rng, identifier: String, on: NaiveDate) -> Self {
        let (gender, names) = if random.random() {
            (Gender::Female, &GIRLS)
        } else {
            (Gender::Male, &BOYS)
        };
        let first = random.random_range(0..names.len());
        // A second name that is another one.
        let second = (first + random.random_range(1..names.len())) % names.len();
        Self {
            identifier,
            given_name: format!("{} {}", names[first], names[second]),
            born: born_before(on, random.random_range(366..365 * 6)),
            gender,
        }
    }

    /// As people write it: `Ada Demo`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {FAMILY_NAME}", self.given_name)
    }

    /// As DICOM writes it (PS3.5 6.2.1): `Demo^Ada`, with a second name `Demo^Ada^Pia`.
    #[must_use]
    pub fn dicom_name(&self) -> String {
        format!("{FAMILY_NAME}^{}", self.given_name.replace(' ', "^"))
    }

    /// Full years on a day; none before birth.
    #[must_use]
    pub fn age_on(&self, day: NaiveDate) -> Option<u16> {
        day.years_since(self.born)
            .and_then(|years| u16::try_from(years).ok())
    }
}

/// The day so many days before another.
pub(crate) fn born_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness;

    #[test]
    fn children_are_one_to_five_years_old() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        let mut ages = std::collections::BTreeSet::new();
        for seed in 0..500 {
            let child = DemoPatient::child(&mut randomness::stream("test", seed), "1".into(), day);
            ages.insert(child.age_on(day).unwrap());
            let words: Vec<&str> = child.given_name.split(' ').collect();
            assert_ne!(words[0], words[1]);
        }
        assert_eq!(ages.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn names_are_written_as_people_and_as_dicom_write_them() {
        let patient = DemoPatient {
            identifier: "D-1".to_owned(),
            given_name: "Ada Pia".to_owned(),
            born: NaiveDate::from_ymd_opt(2020, 6, 15).unwrap(),
            gender: Gender::Female,
        };
        assert_eq!(patient.name(), "Ada Pia Demo");
        assert_eq!(patient.dicom_name(), "Demo^Ada^Pia");
        assert_eq!(
            patient.age_on(NaiveDate::from_ymd_opt(2024, 6, 14).unwrap()),
            Some(3)
        );
        assert_eq!(
            patient.age_on(NaiveDate::from_ymd_opt(2019, 6, 14).unwrap()),
            None
        );
    }
}
