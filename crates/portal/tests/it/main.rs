//! The binary as a person uses it: its commands, and what a kill -9 does to it.

mod analyze;
mod commands;
mod serve;
mod support;
