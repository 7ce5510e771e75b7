//! What the portal does for the privacy of patients: takes their record away for them, and reminds officers of what
//! waits.

pub mod export;
mod reminders;
mod terms;

pub use reminders::reminders_chore;
pub use terms::{Terms, films_chore, remove_beyond, terms_chore};
