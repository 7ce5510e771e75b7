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
