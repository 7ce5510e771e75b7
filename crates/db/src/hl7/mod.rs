//! Systems that speak HL7 v2: who may send, who is sent results, and what they took.

mod deliveries;
mod receivers;
mod senders;

pub(crate) use deliveries::queue_result;
pub use deliveries::{delivered, note_delivery};
pub use receivers::{Receiver, add_receiver, receivers, remove_receiver};
pub use senders::{Sender, add_sender, find_sender, is_sender_from, remove_sender, senders};

/// The kind of job that sends a result.
pub const RESULT_JOB: &str = "send_result";
