//! The database as it is, on a real PostgreSQL: one test program, one cluster.

mod connection;
mod contract;
mod jobs;
mod migrations;
mod queue;
mod row_security;
