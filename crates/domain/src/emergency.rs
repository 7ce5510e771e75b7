//! Access in an emergency, by somebody who does not see the record otherwise: who may, for how long, and what
//! a review says of it.

use crate::Role;

crate::text_enum! {
    /// What the review of an access in an emergency says.
    EmergencyOutcome("outcome of a review") {
        /// There was a reason for it.
        Justified = "justified",
        /// There was none.
        NotJustified = "not_justified",
    }
}

/// The most minutes that one access may last, whatever the setting says; the database holds to it too.
pub const MOST_MINUTES: u32 = 240;

/// Who may open a record in an emergency, and how.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmergencyPolicy {
    /// Of tech and radiologist, those who may. Doctors see every record by their role.
    pub roles: Vec<Role>,
    /// Minutes after which an access ends by itself.
    pub minutes: u32,
    /// Fewest characters of a reason.
    pub minimum_reason_length: u32,
    /// Hours after its end within which an access is to be reviewed.
    pub review_within_hours: u32,
}

impl Default for EmergencyPolicy {
    fn default() -> Self {
        Self {
            roles: vec![Role::Radiologist, Role::Tech],
            minutes: 60,
            minimum_reason_length: 20,
            review_within_hours: 72,
        }
    }
}

impl EmergencyPolicy {
    /// Whether each value is one that makes sense.
    ///
    /// # Errors
    /// Says what is wanted.
    pub fn check(&self) -> Result<(), String> {
        let fine = self
            .roles
            .iter()
            .all(|role| matches!(role, Role::Radiologist | Role::Tech));
        if !fine {
            return Err("roles may hold radiologist and tech: doctors see every record by their role, and patients their own".to_owned());
        }
        if !(5..=MOST_MINUTES).contains(&self.minutes) {
            return Err(format!("minutes must be 5 to {MOST_MINUTES}"));
        }
        if !(10..=500).contains(&self.minimum_reason_length) {
            return Err("minimum_reason_length must be 10 to 500".to_owned());
        }
        if !(1..=720).contains(&self.review_within_hours) {
            return Err("review_within_hours must be 1 to 720 (30 days)".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_lasts_four_hours_at_most_and_is_for_staff_that_needs_it() {
        let policy = |change: fn(&mut EmergencyPolicy)| {
            let mut policy = EmergencyPolicy::default();
            change(&mut policy);
            policy.check()
        };
        assert_eq!(policy(|_| ()), Ok(()));
        assert_eq!(policy(|policy| policy.minutes = 240), Ok(()));
        assert!(policy(|policy| policy.minutes = 241).is_err());
        assert!(policy(|policy| policy.minutes = 0).is_err());
        assert!(policy(|policy| policy.roles = vec![Role::Patient]).is_err());
        assert!(policy(|policy| policy.minimum_reason_length = 1).is_err());
        assert!(policy(|policy| policy.review_within_hours = 0).is_err());
    }
}
