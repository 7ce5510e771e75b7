//! What tech runs: accounts, settings, jobs.

pub(crate) mod jobs;
pub(crate) mod program_tokens;
pub(crate) mod settings;
pub(crate) mod user_password_code;
pub(crate) mod user_second_factor;
pub(crate) mod user_sessions;
pub(crate) mod users;
