//! What the portal does by itself for the privacy of patients.

mod reminders;

pub use reminders::reminders_chore;
