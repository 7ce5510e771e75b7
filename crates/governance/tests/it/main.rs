//! The governance of models through a whole portal: real PostgreSQL, real HTTP, real models.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod recalibration;
mod scene;
mod training_set;
mod walk;
