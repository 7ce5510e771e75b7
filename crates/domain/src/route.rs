//! What goes from here to other archives by itself.

crate::text_enum! {
    /// What a route carries.
    Cargo ("cargo") {
        /// Films, as they come in.
        Films = "films",
        /// Results, as doctors sign them.
        Results = "results",
    }
}
