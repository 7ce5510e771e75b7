//! The database as it is, on a real PostgreSQL: one test program, one cluster.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod access_matrix;
mod backups;
mod connection;
mod contract;
mod inspect;
mod jobs;
mod migration_rules;
mod migrations;
mod queue;
mod recovery;
mod row_security;
mod secrets;
