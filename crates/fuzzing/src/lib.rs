//! Damaged inputs, and what must hold of every parser that meets them: an answer or a typed error,
//! never a panic, in bounded time.
//!
//! [`Mutator`] damages real inputs the same way for the same seed, so that a fault is found again by its
//! number. [`TARGETS`] are the parsers. `make test` tries each with some thousand inputs; `make fuzz`
//! goes on for as long as it is told to, in children that may crash.

mod mutator;
mod targets;

pub use mutator::Mutator;
pub use targets::{TARGETS, Target};
