//! Erasing a patient: asked for by one privacy officer, confirmed by another.

crate::text_enum! {
    /// What became of an erasure.
    ErasureState("state of an erasure") {
        /// It waits for a second officer.
        Open = "open",
        /// A second officer confirmed it, and it is done.
        Confirmed = "confirmed",
        /// It was taken back.
        Withdrawn = "withdrawn",
    }
}

crate::text_enum! {
    /// What came of the attempt to confirm one.
    ErasureOutcome("outcome of an erasure") {
        /// It is done.
        Erased = "erased",
        /// It is not open any more.
        Closed = "closed",
        /// Whoever asked for it cannot confirm it.
        SecondPerson = "second_person",
        /// A legal hold keeps the record.
        Held = "held",
        /// The law keeps it for now.
        TooEarly = "too_early",
        /// Only privacy officers erase.
        NotOfficer = "not_officer",
    }
}
