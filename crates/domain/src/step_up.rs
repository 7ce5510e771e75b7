//! Acts for which whoever holds a session has to have proved lately who that is.

crate::text_enum! {
    /// Such an act.
    StepUp("act that needs a proof") {
        /// Signing a review, or adding to a signed one.
        SignReview = "sign_review",
        /// Asking for, deciding on or going back on a model's work.
        PromoteModel = "promote_model",
        /// Taking cases, a record or the audit trail out of the portal.
        Export = "export",
        /// Opening a case in an emergency without the usual right to it.
        BreakGlass = "break_glass",
        /// Changing how an account is secured: one's own second factor, or anything of another's.
        Account = "account",
        /// Holding, releasing or erasing a patient's record.
        Privacy = "privacy",
    }
}

/// For how many minutes a proof is good, by act; 0: each act wants one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepUpMinutes {
    /// For [`StepUp::SignReview`]. A shift by default, so that nobody who reads sixty films is asked at each.
    pub sign_review: u32,
    /// For [`StepUp::PromoteModel`].
    pub promote_model: u32,
    /// For [`StepUp::Export`].
    pub export: u32,
    /// For [`StepUp::BreakGlass`].
    pub break_glass: u32,
    /// For [`StepUp::Account`].
    pub account: u32,
    /// For [`StepUp::Privacy`].
    pub privacy: u32,
}

impl Default for StepUpMinutes {
    fn default() -> Self {
        Self {
            sign_review: 720,
            promote_model: 10,
            export: 10,
            break_glass: 10,
            account: 10,
            privacy: 10,
        }
    }
}

impl StepUpMinutes {
    /// The minutes of an act.
    #[must_use]
    pub const fn of(&self, act: StepUp) -> u32 {
        match act {
            StepUp::SignReview => self.sign_review,
            StepUp::PromoteModel => self.promote_model,
            StepUp::Export => self.export,
            StepUp::BreakGlass => self.break_glass,
            StepUp::Account => self.account,
            StepUp::Privacy => self.privacy,
        }
    }

    /// Whether each is at most a day.
    ///
    /// # Errors
    /// Says what is wanted.
    pub fn check(&self) -> Result<(), String> {
        if StepUp::ALL.iter().any(|act| self.of(*act) > 1440) {
            return Err("each must be at most 1440 minutes (a day)".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_minutes_under_its_own_word() {
        for (at, act) in StepUp::ALL.iter().enumerate() {
            let minutes: StepUpMinutes =
                serde_json::from_value(serde_json::json!({ act.as_str(): at + 1 })).unwrap();
            assert_eq!(minutes.of(*act), u32::try_from(at + 1).unwrap());
        }
        let too_long = StepUpMinutes {
            export: 1441,
            ..StepUpMinutes::default()
        };
        assert!(too_long.check().is_err() && StepUpMinutes::default().check().is_ok());
    }
}
