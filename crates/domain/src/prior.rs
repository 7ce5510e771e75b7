//! Earlier studies of a patient that another archive has: how far one is from being beside the new films.

use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Where an earlier study stands.
    PriorState("state of an earlier study") {
        /// An archive has it.
        Found = "found",
        /// It is being fetched.
        Fetching = "fetching",
        /// Its films are here.
        Here = "here",
        /// It could not be fetched.
        Failed = "failed",
    }
}

impl PriorState {
    /// Whether one may follow on the other: what is here stays, and what failed may be tried anew.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Found | Self::Failed, Self::Fetching)
                | (Self::Fetching, Self::Here | Self::Failed)
        )
    }
}

crate::text_enum! {
    /// Why what has a patient's number may be somebody else's all the same.
    Doubt("doubt about whose something is") {
        /// No name is said, or another one.
        Name = "name",
        /// No birth date is said or known, or they differ.
        BirthDate = "birth_date",
    }
}

/// Which earlier studies are fetched without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorPolicy {
    /// At most so many of a case; 0: none.
    pub studies: usize,
    /// None that is older than so many years.
    pub years: u32,
}

impl Default for PriorPolicy {
    fn default() -> Self {
        Self {
            studies: 3,
            years: 10,
        }
    }
}

/// Most studies of a case that are fetched without being asked for.
const MOST_STUDIES: usize = 20;
/// Longest life of a film that somebody compares with.
const MOST_YEARS: u32 = 100;

impl PriorPolicy {
    /// What is wrong with it.
    ///
    /// # Errors
    /// In words.
    pub fn check(self) -> Result<(), String> {
        if self.studies > MOST_STUDIES {
            return Err(format!("studies must be 0 to {MOST_STUDIES}"));
        }
        if !(1..=MOST_YEARS).contains(&self.years) {
            return Err(format!("years must be 1 to {MOST_YEARS}"));
        }
        Ok(())
    }
}

/// Modalities of radiographs (PS3.3 section C.7.3.1.1.1), which films are compared with.
const RADIOGRAPHS: [&str; 5] = ["CR", "DX", "RG", "RF", "XR"];

/// Whether a study of these modalities is something to compare a case of that modality with. Where an archive does not say
/// them, as older ones do, it may be.
#[must_use]
pub fn is_comparable(modalities: &[String], with: Option<&str>) -> bool {
    modalities.is_empty()
        || modalities.iter().any(|modality| {
            RADIOGRAPHS.contains(&modality.as_str()) || with == Some(modality.as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_stays_and_what_failed_is_tried_anew() {
        for next in PriorState::ALL {
            assert!(!PriorState::Here.may_become(*next));
            assert!(!next.may_become(PriorState::Found));
        }
        assert!(PriorState::Failed.may_become(PriorState::Fetching));
        assert!(!PriorState::Found.may_become(PriorState::Here));
        assert!(!PriorState::Fetching.may_become(PriorState::Fetching));
    }

    #[test]
    fn radiographs_are_compared_with_radiographs_and_slices_with_slices() {
        let of = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        assert!(is_comparable(&of("SR CR"), Some("DX")));
        assert!(is_comparable(&of("MG"), Some("MG")));
        assert!(!is_comparable(&of("CT SR"), Some("DX")));
        assert!(!is_comparable(&of("CT"), None));
        assert!(is_comparable(&[], Some("DX")));
    }

    #[test]
    fn a_policy_has_bounds() {
        assert_eq!(PriorPolicy::default().check(), Ok(()));
        let none = PriorPolicy {
            studies: 0,
            years: 1,
        };
        assert_eq!(none.check(), Ok(()));
        let many = PriorPolicy {
            studies: 21,
            ..none
        };
        assert!(many.check().is_err());
        assert!(PriorPolicy { years: 0, ..none }.check().is_err());
    }
}
