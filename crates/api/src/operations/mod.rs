//! What tech runs: accounts, settings, jobs.

pub(crate) mod jobs;
pub(crate) mod settings;
pub(crate) mod users;
