//! What is known of a patient beside the account.

crate::text_enum! {
    /// Administrative sex as DICOM spells it out (PS3.3 C.7.1.1, Patient's Sex).
    Gender("gender") {
        /// DICOM `F`.
        Female = "female",
        /// DICOM `M`.
        Male = "male",
        /// DICOM `O`.
        Other = "other",
    }
}

crate::text_enum! {
    /// What became of changes that a patient proposed.
    ProposalState("state of a proposal") {
        /// Nobody has decided yet.
        Open = "open",
        /// They are in the record.
        Accepted = "accepted",
        /// They are not.
        Declined = "declined",
        /// The patient took them back, or proposed others in their place.
        Withdrawn = "withdrawn",
    }
}

crate::text_enum! {
    /// What happens to what a patient proposes or asks for.
    ProposalEvent("what happens to a proposal") {
        /// Staff puts it into the record.
        Accept = "accept",
        /// Staff does not, and says why.
        Decline = "decline",
        /// The patient takes it back.
        Withdraw = "withdraw",
    }
}

impl ProposalState {
    /// What becomes of it: only what nobody has decided on changes, and once.
    #[must_use]
    pub const fn after(self, event: ProposalEvent) -> Option<Self> {
        match (self, event) {
            (Self::Open, ProposalEvent::Accept) => Some(Self::Accepted),
            (Self::Open, ProposalEvent::Decline) => Some(Self::Declined),
            (Self::Open, ProposalEvent::Withdraw) => Some(Self::Withdrawn),
            (Self::Accepted | Self::Declined | Self::Withdrawn, _) => None,
        }
    }
}

crate::text_enum! {
    /// What a patient wants corrected.
    CorrectionSubject("subject of a correction") {
        /// The name.
        Name = "name",
        /// The date of birth.
        DateOfBirth = "date_of_birth",
        /// Address, telephone number.
        Contact = "contact",
        /// A report that belongs to somebody else, or is missing.
        ReportAssignment = "report_assignment",
        /// An entry of the medical history.
        History = "history",
        /// What a released report says.
        ReportText = "report_text",
        /// Something else.
        Other = "other",
    }
}

impl CorrectionSubject {
    /// Whether doctors decide on it, since it is about what a report or the history says. The database holds to the
    /// same (`portal.is_clinical_correction`).
    #[must_use]
    pub const fn is_clinical(self) -> bool {
        matches!(
            self,
            Self::ReportAssignment | Self::History | Self::ReportText
        )
    }
}

impl Gender {
    /// From DICOM's Patient's Sex (0010,0040).
    #[must_use]
    pub fn of_dicom(code: &str) -> Option<Self> {
        match code.trim() {
            "F" => Some(Self::Female),
            "M" => Some(Self::Male),
            "O" => Some(Self::Other),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_decided_or_withdrawn_once() {
        for event in ProposalEvent::ALL {
            let after = ProposalState::Open.after(*event).unwrap();
            assert_ne!(after, ProposalState::Open);
            for again in ProposalEvent::ALL {
                assert_eq!(after.after(*again), None, "{after} then {again}");
            }
        }
    }
}
