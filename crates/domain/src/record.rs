//! The parts of what is stored about a patient.

crate::text_enum! {
    /// A part of what is stored about a patient.
    Section("section of a record") {
        /// The account.
        Account = "account",
        /// The hospital's numbers.
        Identifiers = "identifiers",
        /// The medical history.
        History = "history",
        /// Changes of it that the patient proposed.
        HistoryProposals = "history_proposals",
        /// Examinations that were ordered.
        Orders = "orders",
        /// Reports.
        Reports = "reports",
        /// What is known of the films beside the files.
        Images = "images",
        /// Earlier studies that other archives have.
        Priors = "priors",
        /// What the program said.
        Analyses = "analyses",
        /// Why it said nothing.
        NotAssessed = "not_assessed",
        /// Signed reviews.
        Reviews = "reviews",
        /// Notes added to them.
        Addenda = "addenda",
        /// When results were released.
        Releases = "releases",
        /// Consents given and withdrawn.
        Consents = "consents",
        /// Requests for correction.
        Corrections = "corrections",
        /// Who looked at the record.
        Accesses = "accesses",
        /// Messages to the patient.
        Notifications = "notifications",
        /// Sign-ins.
        Sessions = "sessions",
    }
}
