//! The HTTP interface, over real HTTP with real tokens: one test program, one cluster.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod accounts;
mod audit;
mod auth;
mod clock;
mod common;
mod consents;
mod corrections;
mod documentation;
mod emergency;
mod events;
mod forms;
mod history;
mod hostile;
mod identity;
mod images;
mod journey;
mod lists;
mod mail;
mod model_failure;
mod operations;
mod passkeys;
mod passwords;
mod patients;
mod plain;
mod program_tokens;
mod pseudonyms;
mod rates;
mod removals;
mod retention;
mod reviews;
mod rights;
mod second_factor;
mod single_sign_on;
mod step_up;
mod swapped;
mod upload;
mod uploads;
mod verdicts;
