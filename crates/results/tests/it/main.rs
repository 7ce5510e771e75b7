//! Documents of signed results, and what readers that others wrote make of them.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod capture;
mod common;
mod conformance;
mod pdf;
mod structured_report;
