//! What tech runs: accounts, models, settings, jobs.

pub(crate) mod jobs;
pub(crate) mod models;
pub(crate) mod settings;
pub(crate) mod users;
