//! The way in. A file is streamed into the blob store's staging by whoever receives it (HTTP upload,
//! DICOMweb, DIMSE) and handed over here; this room checks it, matches it to a patient, keeps it and
//! makes the report, so that every way in keeps the same promises:
//!
//! - the bytes decide what a file is, not its name;
//! - what is no image is refused with the reason, file by file; what is an image that nobody here
//!   can decode is kept and goes to a human;
//! - blobs are durable before the rows that name them, and report, images, audit row and analysis
//!   job commit together;
//! - the same bytes sent again are recognised, and never land on another patient.

mod failure;
mod file;
mod kept;
mod looking;
mod matching;
mod numbers;
mod receive;
pub mod records;
mod study;
mod uploads;
mod warning;
mod wrapping;

pub use failure::{FAILURES, failure_reason};
pub use file::{CheckedFile, Incoming};
pub use matching::{Named, doubts, same_name};
pub use receive::{
    Accepted, Delivered, Delivery, Details, FILE_CODES, Intake, IntakeError, Receipt, Rejected,
};
pub use uploads::chore as uploads_chore;
pub use warning::{UploadWarning, WarningCode};
pub use wrapping::WrapJob;
