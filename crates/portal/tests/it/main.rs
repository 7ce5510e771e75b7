//! The binary as a person uses it: its commands, and what a kill -9 does to it.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod analyze;
mod at_rest;
mod backup;
mod care;
mod commands;
mod damaged;
mod decoders;
mod deidentify;
mod devices;
mod drills;
mod examples;
mod faults;
mod keys;
mod models;
mod monitoring;
mod other_models;
mod packaging;
mod production;
mod rolling;
mod security_table;
mod serve;
mod settings;
mod support;
mod systems;
mod tls;
mod trail;
mod years;
